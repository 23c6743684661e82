// The handshakes that wait for their finish, and who gets a place among them when there are not enough (docs/protocol.md
// s. 8.3). Anyone with an address can take a place, so networks share the places, and so do the hosts of one network; among
// equals, an initiator that knows the responder's key goes first. Knows nothing of what the handshakes are for.

import { networkPrefix, type SocketAddress } from "../socket-address.ts";
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
  /** When the answer was sent; null once it was sent again. */
  answeredAt: number | null;
  wrongSecrets: number;
  /** Accepted keys that its finishes were tried with. */
  triedKeys: number;
  /** The last refused finish, as its hash, and its refusal. */
  refused: { readonly hash: Uint8Array; readonly refusal: Uint8Array } | null;
}

/** The places of one network or of one host. */
interface Share {
  places: number;
}

interface Place {
  readonly handshake: Unfinished;
  readonly network: Share;
  readonly host: Share;
}

export interface UnfinishedHandshakes {
  /** By the responder's connection id, oldest first. */
  readonly byId: Map<string, Place>;
  readonly byHello: Map<string, Unfinished>;
  /** By prefix. */
  readonly networks: Map<string, Share>;
  /** By IP address. */
  readonly hosts: Map<string, Share>;
}

export function createUnfinishedHandshakes(): UnfinishedHandshakes {
  return { byId: new Map(), byHello: new Map(), networks: new Map(), hosts: new Map() };
}

/**
 * Whether a newcomer gets a place: "free" if there is one, "none", or the handshake to drop for it.
 *
 * A place is taken from a network that has more than the newcomer's will have, or, within the newcomer's network, from such a
 * host. One that knows the key also takes the place of one that doesn't, from those that have as many. Of these, the
 * largest network loses one, of its largest host, without the key, the oldest.
 *
 * @param most how many places there are
 */
export function findPlace(
  { byId, networks, hosts }: UnfinishedHandshakes,
  { proven, knowsKey }: Newcomer,
  most: number,
): "free" | "none" | Unfinished {
  if (byId.size < most) return "free";
  const ownNetwork = networks.get(networkPrefix(proven));
  const ownHost = hosts.get(proven.address);
  const inNetwork = (ownNetwork?.places ?? 0) + 1;
  const inHost = (ownHost?.places ?? 0) + 1;
  /** How many places more than the newcomer's network, or host, it would come from. */
  const lead = ({ network, host }: Place) => {
    if (network !== ownNetwork) return network.places - inNetwork;
    // To exchange one of its own for another changes no share.
    return host === ownHost ? 0 : host.places - inHost;
  };
  let chosen: Place | null = null;
  for (const place of byId.values()) {
    const isLess = knowsKey && !place.handshake.knowsKey;
    const isOpen = lead(place) > 0 || (lead(place) === 0 && isLess);
    if (isOpen && (chosen === null || isBefore(place, chosen))) chosen = place;
  }
  return chosen?.handshake ?? "none";
}

/** Whether one loses its place before another that is older. */
function isBefore(one: Place, other: Place): boolean {
  if (one.network.places !== other.network.places) return one.network.places > other.network.places;
  if (one.host.places !== other.host.places) return one.host.places > other.host.places;
  return !one.handshake.knowsKey && other.handshake.knowsKey;
}

export function addUnfinished(table: UnfinishedHandshakes, handshake: Unfinished): void {
  const { proven, id, hello } = handshake;
  const network = take(table.networks, networkPrefix(proven));
  const host = take(table.hosts, proven.address);
  table.byId.set(id, { handshake, network, host });
  table.byHello.set(hello, handshake);
}

export function dropUnfinished(
  { byId, byHello, networks, hosts }: UnfinishedHandshakes,
  { id, hello, proven }: Unfinished,
): void {
  byId.delete(id);
  byHello.delete(hello);
  giveBack(networks, networkPrefix(proven));
  giveBack(hosts, proven.address);
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
