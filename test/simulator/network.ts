// A network in virtual time: datagrams get lost, doubled, late, overtaken, damaged and cut, in bursts and
// in pauses, as a seed decides. Knows nothing of what they hold.

import type { SocketAddress } from "../../src/net/address.ts";
import type { SeededRandom } from "./random.ts";

export interface Weather {
  /** Of all datagrams, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
  /** Datagrams that take several times as long as others. */
  readonly reordering: number;
  /** Datagrams in which some bit is another. */
  readonly corruption: number;
  readonly truncation: number;
  /** One way, ms. */
  readonly delay: number;
  /** Added to the delay, up to so many ms. */
  readonly jitter: number;
  /** Loss that comes in bursts: how often one begins, for each datagram, and how long it is, ms. */
  readonly bursts: number;
  readonly burstLength: number;
  /** The longest datagram that passes, bytes. */
  readonly mtu: number;
}

export const FAIR: Weather = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  truncation: 0,
  delay: 10,
  jitter: 0,
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
  weather: Weather;
  /** Nothing passes before this time. */
  silentUntil: number;
  lostUntil: number;
  /** By time; those of one time in the order they were sent. */
  readonly onTheWay: Delivery[];
  readonly random: SeededRandom;
  sent: number;
  /** What an eavesdropper has kept, to send again. */
  readonly recorded: Omit<Delivery, "at">[];
}

/** Datagrams that the eavesdropper keeps. */
const MAX_RECORDED = 500;

export function createNetwork(random: SeededRandom, weather: Weather): Network {
  return { weather, silentUntil: 0, lostUntil: 0, onTheWay: [], random, sent: 0, recorded: [] };
}

/** Puts a datagram on its way, or not. */
export function send(
  network: Network,
  bytes: Uint8Array,
  from: SocketAddress,
  to: SocketAddress,
  now: number,
): void {
  const { weather, random } = network;
  network.sent += 1;
  if (random.chance(weather.bursts)) network.lostUntil = now + weather.burstLength;
  if (now < network.silentUntil || now < network.lostUntil || bytes.length > weather.mtu) return;
  const copies = random.chance(weather.duplication) ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    if (random.chance(weather.loss)) continue;
    const late = random.chance(weather.reordering) ? random.between(1, 5) * weather.delay : 0;
    const at = now + weather.delay + late + random.fraction() * weather.jitter;
    insert(network.onTheWay, { at, bytes: damaged(network, bytes), from, to });
  }
}

/** Nothing new passes for a time; the eavesdropper fills it with what passed before. */
export function silence(network: Network, now: number, length: number): void {
  const { random, recorded } = network;
  network.silentUntil = now + length;
  for (let at = now; at < now + length && recorded.length > 0; at += random.between(100, 2_000)) {
    const again = recorded[random.between(0, recorded.length - 1)];
    if (again !== undefined) insert(network.onTheWay, { ...again, at });
  }
}

/** When the next datagram arrives; Infinity while none is on its way. */
export function nextArrival({ onTheWay }: Network): number {
  return onTheWay[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** The datagrams that have arrived by now. */
export function arrivals({ onTheWay, recorded }: Network, now: number): Delivery[] {
  const later = onTheWay.findIndex(({ at }) => at > now);
  const arrived = onTheWay.splice(0, later === -1 ? onTheWay.length : later);
  recorded.push(...arrived.slice(0, MAX_RECORDED - recorded.length));
  return arrived;
}

function damaged({ weather, random }: Network, bytes: Uint8Array): Uint8Array {
  let result = bytes.slice();
  if (result.length > 0 && random.chance(weather.corruption)) {
    const at = random.between(0, result.length - 1);
    result[at] = (result[at] ?? 0) ^ (1 << random.between(0, 7));
  }
  if (random.chance(weather.truncation)) {
    result = result.subarray(0, random.between(0, result.length));
  }
  return result;
}

function insert(onTheWay: Delivery[], delivery: Delivery): void {
  let index = onTheWay.length;
  while (index > 0 && (onTheWay[index - 1]?.at ?? 0) > delivery.at) index -= 1;
  onTheWay.splice(index, 0, delivery);
}
