// What is switched in the page is so for clients.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isSameDocument, openBrowser, openPage, orderView, startSandbox, upload } from "./support.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

const open = async (t, ...options) => {
  const sandbox = await startSandbox(t, ...options);
  return [sandbox, await openPage(browser, sandbox, { hash: "#/switches" })];
};

test("a fault that is set in the page makes the next request fail so", async t => {
  const [sandbox, page] = await open(t);
  await page.getByText("No fault is set").waitFor();
  await page.getByRole("combobox", { name: "Fault", exact: true }).selectOption("429, too many requests");
  await page.getByRole("form", { name: "A fault" }).getByRole("combobox", { name: "System" }).selectOption("CorrigoPro Direct");
  await page.getByRole("combobox", { name: "Operation" }).selectOption("upload");
  await page.getByRole("spinbutton", { name: "Seconds" }).fill("7");
  await page.getByRole("button", { name: "Set the fault" }).click();
  const rules = page.getByRole("table", { name: "Faults in force" });
  await rules.getByRole("row", { name: /429, too many requests/ }).waitFor();
  assert.equal((await upload(sandbox, "serial", "2001")).status, 200, "another system");
  const refused = await upload(sandbox, "corrigopro", "10234");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "7"]);
  await rules.getByText("used up").waitFor();
  assert.equal((await upload(sandbox, "corrigopro", "10234")).status, 200);
  await page.getByRole("button", { name: "Remove all faults" }).click();
  await page.getByText("No fault is set").waitFor();
  assert.ok(await isSameDocument(page));
});

test("an answer is lost at one press, and the file is there all the same", async t => {
  const [sandbox, page] = await open(t);
  await page.getByRole("group", { name: "For the next request" }).getByRole("button", { name: "Lose the answer" }).click();
  await page.getByRole("table", { name: "Faults in force" }).waitFor();
  await assert.rejects(upload(sandbox, "decisiv", "770001"));
  await page.goto(`${sandbox.page}${orderView("decisiv", "770001")}`);
  await page.getByRole("heading", { level: 3, name: "boiler.png" }).waitFor();
});

test("every fault and every switch of the control is in the page", async t => {
  const [sandbox, page] = await open(t);
  const dialect = Object.entries(await sandbox.control("/dialect"))
    .flatMap(([name, value]) => value !== null && typeof value === "object" ? Object.keys(value).map(inner => `${name}.${inner}`) : [name]);
  const shown = await page.locator("[data-dialect]").evaluateAll(nodes => nodes.map(node => node.dataset.dialect));
  assert.deepEqual(shown.toSorted(), dialect.toSorted());
  const readme = await (await fetch(`${sandbox.page}readme`)).text();
  const kinds = [...readme.matchAll(/^\| `\{"kind": "(\w+)"/gm)].map(([, kind]) => kind);
  assert.equal(kinds.length, 21);
  const offered = await page.locator("#fault-kind option").evaluateAll(nodes => nodes.map(node => node.value));
  assert.deepEqual(offered.toSorted(), kinds.toSorted());
  // Each of them as it stands in its form is one that the control takes.
  for (const kind of kinds) {
    await page.getByRole("combobox", { name: "Fault", exact: true }).selectOption(kind);
    await page.getByRole("button", { name: "Set the fault" }).click();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
  }
  await page.locator(".rules tbody tr").nth(kinds.length - 1).waitFor();
  assert.deepEqual((await sandbox.control("/faults")).map(rule => rule.fault.kind), kinds);
});

test("the network is cut and restored, and the page goes on hearing", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox);
  await page.getByRole("button", { name: "Cut network" }).click();
  await page.getByText("The network is gone: connections to the systems are accepted and closed unread.").waitFor();
  await assert.rejects(upload(sandbox, "corrigopro", "10234"));
  await page.reload();
  await page.getByRole("button", { name: "Restore network" }).click();
  await page.getByRole("button", { name: "Cut network" }).waitFor();
  assert.equal((await upload(sandbox, "corrigopro", "10234")).status, 200);
  await page.getByRole("img", { name: "boiler.png" }).waitFor();
});

test("tokens expire and are renewed, a work order changes its state, the dialect is switched", async t => {
  const [sandbox, page] = await open(t);
  await page.getByRole("button", { name: "Expire: CorrigoPro Direct" }).click();
  await page.getByText("none is accepted").waitFor();
  assert.equal((await upload(sandbox, "corrigopro", "10234")).status, 401);
  await page.getByRole("button", { name: "Renew: CorrigoPro Direct" }).click();
  await page.getByText("none is accepted").waitFor({ state: "detached" });
  const [token] = (await sandbox.control("/tokens")).corrigopro;
  await page.getByText(token, { exact: true }).waitFor();
  sandbox.account("corrigopro").token = token;

  await page.getByLabel("State of 10234").selectOption("Rejected");
  await page.locator("#announcer").filter({ hasText: "10234: Rejected" }).waitFor({ state: "attached" });
  assert.equal((await upload(sandbox, "corrigopro", "10234")).status, 400);

  await page.getByLabel("The listing is").selectOption("an object with the array in it");
  await page.locator("#announcer").filter({ hasText: "The listing is: set" }).waitFor({ state: "attached" });
  const { url } = sandbox.account("corrigopro");
  const listing = await fetch(`${url}/api/attachments?WorkOrderId=10234`, { headers: { authorization: `Bearer ${token}` } });
  assert.ok(!Array.isArray(await listing.json()));
});

test("the switchboard is worked with the keyboard alone", async t => {
  const [sandbox, page] = await open(t);
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    const style = getComputedStyle(at);
    return { text: at.textContent, id: at.id, name: at.name, value: at.value, outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 };
  });
  const tabTo = async wanted => {
    for (let presses = 0; presses < 80; presses += 1) {
      await press("Tab");
      const at = await focused();
      assert.ok(at.outline, `the focus is seen on ${JSON.stringify(at)}`);
      if (wanted(at)) return;
    }
    assert.fail("it cannot be reached");
  };
  await tabTo(at => at.text === "Skip to the content");
  await press("Enter");
  await tabTo(at => at.name === "network" && at.value === "up");
  await press("ArrowDown", "ArrowDown");
  await page.getByText("The network is gone: connections to the systems are refused.").waitFor();
  await assert.rejects(upload(sandbox, "corrigopro", "10234"));
  await press("ArrowUp", "ArrowUp");
  await page.locator("body[data-network=up]").waitFor();
  await tabTo(at => at.id === "fault-kind");
  await page.keyboard.type("Any status");
  await tabTo(at => at.name === "status");
  await press("ControlOrMeta+a");
  await page.keyboard.type("418");
  await press("Enter");
  await page.getByRole("table", { name: "Faults in force" }).getByRole("row", { name: /Any status.*418/ }).waitFor();
  assert.equal((await upload(sandbox, "corrigopro", "10234")).status, 418);
  await tabTo(at => at.text === "Remove");
  await press("Enter");
  await page.getByText("No fault is set").waitFor();
});

test("what the command line was told is what the page shows", async t => {
  const [sandbox, page] = await open(t,
    "--fault", JSON.stringify({ system: "serial", times: "forever", fault: { kind: "status", status: 503 } }),
    "--dialect", JSON.stringify({ field_nation: { first_page: "zero" } }),
    "--post", `/work_orders=${JSON.stringify({ system: "corrigopro", work_order: "10234", state: "recalled" })}`);
  await page.getByRole("row", { name: /Any status.*503.*Serial.*always/ }).waitFor();
  assert.equal(await page.getByLabel("The first page is").inputValue(), "zero");
  assert.equal(await page.getByLabel("State of 10234").inputValue(), "recalled");
  assert.equal((await upload(sandbox, "serial", "2001")).status, 503);
});

test("a sandbox that has ended is said to be lost", async t => {
  const sandbox = await startSandbox(t);
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(sandbox.page);
  await page.locator("#live[data-state=live]").waitFor();
  sandbox.child.kill();
  await page.getByText("Lost, trying again").waitFor();
  await page.getByRole("button", { name: "Cut network" }).click();
  await page.getByRole("alert").getByText("The sandbox does not answer").waitFor();
});
