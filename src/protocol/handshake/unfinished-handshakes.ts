// The handshakes that wait for their finish, and which of them keep a place when there are too few (docs/protocol.md
// s. 8.3). Anyone with an address can take a place, so networks share the places, and so do the sources in one network, and the
// addresses of one source, as all joiners of a relay are; among equals, an initiator that knows the responder's key goes
// first. Knows nothing of what the handshakes are for.

import { addressKey, type SocketAddress, sourcePrefixes } from "../socket-address.ts";
import type { HandshakeState } from "./noise/handshake-state.ts";

/** Handshakes that wait for their finish at a time. */
export const MAX_UNFINISHED = 1_024;

/** A hello whose initiator's address is proven. */
export interface Newcomer {
  /** Its cookie has proven this address. */
  readonly proven: SocketAddress;
  /** Its key proof is right (docs/protocol.md s. 8.1). */
  readonly knowsKey: boolean;
}

export interface Unfinished extends Newcomer {
  readonly noise: HandshakeState;
  readonly initiatorId: Uint8Array;
  readonly responderId: Uint8Array;
  /** Identify it: the responder's connection id; the initiator's one and Noise message 1. */
  readonly id: string;
  readonly hello: string;
  readonly answer: Uint8Array;
  readonly refusalKey: Uint8Array;
  readonly until: number;
  /** When the answer was sent first, and how often it was sent. */
  readonly answeredAt: number;
  answers: number;
  wrongSecrets: number;
  /** Accepted keys that its finishes were tried with. */
  triedKeys: number;
  /** The last refused finish, as its hash, and its refusal. */
  refused: { readonly hash: Uint8Array; readonly refusal: Uint8Array } | null;
}

/** The places of one network, of one source or of one address. */
interface Share {
  places: number;
}

interface Place {
  readonly handshake: Unfinished;
  readonly network: Share;
  readonly source: Share;
  readonly address: Share;
}

export interface UnfinishedHandshakes {
  /** By the responder's connection id, oldest first. */
  readonly byId: Map<string, Place>;
  readonly byHello: Map<string, Unfinished>;
  /** By prefix. */
  readonly networks: Map<string, Share>;
  readonly sources: Map<string, Share>;
  /** By `addressKey`. */
  readonly addresses: Map<string, Share>;
}

export function createUnfinishedHandshakes(): UnfinishedHandshakes {
  return {
    byId: new Map(),
    byHello: new Map(),
    networks: new Map(),
    sources: new Map(),
    addresses: new Map(),
  };
}

/**
 * Whether a newcomer gets a place: "free" if there is one, "none", or the handshake to drop for it.
 *
 * A place is taken from a network that has more places than the newcomer's network would have with the newcomer or, within
 * that network, from a source that has more than the newcomer's or, within that source, from an address that has more. A
 * newcomer that knows the key also takes the place of one that doesn't, where both have as many. Dropped is one of the
 * largest network, of its largest source, of that one's largest address, rather without the key, the oldest.
 *
 * @param most how many places there are
 */
export function findPlace(
  { byId, networks, sources, addresses }: UnfinishedHandshakes,
  { proven, knowsKey }: Newcomer,
  most: number,
): "free" | "none" | Unfinished {
  if (byId.size < most) return "free";
  const prefixes = sourcePrefixes(proven);
  const ownNetwork = networks.get(prefixes.network);
  const ownSource = sources.get(prefixes.source);
  const ownAddress = addresses.get(addressKey(proven));
  const inNetwork = (ownNetwork?.places ?? 0) + 1;
  const inSource = (ownSource?.places ?? 0) + 1;
  const atAddress = (ownAddress?.places ?? 0) + 1;
  /** How many places more than the newcomer's network, source, or address, it would come from. */
  const lead = ({ network, source, address }: Place) => {
    if (network !== ownNetwork) return network.places - inNetwork;
    if (source !== ownSource) return source.places - inSource;
    // To exchange one of its own for another changes no share.
    return address === ownAddress ? 0 : address.places - atAddress;
  };
  let chosen: Place | null = null;
  for (const place of byId.values()) {
    const more = lead(place);
    if (more < 0 || (more === 0 && (!knowsKey || place.handshake.knowsKey))) continue;
    if (chosen === null || isBefore(place, chosen)) chosen = place;
  }
  return chosen?.handshake ?? "none";
}

/** Whether one loses its place before another that is older. */
function isBefore(one: Place, other: Place): boolean {
  if (one.network.places !== other.network.places) return one.network.places > other.network.places;
  if (one.source.places !== other.source.places) return one.source.places > other.source.places;
  if (one.address.places !== other.address.places) {
    return one.address.places > other.address.places;
  }
  return !one.handshake.knowsKey && other.handshake.knowsKey;
}

export function addUnfinished(table: UnfinishedHandshakes, handshake: Unfinished): void {
  const { proven, id, hello } = handshake;
  const prefixes = sourcePrefixes(proven);
  const network = take(table.networks, prefixes.network);
  const source = take(table.sources, prefixes.source);
  const address = take(table.addresses, addressKey(proven));
  table.byId.set(id, { handshake, network, source, address });
  table.byHello.set(hello, handshake);
}

export function dropUnfinished(
  { byId, byHello, networks, sources, addresses }: UnfinishedHandshakes,
  { id, hello, proven }: Unfinished,
): void {
  byId.delete(id);
  byHello.delete(hello);
  const prefixes = sourcePrefixes(proven);
  giveBack(networks, prefixes.network);
  giveBack(sources, prefixes.source);
  giveBack(addresses, addressKey(proven));
}

/** Drops those whose time is over. */
export function dropExpired(table: UnfinishedHandshakes, now: number): void {
  for (const { handshake } of table.byId.values()) {
    if (handshake.until > now) return;
    dropUnfinished(table, handshake);
  }
}

function take(shares: Map<string, Share>, key: string): Share {
  const share = shares.get(key) ?? { places: 0 };
  share.places += 1;
  shares.set(key, share);
  return share;
}

function giveBack(shares: Map<string, Share>, key: string): void {
  const share = shares.get(key);
  if (share === undefined) return;
  share.places -= 1;
  if (share.places === 0) shares.delete(key);
}
