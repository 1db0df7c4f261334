// The faults that the control knows: their names, what happens, and the fields of each.

import { el, field, select } from "./dom.js";

const number = (name, label, value, hint) => ({ name, label, kind: "number", value, hint });
const text = (name, label, value, hint) => ({ name, label, kind: "text", value, hint });
const choice = (name, label, options) => ({ name, label, kind: "choice", options, value: options[0][0] });

/** In the order in which they can happen to a request. */
export const FAULTS = [
  ["On the way", [
    { kind: "unreachable", name: "Cannot be reached", what: "The connection is closed before a byte is read. Decided before there is a request: for every system." },
    { kind: "drop_before_body", name: "Drop before the body", what: "Closed after the request's head." },
    { kind: "drop_in_body", name: "Drop in the middle of the body", what: "Closed while the body comes; nothing is processed.",
      fields: [number("after_bytes", "After bytes", "", "Half of the body if left out")] },
    { kind: "drop_after_body", name: "Drop after the body", what: "The whole body is read, nothing is processed, closed." },
    { kind: "captive_portal", name: "Captive portal", what: "A portal answers; nothing arrives at the system.",
      fields: [choice("redirect", "How", [["false", "200 with the portal's page"], ["true", "302 to it"]])] },
    { kind: "slow", name: "Slow", what: "Body and answer at that speed, in real time.",
      fields: [number("bytes_per_second", "Bytes per second", "20000")] },
  ]],
  ["The answer", [
    { kind: "lose_answer", name: "Lose the answer", what: "Processed and kept; closed without an answer." },
    { kind: "truncate_answer", name: "Truncate the answer", what: "Processed; the answer's body is cut and the connection closed.",
      fields: [number("keep_bytes", "Bytes kept", "", "Half if left out")] },
    { kind: "half_answer", name: "Half an answer", what: "Processed; half the body as if it were all: broken JSON in sound HTTP." },
    { kind: "silence", name: "Silence", what: "Processed; no answer, and the connection stays open." },
    { kind: "accept_late", name: "Accept late", what: "Answered now, processed later on the sandbox's clock.",
      fields: [number("after_seconds", "Seconds later", "15"), number("status", "Status now", "504", "Left out: no answer")] },
    { kind: "status", name: "Any status", what: "An answer of your own.",
      fields: [number("status", "Status", "503"),
        choice("when", "When", [["before", "body read, nothing processed"], ["early", "before the body is read"], ["after", "everything processed"]]),
        { name: "headers", label: "Headers", kind: "headers", value: "", hint: "A line each: x-why: tired" }, text("body", "Body", "")] },
    { kind: "too_many_requests", name: "429, too many requests", what: "Nothing is processed.",
      fields: [choice("how", "Retry-After", [["seconds", "in seconds"], ["date_in", "as an HTTP date"], ["absent", "absent"]]), number("wait", "Seconds", "5")] },
    { kind: "unauthorized", name: "Refuse the token", what: "401 (Field Nation: 400, or by its dialect), nothing processed.",
      fields: [choice("until_token_changes", "How long", [["false", "for these requests"], ["true", "until another token comes"]])] },
  ]],
  ["The entry and the listing", [
    { kind: "list_late", name: "List late", what: "Accepted, and in listings only later on the sandbox's clock.", fields: [number("after_seconds", "Seconds later", "30")] },
    { kind: "duplicate_listing", name: "Duplicates in the listing", what: "Every entry stands in it twice." },
    { kind: "accept_twice", name: "Accept twice", what: "Two entries with two ids from one request." },
    { kind: "renamed", name: "Another name", what: "The entry gets another name than was sent.", fields: [text("to", "Name", "", "An invented one if left out")] },
    { kind: "wrong_hash", name: "Wrong hash", what: "The entry carries another hash than its bytes have." },
    { kind: "wrong_size", name: "Wrong size", what: "The entry is told one byte larger, where the system tells sizes." },
    { kind: "corrupted", name: "Altered bytes", what: "The stored bytes are not those that came; hash and download show it." },
  ]],
];

const ALL = FAULTS.flatMap(([, faults]) => faults);

export const faultOf = kind => ALL.find(fault => fault.kind === kind);

/** One request's worth of the most wanted, at one press. */
export const QUICK = [
  ["Lose the answer", { kind: "lose_answer" }],
  ["Drop in the body", { kind: "drop_in_body" }],
  ["503", { kind: "status", status: 503 }],
  ["429, Retry-After 5", { kind: "too_many_requests", retry_after: { seconds: 5 } }],
  ["Refuse the token", { kind: "unauthorized" }],
  ["Captive portal", { kind: "captive_portal" }],
];

/** The inputs of a fault's fields. */
export function inputs(fault) {
  return (fault.fields ?? []).map(({ name, label, kind, value, hint, options }) => {
    const given = { name, id: `fault-${name}` };
    const input = kind === "choice" ? select(options, value, given)
      : kind === "headers" ? el("textarea", { ...given, rows: "2", value })
        : el("input", { ...given, value, type: kind === "number" ? "number" : "text", min: kind === "number" ? "0" : null });
    return field(label, input, hint);
  });
}

const parts = text => text.split("\n").map(line => line.trim()).filter(Boolean)
  .map(line => { const at = line.indexOf(":"); return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]; });

/** The fault as the control reads it, from what its inputs hold. */
export function faultFrom(kind, read) {
  const fault = { kind };
  if (kind === "too_many_requests") {
    const how = read("how");
    return { ...fault, retry_after: how === "absent" ? how : { [how]: Number(read("wait")) } };
  }
  for (const { name, kind: type } of faultOf(kind).fields ?? []) {
    const value = read(name);
    if (value === "" || value === undefined) continue;
    if (type === "number") fault[name] = Number(value);
    else if (type === "headers") fault[name] = parts(value);
    else fault[name] = value === "true" ? true : value === "false" ? false : value;
  }
  return fault;
}

/** What is particular to a fault, in a few words. */
export function particulars({ kind, ...rest }) {
  const told = Object.entries(rest).filter(([, value]) => value !== null && value !== "" && value !== false && !(Array.isArray(value) && !value.length));
  return told.map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
}
