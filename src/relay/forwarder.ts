// What a relay forwards (docs/protocol.md s. 19): datagrams between servers that have registered and those who join them. A
// state machine without I/O: a datagram and the time go in, at most one datagram comes out. It sees ciphertext, sizes and
// addresses, and forwards nothing for an address that has not proven that it receives what is sent there.
//
//   joiner  -- forward(slot) -->  relay  -- forward(joiner) -->  server
//   joiner  <-- forward(slot) --  relay  <-- forward(joiner) --  server

import {
  END_ID_LENGTH,
  readdress,
  readRelayPacket,
  RELAY_COOKIE_LENGTH,
  writeAddress,
} from "../net/relay-packets.ts";
import { equalBytes, mapKey } from "../protocol/bytes.ts";
import type { CryptoProvider, RandomBytes } from "../protocol/crypto-provider.ts";
import type { Outbound } from "../protocol/session/transmit.ts";
import {
  encodeSocketAddress,
  type SocketAddress,
  sourcePrefixes,
} from "../protocol/socket-address.ts";
import {
  createStrayAnswers,
  mayAnswerStray,
  type StrayAnswers,
} from "../protocol/stray-answers.ts";
import { type Rate, TokenBucket } from "../protocol/token-bucket.ts";

/** How long an address that sends nothing is remembered, ms: three keep-alives of a session. */
const REMEMBERED = 60_000;
/** How long a cookie secret is used, ms; afterwards it is still accepted for as long again. */
const COOKIE_LIFETIME = 30_000;

export interface RelayLimits {
  /** Addresses that have proven themselves, in all and from one source (an IPv4 address, 64 bits of an IPv6 one). */
  readonly joiners: number;
  readonly joinersOfSource: number;
  readonly slots: number;
  /** Bytes a second that are forwarded for one server, both ways together, and for one joiner. */
  readonly rate: number;
}

export const RELAY_LIMITS: RelayLimits = {
  joiners: 65_536,
  joinersOfSource: 256,
  slots: 16_384,
  rate: 4 * 1_024 * 1_024,
};

/** A server that has registered. */
interface Slot {
  readonly id: Uint8Array;
  address: SocketAddress;
  readonly joiners: Map<string, Joiner>;
  readonly bucket: TokenBucket;
}

/** An address that has proven itself, and the server that it joins. */
interface Joiner {
  /** What the server calls it. */
  readonly id: Uint8Array;
  readonly address: SocketAddress;
  readonly source: string;
  slot: Slot | null;
  seenAt: number;
  readonly bucket: TokenBucket;
}

export interface RelayCounts {
  forwarded: number;
  bytes: number;
  /** Of unproven addresses, to unknown ends, beyond a rate. */
  unproven: number;
  unknown: number;
  limited: number;
}

export interface Forwarder {
  readonly crypto: CryptoProvider;
  readonly random: RandomBytes;
  readonly limits: RelayLimits;
  /** By slot id. */
  readonly slots: Map<string, Slot>;
  /** By the server's address. */
  readonly servers: Map<string, Slot>;
  /** By address; the one that was heard longest ago first. */
  readonly joiners: Map<string, Joiner>;
  readonly bySource: Map<string, number>;
  readonly strays: StrayAnswers;
  readonly counts: RelayCounts;
  cookieSecret: Uint8Array;
  previousSecret: Uint8Array | null;
  renewAt: number;
}

export interface ForwarderOptions extends Pick<Forwarder, "crypto" | "random"> {
  readonly limits?: Partial<RelayLimits>;
  readonly now: number;
}

export function createForwarder({ crypto, random, limits, now }: ForwarderOptions): Forwarder {
  return {
    crypto,
    random,
    limits: { ...RELAY_LIMITS, ...limits },
    slots: new Map(),
    servers: new Map(),
    joiners: new Map(),
    bySource: new Map(),
    strays: createStrayAnswers(now),
    counts: { forwarded: 0, bytes: 0, unproven: 0, unknown: 0, limited: 0 },
    cookieSecret: random(32),
    previousSecret: null,
    renewAt: now + COOKIE_LIFETIME,
  };
}

/**
 * A server, which has proven its key and this address in a session with the relay, is there from now on; again whenever
 * its address changes. False when the relay has no room for another one.
 *
 * @param id `relaySlot` of its key
 */
export function registerServer(
  forwarder: Forwarder,
  id: Uint8Array,
  address: SocketAddress,
  now: number,
): boolean {
  const { limits, servers, slots } = forwarder;
  const known = slots.get(mapKey(id));
  if (known !== undefined) {
    servers.delete(addressKey(known.address));
    known.address = address;
    servers.set(addressKey(address), known);
    return true;
  }
  if (slots.size >= limits.slots) return false;
  const slot = {
    id: id.slice(),
    address,
    joiners: new Map<string, Joiner>(),
    bucket: new TokenBucket(rateOf(limits), now),
  };
  slots.set(mapKey(id), slot);
  servers.set(addressKey(address), slot);
  return true;
}

/** The server's session with the relay has ended. */
export function unregisterServer({ servers, slots }: Forwarder, id: Uint8Array): void {
  const slot = slots.get(mapKey(id));
  if (slot === undefined) return;
  slots.delete(mapKey(id));
  if (servers.get(addressKey(slot.address)) === slot) servers.delete(addressKey(slot.address));
  for (const joiner of slot.joiners.values()) joiner.slot = null;
}

/**
 * Processes a datagram of a relay's kind.
 *
 * @returns what is to be sent; a datagram that is forwarded is the same memory
 */
export function forward(
  forwarder: Forwarder,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): Outbound | null {
  const packet = readRelayPacket(datagram);
  if (packet === null || packet.kind === "address") return null;
  if (packet.kind === "query") return answerQuery(forwarder, packet.cookie, from, now);
  const key = addressKey(from);
  const server = forwarder.servers.get(key);
  const toJoiner = server?.joiners.get(mapKey(packet.end));
  if (server !== undefined && toJoiner !== undefined) {
    if (!mayForward(forwarder, server, toJoiner, datagram.length, now)) return null;
    readdress(datagram, server.id);
    return { to: toJoiner.address, bytes: datagram };
  }
  const joiner = forwarder.joiners.get(key);
  if (joiner === undefined) {
    forwarder.counts.unproven += 1;
    return challenge(forwarder, from, now);
  }
  heard(forwarder, key, joiner, now);
  const slot = joinSlot(forwarder, joiner, packet.end);
  if (slot === null) {
    forwarder.counts.unknown += 1;
    return null;
  }
  if (!mayForward(forwarder, slot, joiner, datagram.length, now)) return null;
  readdress(datagram, joiner.id);
  return { to: slot.address, bytes: datagram };
}

/** Forgets those that were not heard for a while, and renews the secret of cookies, when that is due. */
export function tickForwarder(forwarder: Forwarder, now: number): void {
  for (const [key, joiner] of forwarder.joiners) {
    if (now < joiner.seenAt + REMEMBERED) break;
    forget(forwarder, key, joiner);
  }
  if (now < forwarder.renewAt) return;
  forwarder.previousSecret =
    now < forwarder.renewAt + COOKIE_LIFETIME ? forwarder.cookieSecret : null;
  forwarder.cookieSecret = forwarder.random(32);
  forwarder.renewAt = now + COOKIE_LIFETIME;
}

function answerQuery(
  forwarder: Forwarder,
  cookie: Uint8Array,
  from: SocketAddress,
  now: number,
): Outbound | null {
  if (isCookieOf(forwarder, cookie, from)) prove(forwarder, from, now);
  return challenge(forwarder, from, now);
}

/** Tells an address what it is, and with which cookie it proves that. */
function challenge(forwarder: Forwarder, to: SocketAddress, now: number): Outbound | null {
  if (!mayAnswerStray(forwarder.strays, to, now)) return null;
  return { to, bytes: writeAddress(cookieOf(forwarder, forwarder.cookieSecret, to), to) };
}

function cookieOf({ crypto }: Forwarder, secret: Uint8Array, address: SocketAddress): Uint8Array {
  return crypto.hmac(secret, encodeSocketAddress(address)).slice(0, RELAY_COOKIE_LENGTH);
}

function isCookieOf(forwarder: Forwarder, cookie: Uint8Array, from: SocketAddress): boolean {
  const { cookieSecret, crypto, previousSecret } = forwarder;
  for (const secret of [cookieSecret, previousSecret]) {
    if (secret === null) continue;
    if (crypto.constantTimeEqual(cookie, cookieOf(forwarder, secret, from))) return true;
  }
  return false;
}

/** The address receives what is sent there: from now on its datagrams are forwarded, if there is room. */
function prove(forwarder: Forwarder, address: SocketAddress, now: number): void {
  const { bySource, joiners, limits, random } = forwarder;
  const key = addressKey(address);
  const known = joiners.get(key);
  if (known !== undefined) return heard(forwarder, key, known, now);
  const { source } = sourcePrefixes(address);
  const ofSource = bySource.get(source) ?? 0;
  if (joiners.size >= limits.joiners || ofSource >= limits.joinersOfSource) return;
  bySource.set(source, ofSource + 1);
  joiners.set(key, {
    id: random(END_ID_LENGTH),
    address,
    source,
    slot: null,
    seenAt: now,
    bucket: new TokenBucket(rateOf(limits), now),
  });
}

function heard({ joiners }: Forwarder, key: string, joiner: Joiner, now: number): void {
  // The order in which they were heard need not be exact: moved at each datagram, it would cost more than forwarding.
  if (now < joiner.seenAt + REMEMBERED / 4) return;
  joiner.seenAt = now;
  joiners.delete(key);
  joiners.set(key, joiner);
}

/** The server that the joiner names; one at a time. Null if there is none. */
function joinSlot({ slots }: Forwarder, joiner: Joiner, end: Uint8Array): Slot | null {
  if (joiner.slot !== null && equalBytes(joiner.slot.id, end)) return joiner.slot;
  const slot = slots.get(mapKey(end)) ?? null;
  if (slot === null) return null;
  joiner.slot?.joiners.delete(mapKey(joiner.id));
  slot.joiners.set(mapKey(joiner.id), joiner);
  joiner.slot = slot;
  return slot;
}

function forget({ bySource, joiners }: Forwarder, key: string, joiner: Joiner): void {
  joiners.delete(key);
  joiner.slot?.joiners.delete(mapKey(joiner.id));
  const left = (bySource.get(joiner.source) ?? 1) - 1;
  if (left === 0) bySource.delete(joiner.source);
  else bySource.set(joiner.source, left);
}

function mayForward(
  { counts }: Forwarder,
  slot: Slot,
  joiner: Joiner,
  length: number,
  now: number,
): boolean {
  if (slot.bucket.wait(now, length) > 0 || joiner.bucket.tryTake(now, length) > 0) {
    counts.limited += 1;
    return false;
  }
  slot.bucket.take(now, length);
  counts.forwarded += 1;
  counts.bytes += length;
  return true;
}

/** A second's worth at once: a file or a burst of history does not come evenly. */
function rateOf({ rate }: RelayLimits): Rate {
  return { perSecond: rate, burst: rate };
}

function addressKey({ address, port }: SocketAddress): string {
  return `${address} ${port}`;
}
