// Two processes with a relay between them that loses 30 % and reorders, and that moves the client to other
// addresses: nothing is lost, and an observer of the traffic learns nothing.

import { expect, test } from "bun:test";

import { parseInvitation } from "../../src/identity/invitation.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { testWithNode } from "../harness/node.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import type { Program } from "../harness/program.ts";
import { eventTexts, parseEvents, startTwoEnds } from "./two-ends.ts";

/** With 30 % loss, the whole takes a minute. */
const COUNT = FULL_SIZE ? 10_000 : 500;
const TIMEOUT = FULL_SIZE ? 900_000 : 180_000;
/**
 * The wait for the next messages, ms: if an end that only receives has moved and its last ACK was lost, the peer gets
 * nothing from its new address until its next keep-alive, 20 s later (docs/protocol.md s. 15.1).
 */
const PATIENCE = 45_000;
/** Lines sent between two waits, since each wait takes time. */
const STEP = 200;

async function untilLines(
  program: Program,
  type: "message" | "delivered",
  lines: readonly string[],
) {
  for (let at = STEP - 1; at < lines.length; at += STEP) {
    const event = new RegExp(`"type":"${type}",[^\n]*"text":"${lines[at]}"`);
    await program.until("stdout", event, PATIENCE);
  }
}
/** Lines that are all different, and contain the author's name. */
const makeLines = (author: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${author} at the old mill, ${index}`);
const asInput = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

async function talkThroughLoss(count: number, node?: string): Promise<void> {
  await using ends = await startTwoEnds({ seed: 1, loss: 0.3, jitter: 2, node });
  const { server, client, relay } = ends;
  const [serverLines, clientLines] = [makeLines("Anastasia", count), makeLines("Benedikt", count)];
  server.type(asInput(serverLines));
  client.type(asInput(clientLines));
  for (const quarter of [0.25, 0.5, 0.75]) {
    await untilLines(client, "message", serverLines.slice(0, count * quarter));
    await relay.move();
  }
  await untilLines(client, "message", serverLines);
  await untilLines(client, "delivered", clientLines);
  await untilLines(server, "delivered", serverLines);
  client.signal("SIGTERM");
  expect(await client.exited).toBe(0);
  await server.until("stdout", '"type":"left"');
  server.signal("SIGTERM");
  expect(await server.exited).toBe(0);

  expect(eventTexts(server, "message")).toEqual(clientLines);
  expect(eventTexts(client, "message")).toEqual(serverLines);
  expect(eventTexts(server, "delivered")).toEqual(serverLines);
  expect(eventTexts(client, "delivered")).toEqual(clientLines);
  // A member that moved is the same one, and did not have to enter again.
  expect(parseEvents(server).filter(({ type }) => type === "joined")).toHaveLength(1);
  expect(parseEvents(client).filter(({ type }) => type === "disconnected")).toEqual([]);

  // Several messages are in one datagram.
  expect(relay.lost).toBeGreaterThan(10);
  const captured = Buffer.concat(relay.seen);
  const { key, secret } = parseInvitation(server.invitation);
  const hidden = ["Anastasia", "Benedikt", "old mill", key, secret ?? ""];
  expect(hidden.filter((one) => captured.indexOf(one) !== -1)).toEqual([]);
}

const TITLE =
  "through 30 % loss, reordering and three moves, all messages each way arrive once, in order, unseen";
test(TITLE, () => talkThroughLoss(COUNT), TIMEOUT);
if (FULL_SIZE) {
  testWithNode(
    `${TITLE}, with a member under Node.js`,
    (node) => talkThroughLoss(1_000, node),
    TIMEOUT,
  );
}

/** Every datagram that the relay saw, of these people with the same messages. */
async function capture(people: readonly [Person, Person], seed: number): Promise<Buffer[]> {
  await using ends = await startTwoEnds({ seed, loss: 0.1, jitter: 2, people });
  const { server, client, relay } = ends;
  const lines = makeLines("Anastasia", 100);
  for (const end of [server, client]) end.type(asInput(lines));
  for (const end of [server, client]) {
    await end.until("stdout", `"type":"delivered","text":"${lines.at(-1)}"`);
  }
  client.signal("SIGTERM");
  expect(await client.exited).toBe(0);
  return relay.seen;
}

/** All sequences of eight bytes in a datagram. */
const windows = (datagram: Buffer) =>
  Array.from({ length: Math.max(0, datagram.length - 7) }, (_, at) => datagram.readBigUInt64BE(at));

test(
  "two runs of the same people with the same messages share no 8 bytes in a row",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    // Both runs have the same keys.
    const first = await capture([ana, ben], 1);
    const second = await capture([ana, ben], 2);
    const seen = new Set<bigint>();
    for (const datagram of first) for (const eight of windows(datagram)) seen.add(eight);
    expect(seen.size).toBeGreaterThan(10_000);
    const common = second.flatMap((datagram) =>
      windows(datagram).flatMap((eight, at) =>
        seen.has(eight) ? [`first byte ${datagram[0]}, at ${at}`] : [],
      ),
    );
    expect(common).toEqual([]);
  },
  END_TO_END_TIMEOUT,
);
