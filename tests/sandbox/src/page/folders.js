// What the customer's office may do with the folders of a work order, where the system has them.

import { announce, el, field } from "./dom.js";
import { ask } from "./control.js";

/** A form that makes a folder; there may be several of one name. */
export function newFolder(system, order) {
  const name = el("input", { type: "text", required: true, id: "folder-name" });
  const make = async event => {
    event.preventDefault();
    if (await ask("/folders", { system, work_order: order, name: name.value })) {
      announce(`The folder ${name.value} is there`);
      name.value = "";
    }
  };
  return el("section", { class: "switch", "aria-labelledby": "folder-title" },
    el("h2", { id: "folder-title" }, "Another folder"),
    el("form", { class: "row", on: { submit: make } }, field("Name", name), el("button", { type: "submit" }, "Make it, as the office")));
}

/** What may be put into a folder, and the end of one that was made. */
export function folderOffice({ system, work_order, id, name, min_files, max_files, actions }) {
  const place = { system, work_order, folder: id };
  const most = el("input", { type: "number", min: "0", value: max_files ?? "", placeholder: "any number", "data-part": `most ${id}` });
  const upload = el("input", { type: "checkbox", checked: actions.includes("upload"), "data-part": `upload ${id}` });
  const set = async event => {
    event.preventDefault();
    const rest = actions.filter(action => action !== "upload");
    const rules = { min_files, max_files: most.value === "" ? null : Number(most.value), actions: upload.checked ? [...rest, "upload"] : rest };
    if (await ask("/folders/rules", { ...place, rules })) announce(`The rules of ${name} are set`);
  };
  const remove = async () => {
    if (await ask("/folders/delete", place)) announce(`${name} was deleted by the office`);
  };
  return el("details", { class: "office", "data-part": `folder ${id}` },
    el("summary", { "data-part": `folder head ${id}` }, "As the office", el("span", { class: "visually-hidden" }, ` with the folder ${name}`)),
    el("form", { class: "row", on: { submit: set } }, field("Files at most", most), el("label", { class: "tick" }, upload, " Upload allowed"),
      el("button", { type: "submit" }, "Set"),
      isMade(id) && el("button", { type: "button", class: "danger", "data-part": `delete ${id}`, on: { click: remove } }, "Delete with its files")));
}

/** The folders that every work order has are numbered below those that are made. */
const isMade = id => Number(id) > 7000;
