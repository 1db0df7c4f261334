// The command, a browser, a sandbox and its clients for the tests: nothing here sleeps, and no port is fixed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { deflateSync } from "node:zlib";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** The command under test, and a browser: `cargo xtask test page` names both. */
export const COMMAND = process.env.FIELDPOST_COMMAND ?? new URL("../../target/debug/fieldpost", import.meta.url).pathname;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** A browser for a test file, which closes it. */
export const openBrowser = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** A sandbox of its own, as the command serves it, and how a client and the control speak to it. */
export async function startSandbox(t, ...options) {
  const child = spawn(COMMAND, ["--json", "sandbox", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const closers = [];
  t.after(async () => {
    try {
      for (const close of closers) await close(); // pages first: to them, a sandbox that ends is an error
    } finally {
      child.kill();
    }
  });
  let listening = null;
  for await (const line of createInterface({ input: child.stdout })) {
    listening = JSON.parse(line);
    break;
  }
  assert.ok(listening, "the sandbox did not start");
  const control = async (path, body, method = body === undefined ? "GET" : "POST") => {
    const given = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(`${listening.control}${path}`, { method, ...given });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const account = provider => listening.accounts.find(each => each.provider === provider);
  return { ...listening, control_url: listening.control, child, closers, control, account, page: listening.control.replace(/control$/, "") };
}

/** Where a work order of a system is in the page. */
export const orderView = (provider, id) => `#/${provider}/${encodeURIComponent(id)}`;

/** An empty page, and how it is closed: that fails where it logged an error, or asked anybody but those of these addresses. */
export async function watchedPage(browser, addresses, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong = [];
  page.on("pageerror", error => wrong.push(error.message));
  page.on("console", said => { if (said.type() === "error") wrong.push(said.text()); });
  page.on("dialog", async dialog => { wrong.push(`a dialog: ${dialog.message()}`); await dialog.dismiss(); });
  page.on("request", asked => {
    if (!addresses.some(address => asked.url().startsWith(address))) wrong.push(`asked for ${asked.url()}`);
  });
  const close = async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  };
  return { page, close };
}

/**
 * A page of the sandbox that has heard of everything. Whatever it logs as an error, or asks of anybody else, fails the test.
 */
export async function openPage(browser, sandbox, { hash = "#/", from = sandbox.page, ...options } = {}) {
  const { page, close } = await watchedPage(browser, [sandbox.page, from], options);
  sandbox.closers.push(close);
  await page.goto(from + hash);
  await page.locator("#live[data-state=live]").waitFor();
  await page.evaluate(() => { window.sameDocument = true; });
  return page;
}

/** The page was not loaded anew since it was opened. */
export const isSameDocument = page => page.evaluate(() => window.sameDocument === true);

/** Goes where the address says, as a press on a link does. */
export async function visit(page, hash) {
  await page.evaluate(to => { location.hash = to; }, hash);
}

/** The size that a picture has once it is decoded. */
export const naturalWidth = image => image.evaluate(async node => {
  await node.decode();
  return node.naturalWidth;
});

/** Contrast of WCAG 2 between a text's colour and what is behind it, at its least in the page. */
export const leastContrast = page => page.evaluate(() => {
  const numbers = colour => colour.match(/[\d.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  let least = { ratio: 21, text: "" };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !node.checkVisibility() || node.closest(":disabled, option, .visually-hidden, noscript")) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least.ratio) least = { ratio, text };
  }
  return least;
});

// ---- what clients send ----

/** A PNG of one colour, so wide and so high. */
export function png(width, height, [red, green, blue] = [40, 90, 140]) {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc(body), body.length + 4);
    return framed;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), ...Array.from({ length: width }, () => Buffer.from([red, green, blue]))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => line)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

/** The CRC of PNG (ISO 3309). */
function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

const escaped = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** How each system takes a file: method, path behind the account's URL, and the form but for the file's part. */
const UPLOADS = {
  corrigopro: (order, { name, documentType = "Picture" }) => ["POST", "/api/attachments", "File", {
    WorkOrderId: order, Name: name, DocumentType: documentType, MessageVisibility: "CruOnly", MimeType: "image/png",
    "PerformedBy.Name": "Jo Field", MessageId: crypto.randomUUID(),
  }],
  digitalrealty: (order, { name }) => ["POST", `/v1/attachments?requestId=${order}&file_name=${encodeURIComponent(name)}`, "file", {}],
  serial: (order, { name, caption, user }) => ["PUT", `/work-orders/${order}/attachments`, "attachment", {
    metadata: JSON.stringify({ type: "IMAGE", name: caption, file_name: name, added_by_user_id: user }),
  }],
  decisiv: (order, { caption }) => ["POST", `/cases/${order}/attachments`, "file", {
    body: "<a:attachment xmlns:a=\"http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest\">" +
      `<a:description>${escaped(caption)}</a:description><a:internal>true</a:internal></a:attachment>`,
  }],
  fieldnation: (order, { caption, folder = "2270" }) => ["POST", `/workorders/${order}/attachments/${folder}`, "file", { notes: caption }],
};

/** Sends a file to a work order, as that system wants it; answers what `fetch` does. */
export function upload(sandbox, provider, order, { name = "boiler.png", caption = "Boiler plate", bytes = png(40, 30), ...rest } = {}) {
  const { url, token, settings } = sandbox.account(provider);
  const [method, path, part, fields] = UPLOADS[provider](order, { name, caption, user: settings.added_by_user_id, ...rest });
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append(part, new Blob([bytes], { type: "image/png" }), name);
  const mark = path.includes("?") ? "&" : "?";
  const target = provider === "fieldnation" ? `${url}${path}${mark}access_token=${token}` : `${url}${path}`;
  const headers = provider === "fieldnation" ? {} : { authorization: `Bearer ${token}`, connection: "close" };
  if (provider === "digitalrealty") {
    headers["master-account-id"] = settings.master_account_id;
    headers["account-id"] = settings.account_id;
  }
  return fetch(target, { method, headers, body: form });
}
