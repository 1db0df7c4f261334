// The page that `fieldpost compress --compare` writes: both pictures at the same place, whatever is done to one of them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { COMMAND, leastContrast, naturalWidth, openBrowser, png, watchedPage } from "./support.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

/** Names that mean something in HTML, in a URL, or to a reader's eyes. */
const HOSTILE = ["\"><img src=x onerror=alert(1)>.png", "100%25 #1? &amp; 'ü'\u202egpj.png", "javascript:alert(2).png"];

/** What is made to fit: names, how large they are, and where the originals lie. */
const files = names => names.map((name, at) => [name, png(3000, 2000 + at)]);

/** Writes these photos, makes them fit into 1500 pixels, and opens the page of it. */
async function compared(t, photos, { then = () => {}, hash = "", ...options } = {}) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "compare-")));
  const closers = [];
  t.after(async () => {
    try {
      for (const close of closers) await close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  for (const [name, bytes] of photos) writeFileSync(join(folder, name), bytes);
  const args = [...photos.map(([name]) => name), "out/", "--cap", "1MB", "--max-edge", "1500", "--compare", "page.html"];
  try {
    execFileSync(COMMAND, ["compress", "--json", ...args], { cwd: folder, stdio: "pipe", env: { ...process.env, PATH: "" } });
  } catch (failed) {
    assert.equal(failed.status, 1, failed.message); // one of them is broken: the page says which
  }
  then(folder);
  const { page, close } = await watchedPage(browser, [pathToFileURL(`${folder}/`).href], options);
  closers.push(close);
  await page.goto(pathToFileURL(join(folder, "page.html")).href + hash);
  await page.locator(".viewer").waitFor();
  return page;
}

const [original, result] = ["original", "result"];
const picture = (page, side) => page.locator(`.pane.${side} img`);
const frame = (page, side) => page.locator(`.pane.${side} .window`);
const place = (page, side) => frame(page, side).evaluate(node => [Math.round(node.scrollLeft), Math.round(node.scrollTop)]);
const size = (page, side) => picture(page, side).evaluate(node => [node.width, node.height]);

const choose = (page, name) => page.getByRole("radio", { name, exact: true }).check();

/** Both windows come to show this place. */
const both = (page, wanted) => page.waitForFunction(wanted => [...document.querySelectorAll(".window")]
  .every(node => Math.abs(node.scrollLeft - wanted[0]) <= 1 && Math.abs(node.scrollTop - wanted[1]) <= 1), wanted);

test("at 1:1 both pictures have the pixels of the result, whatever the screen's", async t => {
  for (const deviceScaleFactor of [1, 2]) {
    const page = await compared(t, files(["one.png"]), { deviceScaleFactor });
    assert.deepEqual([await naturalWidth(picture(page, original)), await naturalWidth(picture(page, result))], [3000, 1500]);
    const expected = [1500 / deviceScaleFactor, 1000 / deviceScaleFactor];
    for (const side of [original, result]) assert.deepEqual(await size(page, side), expected);
    await choose(page, "2:1");
    for (const side of [original, result]) assert.deepEqual(await size(page, side), expected.map(edge => edge * 2));
  }
});

test("both windows go along: scrolled, dragged, or moved by keys", async t => {
  const page = await compared(t, files(["one.png"]));
  await frame(page, original).evaluate(node => node.scrollTo(120, 80));
  await both(page, [120, 80]);
  const box = await frame(page, result).boundingBox();
  await page.mouse.move(box.x + 200, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(box.x + 150, box.y + 170, { steps: 4 });
  await page.mouse.up();
  await both(page, [170, 110]);
  await frame(page, original).focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelectorAll(".window")[1].scrollLeft > 171);
  await page.waitForFunction(() => new Set([...document.querySelectorAll(".window")].map(node => node.scrollLeft)).size === 1);
});

test("the middle stays in the middle when the size changes", async t => {
  const page = await compared(t, files(["one.png"]));
  await frame(page, result).evaluate(node => node.scrollTo(300, 150));
  await both(page, [300, 150]);
  const middle = () => frame(page, result).evaluate(node =>
    [(node.scrollLeft + node.clientWidth / 2) / node.scrollWidth, (node.scrollTop + node.clientHeight / 2) / node.scrollHeight]);
  const before = await middle();
  await choose(page, "2:1");
  const now = await middle();
  for (const at of [0, 1]) assert.ok(Math.abs(before[at] - now[at]) < 0.01, `${before} ${now}`);
  await choose(page, "Fit");
  const [width] = await size(page, result);
  assert.ok(width <= (await frame(page, result).evaluate(node => node.clientWidth)), `${width}`);
});

test("one over the other, the slider tells how much of each is seen, and a flip shows the whole other", async t => {
  const page = await compared(t, files(["one.png"]));
  await choose(page, "One over the other");
  const seen = () => frame(page, result).evaluate(node => getComputedStyle(node).clipPath);
  assert.equal(await seen(), "inset(0px 0px 0px 50%)");
  const [above, below] = [await frame(page, result).boundingBox(), await frame(page, original).boundingBox()];
  assert.deepEqual(above, below, "in the same place");
  const slider = page.getByRole("slider");
  await slider.fill("20");
  assert.equal(await seen(), "inset(0px 0px 0px 20%)");
  await page.getByRole("button", { name: "Flip" }).click();
  assert.equal(await seen(), "inset(0px 0px 0px 100%)");
  await page.keyboard.press("f");
  assert.equal(await seen(), "inset(0px 0px 0px 0%)");
  await choose(page, "Side by side");
  assert.equal(await seen(), "none");
});

test("photos are gone through by select, buttons, links, keys and address", async t => {
  const page = await compared(t, files(["one.png", "two.png", "three.png"]), { hash: "#photo-2" });
  const shown = async name => {
    await page.locator(`.pane.result img[alt="Result: ${name}"]`).waitFor();
    await page.locator("tr.shown th").filter({ hasText: name }).waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Photo" }).inputValue(), name);
    assert.equal(await naturalWidth(picture(page, original)), 3000);
  };
  await shown("two.png");
  await page.getByRole("combobox", { name: "Photo" }).selectOption("three.png");
  await shown("three.png");
  assert.ok(await page.getByRole("button", { name: "Next photo" }).isDisabled());
  await page.getByRole("button", { name: "Previous photo" }).click();
  await shown("two.png");
  assert.equal(await page.evaluate(() => scrollY), 0, "the page stays where it is");
  await page.getByRole("link", { name: "one.png" }).click();
  await shown("one.png");
  const { y } = await page.locator(".viewer").boundingBox();
  assert.ok(y >= -1 && y < 300, `from the table to the pictures: ${y}`);
  await frame(page, original).focus();
  await page.keyboard.press("n");
  await shown("two.png");
  await page.goBack();
  await shown("one.png");
});

test("names do nothing but name", async t => {
  const page = await compared(t, files(HOSTILE));
  for (const at of [0, 1, 2]) {
    await page.getByRole("combobox", { name: "Photo" }).selectOption({ index: at });
    for (const [side, width] of [[original, 3000], [result, 1500]]) assert.equal(await naturalWidth(picture(page, side)), width, `${at}`);
  }
  const names = await page.locator("tbody th").allTextContents();
  assert.deepEqual(names, HOSTILE.map(name => name.replace("\u202e", "\ufffd")));
});

test("a file that the browser cannot show is said to be one, and what failed stands below", async t => {
  const page = await compared(t, [...files(["one.png"]), ["broken.jpg", "no picture at all"]], {
    then: folder => writeFileSync(join(folder, "one.png"), "no longer a picture"),
  });
  await frame(page, original).getByText("This browser cannot show the file").waitFor();
  assert.equal(await frame(page, original).getByRole("link").evaluate(link => link.href.endsWith("/one.png")), true);
  assert.ok(await picture(page, result).isVisible());
  await page.getByRole("listitem").filter({ hasText: "broken.jpg not decodable" }).waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  test(`it can be read and fits a phone in the ${colorScheme}`, async t => {
    const page = await compared(t, [...files([`${"long-name-".repeat(12)}.png`, "two.png"]), ["broken.jpg", "none"]], {
      colorScheme, viewport: { width: 360, height: 740 },
    });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(ground[0] > 128, colorScheme === "light");
    await page.getByText("Mouse and keys").click();
    for (const view of ["One over the other", "Side by side"]) {
      await choose(page, view);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 360, `${view} is ${width} wide`);
      const { ratio, text } = await leastContrast(page);
      assert.ok(ratio >= 4.5, `${ratio.toFixed(2)} for ${text}`);
    }
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, a, input, select, img, [tabindex]")]
      .filter(node => node.checkVisibility())
      .filter(node => ![node.getAttribute("aria-label"), node.alt, node.labels?.[0]?.textContent, node.textContent].some(name => name?.trim()))
      .map(node => node.outerHTML));
    assert.deepEqual(nameless, []);
  });
}
