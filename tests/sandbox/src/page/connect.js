// What a client needs: each system's address, token and settings, and lines to paste into a shell.

import { copyable, copyButton, el, facts, sync } from "./dom.js";
import { known } from "./control.js";
import { nameOf } from "./systems.js";

export const connect = {
  title: "Connect",
  topics: ["listening"],
  mount(root) {
    const head = el("div"), accounts = el("div");
    root.append(
      el("h1", { tabindex: "-1" }, "Connect"),
      el("p", { class: "lead" }, "Point any client, in any language, at these addresses. They listen on this machine only, and a token stays the same in every run until it is expired or renewed."),
      head, accounts);
    return () => {
      const { control, url, accounts: all } = known.listening ?? { accounts: [] };
      if (!control) return;
      sync(head, [{ control, url }], { key: () => "head", make: addresses });
      sync(accounts, all, { key: account => account.provider, make: account });
    };
  },
};

const addresses = ({ control, url }) => facts([
  ["Systems", copyable(url, "address of the systems")],
  ["Control API", copyable(control, "address of the control API")],
  ["Manual", el("span", {}, el("a", { href: "#/readme" }, "Manual"), ": every request of the control API, every fault and switch")],
]);

function account({ provider, url, token, work_orders, settings }) {
  const name = nameOf(provider);
  const order = work_orders[0] ?? "WORK_ORDER";
  return el("section", { class: "account", "aria-labelledby": `${provider}-title` },
    el("h2", { id: `${provider}-title` }, name),
    facts([
      ["Base URL", copyable(url, `base URL of ${name}`)],
      ["Token", token ? copyable(token, `token of ${name}`) : "none is accepted now: the switchboard renews it"],
      ["Work orders", work_orders.join(", ") || "none takes files now"],
      ...Object.entries(settings).map(([key, value]) => [key, copyable(value, key)]),
    ]),
    shell(`A file with curl`, curl(provider, url, token, order, settings), name),
    shell(`With fieldpost`, fieldpost(provider, url, token, order, settings), name));
}

function shell(title, lines, name) {
  const text = lines.join("\n");
  return el("div", { class: "shell" },
    el("div", { class: "shell-head" }, el("span", { class: "label" }, title), copyButton(text, `${title.toLowerCase()}, ${name}`)),
    el("pre", { tabindex: "0", "aria-label": `${title}, ${name}` }, text));
}

const quoted = word => /^[\w\-./:=@%+,]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function curl(provider, url, token, order, settings) {
  const bearer = `-H 'Authorization: Bearer ${token}'`;
  const lines = {
    corrigopro: [
      `curl ${bearer} \\`,
      `  -F File=@photo.jpg -F WorkOrderId=${order} -F Name=photo.jpg -F DocumentType=Picture -F MimeType=image/jpeg \\`,
      `  -F 'PerformedBy.Name=Jo Field' -F MessageId=$(uuidgen) ${url}/api/attachments`],
    digitalrealty: [
      `curl ${bearer} -H 'Master-Account-Id: ${settings.master_account_id}' -H 'Account-Id: ${settings.account_id}' \\`,
      `  -F file=@photo.jpg '${url}/v1/attachments?requestId=${order}&file_name=photo.jpg'`],
    serial: [
      `curl -X PUT ${bearer} -F attachment=@photo.jpg \\`,
      `  -F 'metadata={"type":"IMAGE","name":"Boiler plate","file_name":"photo.jpg","added_by_user_id":"${settings.added_by_user_id}"}' \\`,
      `  ${url}/work-orders/${order}/attachments`],
    decisiv: [
      `curl ${bearer} -H 'Accept: application/xml' -F file=@photo.jpg \\`,
      `  -F 'body=<a:attachment xmlns:a="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest"><a:description>Boiler plate</a:description></a:attachment>' \\`,
      `  ${url}/cases/${order}/attachments`],
    fieldnation: [
      `curl -F file=@photo.jpg -F 'notes=Boiler plate' \\`,
      `  '${url}/workorders/${order}/attachments/2270?access_token=${token}'`],
  };
  return lines[provider] ?? [];
}

function fieldpost(provider, url, token, order, settings) {
  const set = Object.entries(settings).map(([key, value]) => ` --set ${quoted(`${key}=${value}`)}`).join("");
  return [
    `fieldpost account add ${provider} --provider ${provider} --url ${quoted(url)}${set}`,
    `fieldpost capture photo photo.jpg --account ${provider} --work-order ${quoted(order)}`,
    `FIELDPOST_TOKEN_${provider.toUpperCase()}=${quoted(token)} fieldpost deliver`,
  ];
}
