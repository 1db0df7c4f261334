// Elements, and what every view shows alike. Text that came from clients gets into the page here and nowhere else: as
// text nodes and attributes, never as markup.

/** An element. `on` has listeners; `class`, `hidden` and the like are attributes; children are elements or texts. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "value") node.value = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return node;
}

const prints = new WeakMap();

/**
 * Makes the children of `list` those of `items`, one each. A child whose item prints as before stays the same node, so
 * that focus, open details and half-typed texts survive whatever else arrives. What comes to others is marked as fresh.
 */
export function sync(list, items, { key, print = JSON.stringify, make }) {
  const old = new Map([...list.children].map(node => [node.dataset.key, node]));
  const first = old.size === 0;
  const nodes = items.map(item => {
    const name = String(key(item)), text = print(item), have = old.get(name);
    if (have && prints.get(have) === text) return have;
    const node = make(item);
    node.dataset.key = name;
    prints.set(node, text);
    if (have) { carryOpen(have, node); have.replaceWith(node); carryFocus(node); }
    if (have?.classList.contains("fresh")) node.classList.add("fresh");
    if (!have && !first) node.classList.add("fresh");
    return node;
  });
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  let at = list.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else list.insertBefore(node, at);
  }
}

let focused = null;

/** Details that were open stay open in the node that takes the place. */
function carryOpen(from, to) {
  const open = new Set([...from.querySelectorAll("details[open]")].map(node => node.dataset.part));
  if (from.open) to.open = true;
  for (const node of to.querySelectorAll("details")) if (open.has(node.dataset.part)) node.open = true;
  focused = from.contains(document.activeElement) ? document.activeElement.dataset.part ?? "" : null;
}

function carryFocus(node) {
  if (focused === null) return;
  const within = focused && node.querySelector(`[data-part="${CSS.escape(focused)}"]`);
  (within || node.querySelector("a, button, summary, select, input"))?.focus();
  focused = null;
}

/** `1.24 MB`: decimal, as everywhere in Fieldpost; the exact number is its title. */
export function bytes(count) {
  const exact = `${count.toLocaleString("en")} bytes`;
  return el("span", { class: "number", title: exact }, sizeText(count));
}

export function sizeText(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toPrecision(3)} kB`;
  return `${(count / 1e6).toFixed(2)} MB`;
}

/** A time of day; date and time in full are its title. */
export function time(stamp) {
  const at = new Date(stamp);
  const text = Number.isNaN(at.valueOf()) ? stamp : at.toLocaleTimeString("en-GB");
  return el("time", { class: "number", datetime: stamp, title: stamp }, text);
}

/** `2023-09-26 12:29:09`, UTC: the form of several systems. */
export const utc = stamp => stamp.slice(0, 19).replace("T", " ").replace("Z", "");

/** A button that copies `text`, and says so. */
export function copyButton(text, what) {
  const button = el("button", { type: "button", class: "quiet", "data-part": `copy ${what}`, "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it by hand";
    }
    announce(`${what}: ${button.textContent}`);
    button.addEventListener("blur", () => { button.textContent = "Copy"; }, { once: true });
  });
  return button;
}

/** A text in full that can be copied. */
export function copyable(text, what) {
  return el("span", { class: "copyable" }, el("code", {}, text), copyButton(text, what));
}

/** A hash: its beginning, and on demand the whole. */
export function hash(label, value, part) {
  return el("details", { class: "hash", "data-part": part },
    el("summary", { "data-part": `${part} head` }, el("code", {}, `${value.slice(0, 12)}\u2026`), el("span", { class: "visually-hidden" }, ` ${label} in full`)),
    copyable(value, label));
}

export const badge = (text, tone = "plain", title = null) => el("span", { class: `badge ${tone}`, title }, text);

/** Label and value, label and value. Values that are nothing are left out. */
export function facts(pairs) {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, told.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
}

/** What stands where there is nothing yet. */
export const empty = (...said) => el("p", { class: "empty" }, ...said);

/** A select with these `[value, text]`. */
export function select(options, value, attributes = {}) {
  const node = el("select", attributes, options.map(([key, text]) => el("option", { value: key }, text)));
  node.value = value;
  return node;
}

/** A labelled field. */
export const field = (label, input, hint = null) =>
  el("label", { class: "field" }, el("span", { class: "label" }, label), input, hint && el("span", { class: "hint" }, hint));

/** A titled part of a view. */
export const part = (id, title, ...inside) =>
  el("section", { class: "switch", "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...inside);

/** Tells who listens rather than looks; politely. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Says what went wrong, until it is dismissed or the next thing goes wrong. */
export function complain(text) {
  const alerts = document.getElementById("alerts");
  const dismiss = el("button", { type: "button", class: "quiet", on: { click: () => alerts.replaceChildren() } }, "Dismiss");
  alerts.replaceChildren(el("p", {}, text, " ", dismiss));
}
