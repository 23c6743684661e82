// A hello probe in virtual time: what it sends when, and what it concludes from the answers.

import { expect, test } from "bun:test";

import { concatenate } from "../../../src/protocol/bytes.ts";
import {
  type HelloProbe,
  isHelloProbeOver,
  nextHello,
  receiveForHelloProbe,
  startHelloProbe,
} from "../../../src/protocol/handshake/hello-probe.ts";
import { readPacket, writeRetry, writeUnprovenRefusal } from "../../../src/protocol/packets.ts";
import { seededRandom } from "../../simulator/random.ts";

const seeded = seededRandom(1);
const random = (length: number) => seeded.bytes(length);

/** Lets it send until it is over; each hello is answered by `answer` after this many ms. */
function run(
  count: number,
  answer: (index: number, initiatorId: Uint8Array) => { bytes: Uint8Array; after: number } | null,
): { probe: HelloProbe; sentAt: number[]; lengths: number[]; endedAt: number } {
  const probe = startHelloProbe(random, count, 0);
  const under: { bytes: Uint8Array; at: number }[] = [];
  const sentAt: number[] = [];
  const lengths: number[] = [];
  let now = 0;
  while (!isHelloProbeOver(probe, now)) {
    for (const { bytes: came } of under.filter(({ at }) => at === now)) {
      receiveForHelloProbe(probe, came, now);
    }
    const hello = nextHello(probe, now);
    if (hello !== null) {
      const packet = readPacket(hello);
      if (packet?.kind !== "hello") throw new Error("what it says is no hello");
      const reply = answer(sentAt.length, packet.initiatorId);
      if (reply !== null) under.push({ bytes: reply.bytes, at: now + reply.after });
      sentAt.push(now);
      lengths.push(hello.length);
    }
    now += 1;
    if (now > 60_000) throw new Error("it does not end");
  }
  return { probe, sentAt, lengths, endedAt: now };
}

const retry = (initiatorId: Uint8Array) => writeRetry(initiatorId, new Uint8Array(17));

test("hellos of 1,200 bytes are sent every 50 ms while they are answered, until the last answer", () => {
  const { probe, sentAt, lengths, endedAt } = run(4, (_, id) => ({ bytes: retry(id), after: 30 }));
  expect(sentAt).toEqual([0, 50, 100, 150]);
  expect(lengths).toEqual([1_200, 1_200, 1_200, 1_200]);
  expect(probe).toMatchObject({ answer: "server", sent: 4, roundTrips: [30, 30, 30, 30] });
  expect(endedAt).toBe(181);
});

test("hellos are sent every 200 ms until the first answer, and then at once", () => {
  const { sentAt } = run(6, (index, id) => (index === 2 ? { bytes: retry(id), after: 80 } : null));
  expect(sentAt).toEqual([0, 200, 400, 480, 530, 580]);
});

test("answers that overtake each other are matched to their hellos", () => {
  const after = [10, 200, 20, 90];
  const { probe } = run(4, (index, id) => ({ bytes: retry(id), after: after[index] ?? 0 }));
  expect(probe.roundTrips).toEqual([10, 20, 90, 200]);
});

test("a lost answer is waited for three times as long as the slowest took", () => {
  const { probe, sentAt, endedAt } = run(3, (index, id) =>
    index === 1 ? null : { bytes: retry(id), after: 150 },
  );
  expect(sentAt).toEqual([0, 150, 200]);
  expect(probe.roundTrips).toEqual([150, 150]);
  expect(endedAt).toBe(200 + 3 * 150);
});

test("without any answer it gives up two seconds after the eighth hello", () => {
  const { probe, sentAt, endedAt } = run(20, () => null);
  expect(probe).toMatchObject({ answer: "none", sent: 8, roundTrips: [] });
  expect(sentAt.at(-1)).toBe(1_400);
  expect(endedAt).toBe(1_400 + 2_000);
});

test("a late answer to the last of them lets the other hellos follow", () => {
  const { probe, sentAt } = run(20, (index, id) =>
    index < 7 ? null : { bytes: retry(id), after: index === 7 ? 1_900 : 10 },
  );
  expect(sentAt.slice(7, 9)).toEqual([1_400, 3_300]);
  expect(probe).toMatchObject({ answer: "server", sent: 20, roundTrips: { length: 13 } });
});

test("a duplicated answer counts once", () => {
  const probe = startHelloProbe(random, 2, 0);
  const hello = nextHello(probe, 0);
  const answer = retry(hello?.subarray(2, 10) ?? new Uint8Array(8));
  receiveForHelloProbe(probe, answer, 5);
  receiveForHelloProbe(probe, answer, 6);
  expect(probe.roundTrips).toEqual([5]);
});

test("answers to unknown hellos, and datagrams that are no answers, don't count", () => {
  const probe = startHelloProbe(random, 1, 0);
  const hello = nextHello(probe, 0) ?? new Uint8Array();
  for (const datagram of [retry(new Uint8Array(8)), hello, Uint8Array.of(0xff), new Uint8Array()]) {
    receiveForHelloProbe(probe, datagram, 1);
  }
  expect(probe).toMatchObject({ answer: "none", roundTrips: [] });
});

test("a refusal shows a server of another version", () => {
  const { probe } = run(1, (_, id) => ({
    bytes: concatenate(writeUnprovenRefusal(id, 1), new Uint8Array(16)),
    after: 10,
  }));
  expect(probe).toMatchObject({ answer: "other-version", roundTrips: [10] });
});
