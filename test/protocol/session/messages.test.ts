import { describe, expect, test } from "bun:test";

import type { Fragment } from "../../../src/protocol/session/fragments.ts";
import {
  createIncomingMessages,
  grantWindow,
  MAX_EARLY_FRAGMENTS,
  nextWindow,
  RECEIVE_WINDOW,
  receiveFragment,
  takeMessages,
} from "../../../src/protocol/session/incoming-messages.ts";
import {
  acknowledgeFragment,
  appendMessage,
  createOutgoingMessages,
  loseFragment,
  MAX_UNACKNOWLEDGED,
  type OutgoingMessages,
  raiseLimit,
  readyBytes,
  takeFragment,
} from "../../../src/protocol/session/outgoing-messages.ts";
import { copyFromChunks } from "../../../src/protocol/session/stream-queues.ts";
import { seededRandom } from "../../simulator/random.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Counts the reads of the fragments' offsets: how many of them a search looks at. */
function countReads(fragments: { offset: number; length?: number }[]): { reads: number } {
  const count = { reads: 0 };
  for (const [index, { offset, ...rest }] of fragments.entries()) {
    fragments[index] = {
      ...rest,
      get offset() {
        count.reads += 1;
        return offset;
      },
    };
  }
  return count;
}

/** The next fragment, of which the test knows that it exists. */
function take(outgoing: OutgoingMessages, most: number): Fragment {
  const fragment = takeFragment(outgoing, most);
  if (fragment === null) throw new Error("there is no piece");
  return fragment;
}

function outgoingWith(...messages: Uint8Array[]) {
  const outgoing = createOutgoingMessages();
  for (const message of messages) appendMessage(outgoing, message);
  raiseLimit(outgoing, RECEIVE_WINDOW);
  return outgoing;
}

describe("outgoing messages (docs/protocol.md s. 11)", () => {
  test("are one stream: the length of each, then its bytes", () => {
    const outgoing = outgoingWith(bytes(7, 8, 9), bytes(), bytes(1));
    const fragment = take(outgoing, 100);
    expect(fragment).toEqual({ offset: 0, length: 7 });
    const into = new Uint8Array(9);
    copyFromChunks(outgoing.queue, fragment.offset, fragment.length, into, 1);
    expect([...into]).toEqual([0, 3, 7, 8, 9, 0, 1, 1, 0]);
    expect(takeFragment(outgoing, 100)).toBeNull();
  });

  test("are sent in fragments as long as a packet has room for", () => {
    const outgoing = outgoingWith(bytes(1, 2, 3, 4, 5));
    expect(takeFragment(outgoing, 4)).toEqual({ offset: 0, length: 4 });
    expect(takeFragment(outgoing, 4)).toEqual({ offset: 4, length: 2 });
  });

  test("stop at the peer's window, and continue when it grows (s. 13)", () => {
    const outgoing = createOutgoingMessages();
    appendMessage(outgoing, bytes(1, 2, 3));
    expect(readyBytes(outgoing)).toBe(0);
    raiseLimit(outgoing, 2);
    expect(takeFragment(outgoing, 100)).toEqual({ offset: 0, length: 2 });
    raiseLimit(outgoing, 1);
    expect(takeFragment(outgoing, 100)).toBeNull();
    raiseLimit(outgoing, 100);
    expect(takeFragment(outgoing, 100)).toEqual({ offset: 2, length: 2 });
  });

  test("that were lost are sent before new ones, in fragments of any other size", () => {
    const outgoing = outgoingWith(bytes(1, 2, 3, 4, 5));
    const first = take(outgoing, 4);
    loseFragment(outgoing, first);
    expect(takeFragment(outgoing, 3)).toEqual({ offset: 0, length: 3 });
    expect(takeFragment(outgoing, 3)).toEqual({ offset: 3, length: 1 });
    expect(takeFragment(outgoing, 3)).toEqual({ offset: 4, length: 2 });
  });

  test("are not sent again if another packet has delivered them already", () => {
    const outgoing = outgoingWith(bytes(1, 2, 3, 4, 5, 6, 7));
    take(outgoing, 2);
    acknowledgeFragment(outgoing, take(outgoing, 2));
    take(outgoing, 4);
    loseFragment(outgoing, { offset: 0, length: 8 });
    expect(outgoing.lost).toEqual([
      { offset: 0, length: 2 },
      { offset: 4, length: 4 },
    ]);
    acknowledgeFragment(outgoing, { offset: 4, length: 2 });
    expect(outgoing.lost).toEqual([
      { offset: 0, length: 2 },
      { offset: 6, length: 2 },
    ]);
  });

  test("are discarded when everything before their end has arrived, and release their memory", () => {
    const outgoing = outgoingWith(bytes(1, 2, 3));
    takeFragment(outgoing, 100);
    acknowledgeFragment(outgoing, { offset: 2, length: 2 });
    expect(outgoing.queue.start).toBe(0);
    acknowledgeFragment(outgoing, { offset: 0, length: 2 });
    expect(outgoing.queue.start).toBe(4);
    expect(outgoing.queue.chunks).toEqual([]);
  });

  test("take at most 4 MiB while they are unacknowledged", () => {
    const outgoing = createOutgoingMessages();
    const message = new Uint8Array(65_536);
    let count = 0;
    while (appendMessage(outgoing, message)) count += 1;
    // 65,536 bytes and a head of 4, 63 times: one more would pass 4,194,304.
    expect(count).toBe(63);
    expect(MAX_UNACKNOWLEDGED).toBe(4_194_304);
  });
});

describe("incoming messages (docs/protocol.md s. 11)", () => {
  test("are complete once every byte before their end has arrived", () => {
    const incoming = createIncomingMessages();
    expect(receiveFragment(incoming, 0, bytes(3, 7, 8))).toBeNull();
    expect(takeMessages(incoming, 10).messages).toEqual([]);
    expect(receiveFragment(incoming, 3, bytes(9, 0, 1, 1))).toBeNull();
    expect(takeMessages(incoming, 10).messages).toEqual([bytes(7, 8, 9), bytes(), bytes(1)]);
    expect(incoming.arrived.buffer).toBeNull();
  });

  test("are delivered once and in order from fragments in any order, duplicated and overlapping", () => {
    const incoming = createIncomingMessages();
    const stream = bytes(4, 1, 2, 3, 4, 2, 5, 6);
    for (const [from, to] of [
      [6, 8],
      [2, 5],
      [6, 8],
      [3, 7],
      [1, 3],
      [0, 2],
      [0, 8],
    ] as const) {
      expect(receiveFragment(incoming, from, stream.slice(from, to))).toBeNull();
    }
    expect(takeMessages(incoming, 10).messages).toEqual([bytes(1, 2, 3, 4), bytes(5, 6)]);
    expect(takeMessages(incoming, 10).messages).toEqual([]);
    expect(incoming.early).toEqual([]);
  });

  test("are taken at most as many at a time as asked for", () => {
    const incoming = createIncomingMessages();
    receiveFragment(incoming, 0, bytes(1, 10, 1, 20, 1, 30));
    expect(takeMessages(incoming, 2).messages).toEqual([bytes(10), bytes(20)]);
    expect(takeMessages(incoming, 2).messages).toEqual([bytes(30)]);
  });

  test("are read even if their length arrives in two fragments", () => {
    const incoming = createIncomingMessages();
    const message = new Uint8Array(100).fill(9);
    receiveFragment(incoming, 0, bytes(0x40));
    expect(takeMessages(incoming, 10)).toEqual({ messages: [], fault: null });
    receiveFragment(incoming, 1, bytes(100, ...message));
    expect(takeMessages(incoming, 10).messages).toEqual([message]);
  });

  test("of more than 65,536 bytes are a fault", () => {
    const incoming = createIncomingMessages();
    receiveFragment(incoming, 0, bytes(0x80, 0x01, 0x00, 0x01));
    expect(takeMessages(incoming, 10)).toEqual({ messages: [], fault: "message-too-long" });
  });

  test("whose length is beyond 2^53 are a fault", () => {
    const incoming = createIncomingMessages();
    receiveFragment(incoming, 0, new Uint8Array(8).fill(0xff));
    expect(takeMessages(incoming, 10).fault).toBe("message-too-long");
  });

  test("beyond the window are a fault; the window moves with the reader (s. 13)", () => {
    const incoming = createIncomingMessages();
    expect(receiveFragment(incoming, RECEIVE_WINDOW, bytes(1))).toBe("beyond-window");
    // Half a window of messages of 1,022 bytes with heads of two.
    const half = new Uint8Array(RECEIVE_WINDOW / 2);
    for (let at = 0; at < half.length; at += 1_024) half.set([0x43, 0xfe], at);
    receiveFragment(incoming, 0, half);
    expect(nextWindow(incoming)).toBeNull();
    expect(takeMessages(incoming, 10_000).messages).toHaveLength(512);
    expect(nextWindow(incoming)).toBe(RECEIVE_WINDOW * 1.5);
    grantWindow(incoming, RECEIVE_WINDOW * 1.5);
    expect(nextWindow(incoming)).toBeNull();
    expect(receiveFragment(incoming, RECEIVE_WINDOW, bytes(1))).toBeNull();
  });

  test("with more than 4,096 gaps before them are a fault", () => {
    const incoming = createIncomingMessages();
    for (let gap = 0; gap < MAX_EARLY_FRAGMENTS; gap += 1) {
      expect(receiveFragment(incoming, 2 + 2 * gap, bytes(1))).toBeNull();
    }
    expect(receiveFragment(incoming, 2 + 2 * MAX_EARLY_FRAGMENTS, bytes(1))).toBe("beyond-window");
  });

  test("arrive whole from single bytes in any order, in the memory of a window", () => {
    const incoming = createIncomingMessages();
    const random = seededRandom(1);
    const message = random.bytes(6_000);
    const stream = bytes(0x57, 0x70, ...message);
    const order = Array.from(stream.keys(), (offset) => ({ offset, at: random.fraction() }));
    order.sort((one, other) => one.at - other.at);
    for (const { offset } of order) {
      expect(receiveFragment(incoming, offset, stream.subarray(offset, offset + 1))).toBeNull();
      expect(incoming.earlyBytes.size).toBeLessThanOrEqual(6);
    }
    expect(takeMessages(incoming, 10).messages).toEqual([message]);
    expect([incoming.early, incoming.earlyBytes.size]).toEqual([[], 0]);
  });
});

/** The offset of a fragment that touches no other. */
const at = (index: number) => 2 + 2 * index;

// A peer chooses how many fragments there are, and where.
describe.each([10, 4_000])("beside %i fragments", (count) => {
  /** Reads of the fragments around the place of another in a sorted list, with some to spare. */
  const FEW = 40;
  const places: [string, number][] = [
    ["before", 0],
    ["in the middle of", Math.floor(count / 2)],
    ["after", count],
  ];

  test.each(places)("an early one %s them is stored without a look at each", (_where, place) => {
    const incoming = createIncomingMessages();
    for (let index = 0; index <= count; index += 1) {
      if (index !== place) receiveFragment(incoming, at(index), bytes(1));
    }
    const counted = countReads(incoming.early);
    expect(receiveFragment(incoming, at(place), bytes(1))).toBeNull();
    expect(counted.reads).toBeLessThanOrEqual(FEW);
    expect(incoming.early).toHaveLength(count + 1);
  });

  test.each(places)(
    "one %s them is acknowledged, or lost, without a look at each",
    (_where, place) => {
      const outgoing = outgoingWith(new Uint8Array(60_000));
      for (let index = 0; index <= count; index += 1) {
        if (index === place) continue;
        acknowledgeFragment(outgoing, { offset: at(index), length: 1 });
        loseFragment(outgoing, { offset: at(index) + 10_000, length: 1 });
      }
      const counted = [countReads(outgoing.acknowledged), countReads(outgoing.lost)];
      acknowledgeFragment(outgoing, { offset: at(place), length: 1 });
      loseFragment(outgoing, { offset: at(place) + 10_000, length: 1 });
      for (const { reads } of counted) expect(reads).toBeLessThanOrEqual(2 * FEW);
    },
  );
});
