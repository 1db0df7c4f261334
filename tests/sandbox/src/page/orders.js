// The work orders of the five systems, and each work order as its system's own page would show it.

import { announce, badge, bytes, el, empty, facts, field, hash, select, sizeText, sync, time } from "./dom.js";
import { folderOffice, newFolder } from "./folders.js";
import { ask, filesOf, known } from "./control.js";
import { NAMES, SYSTEMS, fileLink, nameOf, orderLink, ordersOf, pictureLink, stateOf } from "./systems.js";

/** Pictures in a line of the overview, at most. */
const STRIP = 6;

/** A file's picture, or its kind in letters. */
function thumbnail(file, size) {
  const signature = SYSTEMS[file.system].isSignature(file) ? " signature" : "";
  if (file.picture) {
    return el("img", { class: `thumb ${size}${signature}`, src: pictureLink(file), alt: file.name, loading: "lazy", decoding: "async" });
  }
  const kind = SYSTEMS[file.system].text?.(file) != null ? "TEXT" : extension(file.name);
  return el("span", { class: `thumb ${size} letters`, role: "img", "aria-label": `${file.name}, no picture` }, kind);
}

const extension = name => /\.([A-Za-z0-9]{1,4})$/.exec(name)?.[1].toUpperCase() ?? "FILE";

function stateBadge(system, state) {
  if (state === null) return badge("gone", "bad", "The system has no such work order; its files are left");
  const tone = state === "open" || !(state in SYSTEMS[system].states) ? "good" : "warn";
  return badge(stateOf(system, state), tone, tone === "good" ? "Takes files" : "Refuses files");
}

// ---- the overview ----

export const overview = {
  title: "Work orders",
  topics: ["work_orders", "entries", "listening"],
  mount(root) {
    const hint = el("div");
    const sections = NAMES.map(system => ({ system, ...section(system) }));
    root.append(el("h1", { tabindex: "-1" }, "Work orders"), hint, ...sections.map(each => each.node));
    return () => {
      sync(hint, known.entries?.length ? [] : ["hint"], { key: () => "hint", make: firstHint });
      for (const { system, table, body, none } of sections) {
        const orders = rows(system);
        [table.hidden, none.hidden] = [!orders.length, !!orders.length];
        sync(body, orders, { key: order => order.id, make: row });
      }
    };
  },
};

const firstHint = () => empty(
  "Nothing has arrived yet. Send a file with your own client: ", el("a", { href: "#/connect" }, "Connect"),
  " has each system's address and token, and a line for curl. Or run ", el("code", {}, "fieldpost demo"), " to see what a delivery looks like.");

function rows(system) {
  return ordersOf(system, known).map(({ id, state }) => {
    const files = filesOf(system, id);
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    return { system, id, state, count: files.length, total, last: files.at(-1)?.accepted ?? null, files: files.slice(-STRIP).reverse() };
  });
}

function section(system) {
  const head = [["Id"], ["State"], ["Files", "number"], ["Size", "number"], ["Last"], ["Newest files"]];
  const body = el("tbody");
  const table = el("table", { class: "orders", "aria-labelledby": `${system}-title` },
    el("thead", {}, el("tr", {}, head.map(([text, kind]) => el("th", { scope: "col", class: kind }, text)))), body);
  const none = empty("This system has no work orders now. The ", el("a", { href: "#/switches" }, "switchboard"), " makes some.");
  const node = el("section", { class: "system", "aria-labelledby": `${system}-title` },
    el("h2", { id: `${system}-title` }, nameOf(system)), table, none);
  return { node, table, body, none };
}

function row({ system, id, state, count, total, last, files }) {
  const strip = el("div", { class: "strip" }, files.map(file => thumbnail(file, "small")), count > STRIP && el("span", { class: "more" }, `+${count - STRIP}`));
  return el("tr", { class: count ? null : "bare" },
    el("th", { scope: "row" }, el("a", { href: orderLink(system, id), "data-part": `order ${id}` }, id)),
    el("td", {}, stateBadge(system, state)),
    el("td", { class: "number" }, count ? String(count) : "–"),
    el("td", { class: "number" }, count ? sizeText(total) : ""),
    el("td", {}, last ? time(last) : ""),
    el("td", {}, strip));
}

// ---- one work order ----

export const order = {
  title: (system, id) => `${SYSTEMS[system].order(id)}, ${nameOf(system)}`,
  topics: ["work_orders", "entries", "folders"],
  mount(root, system, id) {
    const { order, about } = SYSTEMS[system];
    const head = el("div"), files = el("div");
    root.append(
      el("p", { class: "crumbs" }, el("a", { href: "#/" }, "Work orders"), " / ", nameOf(system)),
      el("h1", { tabindex: "-1" }, order(id)), about ? facts(about(id)) : "", head, files,
      SYSTEMS[system].hasFolders ? newFolder(system, id) : "");
    return () => {
      const state = known.work_orders?.[system]?.[id] ?? null;
      const all = filesOf(system, id);
      const total = all.reduce((sum, file) => sum + file.bytes, 0);
      sync(head, [{ state, count: all.length, total }], { key: () => "head", make: item => orderHead(system, id, item) });
      const shown = groups(system, id, all);
      // The section stays while files come and go: a half-typed name of another must survive.
      const print = ({ heading, folder }) => JSON.stringify([heading, folder]);
      sync(files, shown, { key: group => group.key, print, make: group => groupSection(system, id, group) });
      for (const [at, group] of shown.entries()) {
        const section = files.children[at];
        section.querySelector(".sum").textContent = String(group.files.length);
        section.querySelector(".none").hidden = group.files.length > 0;
        sync(section.querySelector("ul"), group.files, { key: file => file.remote_id, make: file => el("li", {}, card(file)) });
      }
    };
  },
};

function orderHead(system, id, { state, count, total }) {
  const states = Object.entries(SYSTEMS[system].states);
  const set = async event => {
    const to = event.target.value || null;
    if (await ask("/work_orders", { system, work_order: id, state: to })) announce(`${id} is ${event.target.selectedOptions[0].text}`);
  };
  if (state && !(state in SYSTEMS[system].states)) states.push([state, stateOf(system, state)]);
  const choice = select([...states, ["", "No such work order"]], state ?? "", { on: { change: set }, "data-part": "state" });
  return el("div", { class: "order-head" },
    stateBadge(system, state),
    el("span", { class: "sum" }, count ? `${count} ${count === 1 ? "file" : "files"}, ${sizeText(total)}` : "no files"),
    field("State", choice));
}

/** Folders where the system has them, and signatures where it keeps them apart; else all files. */
function groups(system, id, files) {
  const { hasFolders, files: heading } = SYSTEMS[system];
  if (!hasFolders) return [{ key: "all", heading, files }];
  const folders = (known.folders ?? []).filter(folder => folder.system === system && folder.work_order === id);
  const inFolders = folders.map(folder => ({
    key: folder.id, heading: folder.name, folder, files: files.filter(file => file.fields.folder_id === folder.id),
  }));
  const signatures = files.filter(file => "signature_title" in file.fields);
  return [...inFolders, ...(signatures.length ? [{ key: "signatures", heading: "Signatures", files: signatures }] : [])];
}

function groupSection(system, id, { key, heading, folder }) {
  const title = `group-${key}`;
  return el("section", { class: "group", "aria-labelledby": title },
    el("div", { class: "group-head" }, el("h2", { id: title }, heading), el("span", { class: "sum" }), folder && folderFacts(folder)),
    folder ? folderOffice(folder) : "",
    el("div", { class: "none" }, folder ? el("p", { class: "hint" }, "The folder is empty.") : empty(emptyWords(system, id))),
    el("ul", { class: "files" }));
}

function emptyWords(system, id) {
  return el("span", {}, `Nothing was sent to ${id} yet. `, el("a", { href: "#/connect" }, "Connect"),
    ` has the address and token of ${nameOf(system)}.`);
}

function folderFacts({ id, kind, min_files, max_files, actions }) {
  const told = [`id ${id}`, kind];
  if (min_files !== null || max_files !== null) told.push(`${min_files ?? 0} to ${max_files ?? "any number of"} files`);
  if (!actions.includes("upload")) told.push("no upload");
  return el("span", { class: "hint" }, told.join(" · "));
}

function card(file) {
  const { badges, facts: told, title, text, isSignature } = SYSTEMS[file.system];
  const written = text?.(file) ?? null;
  const picture = thumbnail(file, isSignature(file) ? "wide" : "large");
  return el("article", { class: file.fields.is_deleted ? "file deleted" : "file", "data-file": file.remote_id },
    file.picture
      ? el("a", { class: "open", href: pictureLink(file), target: "_blank", rel: "noreferrer", "data-part": `open ${file.remote_id}`, "aria-label": `Open the picture ${file.name}` }, picture)
      : picture,
    el("div", { class: "file-body" },
      el("h3", {}, title?.(file) ?? file.name),
      written !== null ? el("blockquote", {}, written) : "",
      el("p", { class: "badges" }, bytes(file.bytes), isSignature(file) && badge("Signature", "accent"), badges(file), oddities(file)),
      facts([...told(file), ["SHA-256", hash("SHA-256", file.sha256, `hash ${file.remote_id}`)]]),
      el("div", { class: "file-foot" },
        el("a", { href: fileLink(file), download: file.name, "data-part": `bytes ${file.remote_id}` }, "Download the bytes"),
        file.fields.is_deleted ? "" : office(file))));
}

/** What a fault or a switch made of the file. */
function oddities(file) {
  const told = file.fields.told_size;
  return [
    file.corrupted && badge("stored bytes altered", "bad"),
    told && badge(`told as ${Number(told).toLocaleString("en")} bytes`, "bad"),
    file.hash && file.hash !== file.sha256 && file.system !== "digitalrealty" && badge("told hash differs", "bad"),
    file.listed_from && badge(`listed from ${new Date(file.listed_from).toLocaleTimeString("en-GB")}`, "warn", file.listed_from),
  ].filter(Boolean);
}

/** What the customer's office may do to a file. */
function office(file) {
  const { system, work_order, remote_id } = file;
  const name = el("input", { type: "text", value: file.name, required: true, "data-part": `name ${remote_id}` });
  const rename = async event => {
    event.preventDefault();
    if (await ask("/office/rename", { system, work_order, remote_id, name: name.value })) announce("Renamed by the office");
  };
  const remove = async () => {
    if (await ask("/office/delete", { system, work_order, remote_id })) announce("Deleted by the office");
  };
  return el("details", { class: "office", "data-part": `office ${remote_id}` },
    el("summary", { "data-part": `office head ${remote_id}` }, "As the office", el("span", { class: "visually-hidden" }, ` with ${file.name}`)),
    el("form", { on: { submit: rename } }, field("Name", name),
      el("button", { type: "submit" }, "Rename"),
      el("button", { type: "button", class: "danger", "data-part": `delete ${remote_id}`, on: { click: remove } }, "Delete")));
}
