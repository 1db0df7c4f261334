// Each system's own words: what it calls a work order, its states, and the fields of a file, spelled as its documents do.

import { badge, copyable, hash, time, utc } from "./dom.js";

const yes = "true";

/** The UUID under which Serial knows a work order's number. */
const serialUuid = number => `5e41a100-0000-4000-8000-${number.padStart(12, "0")}`;

const VISIBILITY = {
  None: "nobody", CruOnly: "the customer's users only", CruSubs: "customer and subcontractors", CruLeads: "customer and leads",
  CruLead: "customer and lead", All: "everybody",
};

/** A name or caption that says so: only some systems have a field for it. */
const named = /(^|[^a-z])(sig|signed|signature)([^a-z]|$)/i;

export const SYSTEMS = {
  corrigopro: {
    name: "CorrigoPro Direct",
    order: id => `Work order ${id}`,
    files: "Attachments",
    states: { open: "Open", rejected: "Rejected", recalled: "Recalled" },
    operations: ["upload", "list", "link", "download", "update", "delete"],
    isSignature: file => file.fields.DocumentType === "Signature",
    badges: file => [
      badge(file.fields.DocumentType, "plain", "DocumentType"),
      badge(`Visible to ${VISIBILITY[file.fields.MessageVisibility] ?? file.fields.MessageVisibility}`,
        "plain", `MessageVisibility ${file.fields.MessageVisibility}`),
    ],
    facts: file => [
      ["AttachmentId", copyable(file.remote_id, "AttachmentId")],
      ["MimeType", file.fields.MimeType],
      ["PerformedBy.Name", file.fields["PerformedBy.Name"]],
      ["PerformedBy.Phone", file.fields["PerformedBy.Phone"]],
      ["Attached", time(file.accepted)],
    ],
  },
  digitalrealty: {
    name: "Digital Realty",
    order: id => `Ticket ${id}`,
    files: "Attachments",
    states: { open: "Open", closed: "Closed", cancelled: "Cancelled" },
    operations: ["upload", "list", "download"],
    isSignature: file => named.test(file.name),
    badges: file => [
      file.hash === file.sha256 ? badge("hash is the SHA-256 of the bytes", "good") : badge("hash is not that of the bytes", "bad"),
    ],
    facts: file => [
      ["id", copyable(file.remote_id, "id")],
      ["contentType", "multipart/form-data"],
      ["hash", hash("hash", file.hash ?? "", `told hash ${file.remote_id}`)],
      ["createdBy", file.fields.createdBy],
      ["createdOn", `${utc(file.accepted)} (UTC)`],
    ],
  },
  serial: {
    name: "Serial",
    order: id => `Work order ${id}`,
    files: "Attachments",
    about: id => [["id", copyable(serialUuid(id), "UUID of the work order")], ["wo_number", id], ["phase", "Field"]],
    states: { open: "DRAFT", review: "REVIEW", production: "PRODUCTION", closed: "COMPLETE", cancelled: "CANCELED", archived: "ARCHIVED" },
    operations: ["upload", "list", "download"],
    isSignature: file => file.fields.type === "IMAGE" && named.test(`${file.fields.name} ${file.fields.file_name ?? file.name}`),
    title: file => file.fields.name ?? file.name,
    text: file => file.fields.type === "TEXT" ? file.fields.value ?? "" : null,
    badges: file => [
      badge(file.fields.type),
      file.fields.is_deleted === yes && badge("is_deleted", "bad", "Deleted by the office: it stays in the list"),
    ],
    facts: file => [
      ["file_name", file.fields.type === "TEXT" ? null : file.name],
      ["dataset_id", copyable(file.remote_id, "dataset_id")],
      ["added_by_user_id", file.fields.added_by_user_id],
      ["added_at", time(file.accepted)],
    ],
  },
  decisiv: {
    name: "Decisiv",
    order: id => `Case ${id}`,
    files: "Attachments of the case",
    states: { open: "Open" },
    operations: ["upload", "list", "get", "download"],
    isSignature: file => named.test(`${file.name} ${file.fields.description}`),
    badges: file => [
      file.fields.internal === yes ? badge("internal", "warn", "Only the sender's group sees it") : badge("both parties", "plain", "internal is false"),
      file.fields.transfer_encoding === "base64" && badge("came as base64"),
    ],
    facts: file => [
      ["description", file.fields.description],
      ["id", copyable(file.remote_id, "id")],
      ["format", file.fields.format],
      ["sender", file.fields.sender ?? "the default user"],
      ["createdAt", time(file.accepted)],
    ],
  },
  fieldnation: {
    name: "Field Nation",
    order: id => `Work order ${id}`,
    files: "Attachments",
    states: { open: "Open" },
    operations: ["upload", "list", "download", "update", "delete", "create_folder", "delete_folder"],
    hasFolders: true,
    isSignature: file => "signature_title" in file.fields || named.test(file.name),
    badges: file => [
      file.fields.status && badge(file.fields.status, { APPROVED: "good", DENIED: "bad" }[file.fields.status] ?? "plain", "status"),
      file.fields.show_before_assignment === yes && badge("shown before assignment"),
      file.fields.schedule_request === yes && badge("schedule request"),
      file.fields.eta_check === yes && badge("ETA check"),
    ],
    facts: file => [
      ["notes", file.fields.notes],
      ["id", copyable(file.remote_id, "id")],
      ["status_description", file.fields.status_description],
      ["title", file.fields.signature_title],
      ["acting_user_id", file.fields.acting_user_id],
      ["completed_at_date", file.fields.completed_at_date],
      ["created", `${utc(file.accepted)} (UTC)`],
    ],
  },
};

export const NAMES = Object.keys(SYSTEMS);

/** A system's name for people; of one that is not known here, its own. */
export const nameOf = system => SYSTEMS[system]?.name ?? system ?? "no system";

/** What a system calls this state; a state that it does not know is open to it. */
export const stateOf = (system, state) => SYSTEMS[system].states[state] ?? `${SYSTEMS[system].states.open} (${state})`;

/** The work orders of a system and their states: those that are there, and those of which only files are left. */
export function ordersOf(system, known) {
  const orders = new Map(Object.entries(known.work_orders?.[system] ?? {}));
  for (const file of known.entries ?? []) {
    if (file.system === system && !orders.has(file.work_order)) orders.set(file.work_order, null);
  }
  return [...orders].map(([id, state]) => ({ id, state }));
}

/** The address of a work order's view. */
export const orderLink = (system, id) => `#/${system}/${encodeURIComponent(id)}`;

/** The address of a file's picture; another file of the same id is another address. */
export const pictureLink = file =>
  `${fileLink(file)}/picture?of=${file.sha256.slice(0, 16)}`;

export const fileLink = file =>
  `/control/entries/${file.system}/${encodeURIComponent(file.work_order)}/${encodeURIComponent(file.remote_id)}`;
