// How the page looks and reads: on a phone, in the dark, to a screen reader.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leastContrast, openBrowser, openPage, orderView, startSandbox, upload, visit } from "./support.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

const long = `${"a-very-long-name-without-any-break-".repeat(3)}.png`;

/** A sandbox in which there is something to see in every view. */
async function furnished(t) {
  const sandbox = await startSandbox(t);
  for (const { provider, work_orders } of sandbox.accounts) {
    assert.ok((await upload(sandbox, provider, work_orders[0], { name: provider === "digitalrealty" ? "short.png" : long })).ok, provider);
  }
  await sandbox.control("/faults", { system: "decisiv", operation: "upload", work_order: "770001", fault: { kind: "accept_late", after_seconds: 15, status: 504 } });
  return sandbox;
}

const views = sandbox => ["#/", "#/requests", "#/switches", "#/connect", "#/readme",
  ...sandbox.accounts.map(({ provider, work_orders }) => orderView(provider, work_orders[0]))];

const settled = async page => {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.evaluate(() => { for (const details of document.querySelectorAll("main details")) details.open = true; });
};

test("nothing is wider than a phone", async t => {
  const sandbox = await furnished(t);
  const page = await openPage(browser, sandbox, { viewport: { width: 360, height: 740 } });
  await sandbox.control("/network", { network: "gone" });
  for (const view of views(sandbox)) {
    await visit(page, view);
    await settled(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${view} is ${width} wide`);
  }
});

for (const colorScheme of ["light", "dark"]) {
  test(`texts can be read in the ${colorScheme}`, async t => {
    const sandbox = await furnished(t);
    const page = await openPage(browser, sandbox, { colorScheme, reducedMotion: "reduce" });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(ground[0] > 128, colorScheme === "light");
    for (const view of views(sandbox)) {
      await visit(page, view);
      await settled(page);
      const { ratio, text } = await leastContrast(page);
      assert.ok(ratio >= 4.5, `${view}: ${ratio.toFixed(2)} for ${text}`);
    }
    await sandbox.control("/network", { network: "gone" });
    await page.getByText("The network is gone").first().waitFor();
    const { ratio, text } = await leastContrast(page);
    assert.ok(ratio >= 4.5, `${ratio.toFixed(2)} for ${text}`);
  });
}

test("every view has landmarks, one first heading, and a name for whatever can be worked", async t => {
  const sandbox = await furnished(t);
  const page = await openPage(browser, sandbox);
  for (const view of views(sandbox)) {
    await visit(page, view);
    await settled(page);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, view);
    for (const landmark of ["banner", "navigation", "main"]) assert.equal(await page.getByRole(landmark).count(), 1, `${view} ${landmark}`);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, a, input, select, textarea, summary, img, [role=img]")]
      .filter(node => node.checkVisibility())
      .filter(node => ![node.getAttribute("aria-label"), node.alt, node.labels?.[0]?.textContent, node.textContent].some(name => name?.trim()) &&
        !node.querySelector("img[alt]:not([alt=''])"))
      .map(node => node.outerHTML));
    assert.deepEqual(nameless, [], view);
    const twice = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
      return ids.filter((id, at) => ids.indexOf(id) !== at);
    });
    assert.deepEqual(twice, [], `${view}: ids`);
    const levels = await page.locator("main :is(h1, h2, h3)").evaluateAll(nodes => nodes.map(node => Number(node.tagName[1])));
    assert.ok(levels.every((level, at) => at === 0 || level <= levels[at - 1] + 1), `${view}: headings ${levels}`);
  }
});

test("going to a view moves the focus to its heading and says which it is", async t => {
  const sandbox = await startSandbox(t);
  const page = await openPage(browser, sandbox);
  await page.getByRole("navigation").getByRole("link", { name: "Switchboard" }).click();
  await page.locator("h1:focus").filter({ hasText: "Switchboard" }).waitFor();
  assert.equal(await page.title(), "Switchboard – Fieldpost sandbox");
  assert.deepEqual(await page.locator("nav [aria-current=page]").evaluateAll(links => links.map(link => link.hash)), ["#/switches"]);
});

test("arriving requests are told politely, and move only where motion is welcome", async t => {
  const sandbox = await startSandbox(t);
  const [moving, still] = [await openPage(browser, sandbox), await openPage(browser, sandbox, { reducedMotion: "reduce" })];
  for (let count = 0; count < 2; count += 1) await upload(sandbox, "corrigopro", "10234");
  for (const page of [moving, still]) {
    await page.locator("#announcer[aria-live=polite]").filter({ hasText: /upload to CorrigoPro Direct 10234: 200|requests arrived/ }).waitFor({ state: "attached" });
    await page.locator(".beside li").nth(1).waitFor();
  }
  const animation = page => page.locator(".beside .fresh").first().evaluate(node => getComputedStyle(node).animationName);
  assert.deepEqual([await animation(moving), await animation(still)], ["arrive", "none"]);
});

test("many pages hear of the same, and a closed one is forgotten", async t => {
  const sandbox = await startSandbox(t);
  const pages = [];
  for (let count = 0; count < 3; count += 1) pages.push(await openPage(browser, sandbox));
  assert.equal((await sandbox.control("/state")).watchers, 3);
  await upload(sandbox, "decisiv", "770001");
  for (const page of pages) await page.getByRole("img", { name: "boiler.png" }).waitFor();
  // Each look at the state follows an event of its own: nothing here waits for a time.
  const reader = await fetch(`${sandbox.control_url}/events`);
  await pages[0].close();
  await pages[1].close();
  for await (const _ of reader.body) {
    if ((await sandbox.control("/state")).watchers === 2) break;
    await sandbox.control("/clock", { advance_seconds: 1 });
  }
});
