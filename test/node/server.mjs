// A server under Node.js: `server.mjs FOLDER PORT KEY`, with its log in that folder, and a private key of 64 hexadecimal
// digits. Prints its invitation on stderr, and the events of a member of its own, ana, who says each line of its input.

import { createInterface } from "node:readline";

import { join } from "charla";
import { generateKeyPair, open } from "charla/server";

const [, , data = "", port = "", key = ""] = process.argv;
const identity = generateKeyPair(Buffer.from(key, "hex"));
const server = await open({ bind: "127.0.0.1", port: Number(port), data, identity });
console.error(server.invitation("main"));
const owner = join(server.invitation("main"), { name: "ana", history: 100 });
process.on("SIGTERM", () => void owner.leave().then(() => server.close()));

async function sayLines() {
  for await (const line of createInterface({ input: process.stdin })) void owner.say(line);
}
void sayLines();
for await (const event of owner.events) console.log(JSON.stringify(event));
await server.closed;
process.stdin.destroy();
