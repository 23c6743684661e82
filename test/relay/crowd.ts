// Many members of one room in one process: `crowd.ts INVITATION NAME COUNT TALKERS EACH ALL`. They come in some at a
// time, and at a line on standard input each of the talkers says EACH messages. Once every member was shown ALL it is
// printed what: digests of the texts in their order, each with how many members have seen just that.

import { createHash } from "node:crypto";
import { writeSync } from "node:fs";

import type { Conversation } from "../../src/chat/conversation.ts";
import { joinRoom } from "../../src/client/join-room.ts";

const [, , invitation = "", name = "", ...numbers] = process.argv;
const [count = 0, talkers = 0, each = 0, all = 0] = numbers.map(Number);

/** On their way in together: all at once would be so many handshakes that the last might take its 8 s. */
const AT_ONCE = 100;

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
    if (shown > all) throw new Error(`${event.text} came after all was said`);
    if (shown < all) continue;
    const its = digest.digest("hex");
    seen.set(its, (seen.get(its) ?? 0) + 1);
    finished += 1;
    if (finished === count) writeSync(1, `seen ${JSON.stringify(Object.fromEntries(seen))}\n`);
  }
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

/** Comes in; resolves once it is in the room. */
async function comeIn(number: number): Promise<Conversation> {
  const member = joinRoom(invitation, { name: `${name}-${number}`, room: "main" });
  const entered = Promise.withResolvers<void>();
  watch(member, entered.resolve).catch(fail);
  await entered.promise;
  return member;
}

const members: Conversation[] = [];
while (members.length < count) {
  const next = Math.min(AT_ONCE, count - members.length);
  const numbersOf = Array.from({ length: next }, (_, index) => members.length + index);
  members.push(...(await Promise.all(numbersOf.map(comeIn))));
}
writeSync(1, "entered\n");

for await (const _ of process.stdin) {
  for (let number = 0; number < each; number += 1) {
    await Promise.all(
      members.slice(0, talkers).map((member, index) => member.say(`${name}-${index}: ${number}`)),
    );
  }
}
