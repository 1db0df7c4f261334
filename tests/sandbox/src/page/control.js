// What the page knows of the sandbox, and how it hears of changes. No polling: the control tells what has changed
// (/control/events), and only that is asked for again.

import { complain } from "./dom.js";

/** Requests that are kept here; the control keeps more. */
export const KEPT = 300;

const TOPICS = ["listening", "dialect", "entries", "faults", "folders", "leaks", "network", "tokens", "work_orders", "clock"];

/** The last answer to each topic; `requests` by their numbers; `live`: whether changes are heard of. */
export const known = { requests: new Map(), live: "connecting", forgotten: false };

const listeners = new Set();

/** Calls `hear(topics)` whenever something of the page's knowledge has changed; answers how to end that. */
export function listen(hear) {
  listeners.add(hear);
  return () => listeners.delete(hear);
}

const tell = topics => { for (const hear of [...listeners]) hear(new Set(topics)); };

/** Asks the control; a body makes it a POST. Says what went wrong, and answers null then. */
export async function ask(path, body, method = body === undefined ? "GET" : "POST") {
  const given = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(`/control${path}`, { method, ...given });
    const told = await answer.json();
    if (answer.ok) return told;
    complain(`The control says: ${told.error}`);
  } catch {
    complain("The sandbox does not answer. Is it still running?");
  }
  return null;
}

// A topic that changes while its answer is on the way is asked for once more, not once for each change.
const asked = new Map();

async function load(topic) {
  if (asked.has(topic)) {
    asked.set(topic, "again");
    return;
  }
  do {
    asked.set(topic, "once");
    const answer = await ask(`/${topic}`);
    if (answer !== null) known[topic] = answer;
  } while (asked.get(topic) === "again");
  asked.delete(topic);
}

// What events tell while an answer is on the way: the answer may be older.
let meanwhile = [];

async function loadRequests() {
  meanwhile = [];
  const records = await ask(`/requests?last=${KEPT}`);
  if (records === null) return;
  known.requests = new Map([...records, ...meanwhile].map(record => [record.n, record]));
}

/** Everything anew: at first, and when something was missed. */
async function loadAll() {
  await Promise.all([loadRequests(), ...TOPICS.map(load)]);
  tell([...TOPICS, "requests"]);
}

async function changed(topics) {
  // The first line has the tokens and work orders of now.
  const wanted = topics.some(topic => topic === "tokens" || topic === "work_orders") ? [...topics, "listening"] : topics;
  await Promise.all(wanted.map(load));
  tell(wanted);
}

function arrived(records) {
  meanwhile.push(...records);
  if (meanwhile.length > KEPT) meanwhile = meanwhile.slice(-KEPT);
  for (const record of records) known.requests.set(record.n, record);
  const surplus = known.requests.size - KEPT;
  if (surplus > 0) {
    const oldest = [...known.requests.keys()].sort((a, b) => a - b).slice(0, surplus);
    for (const n of oldest) known.requests.delete(n);
  }
  tell(["requests"]);
}

/** Follows the sandbox for as long as the page is open. */
export function follow() {
  const events = new EventSource("/control/events");
  const live = state => { known.live = state; tell(["live"]); };
  events.addEventListener("hello", () => { live("live"); loadAll(); });
  events.addEventListener("missed", () => loadAll());
  events.addEventListener("requests", event => arrived(JSON.parse(event.data)));
  events.addEventListener("changed", event => changed(JSON.parse(event.data).topics));
  events.addEventListener("error", () => live("lost"));
}

/** The newest first. */
export const newest = () => [...known.requests.values()].sort((a, b) => b.n - a.n);

/** The files of a work order, in the order they came. */
export const filesOf = (system, order) => (known.entries ?? []).filter(e => e.system === system && e.work_order === order);
