// The reference server of tus, with its files in a folder: node server.mjs FOLDER
//
// Says in one line of JSON where it listens, and ends with its standard input: a test that dies leaves nothing behind.

import http from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [folder] = process.argv.slice(2);
const tus = new Server({ path: "/files", datastore: new FileStore({ directory: folder }) });
const server = http.createServer((request, response) => tus.handle(request, response));

server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ event: "listening", port: server.address().port })}\n`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
