// The switchboard: everything that can be made to go wrong, as the control API has it.

import { announce, badge, copyButton, el, empty, field, part, select, sync } from "./dom.js";
import { ask, known } from "./control.js";
import { FAULTS, QUICK, faultFrom, faultOf, inputs, particulars } from "./faults.js";
import { clock, dialect, states, tokens } from "./settings.js";
import { NAMES, SYSTEMS, nameOf } from "./systems.js";

const NETWORK = [
  ["up", "Up", "As it should be."],
  ["gone", "Gone", "Connections are accepted and closed at once, unread."],
  ["refused", "Refused", "Nothing listens: connections are refused."],
  ["silent", "Silent", "Connections are accepted, never read, never answered."],
];

const OPERATIONS = ["upload", "list", "get", "link", "download", "update", "delete", "create_folder", "delete_folder"];

export const switches = {
  title: "Switchboard",
  topics: ["network", "faults", "tokens", "work_orders", "dialect", "clock", "listening"],
  mount(root) {
    const parts = [network(), faults(), tokens(), states(), clock(), dialect(), beginning()];
    root.append(
      el("h1", { tabindex: "-1" }, "Switchboard"),
      el("p", { class: "lead" }, "What is set here is set for every client of this sandbox. The ", el("a", { href: "#/readme" }, "manual"),
        " has the same for scripts."),
      ...parts.map(part => part.node));
    return () => parts.forEach(part => part.update?.());
  },
};

function network() {
  let [busy, wanted] = [false, null];
  // Arrow keys choose faster than the network changes: one change at a time, and the last choice is the last change.
  const choose = async event => {
    wanted = event.target.value;
    if (busy) return;
    busy = true;
    while (wanted !== null) {
      const network = wanted;
      wanted = null;
      if (await ask("/network", { network })) known.network = { network };
    }
    busy = false;
    update();
  };
  const options = NETWORK.map(([value, name, what]) => {
    const input = el("input", { type: "radio", name: "network", value, "aria-describedby": `network-${value}`, on: { change: choose } });
    return { input, node: el("label", { class: "option" }, input, el("b", {}, name), el("span", { class: "hint", id: `network-${value}` }, what)) };
  });
  const node = part("network", "Network",
    el("fieldset", { class: "options" }, el("legend", { class: "visually-hidden" }, "The network between clients and systems"), options.map(o => o.node)),
    el("p", { class: "hint" }, "This page and the control API have a port of their own, which is always there."));
  const update = () => {
    if (busy) return;
    for (const { input } of options) input.checked = input.value === known.network?.network;
  };
  return { node, update };
}

// ---- faults ----

function faults() {
  const form = faultForm();
  const body = el("tbody");
  const table = el("table", { class: "rules" },
    el("caption", { class: "visually-hidden" }, "Faults in force"),
    el("thead", {}, el("tr", {}, ["Fault", "For", "Acted", "Left", ""].map(text =>
      el("th", { scope: "col", class: text === "Acted" || text === "Left" ? "number" : null }, text || el("span", { class: "visually-hidden" }, "Remove"))))), body);
  const none = empty("No fault is set: every request is answered as the documents say.");
  const clear = el("button", { type: "button", on: { click: () => ask("/faults", undefined, "DELETE") } }, "Remove all faults");
  const quick = el("div", { class: "quick", role: "group", "aria-label": "For the next request" },
    el("span", { class: "label" }, "Next request:"), QUICK.map(([name, fault]) =>
      el("button", { type: "button", on: { click: () => add({ fault }, name) } }, name)));
  const node = part("faults", "Faults", quick, form, el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Faults in force" }, table), none, clear);
  const update = () => {
    const rules = known.faults ?? [];
    [table.hidden, clear.hidden, none.hidden] = [!rules.length, !rules.length, !!rules.length];
    sync(body, rules, { key: rule => rule.id, make: ruleRow });
  };
  return { node, update };
}

const add = async (rule, name) => {
  if (await ask("/faults", rule)) announce(`Set: ${name}`);
};

function ruleRow(rule) {
  const { id, system, operation, work_order, fault, hits, left, skip, probability } = rule;
  const scope = [system ? nameOf(system) : "every system", operation?.replaceAll("_", " "), work_order].filter(Boolean).join(", ");
  const name = faultOf(fault.kind)?.name ?? fault.kind;
  const also = [particulars(fault), skip && `skips ${skip}`, probability !== null && `chance ${probability}`].filter(Boolean).join(", ");
  const remove = () => ask(`/faults/${id}`, undefined, "DELETE");
  return el("tr", { class: left === 0 ? "spent" : null },
    el("th", { scope: "row" }, name, also && el("span", { class: "hint" }, also)),
    el("td", {}, scope), el("td", { class: "number" }, String(hits)),
    el("td", { class: "number" }, left === "forever" ? "always" : left === 0 ? badge("used up") : String(left)),
    el("td", {}, el("button", { type: "button", class: "quiet", "data-part": "remove", "aria-label": `Remove ${name}`, on: { click: remove } }, "Remove")));
}

function faultForm() {
  const kind = el("select", { id: "fault-kind" }, FAULTS.map(([group, all]) =>
    el("optgroup", { label: group }, all.map(fault => el("option", { value: fault.kind }, fault.name)))));
  kind.value = "lose_answer";
  const system = select([["", "Every system"], ...NAMES.map(name => [name, nameOf(name)])], "", { id: "fault-system" });
  const operation = el("select", { id: "fault-operation" });
  const order = el("input", { type: "text", id: "fault-order", placeholder: "any" });
  const times = el("input", { type: "number", id: "fault-times", min: "1", value: "1" });
  const forever = el("input", { type: "checkbox", id: "fault-forever" });
  const skip = el("input", { type: "number", id: "fault-skip", min: "0", value: "0" });
  const chance = el("input", { type: "number", id: "fault-chance", min: "0", max: "1", step: "0.05", placeholder: "1" });
  const own = el("div", { class: "fields own" });
  const what = el("p", { class: "hint", id: "fault-what" });
  const json = el("code", { id: "fault-json" });
  const read = name => own.querySelector(`[name="${name}"]`)?.value;

  const rule = () => ({
    ...(system.value && { system: system.value }), ...(operation.value && { operation: operation.value }),
    ...(order.value.trim() && { work_order: order.value.trim() }),
    ...(forever.checked ? { times: "forever" } : Number(times.value) !== 1 && { times: Number(times.value) }),
    ...(Number(skip.value) && { skip: Number(skip.value) }), ...(chance.value !== "" && { probability: Number(chance.value) }),
    fault: faultFrom(kind.value, read),
  });
  const preview = () => { json.textContent = JSON.stringify(rule()); };
  const scope = () => {
    const kept = operation.value;
    const all = system.value ? SYSTEMS[system.value].operations : OPERATIONS;
    operation.replaceChildren(...[["", "Every operation"], ...all.map(name => [name, name.replaceAll("_", " ")])].map(([value, name]) => el("option", { value }, name)));
    operation.value = all.includes(kept) ? kept : "";
  };
  const chosen = () => {
    own.replaceChildren(...inputs(faultOf(kind.value)));
    what.textContent = faultOf(kind.value).what;
    // It is decided before anything of a request is known.
    const anywhere = kind.value === "unreachable";
    for (const input of [system, operation, order]) {
      input.disabled = anywhere;
      if (anywhere) input.value = "";
    }
    preview();
  };
  const submit = event => {
    event.preventDefault();
    add(rule(), faultOf(kind.value).name);
  };
  const copy = el("span");
  const node = el("form", { class: "fault-form", "aria-label": "A fault", on: { submit, input: preview } },
    el("div", { class: "fields" }, field("Fault", kind), field("System", system), field("Operation", operation), field("Work order", order),
      field("Times", times), el("label", { class: "tick" }, forever, " Until removed"), field("Let through first", skip), field("Chance (0 to 1)", chance)),
    what, own,
    el("div", { class: "form-foot" }, el("button", { type: "submit", class: "primary" }, "Set the fault"),
      el("span", { class: "json", title: "For POST /control/faults, and for --fault of fieldpost sandbox" }, json, copy)));
  kind.addEventListener("change", chosen);
  system.addEventListener("change", () => { scope(); preview(); });
  forever.addEventListener("change", () => { times.disabled = forever.checked; });
  scope();
  chosen();
  copy.append(laterCopy(json, "the rule as JSON"));
  return node;
}

/** Copies what stands there by then. */
function laterCopy(from, what) {
  const button = el("button", { type: "button", class: "quiet", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", () => {
    const now = copyButton(from.textContent, what);
    now.click();
    announce(`Copied ${what}`);
  });
  return button;
}

// ---- all anew ----

function beginning() {
  const reset = accepted => async () => {
    if (await ask("/reset", { accepted })) announce("The sandbox is as at the start");
  };
  return {
    node: part("reset", "Begin again",
      el("div", { class: "row" },
        el("button", { type: "button", on: { click: reset(false) } }, "Reset, keep the files"),
        el("button", { type: "button", class: "danger", on: { click: reset(true) } }, "Reset, and forget every file")),
      el("p", { class: "hint" }, "The network up; faults, requests, tokens, links and work orders as at the start. The dialect and the clock stay.")),
  };
}
