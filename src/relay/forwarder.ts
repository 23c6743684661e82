// What a relay forwards (docs/protocol.md s. 19): datagrams between servers that have registered and those who join them. A
// state machine without I/O: a datagram and the time go in, at most one datagram comes out. It sees ciphertext, sizes and
// addresses, and forwards nothing for an address that has not proven, in the last minute, that it receives what is sent there.
//
//   joiner  -- forward(slot) -->  relay  -- forward(joiner) -->  server
//   joiner  <-- forward(slot) --  relay  <-- forward(joiner) --  server

import {
  ADDRESS_LENGTH,
  type AddressStatus,
  END_ID_LENGTH,
  FORWARD_HEADER,
  isForward,
  readdress,
  readRelayPacket,
  writeAddress,
} from "../net/relay-packets.ts";
import { mapKey } from "../protocol/bytes.ts";
import type { CryptoProvider, RandomBytes } from "../protocol/crypto-provider.ts";
import {
  type CookieClaim,
  type CookieSecrets,
  createCookieSecrets,
  isValidCookie,
  makeCookie,
  renewCookieSecrets,
} from "../protocol/handshake/proofs.ts";
import type { Outbound } from "../protocol/session/transmit.ts";
import { type SocketAddress, sourcePrefixes } from "../protocol/socket-address.ts";
import {
  createStrayAnswers,
  mayAnswerStray,
  type StrayAnswers,
} from "../protocol/stray-answers.ts";
import { type Rate, TokenBucket } from "../protocol/token-bucket.ts";

/**
 * How long a proof lasts, ms: a joiner renews it every 20 s. What it sends does not prolong it, for anybody can forge its
 * address.
 */
const PROOF_LIFETIME = 60_000;
/** Bytes of the longest datagram on Ethernet, less the headers of IPv4 and UDP: a longer one would not leave this machine. */
const MAX_FORWARDED = 1_500 - 20 - 8;
/** Of the rate of a server, what one source may use: nobody shuts the others out alone. */
const SOURCE_SHARE = 1 / 2;

const EMPTY = new Uint8Array(0);

export interface RelayLimits {
  /**
   * Addresses that have proven themselves: in all, of one source (an IPv4 address, 64 bits of an IPv6 one), and of one
   * network (24 and 48 bits).
   */
  readonly joiners: number;
  readonly joinersOfSource: number;
  readonly joinersOfNetwork: number;
  /** Servers, likewise: keys cost nothing. */
  readonly slots: number;
  readonly slotsOfSource: number;
  readonly slotsOfNetwork: number;
  /** Bytes a second that are forwarded for one server, both ways together. */
  readonly rate: number;
  /** For all servers together. */
  readonly totalRate: number;
}

export const RELAY_LIMITS: RelayLimits = {
  joiners: 65_536,
  joinersOfSource: 256,
  joinersOfNetwork: 4_096,
  slots: 16_384,
  slotsOfSource: 64,
  slotsOfNetwork: 1_024,
  rate: 4 * 1_024 * 1_024,
  // 100 gigabits: no bound but that of the machine.
  totalRate: 12_500_000_000,
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
  /** What the server calls it; no two servers call it the same. */
  id: Uint8Array;
  readonly address: SocketAddress;
  slot: Slot;
  /** The slot's id as a key: compared with each datagram. */
  slotKey: string;
  provenAt: number;
  readonly source: Source;
}

/** What has many ports: a machine, or those behind one NAT. */
interface Source {
  readonly key: string;
  joiners: number;
  readonly bucket: TokenBucket;
}

export interface RelayCounts {
  /** Datagrams, and their bytes. */
  forwarded: number;
  bytes: number;
  /** Datagrams that were not: of unproven addresses, beyond a rate, too long. */
  unproven: number;
  limited: number;
  tooLong: number;
}

export interface Forwarder {
  readonly crypto: CryptoProvider;
  readonly random: RandomBytes;
  readonly limits: RelayLimits;
  /** By slot id. */
  readonly slots: Map<string, Slot>;
  /** By the server's address. */
  readonly servers: Map<string, Slot>;
  /** Servers of one source, and of one network. */
  readonly serversByPrefix: Map<string, number>;
  /** By address; the one with the oldest proof first. */
  readonly joiners: Map<string, Joiner>;
  readonly sources: Map<string, Source>;
  readonly joinersByNetwork: Map<string, number>;
  readonly total: TokenBucket;
  readonly strays: StrayAnswers;
  readonly cookies: CookieSecrets;
  readonly counts: RelayCounts;
}

export interface ForwarderOptions extends Pick<Forwarder, "crypto" | "random"> {
  readonly limits?: Partial<RelayLimits> | undefined;
  readonly now: number;
}

export function createForwarder({ crypto, random, limits, now }: ForwarderOptions): Forwarder {
  const inForce = { ...RELAY_LIMITS, ...limits };
  return {
    crypto,
    random,
    limits: inForce,
    slots: new Map(),
    servers: new Map(),
    serversByPrefix: new Map(),
    joiners: new Map(),
    sources: new Map(),
    joinersByNetwork: new Map(),
    total: new TokenBucket(perSecond(inForce.totalRate), now),
    strays: createStrayAnswers(now),
    cookies: createCookieSecrets(() => random(32), now),
    counts: { forwarded: 0, bytes: 0, unproven: 0, limited: 0, tooLong: 0 },
  };
}

/**
 * A server, which has proven its key and this address in a session with the relay, is there from now on; again when its
 * address changes. False when the relay has no room for it, and it is not registered any more.
 *
 * @param id `relaySlot` of its key
 */
export function registerServer(
  forwarder: Forwarder,
  id: Uint8Array,
  address: SocketAddress,
  now: number,
): boolean {
  const { limits, slots } = forwarder;
  const known = slots.get(mapKey(id));
  // One that moves is counted where it goes, or moving would make room for more.
  if (known !== undefined) leaveAddress(forwarder, known);
  if (!hasRoom(forwarder, address)) {
    if (known !== undefined) dropSlot(forwarder, known);
    return false;
  }
  if (known !== undefined) {
    known.address = address;
    takeAddress(forwarder, known);
    return true;
  }
  if (slots.size >= limits.slots) return false;
  const bucket = new TokenBucket(perSecond(limits.rate), now);
  const slot = { id: id.slice(), address, joiners: new Map<string, Joiner>(), bucket };
  slots.set(mapKey(id), slot);
  takeAddress(forwarder, slot);
  return true;
}

/** The server's session with the relay has ended: those who have joined it are forgotten as well. */
export function unregisterServer(forwarder: Forwarder, id: Uint8Array): void {
  const slot = forwarder.slots.get(mapKey(id));
  if (slot === undefined) return;
  leaveAddress(forwarder, slot);
  dropSlot(forwarder, slot);
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
  if (!isForward(datagram)) return answerQuery(forwarder, datagram, from, now);
  const address = addressKey(from);
  const end = mapKey(datagram.subarray(1, FORWARD_HEADER));
  const server = forwarder.servers.get(address);
  // A server that has another one's former address, or joins one itself, is a joiner like others.
  const toJoiner = server?.joiners.get(end);
  if (server !== undefined && toJoiner !== undefined) {
    if (!mayForward(forwarder, toJoiner, datagram.length, now)) return null;
    readdress(datagram, server.id);
    return { to: toJoiner.address, bytes: datagram };
  }
  const joiner = forwarder.joiners.get(address);
  // Who names another server than before has to ask for it: a forged datagram must not tear anybody from theirs.
  if (joiner === undefined || joiner.slotKey !== end || now >= joiner.provenAt + PROOF_LIFETIME) {
    forwarder.counts.unproven += 1;
    return datagram.length < ADDRESS_LENGTH ? null : answerUnproven(forwarder, from, now);
  }
  if (!mayForward(forwarder, joiner, datagram.length, now)) return null;
  readdress(datagram, joiner.id);
  return { to: joiner.slot.address, bytes: datagram };
}

/** Forgets those whose proof is too old. */
export function tickForwarder(forwarder: Forwarder, now: number): void {
  for (const joiner of forwarder.joiners.values()) {
    if (now < joiner.provenAt + PROOF_LIFETIME) return;
    forget(forwarder, joiner);
  }
}

function answerQuery(
  forwarder: Forwarder,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): Outbound | null {
  const query = readRelayPacket(datagram);
  if (query?.kind !== "query") return null;
  const { cookies, crypto, random } = forwarder;
  renewCookieSecrets(cookies, () => random(32), now);
  if (!isValidCookie(crypto, cookies, query.cookie, claimOf(from))) {
    return answerUnproven(forwarder, from, now);
  }
  // Not limited: forged senders have no cookie, and would use up what others may ask.
  const wantsNone = query.slot.every((byte) => byte === 0);
  const status = wantsNone ? "unproven" : join(forwarder, from, query.slot, now);
  return { to: from, bytes: writeStatus(forwarder, status, from) };
}

/** What an address gets that may be forged: rarely something, and never more than was sent. */
function answerUnproven(forwarder: Forwarder, to: SocketAddress, now: number): Outbound | null {
  const { cookies, random, strays } = forwarder;
  if (!mayAnswerStray(strays, to, now)) return null;
  renewCookieSecrets(cookies, () => random(32), now);
  return { to, bytes: writeStatus(forwarder, "unproven", to) };
}

function writeStatus(
  { cookies, crypto }: Forwarder,
  status: AddressStatus,
  to: SocketAddress,
): Uint8Array {
  return writeAddress(status, makeCookie(crypto, cookies, claimOf(to)), to);
}

/** The secrets are the relay's alone, so that its cookies are none of the handshake's. */
function claimOf(from: SocketAddress): CookieClaim {
  return { from, initiatorId: EMPTY, noise: EMPTY };
}

/** The address has proven itself: what it sends to this server is forwarded from now on. */
function join(
  forwarder: Forwarder,
  address: SocketAddress,
  id: Uint8Array,
  now: number,
): AddressStatus {
  const { joiners, random } = forwarder;
  const slotKey = mapKey(id);
  const slot = forwarder.slots.get(slotKey);
  if (slot === undefined) return "no-server";
  const key = addressKey(address);
  const known = joiners.get(key);
  if (known === undefined) {
    const source = takeSource(forwarder, address, now);
    if (source === null) return "full";
    const joiner = { id: random(END_ID_LENGTH), address, slot, slotKey, provenAt: now, source };
    joiners.set(key, joiner);
    slot.joiners.set(mapKey(joiner.id), joiner);
    return "joined";
  }
  known.provenAt = now;
  // The order is that of the proofs.
  joiners.delete(key);
  joiners.set(key, known);
  if (known.slot === slot) return "joined";
  known.slot.joiners.delete(mapKey(known.id));
  known.id = random(END_ID_LENGTH);
  known.slot = slot;
  known.slotKey = slotKey;
  slot.joiners.set(mapKey(known.id), known);
  return "joined";
}

/** Null when there is no room for another joiner from there. */
function takeSource(forwarder: Forwarder, address: SocketAddress, now: number): Source | null {
  const { joiners, joinersByNetwork, limits, sources } = forwarder;
  const { source: key, network } = sourcePrefixes(address);
  const known = sources.get(key);
  if (
    joiners.size >= limits.joiners ||
    (known?.joiners ?? 0) >= limits.joinersOfSource ||
    (joinersByNetwork.get(network) ?? 0) >= limits.joinersOfNetwork
  ) {
    return null;
  }
  count(joinersByNetwork, network, 1);
  if (known !== undefined) {
    known.joiners += 1;
    return known;
  }
  const bucket = new TokenBucket(perSecond(limits.rate * SOURCE_SHARE), now);
  const source = { key, joiners: 1, bucket };
  sources.set(key, source);
  return source;
}

function forget({ joiners, joinersByNetwork, sources }: Forwarder, joiner: Joiner): void {
  const { address, id, slot, source } = joiner;
  joiners.delete(addressKey(address));
  slot.joiners.delete(mapKey(id));
  count(joinersByNetwork, sourcePrefixes(address).network, -1);
  source.joiners -= 1;
  if (source.joiners === 0) sources.delete(source.key);
}

function dropSlot(forwarder: Forwarder, slot: Slot): void {
  forwarder.slots.delete(mapKey(slot.id));
  for (const joiner of slot.joiners.values()) forget(forwarder, joiner);
}

/** For another server at this address. */
function hasRoom({ limits, serversByPrefix }: Forwarder, address: SocketAddress): boolean {
  const { source, network } = sourcePrefixes(address);
  return (
    (serversByPrefix.get(source) ?? 0) < limits.slotsOfSource &&
    (serversByPrefix.get(network) ?? 0) < limits.slotsOfNetwork
  );
}

function takeAddress({ servers, serversByPrefix }: Forwarder, slot: Slot): void {
  servers.set(addressKey(slot.address), slot);
  const { source, network } = sourcePrefixes(slot.address);
  count(serversByPrefix, source, 1);
  count(serversByPrefix, network, 1);
}

function leaveAddress({ servers, serversByPrefix }: Forwarder, slot: Slot): void {
  const key = addressKey(slot.address);
  // It may be another server's by now: NATs give ports to others.
  if (servers.get(key) === slot) servers.delete(key);
  const { source, network } = sourcePrefixes(slot.address);
  count(serversByPrefix, source, -1);
  count(serversByPrefix, network, -1);
}

function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const result = (counts.get(key) ?? 0) + change;
  if (result === 0) counts.delete(key);
  else counts.set(key, result);
}

function mayForward(
  { counts, total }: Forwarder,
  { slot, source }: Joiner,
  length: number,
  now: number,
): boolean {
  if (length > MAX_FORWARDED) {
    counts.tooLong += 1;
    return false;
  }
  // What is not forwarded takes nothing from others.
  if (
    slot.bucket.wait(now, length) > 0 ||
    source.bucket.wait(now, length) > 0 ||
    total.tryTake(now, length) > 0
  ) {
    counts.limited += 1;
    return false;
  }
  slot.bucket.take(now, length);
  source.bucket.take(now, length);
  counts.forwarded += 1;
  counts.bytes += length;
  return true;
}

/** A second's worth at once: neither a file nor a burst of history comes evenly. */
function perSecond(rate: number): Rate {
  return { perSecond: rate, burst: rate };
}

function addressKey({ address, port }: SocketAddress): string {
  return `${address} ${port}`;
}
