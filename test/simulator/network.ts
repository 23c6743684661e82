// A network in virtual time: datagrams are lost, duplicated, delayed, reordered, damaged and truncated, in bursts
// and with silences, as a seed decides. Knows nothing of their content.

import { sameAddress, type SocketAddress } from "../../src/net/address.ts";
import type { SeededRandom } from "./random.ts";

export interface Conditions {
  /** Part of all datagrams, 0 to 1, as the following ones. */
  readonly loss: number;
  readonly duplication: number;
  /** Datagrams that take several times as long as others. */
  readonly reordering: number;
  /** Datagrams with one bit changed. */
  readonly corruption: number;
  readonly truncation: number;
  /** One way, ms. */
  readonly delay: number;
  /** At most added to the delay, ms. */
  readonly jitter: number;
  /** Part of the datagrams to which it is added. */
  readonly jittery: number;
  /** Loss in bursts: the part of datagrams at which one starts, and its length, ms. */
  readonly bursts: number;
  readonly burstLength: number;
  /** The longest datagram that passes, bytes. */
  readonly mtu: number;
}

export const PERFECT_NETWORK: Conditions = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  truncation: 0,
  delay: 10,
  jitter: 0,
  jittery: 1,
  bursts: 0,
  burstLength: 0,
  mtu: 1_472,
};

export interface Delivery {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly from: SocketAddress;
  readonly to: SocketAddress;
}

export interface Network {
  conditions: Conditions;
  /** No datagram passes before this time. */
  silentUntil: number;
  lostUntil: number;
  /** By arrival; those of one time in the order they were sent. */
  readonly inTransit: Delivery[];
  readonly random: SeededRandom;
  /** Datagrams, and their bytes. */
  sent: number;
  sentBytes: number;
  /** What an attacker has recorded, to replay. */
  readonly recorded: Omit<Delivery, "at">[];
  /** An attacker whose copies of what is sent to one address arrive before it; null for none. */
  copier: Copier | null;
}

interface Copier {
  /** The address whose datagrams are copied. */
  readonly to: SocketAddress;
  /** Where the next copy comes from. What is sent there, the attacker keeps. */
  readonly source: () => SocketAddress;
}

/** Datagrams that the attacker records. */
const MAX_RECORDED = 500;

export function createNetwork(random: SeededRandom, conditions: Conditions): Network {
  return {
    conditions,
    silentUntil: 0,
    lostUntil: 0,
    inTransit: [],
    random,
    sent: 0,
    sentBytes: 0,
    recorded: [],
    copier: null,
  };
}

/** Sends a datagram, or loses it. */
export function send(
  network: Network,
  bytes: Uint8Array,
  from: SocketAddress,
  to: SocketAddress,
  now: number,
): void {
  const { conditions, random } = network;
  network.sent += 1;
  network.sentBytes += bytes.length;
  if (random.chance(conditions.bursts)) network.lostUntil = now + conditions.burstLength;
  if (now < network.silentUntil || now < network.lostUntil || bytes.length > conditions.mtu) return;
  const copies = random.chance(conditions.duplication) ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    if (random.chance(conditions.loss)) continue;
    const late = random.chance(conditions.reordering) ? random.between(1, 5) * conditions.delay : 0;
    const at = now + conditions.delay + late + jitterOf(network);
    const arriving = { at, bytes: damaged(network, bytes), from, to };
    insert(network.inTransit, arriving);
    const { copier } = network;
    if (copier === null || !sameAddress(to, copier.to)) continue;
    insert(network.inTransit, { ...arriving, at: (now + at) / 2, from: copier.source() });
  }
}

function jitterOf({ conditions: { jitter, jittery }, random }: Network): number {
  return (jitter * Math.max(0, random.fraction() - (1 - jittery))) / jittery;
}

/** Nothing new passes for a time; the attacker replays what passed before. */
export function silence(network: Network, now: number, length: number): void {
  const { random, recorded } = network;
  network.silentUntil = now + length;
  for (let at = now; at < now + length && recorded.length > 0; at += random.between(100, 2_000)) {
    const again = recorded[random.between(0, recorded.length - 1)];
    if (again !== undefined) insert(network.inTransit, { ...again, at });
  }
}

/** When the next datagram arrives; Infinity while none is in transit. */
export function nextArrival({ inTransit }: Network): number {
  return inTransit[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** The datagrams that have arrived by now. */
export function arrivals({ inTransit, recorded }: Network, now: number): Delivery[] {
  const later = inTransit.findIndex(({ at }) => at > now);
  const arrived = inTransit.splice(0, later === -1 ? inTransit.length : later);
  recorded.push(...arrived.slice(0, MAX_RECORDED - recorded.length));
  return arrived;
}

function damaged({ conditions, random }: Network, bytes: Uint8Array): Uint8Array {
  let result = bytes.slice();
  if (result.length > 0 && random.chance(conditions.corruption)) {
    const at = random.between(0, result.length - 1);
    result[at] = (result[at] ?? 0) ^ (1 << random.between(0, 7));
  }
  if (random.chance(conditions.truncation)) {
    result = result.subarray(0, random.between(0, result.length));
  }
  return result;
}

function insert(inTransit: Delivery[], delivery: Delivery): void {
  let index = inTransit.length;
  while (index > 0 && (inTransit[index - 1]?.at ?? 0) > delivery.at) index -= 1;
  inTransit.splice(index, 0, delivery);
}
