// The search for what a path carries, in virtual time over paths that are narrow or lose datagrams.

import { expect, test } from "bun:test";

import {
  nextSizeDatagram,
  receiveForSizeProbe,
  SHORT_SIZES,
  sizeNotSent,
  type SizeProbe,
  type SizeProbeOptions,
  startSizeProbe,
} from "../../../src/protocol/handshake/size-probe.ts";
import { readPacket, writeReset } from "../../../src/protocol/packets.ts";
import { seededRandom } from "../../simulator/random.ts";

interface Path {
  /** Bytes of the longest datagram that arrives. */
  readonly carries: number;
  /** Above this the machine itself refuses to send. */
  readonly sends?: number;
  /** Of the datagrams, 0 to 1. */
  readonly loses?: number;
  readonly seed?: number;
}

const ROUND_TRIP = 20;
const FROM_HELLO = { arrived: 1_200, limit: 65_487, loss: 0, patience: 100 };

function search(path: Path, options: Partial<SizeProbeOptions> = {}) {
  const chance = seededRandom(path.seed ?? 1);
  const random = (length: number) => chance.bytes(length);
  const probe: SizeProbe = startSizeProbe({ ...FROM_HELLO, random, now: 0, ...options });
  const resets: { bytes: Uint8Array; at: number }[] = [];
  const sent: { size: number; at: number }[] = [];
  let now = 0;
  for (; probe.trying !== null; now += 1) {
    for (const { bytes } of resets.filter(({ at }) => at === now)) {
      receiveForSizeProbe(probe, bytes, now);
    }
    for (
      let next = nextSizeDatagram(probe, now);
      next !== null;
      next = nextSizeDatagram(probe, now)
    ) {
      sent.push({ size: next.length, at: now });
      if (next.length > (path.sends ?? Infinity)) sizeNotSent(probe, next.length, now);
      else if (next.length <= path.carries && !chance.chance(path.loses ?? 0)) {
        const packet = readPacket(next);
        if (packet?.kind !== "sealed") throw new Error("what it sends is no sealed packet");
        resets.push({
          bytes: writeReset(packet.receiverId, new Uint8Array(16)),
          at: now + ROUND_TRIP,
        });
      }
    }
    if (now > 60_000) throw new Error("it does not end");
  }
  const { arrived, tooLong } = probe;
  return { arrived, tooLong, sent, endedAt: now };
}

test("a path that carries every size is measured with one datagram of each likely size", () => {
  const { arrived, tooLong, sent } = search({ carries: 65_487 });
  expect({ arrived, tooLong }).toEqual({ arrived: 65_487, tooLong: 65_488 });
  expect(sent.map(({ size }) => size)).toEqual([1_372, 1_452, 1_472, 8_952, 16_336, 65_487]);
});

test.each([
  [1_372, 1_372],
  [1_452, 1_452],
  [1_472, 1_472],
  [8_952, 8_952],
  [1_200, 1_200],
])("a path that carries %d bytes is found to carry %d", (carries, found) => {
  const { arrived, tooLong } = search({ carries });
  expect(arrived).toBe(found);
  expect(tooLong).toBeGreaterThan(carries);
  expect(tooLong - arrived).toBeLessThanOrEqual(Math.max(arrived / 8, 172));
});

test("a size is too long after three datagrams and the time of an answer", () => {
  const { sent } = search({ carries: 1_372 });
  expect(sent.filter(({ size }) => size === 1_452)).toEqual([
    { size: 1_452, at: 20 },
    { size: 1_452, at: 40 },
    { size: 1_452, at: 60 },
  ]);
});

test("a size that this machine does not send is given up at once", () => {
  const { arrived, tooLong, endedAt } = search({ carries: 65_487, sends: 1_472 });
  expect(arrived).toBe(1_472);
  expect(tooLong).toBeLessThanOrEqual(1_472 + 1_472 / 8);
  expect(endedAt).toBeLessThan(400);
});

test("at most 50 datagrams are sent in a second", () => {
  const { sent } = search({ carries: 1_200, loses: 0.3 }, { loss: 0.3 });
  for (const [index, { at }] of sent.entries()) {
    expect((sent[index + 50]?.at ?? Infinity) - at).toBeGreaterThanOrEqual(1_000);
  }
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "random loss is not mistaken for a narrow path (seed %d)",
  (seed) => {
    const { arrived } = search({ carries: 65_487, loses: 0.3, seed }, { loss: 0.3 });
    expect(arrived).toBe(65_487);
  },
);

test.each([
  [600, 600],
  [30, 30],
  [1_199, 1_199],
])("most of a path too narrow for a hello, %d bytes, is found", (carries) => {
  const { arrived, tooLong } = search({ carries }, SHORT_SIZES);
  expect(arrived).toBeLessThanOrEqual(carries);
  expect(tooLong).toBeGreaterThan(carries);
  expect(tooLong - arrived).toBeLessThanOrEqual(Math.max(arrived / 8, 1));
});

test("the shortest size is tried three times when nothing arrives", () => {
  const { arrived, sent } = search({ carries: 0 }, SHORT_SIZES);
  expect(arrived).toBe(0);
  expect(sent.map(({ size }) => size)).toEqual([30, 30, 30]);
});

test("an answer that arrives after its size was given up still counts", () => {
  const seeded = seededRandom(1);
  const random = (length: number) => seeded.bytes(length);
  const probe = startSizeProbe({ ...FROM_HELLO, limit: 1_452, random, now: 0 });
  const [first] = [0, 20, 40, 200].map((at) => nextSizeDatagram(probe, at));
  expect(probe).toMatchObject({ tooLong: 1_372, trying: 1_286 });
  const id = first?.subarray(1, 9) ?? new Uint8Array(8);
  receiveForSizeProbe(probe, writeReset(id, new Uint8Array(16)), 210);
  expect(probe).toMatchObject({ arrived: 1_372, tooLong: 1_453, trying: 1_452 });
});
