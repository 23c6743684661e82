// A member under Node.js: `member.mjs INVITATION NAME` says each line of its input, and prints all events, as
// `charla INVITATION --name NAME --json --stay` does. SIGTERM ends it.

import { createInterface } from "node:readline";

import { join } from "charla";

/** A conversation takes at most 1,000 that wait. */
const MOST_WAITING = 500;

const [, , invitation = "", name = ""] = process.argv;
const conversation = join(invitation, { name });
process.on("SIGTERM", () => void conversation.leave());

async function sayLines() {
  const waiting = new Set();
  for await (const line of createInterface({ input: process.stdin })) {
    const said = conversation.say(line).finally(() => waiting.delete(said));
    waiting.add(said);
    if (waiting.size >= MOST_WAITING) await Promise.race(waiting);
  }
}
void sayLines();
for await (const event of conversation.events) console.log(JSON.stringify(event));
// Not by process.exit(): it goes on until the server has acknowledged the end.
process.stdin.destroy();
