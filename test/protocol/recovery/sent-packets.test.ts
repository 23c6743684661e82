import { describe, expect, test } from "bun:test";

import {
  acknowledgeRanges,
  createSentPackets,
  declareAllLost,
  dropSettled,
  hasRoomInFlight,
  MAX_IN_FLIGHT_PACKETS,
  oldestInFlight,
  type PacketKind,
  recordSent,
  roomForProbes,
  type SentPackets,
  settlePacket,
} from "../../../src/protocol/recovery/sent-packets.ts";
import { seeded } from "../../harness/random.ts";
import { packetNumbers, toRanges, upTo } from "./sender.ts";

/** A ledger of packets of these kinds, 100 bytes each, one sent each millisecond. */
function ledger(...kinds: PacketKind[]): SentPackets<string> {
  const sent = createSentPackets<string>();
  for (const [time, kind] of kinds.entries()) recordSent(sent, kind, 100, kind, time);
  return sent;
}

function eliciting(count: number): SentPackets<string> {
  return ledger(...Array.from({ length: count }, () => "eliciting" as const));
}

describe("packets in flight (RFC 9002 A.1, s. 7)", () => {
  test("are the ack-eliciting ones, path MTU probes included", () => {
    const sent = ledger("eliciting", "ack-only", "path-mtu-probe");
    expect(sent).toMatchObject({ nextNumber: 3, packetsInFlight: 2, bytesInFlight: 200 });
  });

  test("decrease by what is acknowledged, each packet once", () => {
    const sent = eliciting(4);
    expect(packetNumbers(acknowledgeRanges(sent, toRanges([1, 2])))).toEqual([1, 2]);
    expect(packetNumbers(acknowledgeRanges(sent, toRanges([1, 2, 3])))).toEqual([3]);
    expect(acknowledgeRanges(sent, toRanges([1, 2, 3]))).toEqual([]);
    expect(sent).toMatchObject({ packetsInFlight: 1, bytesInFlight: 100 });
  });

  test("are none at the end, and no record is kept", () => {
    const sent = eliciting(100);
    acknowledgeRanges(sent, toRanges(upTo(0, 99)));
    dropSettled(sent);
    expect(sent).toMatchObject({ packetsInFlight: 0, bytesInFlight: 0, packets: [], head: 0 });
  });
});

describe("an acknowledgment", () => {
  test("returns the packets with their content, smallest number first", () => {
    const sent = createSentPackets<string>();
    for (const content of ["a", "b", "c", "d"]) recordSent(sent, "eliciting", 100, content, 5);
    const acknowledged = acknowledgeRanges(sent, toRanges([0, 1, 3]));
    expect(acknowledged.map(({ content }) => content)).toEqual(["a", "b", "d"]);
    expect(acknowledged[0]).toEqual({
      number: 0,
      kind: "eliciting",
      sentAt: 5,
      size: 100,
      content: "a",
      status: "acknowledged",
    });
  });

  test("of packets that are no longer on record changes nothing", () => {
    const sent = eliciting(10);
    acknowledgeRanges(sent, toRanges(upTo(0, 7)));
    dropSettled(sent);
    expect(packetNumbers(acknowledgeRanges(sent, toRanges(upTo(0, 8))))).toEqual([8]);
  });

  test("of an ACK's own number counts while a packet before it is in flight (RFC 9002 s. 5.1)", () => {
    const sent = ledger("eliciting", "ack-only");
    expect(packetNumbers(acknowledgeRanges(sent, toRanges([0, 1])))).toEqual([0, 1]);
    expect(sent).toMatchObject({ packetsInFlight: 0, bytesInFlight: 0 });
  });
});

describe("ACKs alone", () => {
  test("are not recorded while nothing is in flight, so an end that only receives needs no memory", () => {
    const sent = ledger(...Array.from({ length: 1_000 }, () => "ack-only" as const));
    expect(sent).toMatchObject({ nextNumber: 1_000, packets: [] });
  });

  test("are dropped with the packet before them", () => {
    const sent = ledger("eliciting", "ack-only", "ack-only", "eliciting");
    acknowledgeRanges(sent, toRanges([0]));
    dropSettled(sent);
    expect(sent.packets[sent.head]?.number).toBe(3);
  });

  test("go unrecorded beyond 4,096 packets, and packets after them are still found", () => {
    const sent = eliciting(1);
    for (let count = 0; count < 10_000; count++) recordSent(sent, "ack-only", 50, "ack", 1);
    expect(sent.packets).toHaveLength(4_096);
    expect(hasRoomInFlight(sent)).toBe(true);
    recordSent(sent, "eliciting", 100, "data", 2);
    expect(packetNumbers(acknowledgeRanges(sent, toRanges(upTo(4_090, 10_001))))).toEqual([
      ...upTo(4_090, 4_095),
      10_001,
    ]);
  });
});

describe("the bound of 8,192 packets in flight", () => {
  test("leaves no room once it is reached, until the oldest is acknowledged or lost", () => {
    expect(MAX_IN_FLIGHT_PACKETS).toBe(8_192);
    const sent = eliciting(8_191);
    expect(hasRoomInFlight(sent)).toBe(true);
    recordSent(sent, "eliciting", 100, "", 0);
    expect(hasRoomInFlight(sent)).toBe(false);
    acknowledgeRanges(sent, toRanges([0]));
    dropSettled(sent);
    expect(hasRoomInFlight(sent)).toBe(true);
  });

  test("lets 1,024 probes pass, for nothing blocks them (RFC 9002 s. 7.5), but no more", () => {
    const sent = eliciting(8_192);
    expect(roomForProbes(sent)).toBe(1_024);
    for (let count = 0; count < 1_024; count++) recordSent(sent, "eliciting", 100, "", 0);
    expect(roomForProbes(sent)).toBe(0);
    recordSent(sent, "eliciting", 100, "", 0);
    expect(sent).toMatchObject({ nextNumber: 9_217, packetsInFlight: 9_216 });
    expect(sent.packets).toHaveLength(9_216);
  });
});

describe("the oldest packet in flight", () => {
  test("is neither acknowledged, nor an ACK, nor a path MTU probe", () => {
    const sent = ledger("eliciting", "path-mtu-probe", "ack-only", "eliciting", "eliciting");
    expect(packetNumbers(oldestInFlight(sent, 2))).toEqual([0, 3]);
    acknowledgeRanges(sent, toRanges([0]));
    expect(packetNumbers(oldestInFlight(sent, 9))).toEqual([3, 4]);
  });

  test("is declared lost with all others when the path changes", () => {
    const sent = ledger("eliciting", "ack-only", "path-mtu-probe", "eliciting");
    acknowledgeRanges(sent, toRanges([3]));
    const lost = declareAllLost(sent);
    expect(packetNumbers(lost)).toEqual([0, 2]);
    expect(lost.map(({ status }) => status)).toEqual(["lost", "lost"]);
    expect(sent).toMatchObject({ packetsInFlight: 0, bytesInFlight: 0, packets: [] });
  });
});

test.each([1, 2, 3])("the record agrees with a plain map, seed %d", (seed) => {
  const random = seeded(seed);
  const sent = createSentPackets<null>();
  const open = new Map<number, number>();
  for (let step = 0; step < 5_000; step++) {
    for (let count = random(4); count > 0; count--) {
      const kind = random(4) === 0 ? "ack-only" : "eliciting";
      const size = 50 + random(1_000);
      if (kind === "eliciting") open.set(sent.nextNumber, size);
      recordSent(sent, kind, size, null, step);
    }
    const first = Math.max(0, sent.nextNumber - 1 - random(60));
    const some = upTo(first, sent.nextNumber - 1).filter(() => random(3) === 0);
    const expected = some.filter((number) => open.delete(number));
    const acknowledged = acknowledgeRanges(sent, toRanges(some));
    const counted = acknowledged.filter(({ kind }) => kind !== "ack-only");
    expect(packetNumbers(counted)).toEqual(expected);
    const [oldest] = oldestInFlight(sent, 1);
    if (oldest !== undefined && oldest.number < sent.nextNumber - 50) {
      settlePacket(sent, oldest, "lost");
      open.delete(oldest.number);
    }
    dropSettled(sent);
    expect(sent.packetsInFlight).toBe(open.size);
    expect(sent.bytesInFlight).toBe([...open.values()].reduce((sum, size) => sum + size, 0));
    expect(sent.packets.length).toBeLessThan(300);
  }
});
