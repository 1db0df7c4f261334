// What clients send, as it shows in the page: at once, in each system's words, and never as anything but text and pictures.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isSameDocument, naturalWidth, openBrowser, openPage, orderView, startSandbox, upload, visit } from "./support.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

test("an upload arrives and shows with its picture without a reload", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox);
  await page.getByText("Nothing has arrived yet").waitFor();
  assert.equal((await upload(sandbox, "corrigopro", "10234")).status, 200);
  const row = page.getByRole("table", { name: "CorrigoPro Direct" }).getByRole("row", { name: /10234/ });
  const picture = row.getByRole("img", { name: "boiler.png" });
  await picture.waitFor();
  assert.equal(await naturalWidth(picture), 40);
  await page.getByText("Nothing has arrived yet").waitFor({ state: "detached" });
  await page.getByRole("complementary", { name: "Requests" }).getByText("upload").first().waitFor();
  assert.ok(await isSameDocument(page));
});

test("the page is found by the address of the systems", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox, { from: `${sandbox.url}/` });
  assert.ok(page.url().startsWith(sandbox.page));
  assert.equal(await page.title(), "Work orders – Fieldpost sandbox");
});

test("each work order reads in its system's own words", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox);
  const told = {
    corrigopro: ["Work order 10234", "DocumentType", "Visible to the customer's users only", "PerformedBy.Name", "AttachmentId"],
    digitalrealty: ["Ticket WO9271561", "createdBy", "createdOn", "hash is the SHA-256 of the bytes"],
    serial: ["Work order 2001", "DRAFT", "IMAGE", "dataset_id", "added_by_user_id", "5e41a100-0000-4000-8000-000000002001"],
    decisiv: ["Case 770001", "Attachments of the case", "internal", "description", "sender"],
    fieldnation: ["Work order 90001", "Documents", "Misc", "PENDING", "notes", "0 to 999 files"],
  };
  for (const [provider, words] of Object.entries(told)) {
    const order = sandbox.account(provider).work_orders[0];
    assert.ok((await upload(sandbox, provider, order)).ok, provider);
    await visit(page, orderView(provider, order));
    const main = page.getByRole("main");
    const picture = main.getByRole("img", { name: "boiler.png" });
    assert.equal(await naturalWidth(picture), 40, provider);
    for (const word of words.filter(word => word !== "DocumentType")) await main.getByText(word, { exact: false }).first().waitFor();
    await main.getByText("SHA-256", { exact: true }).waitFor();
  }
});

test("a signature is shown as one", async t => {
  const sandbox = await startSandbox(t);
  await upload(sandbox, "corrigopro", "10234", { name: "signed.png", documentType: "Signature" });
  const page = await openPage(browser, sandbox, { hash: orderView("corrigopro", "10234") });
  await page.getByRole("article").filter({ hasText: "signed.png" }).getByText("Signature", { exact: true }).first().waitFor();
  assert.equal(await page.locator("img.signature").count(), 1);
  // Where no field says so, the name does.
  await upload(sandbox, "decisiv", "770001", { name: "sig-7f3a9c1e.png" });
  await upload(sandbox, "decisiv", "770001", { name: "signal-box.png" });
  await visit(page, orderView("decisiv", "770001"));
  await page.getByRole("heading", { name: "signal-box.png" }).waitFor();
  assert.deepEqual(await page.locator("img.signature").evaluateAll(images => images.map(image => image.alt)), ["sig-7f3a9c1e.png"]);
});

test("a hash is shown in short, and in full on demand", async t => {
  const sandbox = await startSandbox(t);
  await upload(sandbox, "corrigopro", "10234");
  const [{ sha256 }] = await sandbox.control("/entries");
  const page = await openPage(browser, sandbox, { hash: orderView("corrigopro", "10234") });
  const whole = page.getByText(sha256, { exact: true });
  assert.equal(await whole.isVisible(), false);
  await page.getByText(sha256.slice(0, 12)).first().click();
  await whole.waitFor();
  await page.getByRole("button", { name: "Copy SHA-256" }).waitFor();
});

test("names and captions of an attacker do nothing and show as they are", async t => {
  const sandbox = await startSandbox(t);
  const nasty = `<img src=x onerror="document.title='taken'">"'<script>document.title='taken'</script>`;
  for (const provider of ["corrigopro", "serial", "decisiv", "fieldnation"]) {
    const order = sandbox.account(provider).work_orders[0];
    assert.ok((await upload(sandbox, provider, order, { caption: nasty })).ok, provider);
    const [{ remote_id }] = (await sandbox.control("/entries")).filter(entry => entry.system === provider);
    await sandbox.control("/office/rename", { system: provider, work_order: order, remote_id, name: `${nasty}.png` });
  }
  await sandbox.control("/folders", { system: "fieldnation", work_order: "90001", name: nasty });
  await sandbox.control("/work_orders", { system: "serial", work_order: nasty, state: "open" });
  const page = await openPage(browser, sandbox);
  const views = ["#/", "#/requests", "#/switches", ...sandbox.accounts.map(a => orderView(a.provider, a.work_orders[0])), orderView("serial", nasty)];
  for (const view of views) {
    await visit(page, view);
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (const head of await page.locator(".requests summary").all()) await head.click();
    const made = await page.evaluate(() => document.querySelectorAll("script:not([src]), [onerror], img[src='x'], main script").length);
    assert.equal(made, 0, view);
  }
  assert.notEqual(await page.title(), "taken");
  await visit(page, orderView("corrigopro", "10234"));
  await page.getByRole("heading", { level: 3, name: `${nasty}.png`, exact: true }).waitFor();
  await visit(page, orderView("fieldnation", "90001"));
  await page.getByRole("definition").filter({ hasText: nasty }).first().waitFor();
  await page.getByRole("heading", { level: 2, name: nasty, exact: true }).waitFor();
});

test("requests arrive with their parts and without a credential", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox, { hash: "#/requests" });
  await page.getByRole("main").getByText("No request has arrived").waitFor();
  await upload(sandbox, "fieldnation", "90001");
  const list = page.getByRole("list", { name: "Requests, the newest first" });
  const request = list.getByRole("listitem").first();
  await request.locator("summary").getByText("200", { exact: true }).waitFor();
  await request.locator("summary").click();
  const parts = request.getByRole("table");
  await parts.getByRole("row", { name: /notes.*Boiler plate/ }).waitFor();
  await parts.getByRole("row", { name: /file.*boiler\.png.*image\/png/ }).waitFor();
  await request.getByText("access_token=[redacted]").first().waitFor();
  // What was opened stays open while others arrive.
  await upload(sandbox, "serial", "2001");
  await list.getByRole("listitem").nth(1).getByText("Boiler plate").waitFor();
  for (const { token } of sandbox.accounts) assert.ok(!(await page.content()).includes(token), token);
});

test("what the office does to a file shows, and what stood open stays open", async t => {
  const sandbox = await startSandbox(t);
  await upload(sandbox, "serial", "2001", { name: "one.png", caption: "One" });
  await upload(sandbox, "serial", "2001", { name: "two.png", caption: "Two" });
  const page = await openPage(browser, sandbox, { hash: orderView("serial", "2001") });
  const file = name => page.getByRole("article").filter({ has: page.getByRole("heading", { name, exact: true }) });
  await file("One").getByText("As the office").click();
  await file("One").getByLabel("Name").fill("renamed.png");
  // Somebody else's change in between leaves a half-typed name alone.
  await upload(sandbox, "serial", "2001", { name: "three.png", caption: "Three" });
  await file("Three").waitFor();
  assert.equal(await file("One").getByLabel("Name").inputValue(), "renamed.png");
  await file("One").getByRole("button", { name: "Rename" }).click();
  await file("One").getByText("renamed.png").first().waitFor();
  await file("Two").getByText("As the office").click();
  await file("Two").getByRole("button", { name: "Delete" }).click();
  await file("Two").getByText("is_deleted").waitFor();
  assert.ok(await isSameDocument(page));
});

test("the office makes a folder, closes it to uploads, and deletes it with its files", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox, { hash: orderView("fieldnation", "90001") });
  await page.getByRole("region", { name: "Another folder" }).getByLabel("Name").fill("Site photos");
  await page.getByRole("button", { name: "Make it, as the office" }).click();
  const folder = page.getByRole("region", { name: "Site photos" });
  await folder.waitFor();
  const { id } = (await sandbox.control("/folders")).find(each => each.name === "Site photos");
  assert.equal((await upload(sandbox, "fieldnation", "90001", { folder: id })).status, 200);
  await folder.getByRole("heading", { name: "boiler.png" }).waitFor();
  await folder.getByText("As the office with the folder Site photos").click();
  await folder.getByLabel("Upload allowed").uncheck();
  await folder.getByRole("button", { name: "Set" }).click();
  await folder.getByText("no upload").waitFor();
  assert.equal((await upload(sandbox, "fieldnation", "90001", { folder: id })).status, 403);
  await folder.getByRole("button", { name: "Delete with its files" }).click();
  await folder.waitFor({ state: "detached" });
  assert.deepEqual(await sandbox.control("/entries"), []);
});
