// The manual: the sandbox's README, of whose Markdown just what it uses is understood. It is made into elements and texts,
// like everything else here.

import { el } from "./dom.js";

export const readme = {
  title: "Manual",
  topics: [],
  mount(root) {
    const body = el("div", { class: "manual" });
    root.append(body);
    load(body);
    return () => {};
  },
};

async function load(body) {
  try {
    const answer = await fetch("/readme");
    body.replaceChildren(...blocks((await answer.text()).split("\n")));
  } catch {
    body.replaceChildren(el("h1", { tabindex: "-1" }, "Manual"), el("p", {}, "The sandbox does not answer."));
  }
}

function blocks(lines) {
  const made = [];
  while (lines.length) {
    const line = lines[0];
    if (line.startsWith("```")) made.push(code(lines));
    else if (line.startsWith("|")) made.push(table(lines));
    else if (line.startsWith("#")) made.push(heading(lines.shift()));
    else if (line.trim() === "") lines.shift();
    else made.push(el("p", {}, spans(taken(lines, next => next.trim() !== "" && !/^(```|\||#)/.test(next)).join(" "))));
  }
  return made;
}

function taken(lines, wanted) {
  const all = [];
  while (lines.length && wanted(lines[0])) all.push(lines.shift());
  return all;
}

function code(lines) {
  lines.shift();
  const inside = taken(lines, line => !line.startsWith("```"));
  lines.shift();
  return el("pre", { tabindex: "0" }, inside.join("\n"));
}

function heading(line) {
  const [, marks, text] = /^(#+) (.*)$/.exec(line) ?? [null, "##", line];
  return el(`h${marks.length}`, marks.length === 1 ? { tabindex: "-1" } : {}, text);
}

function table(lines) {
  const rows = taken(lines, line => line.startsWith("|")).map(line => cells(line));
  const [head, , ...body] = rows;
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {},
    el("thead", {}, el("tr", {}, head.map(text => el("th", { scope: "col" }, spans(text))))),
    el("tbody", {}, body.map(row => el("tr", {}, row.map(text => el("td", {}, spans(text))))))));
}

const cells = line => line.replace(/^\|\s*|\s*\|\s*$/g, "").split(/\s+\|\s+/);

/** Texts between backquotes are code; the rest is as it stands. */
const spans = text => text.split("`").map((piece, at) => at % 2 ? el("code", {}, piece) : piece);
