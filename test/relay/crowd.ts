// Many members of one room in one process: `crowd.ts INVITATION NAME COUNT TALKERS EACH ALL`. They enter some at a
// time, and after a line on standard input each of the talkers sends EACH messages. Once every member has received ALL, it
// prints the hashes of the texts in their order, each with the number of members that have it.

import { createHash } from "node:crypto";
import { writeSync } from "node:fs";

import type { Conversation } from "../../src/chat/conversation.ts";
import { joinRoom } from "../../src/client/join-room.ts";

const [, , invitation = "", name = "", ...numbers] = process.argv;
const [count = 0, talkers = 0, each = 0, all = 0] = numbers.map(Number);

/** Members that enter at the same time: with all at once the last handshake might take more than its 8 s. */
const AT_ONCE = 50;

const seen = new Map<string, number>();
let finished = 0;

async function watch({ events }: Conversation, onEntered: () => void): Promise<void> {
  const digest = createHash("sha256");
  let shown = 0;
  for await (const event of events) {
    if (event.type === "entered") onEntered();
    if (event.type !== "message" && event.type !== "delivered") continue;
    digest.update(`${event.text}\n`);
    shown += 1;
    if (shown > all) throw new Error(`${event.text} arrived after the last message`);
    if (shown < all) continue;
    const hash = digest.digest("hex");
    seen.set(hash, (seen.get(hash) ?? 0) + 1);
    finished += 1;
    if (finished === count) writeSync(1, `seen ${JSON.stringify(Object.fromEntries(seen))}\n`);
  }
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

/** Resolves once the member has entered the room. */
async function enterRoom(number: number): Promise<Conversation> {
  const member = joinRoom(invitation, { name: `${name}-${number}`, room: "main" });
  const entered = Promise.withResolvers<void>();
  watch(member, entered.resolve).catch(fail);
  await entered.promise;
  return member;
}

const members: Conversation[] = [];
let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < count) members.push(await enterRoom(next++));
  }),
);
writeSync(1, "entered\n");

for await (const _ of process.stdin) {
  for (let number = 0; number < each; number += 1) {
    await Promise.all(
      members.slice(0, talkers).map((member, index) => member.say(`${name}-${index}: ${number}`)),
    );
  }
}
