// Two ends that send each other numbered items over a bad network in virtual time: the least session
// that recovery can be tried with. It checks at each step what must always hold.

import { expect } from "bun:test";

import { MAX_ACK_RANGES } from "../../../src/protocol/recovery/ack-ranges.ts";
import { BASE_DATAGRAM_SIZE, mtuSearch } from "../../../src/protocol/recovery/path-mtu.ts";
import type { PathOptions } from "../../../src/protocol/recovery/path.ts";
import { sendableAt } from "../../../src/protocol/recovery/path.ts";
import {
  type Ack,
  ackAcknowledged,
  createReceivedPackets,
  isAckOwed,
  packetReceived,
  type ReceivedPackets,
  takeAck,
} from "../../../src/protocol/recovery/received-packets.ts";
import {
  ackReceived,
  createRecovery,
  nextMtuProbeSize,
  packetSent,
  type Recovery,
  recoveryTimerAt,
  timerFired,
} from "../../../src/protocol/recovery/recovery.ts";
import type { PacketKind, SentPacket } from "../../../src/protocol/recovery/sent-packets.ts";
import { seeded } from "../../harness/random.ts";

export interface Conditions {
  /** Packets of 1,000 that are lost. */
  readonly loss: number;
  /** Packets of 1,000 that come twice. */
  readonly duplication: number;
  /** From one end to the other, ms. */
  readonly delay: number;
  /** Up to so much more, each packet by itself, ms: it reorders. */
  readonly jitter: number;
  /** Longer datagrams do not arrive, bytes. */
  readonly mtu: number;
  /** Nothing arrives in this time, ms. */
  readonly silence?: readonly [from: number, to: number];
}

interface Packet {
  readonly number: number;
  readonly kind: PacketKind;
  readonly items: readonly number[];
  readonly ack: Ack | null;
}

/** What a sender keeps of a packet. */
type Carried = Pick<Packet, "items" | "ack">;

export interface End {
  readonly recovery: Recovery<Carried>;
  readonly received: ReceivedPackets;
  /** Items to be sent, or sent again. */
  readonly backlog: number[];
  /** Items that the other end has acknowledged. */
  readonly confirmed: Set<number>;
  /** Items of the other end that arrived. */
  readonly arrived: Set<number>;
  /** What became of each packet that elicits an acknowledgment, by its number. */
  readonly fates: Map<number, "sent" | "acknowledged" | "lost" | "revived">;
  pacedUntil: number;
  wakeUps: number;
  packets: number;
  refused: number;
}

function createEnd(items: number, options: Partial<PathOptions>): End {
  return {
    recovery: createRecovery<Carried>({ mtuSearch, ...options }),
    received: createReceivedPackets(),
    backlog: Array.from({ length: items }, (_, index) => index),
    confirmed: new Set(),
    arrived: new Set(),
    fates: new Map(),
    pacedUntil: Infinity,
    wakeUps: 0,
    packets: 0,
    refused: 0,
  };
}

interface Arrival {
  readonly at: number;
  readonly to: End;
  readonly packet: Packet;
}

/** A day: an exchange that takes longer never ends. */
const LATEST = 86_400_000;

/** Runs until both ends know that all their items have arrived; returns them and the time. */
export function exchange(
  conditions: Conditions,
  items: readonly [number, number],
  seed: number,
  options: Partial<PathOptions> = {},
): { ends: readonly [End, End]; now: number } {
  const random = seeded(seed);
  const ends = [createEnd(items[0], options), createEnd(items[1], options)] as const;
  const [one, other] = ends;
  const network: Arrival[] = [];
  let now = 0;

  for (const end of ends) pump(end);
  while (ends.some(isBusy)) {
    const arrivesAt = network[0]?.at ?? Infinity;
    // A probe timeout may lie in the past once its backoff has ended (RFC 9002 A.8).
    now = Math.max(now, Math.min(arrivesAt, ...ends.map(wakesAt)));
    if (now > LATEST) throw new Error(`not done by ${now}`);
    const arrival = arrivesAt <= now ? network.shift() : undefined;
    if (arrival !== undefined) {
      receive(arrival.to, arrival.packet);
      pump(arrival.to);
    }
    for (const end of ends) {
      for (let again = 0; wakesAt(end) <= now; again++) {
        expect(again).toBeLessThan(3);
        end.wakeUps += 1;
        wakeUp(end);
        pump(end);
      }
    }
  }
  return { ends, now };

  function receive(end: End, { number, kind, items: carried, ack }: Packet): void {
    if (!packetReceived(end.received, number, kind !== "ack-only", now)) {
      end.refused += 1;
      return;
    }
    expect(end.received.ranges.length).toBeLessThanOrEqual(MAX_ACK_RANGES);
    for (const item of carried) end.arrived.add(item);
    if (ack === null) return;
    const outcome = ackReceived(end.recovery, ack.ranges, ack.delay, now);
    if (outcome === null) throw new Error("the ACK is not valid");
    for (const packet of outcome.acknowledged) decided(end, packet, "sent", "acknowledged");
    for (const packet of outcome.lost) decided(end, packet, "sent", "lost");
    for (const packet of outcome.revived) decided(end, packet, "lost", "revived");
    check(end);
  }

  function wakeUp(end: End): void {
    if (end.pacedUntil <= now) end.pacedUntil = Infinity;
    if (recoveryTimerAt(end.recovery) > now) return;
    const outcome = timerFired(end.recovery, now);
    expect(outcome.type).not.toBe("too-early");
    if (outcome.type === "lost") {
      expect(outcome.lost).not.toEqual([]);
      for (const packet of outcome.lost) decided(end, packet, "sent", "lost");
    }
    if (outcome.type === "probe") {
      for (let count = 0; count < outcome.datagrams; count++) {
        send(end, "eliciting", BASE_DATAGRAM_SIZE, outcome.oldest[count]?.content.items ?? []);
      }
    }
    check(end);
  }

  /** Sends what may leave now. */
  function pump(end: End): void {
    const { backlog, recovery } = end;
    while (backlog.length > 0) {
      const probe = nextMtuProbeSize(recovery, now);
      if (probe !== null) send(end, "path-mtu-probe", probe, []);
      const at = sendableAt(recovery, recovery.path.mtu.size, now);
      if (at > now) {
        end.pacedUntil = at;
        break;
      }
      const item = backlog.shift();
      if (item === undefined || end.confirmed.has(item)) continue;
      send(end, "eliciting", recovery.path.mtu.size, [item]);
    }
    if (end.received.ackDueAt <= now) send(end, "ack-only", 50, []);
    check(end);
  }

  function send(end: End, kind: PacketKind, size: number, carried: readonly number[]): void {
    const ack = isAckOwed(end.received) ? takeAck(end.received, now) : null;
    const number = end.recovery.sent.nextNumber;
    packetSent(end.recovery, kind, size, { items: carried, ack }, now);
    if (kind !== "ack-only") end.fates.set(number, "sent");
    end.packets += 1;
    const [from, to] = conditions.silence ?? [Infinity, Infinity];
    const isSilent = now >= from && now < to;
    if (isSilent || size > conditions.mtu || random(1_000) < conditions.loss) return;
    const copies = random(1_000) < conditions.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = now + conditions.delay + (conditions.jitter * random(1_000)) / 1_000;
      const later = network.findIndex((arrival) => arrival.at > at);
      const packet = { number, kind, items: carried, ack };
      network.splice(later === -1 ? network.length : later, 0, {
        at,
        to: end === one ? other : one,
        packet,
      });
    }
  }
}

/** Every packet goes from one fate to the next just once. */
function decided(
  end: End,
  { content, kind, number }: SentPacket<Carried>,
  from: "sent" | "lost",
  to: "acknowledged" | "lost" | "revived",
): void {
  if (to !== "lost" && content.ack !== null) ackAcknowledged(end.received, content.ack.id);
  if (kind === "ack-only") return;
  expect(end.fates.get(number)).toBe(from);
  end.fates.set(number, to);
  for (const item of content.items) {
    if (to !== "lost") end.confirmed.add(item);
    else if (!end.confirmed.has(item)) end.backlog.unshift(item);
  }
}

function check({ fates, recovery }: End): void {
  const { bytesInFlight, head, packetsInFlight, packets } = recovery.sent;
  const { window } = recovery.path.congestion;
  const isRight =
    bytesInFlight >= packetsInFlight &&
    (bytesInFlight === 0) === (packetsInFlight === 0) &&
    // Before the oldest in flight only so much is kept, or as much as from there on.
    (head <= 32 || 2 * head <= packets.length) &&
    window >= 2_400;
  // An expectation for each of a million packets would be half of the work.
  if (!isRight) {
    const state = { bytesInFlight, head, packetsInFlight, packets: packets.length, window };
    throw new Error(`${JSON.stringify(state)} after ${fates.size} packets`);
  }
}

function wakesAt({ pacedUntil, received, recovery }: End): number {
  return Math.min(pacedUntil, received.ackDueAt, recoveryTimerAt(recovery));
}

function isBusy({ backlog, recovery }: End): boolean {
  return backlog.length > 0 || recovery.sent.packetsInFlight > 0;
}
