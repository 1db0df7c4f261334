// Requests as they arrive: a short list beside every view, and all of them with their parts.

import { announce, badge, bytes, el, empty, facts, field, select, sync, time } from "./dom.js";
import { KEPT, known, newest } from "./control.js";
import { NAMES, nameOf, orderLink } from "./systems.js";

/** Requests beside the other views. */
const BESIDE = 40;

const nothing = () => empty(
  "No request has arrived. The systems listen at ", el("code", {}, known.listening?.url ?? ""), "; ",
  el("a", { href: "#/connect" }, "how to send something"), ".");

/** What became of a request, in a word and a tone. */
function outcome({ status, done, faults }) {
  if (!done) return ["…", "busy"];
  if (status === null) return [faults.length ? "no answer" : "cut", "bad"];
  return [String(status), status < 300 ? "good" : status < 400 ? "plain" : status < 500 ? "warn" : "bad"];
}

const outcomeBadge = record => {
  const [word, tone] = outcome(record);
  return badge(word, `status ${tone}`);
};

const faultBadges = record => record.faults.map(kind => badge(kind.replaceAll("_", " "), "fault", "A fault that it met"));

const what = record => record.operation?.replaceAll("_", " ") ?? record.method;

const print = ({ n, status, done, bytes, parts, faults, work_order, credentials, problem }) =>
  JSON.stringify([n, status, done, bytes, parts.length, faults, work_order, credentials, problem]);

// ---- beside the other views ----

/** Keeps the short list up to date. */
export function beside(list) {
  const rows = el("ol", { class: "beside" });
  const hint = el("div");
  list.append(hint, rows);
  return () => {
    const records = newest().slice(0, BESIDE);
    sync(hint, records.length ? [] : ["hint"], { key: () => "hint", print: () => known.listening?.url ?? "", make: nothing });
    sync(rows, records, { key: record => record.n, print, make: besideRow });
  };
}

function besideRow(record) {
  const place = record.work_order && record.system
    ? el("a", { href: orderLink(record.system, record.work_order), "data-part": `order ${record.n}` }, record.work_order)
    : "";
  return el("li", {},
    time(record.time), el("span", { class: "what" }, el("b", {}, what(record)), " ", place, " ", el("span", { class: "hint" }, nameOf(record.system))),
    outcomeBadge(record), record.faults.length ? el("span", { class: "met" }, faultBadges(record)) : "");
}

// ---- all of them ----

export const requests = {
  title: "Requests",
  topics: ["requests", "leaks", "listening"],
  mount(root) {
    const only = select([["", "All systems"], ...NAMES.map(name => [name, nameOf(name)])], "", { on: { change: () => update() } });
    const faulty = el("input", { type: "checkbox", on: { change: () => update() } });
    const hint = el("div"), leaks = el("div"), list = el("ol", { class: "requests", "aria-label": "Requests, the newest first" });
    root.append(
      el("h1", { tabindex: "-1" }, "Requests"),
      el("p", { class: "lead" }, `As they arrive, the newest ${KEPT}. Tokens, temporary links and query credentials are blotted out before they get here.`),
      el("div", { class: "filters" }, field("System", only), el("label", { class: "tick" }, faulty, " Only those that met a fault")),
      leaks, hint, list);
    const update = () => {
      const wanted = newest().filter(r => (!only.value || r.system === only.value) && (!faulty.checked || r.faults.length));
      sync(leaks, known.leaks ?? [], { key: leak => `${leak.request} ${leak.what}`, make: leakLine });
      const said = known.requests.size ? "No request fits this choice." : "";
      sync(hint, wanted.length ? [] : ["hint"], { key: () => "hint", print: () => said + known.listening?.url, make: () => said ? empty(said) : nothing() });
      sync(list, wanted, { key: record => record.n, print, make: requestRow });
    };
    return update;
  },
};

const leakLine = leak => el("p", { class: "leak" }, badge("leak", "bad"), ` Request ${leak.request}: ${leak.what}.`);

function requestRow(record) {
  return el("li", {}, el("details", { "data-part": `request ${record.n}` },
    el("summary", { "data-part": `request head ${record.n}` },
      el("span", { class: "number n" }, String(record.n)), time(record.time),
      el("span", { class: "system-name" }, nameOf(record.system)),
      el("span", { class: "target" }, el("b", {}, record.method), " ", el("code", {}, record.path)),
      el("span", { class: "met" }, faultBadges(record)),
      el("span", { class: "size" }, record.bytes ? bytes(record.bytes) : ""),
      outcomeBadge(record)),
    details(record)));
}

const CREDENTIALS = { none: "none came with it", valid: "a token that is accepted", refused: "refused" };

function details(record) {
  const order = record.work_order && record.system
    ? el("a", { href: orderLink(record.system, record.work_order) }, record.work_order) : record.work_order;
  return el("div", { class: "request-body" },
    facts([
      ["Operation", record.operation?.replaceAll("_", " ") ?? "none that is documented"],
      ["Work order", order],
      ["Path", el("code", { class: "wrap" }, record.path)],
      ["Credentials", CREDENTIALS[record.credentials]],
      ["Body", `${record.bytes.toLocaleString("en")} bytes, ${record.whole ? "whole" : record.done ? "not whole" : "still coming"}`],
      ["Answer", outcome(record)[0]],
      ["Faults met", record.faults.join(", ")],
      ["Connection", String(record.connection)],
      ["Problem", record.problem],
    ]),
    record.parts.length ? parts(record.parts) : "");
}

function parts(all) {
  const head = ["Part", "Content", "Type", "Size"];
  const row = part => el("tr", {},
    el("th", { scope: "row" }, part.name || "(the body)"),
    el("td", { class: "content" }, part.value !== null ? part.value : part.file_name !== null ? `file ${part.file_name}` : "bytes"),
    el("td", {}, [part.content_type, part.transfer_encoding].filter(Boolean).join(", ") || "–"),
    el("td", {}, bytes(part.bytes)));
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Parts of the body" },
    el("table", { class: "parts" },
      el("thead", {}, el("tr", {}, head.map(text => el("th", { scope: "col" }, text)))), el("tbody", {}, all.map(row))));
}

// ---- for who listens ----

let heard = null;
let waiting = 0;

/** Tells of requests that have ended since the last time, in one sentence. */
export function announceNew() {
  const ended = newest().filter(record => record.done);
  const last = ended[0]?.n ?? 0;
  if (heard === null || last <= heard) {
    heard = Math.max(heard ?? last, last);
    return;
  }
  const fresh = ended.filter(record => record.n > heard);
  heard = last;
  waiting += fresh.length;
  requestAnimationFrame(() => {
    if (!waiting) return;
    const record = fresh[0];
    announce(waiting > 1 ? `${waiting} requests arrived`
      : `${what(record)} to ${nameOf(record.system)} ${record.work_order ?? ""}: ${outcome(record)[0]}`);
    waiting = 0;
  });
}
