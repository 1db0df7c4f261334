// The page: which view is shown, and the bar above all of them.

import { announce, complain, el, sync } from "./dom.js";
import { ask, follow, known, listen } from "./control.js";
import { connect } from "./connect.js";
import { order, overview } from "./orders.js";
import { readme } from "./readme.js";
import { announceNew, beside, requests } from "./requests.js";
import { switches } from "./switches.js";
import { NAMES } from "./systems.js";

const VIEWS = { "": overview, requests, switches, connect, readme };

const main = document.getElementById("main");
let update = () => {};
let topics = new Set();

/** The view that the address names, and what it is of. */
function addressed() {
  const [name, id] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  if (NAMES.includes(name) && id) return { view: order, of: [name, id] };
  return { view: Object.hasOwn(VIEWS, name) ? VIEWS[name] : overview, of: [] };
}

function decoded(piece) {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}

function show(moved) {
  const { view, of } = addressed();
  const title = typeof view.title === "function" ? view.title(...of) : view.title;
  document.title = `${title} – Fieldpost sandbox`;
  document.body.dataset.view = view === order ? "order" : title.toLowerCase();
  main.replaceChildren();
  update = view.mount(main, ...of);
  topics = new Set(view.topics);
  update();
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.hash === location.hash || (link.hash === "#/" && (view === overview || view === order));
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (moved) {
    scrollTo(0, 0);
    (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  }
}

// ---- the bar ----

const LIVE = { connecting: "Connecting", live: "Live", lost: "Lost, trying again" };

const networkSwitch = document.getElementById("network-switch");
networkSwitch.addEventListener("click", async () => {
  const network = known.network?.network === "up" ? "gone" : "up";
  if (await ask("/network", { network })) announce(network === "up" ? "The network is back" : "The network is gone");
});

const WITHOUT = {
  gone: "The network is gone: connections to the systems are accepted and closed unread.",
  refused: "The network is gone: connections to the systems are refused.",
  silent: "The network is silent: connections to the systems are accepted, never read and never answered.",
};

function bar() {
  const live = document.getElementById("live");
  if (live.textContent !== LIVE[known.live]) live.textContent = LIVE[known.live];
  live.dataset.state = known.live;
  const network = known.network?.network ?? "up";
  networkSwitch.textContent = network === "up" ? "Cut network" : "Restore network";
  document.body.dataset.network = network;
  count("request-count", known.requests.size, "");
  count("fault-count", (known.faults ?? []).filter(rule => rule.left !== 0).length, " in force");
  const told = [...(network === "up" ? [] : [{ key: "network", tone: "bad", text: WITHOUT[network] }]),
    ...(known.leaks ?? []).slice(-1).map(leak => ({
      key: "leak", tone: "bad", text: `A credential went where it must not go: ${leak.what} (request ${leak.request}).`,
    }))];
  sync(document.getElementById("banners"), told, {
    key: each => each.key, make: ({ tone, text }) => el("p", { class: `banner ${tone}`, role: "status" }, text),
  });
}

function count(id, number, what) {
  const node = document.getElementById(id);
  node.hidden = !number;
  node.replaceChildren(String(number), el("span", { class: "visually-hidden" }, what));
}

// ---- start ----

const updateBeside = beside(document.getElementById("aside-list"));

listen(changed => {
  if (changed.has("live") || changed.has("network") || changed.has("faults") || changed.has("requests") || changed.has("leaks")) bar();
  if (changed.has("requests") || changed.has("listening")) {
    updateBeside();
    announceNew();
  }
  if ([...changed].some(topic => topics.has(topic))) update();
});

// Not by its address: that would name a view.
document.querySelector(".skip").addEventListener("click", event => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => show(true));
addEventListener("unhandledrejection", event => complain(`The page failed: ${event.reason}`));
show(false);
follow();
