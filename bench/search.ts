// How long somebody who talks waits while others search: six sessions at once, with ten searches each, or one in the log
// in memory, which has no index; each of ten words of two letters, in a room of 200,000 messages. The server is another
// process, without limits on searches.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { joinRoom } from "../src/client/join-room.ts";
import type { OwnRoomConversation } from "../src/client/room-conversation.ts";
import { formatInvitation } from "../src/identity/invitation.ts";
import { openMemoryLog } from "../src/log/memory-log.ts";
import { openSqliteLog } from "../src/log/sqlite-log.ts";
import { generateKeyPair } from "../src/net/crypto.ts";
import { openServer } from "../src/server/server.ts";
import { seededRandom } from "../test/simulator/random.ts";
import { machine } from "./harness/machine.ts";
import { NO_LIMITS } from "./harness/no-limits.ts";
import { reportUsage, startOther } from "./harness/other-process.ts";
import { quantile } from "./harness/quantiles.ts";

const ENTRIES = 200_000;
/** Entries appended in one turn. */
const AT_ONCE = 1_000;
const SEARCHERS = 6;
const SEARCHES = { disk: 10, memory: 1 } as const;
const WORDS = "ab ba ca da ea ga ha ka la ma";
/** Messages that are said before anyone searches, and the pause between two, ms. */
const ALONE = 200;
const PAUSE = 5;
/** Which log the other process has: "disk" or "memory". */
const LOG = "CHARLA_BENCH_LOG";

const identity = generateKeyPair(new Uint8Array(32).fill(7));

async function serve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "charla-bench-"));
  process.on("SIGTERM", () => {
    rmSync(folder, { recursive: true });
    process.exit();
  });
  const log =
    process.env[LOG] === "memory"
      ? openMemoryLog({ now: Date.now })
      : await openSqliteLog({ folder, now: Date.now });
  const random = seededRandom(1);
  const letters = (count: number) =>
    Array.from({ length: count }, () => String.fromCharCode(97 + random.between(0, 25))).join("");
  const vocabulary = Array.from({ length: 20_000 }, () => letters(random.between(2, 8)));
  const text = () =>
    Array.from({ length: 15 }, () => vocabulary[random.between(0, random.between(1, 19_999))]).join(
      " ",
    );
  for (let first = 0; first < ENTRIES; first += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        log.append("main", {
          author: "a",
          name: "Ann",
          device: "d",
          number: first + index,
          text: text(),
        }),
      ),
    );
  }
  const server = await openServer({
    bind: "127.0.0.1",
    port: 0,
    identity,
    secret: null,
    log,
    limits: NO_LIMITS,
    ways: (port) => [{ kind: "direct", host: "127.0.0.1", port }],
  });
  reportUsage(server.local.port);
}

async function enter(port: number, name: string): Promise<OwnRoomConversation> {
  const key = identity.publicKey;
  const invitation = formatInvitation({
    ways: [{ kind: "direct", host: "127.0.0.1", port }],
    room: "main",
    key,
    secret: null,
  });
  const conversation = joinRoom(invitation, { name });
  const events = conversation.events[Symbol.asyncIterator]();
  const { value } = await events.next();
  if (value?.type !== "entered") throw new Error(`${name} has not entered`);
  void (async () => {
    while ((await events.next()).done !== true);
  })();
  return conversation;
}

/** Says one message after the other until `isOver`; how long each took to be stored, ms. */
async function talkUntil(talker: OwnRoomConversation, isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (!isOver()) {
    const begun = performance.now();
    await talker.say(`number ${times.length}`);
    times.push(performance.now() - begun);
    await Bun.sleep(PAUSE);
  }
  return times;
}

const longest = (times: number[]) => `${Math.max(...times).toFixed(1)} ms`;
const middle = (times: number[]) => `${quantile(times, 0.5).toFixed(1)} ms`;

async function measure(log: keyof typeof SEARCHES): Promise<void> {
  await using server = await startOther(import.meta.path, { [LOG]: log });
  const talker = await enter(server.port, "talker");
  let said = 0;
  const alone = await talkUntil(talker, () => (said += 1) > ALONE);
  const searchers = await Promise.all(
    Array.from({ length: SEARCHERS }, (_, index) => enter(server.port, `searcher-${index}`)),
  );
  let isDone = false;
  const begun = performance.now();
  const searching = Promise.all(
    searchers.map(async (searcher) => {
      for (let count = 0; count < SEARCHES[log]; count += 1) {
        await searcher.history({ count: 100, words: WORDS });
      }
    }),
  ).then(() => {
    isDone = true;
    return performance.now() - begun;
  });
  const beside = await talkUntil(talker, () => isDone);
  const took = await searching;
  console.log(
    `${log}: ${SEARCHERS * SEARCHES[log]} searches in ${took.toFixed(0)} ms; a message is stored after ${middle(beside)} (p50), ` +
      `at most ${longest(beside)}; when nobody searches ${middle(alone)}, at most ${longest(alone)}`,
  );
}

if (process.argv[2] === "serve") {
  await serve();
} else {
  console.log(machine);
  await measure("disk");
  await measure("memory");
  process.exit();
}
