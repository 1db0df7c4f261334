// The rest of the switchboard: tokens, work orders, the clock, and what no document fixes.

import { announce, badge, copyable, el, empty, field, part, select, sync } from "./dom.js";
import { ask, known } from "./control.js";
import { NAMES, SYSTEMS, nameOf, orderLink, ordersOf, stateOf } from "./systems.js";

// ---- tokens ----

export function tokens() {
  const list = el("ul", { class: "lines" });
  const links = async () => { if (await ask("/links/expire", {})) announce("Every temporary link has expired"); };
  const node = part("tokens", "Tokens and links", list,
    el("div", { class: "row" }, el("button", { type: "button", on: { click: links } }, "Expire the temporary links"),
      el("span", { class: "hint" }, "They live for 15 minutes of the sandbox's clock.")));
  const update = () => {
    const all = NAMES.map(system => ({ system, accepted: known.tokens?.[system] ?? [] }));
    sync(list, all, { key: each => each.system, make: tokenLine });
  };
  return { node, update };
}

function tokenLine({ system, accepted }) {
  const name = nameOf(system);
  const expire = async () => { if (await ask("/tokens/expire", { system })) announce(`${name}: the token has expired`); };
  const soon = async () => { if (await ask("/tokens/expire", { system, after_seconds: 60 })) announce(`${name}: the token expires in a minute`); };
  const refuse = async () => {
    if (await ask("/faults", { system, fault: { kind: "unauthorized" } })) announce(`${name}: the next request is refused`);
  };
  const renew = async () => { if (await ask("/tokens/rotate", { system })) announce(`${name}: there is a new token, the old one is refused`); };
  const button = (text, act, spent = false) => el("button",
    { type: "button", "data-part": text, "aria-label": `${text}: ${name}`, disabled: spent, on: { click: act } }, text);
  return el("li", {}, el("b", {}, name),
    accepted.length ? el("span", { class: "values" }, accepted.map((token, at) => copyable(token, `token ${at + 1} of ${name}`))) : badge("none is accepted", "bad"),
    el("span", { class: "row" }, button("Expire", expire, !accepted.length), button("In a minute", soon, !accepted.length),
      button("Refuse once", refuse), button("Renew", renew)));
}

// ---- work orders ----

export function states() {
  const system = select(NAMES.map(name => [name, nameOf(name)]), NAMES[0], { id: "states-system" });
  const list = el("ul", { class: "lines" });
  const id = el("input", { type: "text", id: "states-new", required: true });
  const make = async event => {
    event.preventDefault();
    if (await ask("/work_orders", { system: system.value, work_order: id.value.trim(), state: "open" })) {
      announce(`${id.value} is there`);
      id.value = "";
    }
  };
  const none = empty("This system has no work orders now.");
  const node = part("states", "Work orders", field("System", system), list, none,
    el("form", { class: "row", on: { submit: make } }, field("Another work order", id), el("button", { type: "submit" }, "Make it")));
  const update = () => {
    const orders = ordersOf(system.value, known).filter(order => order.state !== null).map(order => ({ ...order, system: system.value }));
    none.hidden = orders.length > 0;
    sync(list, orders, { key: order => `${order.system} ${order.id}`, make: stateLine });
  };
  system.addEventListener("change", update);
  return { node, update };
}

function stateLine({ system, id, state }) {
  const options = Object.entries(SYSTEMS[system].states);
  if (!(state in SYSTEMS[system].states)) options.push([state, stateOf(system, state)]);
  const set = async event => {
    const { value, selectedOptions } = event.target;
    if (await ask("/work_orders", { system, work_order: id, state: value || null })) announce(`${id}: ${selectedOptions[0].text}`);
  };
  const choice = select([...options, ["", "No such work order"]], state, { "data-part": "state", "aria-label": `State of ${id}`, on: { change: set } });
  return el("li", {}, el("a", { href: orderLink(system, id), "data-part": "order" }, id), choice);
}

// ---- the clock ----

export function clock() {
  const now = el("output", { class: "number", id: "clock-now" });
  const advance = (seconds, name) => el("button", { type: "button", on: { click: async () => {
    if (await ask("/clock", { advance_seconds: seconds })) announce(`The clock is ${name} further`);
  } } }, `+ ${name}`);
  const node = part("clock", "Clock",
    el("div", { class: "row" }, now, advance(20, "20 seconds"), advance(60, "1 minute"), advance(900, "15 minutes"), advance(3600, "1 hour")),
    el("p", { class: "hint" }, "Links, tokens that expire, late entries and Retry-After dates follow this clock; it only goes forward."));
  const update = () => { now.value = known.clock ? ahead(Date.parse(known.clock.clock) - Date.now()) : ""; };
  return { node, update };
}

/** How far the sandbox's clock is from this machine's; it may well be one that stands still. */
function ahead(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (Math.abs(seconds) < 2) return "As this machine's.";
  const [hours, minutes] = [Math.floor(Math.abs(seconds) / 3600), Math.floor(Math.abs(seconds) / 60) % 60];
  const told = [hours && `${hours} h`, minutes && `${minutes} min`, seconds % 60 && `${Math.abs(seconds) % 60} s`].filter(Boolean);
  return `${told.join(" ")} ${seconds > 0 ? "ahead of" : "behind"} this machine's.`;
}

// ---- the dialect ----

const flag = [[false, "no"], [true, "yes"]];
const words = (...all) => all.map(word => [word, word.replaceAll("_", " ")]);

/** Every switch by its path in the dialect; a number may be left out. */
const DIALECT = [
  ["CorrigoPro Direct", [
    ["corrigo_list", "The listing is", [["array", "an array"], ["wrapped", "an object with the array in it"]]],
    ["corrigo_link", "A link comes as", [["json_string", "a JSON string"], ["plain", "text"], ["object", "an object"]]],
  ]],
  ["Serial", [
    ["serial.renames", "Files are renamed to a UUID", flag],
    ["serial.value", "The value of a file is", [["null", "null"], ["link", "a temporary link"]]],
  ]],
  ["Decisiv", [
    ["decisiv.answer", "Adding answers", [["both", "Location and the attachment"], ["location", "Location"], ["body", "the attachment"], ["neither", "neither"]]],
    ["decisiv.paths", "Paths are", [["both", "both"], ["examples", "/cases/…/attachments"], ["headings", "/case/…/attachment"]]],
    ["decisiv.relative_urls", "URLs are relative", flag],
    ["decisiv.leaves_base64", "Base64 is kept as it came", flag],
    ["decisiv.newer_namespaces", "A later namespace version", flag],
    ["decisiv.download", "downloadURL leads to", [["own", "its own host"], ["other", "another host"]]],
  ]],
  ["Field Nation", [
    ["field_nation.errors", "Errors are", words("status", "successful", "status_code", "problem")],
    ["field_nation.token_refusal", "A token is refused with", [["bad_request", "400"], ["unauthorized", "401"]]],
    ["field_nation.answer", "The work order's answer has", [["full", "all attachments"], ["one_page", "the first of several pages"], ["empty", "none"]]],
    ["field_nation.first_page", "The first page is", [["one", "1"], ["zero", "0"]]],
    ["field_nation.folders_per_page", "Folders on a page", null],
    ["field_nation.files_per_page", "Files on a page", null],
    ["field_nation.signatures", "Signatures are taken as", [["both", "either shape"], ["format", "format and data"], ["data_url", "a data: URL"]]],
  ]],
];

const at = (dialect, path) => path.split(".").reduce((inner, name) => inner?.[name], dialect);

function withValue(dialect, path, value) {
  const changed = structuredClone(dialect);
  const names = path.split(".");
  const last = names.pop();
  names.reduce((inner, name) => inner[name], changed)[last] = value;
  return changed;
}

export function dialect() {
  const inputs = [];
  const set = async (path, value, label) => {
    const before = known.dialect;
    // At once: the next change builds on it, however fast it comes.
    known.dialect = withValue(before, path, value);
    if (await ask("/dialect", known.dialect)) announce(`${label}: set`);
    else known.dialect = before;
  };
  const control = ([path, label, options]) => {
    const read = input => options
      ? options.find(([value]) => String(value) === input.value)[0]
      : input.value === "" ? null : Number(input.value);
    const change = event => set(path, read(event.target), label);
    const given = { "data-dialect": path, on: { change } };
    const input = options ? select(options, "", given) : el("input", { ...given, type: "number", min: "1", placeholder: "as asked for" });
    inputs.push({ path, input });
    return field(label, input);
  };
  const groups = DIALECT.map(([system, all]) =>
    el("fieldset", { class: "dialect" }, el("legend", {}, system), el("div", { class: "fields" }, all.map(control))));
  const node = part("dialect", "Dialect",
    el("p", { class: "hint" }, "What the documents leave open. A client has to live with every one of these."), groups);
  const update = () => {
    for (const { path, input } of inputs) {
      const value = at(known.dialect ?? {}, path);
      if (input !== document.activeElement) input.value = value === null || value === undefined ? "" : String(value);
    }
  };
  return { node, update };
}
