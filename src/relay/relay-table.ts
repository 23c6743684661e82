// Who is at a relay: servers that have registered, and addresses that have joined one (docs/protocol.md s. 19.3), with the
// bounds on how many there may be. Knows no packets and no proofs; time and randomness are arguments.

import { type AddressStatus, END_ID_LENGTH } from "../net/relay-packets.ts";
import { mapKey } from "../protocol/bytes.ts";
import type { RandomBytes } from "../protocol/crypto-provider.ts";
import { addressKey, type SocketAddress, sourcePrefixes } from "../protocol/socket-address.ts";
import { type Rate, TokenBucket } from "../protocol/token-bucket.ts";

/**
 * How long a proof lasts, ms: a joiner renews it every 20 s. What it sends does not prolong it, for anybody can forge its
 * address.
 */
const PROOF_LIFETIME = 60_000;
/** Of the rate of a server, what one source may use: nobody shuts the others out alone. */
const SOURCE_SHARE = 1 / 2;

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
export interface Joiner {
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

export interface RelayTable {
  readonly random: RandomBytes;
  readonly limits: RelayLimits;
  /** Of each server's datagrams, and of a source's. */
  readonly rates: { readonly slot: Rate; readonly source: Rate };
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
}

export function createRelayTable(
  random: RandomBytes,
  limits: Partial<RelayLimits> | undefined,
): RelayTable {
  const inForce = { ...RELAY_LIMITS, ...limits };
  const rates = {
    slot: perSecond(inForce.rate),
    source: perSecond(inForce.rate * SOURCE_SHARE),
  };
  return {
    random,
    limits: inForce,
    rates,
    slots: new Map(),
    servers: new Map(),
    serversByPrefix: new Map(),
    joiners: new Map(),
    sources: new Map(),
    joinersByNetwork: new Map(),
  };
}

/**
 * A server, which has proven its key and this address in a session with the relay, is there from now on; again when its
 * address changes. False when the relay has no room for it, and it is not registered any more.
 *
 * @param id `relaySlot` of its key; it is kept, and must not change
 */
export function registerServer(
  table: RelayTable,
  id: Uint8Array,
  address: SocketAddress,
  now: number,
): boolean {
  const { limits, slots } = table;
  const known = slots.get(mapKey(id));
  // One that moves is counted where it goes, or moving would make room for more.
  if (known !== undefined) leaveAddress(table, known);
  if (!hasRoom(table, address)) {
    if (known !== undefined) dropSlot(table, known);
    return false;
  }
  if (known !== undefined) {
    known.address = address;
    takeAddress(table, known);
    return true;
  }
  if (slots.size >= limits.slots) return false;
  const bucket = new TokenBucket(table.rates.slot, now);
  const slot = { id, address, joiners: new Map<string, Joiner>(), bucket };
  slots.set(mapKey(id), slot);
  takeAddress(table, slot);
  return true;
}

/** The server's session with the relay has ended: those who have joined it are forgotten as well. */
export function unregisterServer(table: RelayTable, id: Uint8Array): void {
  const slot = table.slots.get(mapKey(id));
  if (slot === undefined) return;
  leaveAddress(table, slot);
  dropSlot(table, slot);
}

/** The address has proven itself: what it sends to this server is forwarded from now on. */
export function joinServer(
  table: RelayTable,
  address: SocketAddress,
  id: Uint8Array,
  now: number,
): AddressStatus {
  const { joiners, random } = table;
  const slotKey = mapKey(id);
  const slot = table.slots.get(slotKey);
  if (slot === undefined) return "no-server";
  const key = addressKey(address);
  const known = joiners.get(key);
  if (known === undefined) {
    const source = takeSource(table, address, now);
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
function takeSource(table: RelayTable, address: SocketAddress, now: number): Source | null {
  const { joiners, joinersByNetwork, limits, rates, sources } = table;
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
  const bucket = new TokenBucket(rates.source, now);
  const source = { key, joiners: 1, bucket };
  sources.set(key, source);
  return source;
}

function forget({ joiners, joinersByNetwork, sources }: RelayTable, joiner: Joiner): void {
  const { address, id, slot, source } = joiner;
  joiners.delete(addressKey(address));
  slot.joiners.delete(mapKey(id));
  count(joinersByNetwork, sourcePrefixes(address).network, -1);
  source.joiners -= 1;
  if (source.joiners === 0) sources.delete(source.key);
}

function dropSlot(table: RelayTable, slot: Slot): void {
  table.slots.delete(mapKey(slot.id));
  for (const joiner of slot.joiners.values()) forget(table, joiner);
}

/** For another server at this address. */
function hasRoom({ limits, serversByPrefix }: RelayTable, address: SocketAddress): boolean {
  const { source, network } = sourcePrefixes(address);
  return (
    (serversByPrefix.get(source) ?? 0) < limits.slotsOfSource &&
    (serversByPrefix.get(network) ?? 0) < limits.slotsOfNetwork
  );
}

function takeAddress({ servers, serversByPrefix }: RelayTable, slot: Slot): void {
  servers.set(addressKey(slot.address), slot);
  const { source, network } = sourcePrefixes(slot.address);
  count(serversByPrefix, source, 1);
  count(serversByPrefix, network, 1);
}

function leaveAddress({ servers, serversByPrefix }: RelayTable, slot: Slot): void {
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

/** Whether its proof is young enough. */
export function isProven({ provenAt }: Joiner, now: number): boolean {
  return now < provenAt + PROOF_LIFETIME;
}

/** Forgets those whose proof is too old. */
export function forgetUnproven(table: RelayTable, now: number): void {
  for (const joiner of table.joiners.values()) {
    if (isProven(joiner, now)) return;
    forget(table, joiner);
  }
}

/** A second's worth at once: neither a file nor a burst of history comes evenly. */
export function perSecond(rate: number): Rate {
  return { perSecond: rate, burst: rate };
}
