// The addresses at which two peers may reach each other directly, and the rounds in which both challenge those of the other
// (docs/protocol.md s. 14.1), after draft-seemann-quic-nat-traversal. The initiator decides when: its PUNCH makes the
// responder send as well, so that the routers of both let packets in. A state machine without I/O. Which path is the best one
// is decided elsewhere (path-choice.ts).

import { sameAddress, type SocketAddress } from "../socket-address.ts";
import { type Rate, TokenBucket } from "../token-bucket.ts";
import { mayChallenge } from "./candidate-addresses.ts";
import { MAX_CANDIDATES } from "./frames.ts";

/** Between two rounds at least, ms: a round lasts a second. */
const MIN_INTERVAL = 1_000;
/** Candidates with the same IP address. */
const MAX_PORTS = 3;
/**
 * Rounds in which the peer's candidates are challenged: each may have this end send to MAX_CANDIDATES addresses that may be
 * somebody else's. Those that find nothing are rarer, unless the peer names others again and again.
 */
const ROUNDS: Rate = { burst: 8, perSecond: 1 / 10 };
/** Between rounds that have found nothing: twice as long each time, up to this; ms. */
const FIRST_INTERVAL = 2_000;
const MAX_INTERVAL = 60_000;

export interface Candidates {
  /** Ours; how often they have changed. */
  own: readonly SocketAddress[];
  sequence: number;
  /** The peer's, those that may be challenged; what it counts. */
  peer: readonly SocketAddress[];
  peerSequence: number;
  /** Ways to the peer that this end knows of itself, such as a relay: challenged in each round, and kept open. */
  readonly ways: SocketAddress[];
  /** Our candidates, and the round, have to be sent. */
  due: boolean;
  /** The last round, 0 for none. */
  round: number;
  roundAt: number;
  /** When the next one begins, ms; Infinity for not until something changes. */
  nextRoundAt: number;
  interval: number;
  /** Rounds in which the peer's candidates may still be challenged. */
  readonly allowance: TokenBucket;
}

export function createCandidates(now: number): Candidates {
  return {
    own: [],
    sequence: 0,
    peer: [],
    peerSequence: 0,
    ways: [],
    due: false,
    round: 0,
    roundAt: -Infinity,
    nextRoundAt: Infinity,
    interval: FIRST_INTERVAL,
    allowance: new TokenBucket(ROUNDS, now),
  };
}

/** Our addresses, the best first; what is beyond MAX_CANDIDATES is left out. Returns whether they have changed. */
export function setOwnCandidates(state: Candidates, addresses: readonly SocketAddress[]): boolean {
  const own = addresses.slice(0, MAX_CANDIDATES);
  const isSame =
    own.length === state.own.length &&
    own.every((one, index) => sameAddress(one, state.own[index] ?? one));
  if (isSame) return false;
  state.own = own;
  state.sequence += 1;
  state.due = true;
  return true;
}

/** The peer has named its addresses. Returns whether they are news. */
export function candidatesReceived(
  state: Candidates,
  sequence: number,
  addresses: readonly SocketAddress[],
  inUse: SocketAddress,
): boolean {
  if (sequence <= state.peerSequence) return false;
  state.peerSequence = sequence;
  const allowed = distinct(addresses.filter((address) => mayChallenge(address, inUse)));
  state.peer = allowed.filter(isOneOfFewAt);
  return true;
}

/** A peer behind several NATs has several ports at one address; a victim must not fill the whole list. */
function isOneOfFewAt(
  { address }: SocketAddress,
  index: number,
  addresses: readonly SocketAddress[],
): boolean {
  const earlier = addresses.slice(0, index).filter((other) => other.address === address);
  return earlier.length < MAX_PORTS;
}

function distinct(addresses: readonly SocketAddress[]): SocketAddress[] {
  return addresses.filter(
    (address, index) => addresses.findIndex((one) => sameAddress(one, address)) === index,
  );
}

/** Something has changed that may open a path: the initiator begins a round as soon as one may begin. */
export function scheduleRound(state: Candidates, now: number): void {
  state.interval = FIRST_INTERVAL;
  state.nextRoundAt = Math.max(now, state.roundAt + MIN_INTERVAL);
}

/** A path was found that no round can better: none is due until something changes. */
export function restRounds(state: Candidates): void {
  state.nextRoundAt = Infinity;
}

/**
 * The initiator begins the next round, unless there is nothing to try; returns what is to be challenged. When the peer has
 * caused too many, its candidates have to wait for the next one.
 */
export function beginRound(
  state: Candidates,
  inUse: SocketAddress,
  now: number,
): readonly SocketAddress[] {
  const isElsewhere = (one: SocketAddress) => !sameAddress(one, inUse);
  const ways = state.ways.filter(isElsewhere);
  const isWay = (one: SocketAddress) => state.ways.some((way) => sameAddress(way, one));
  const candidates = state.peer.filter((one) => isElsewhere(one) && !isWay(one));
  if (ways.length + candidates.length === 0) {
    state.nextRoundAt = Infinity;
    return [];
  }
  const wait = candidates.length === 0 ? 0 : state.allowance.tryTake(now);
  state.roundAt = now;
  state.nextRoundAt = now + Math.max(state.interval, wait);
  state.interval = Math.min(2 * state.interval, MAX_INTERVAL);
  if (wait > 0) return ways;
  state.round += 1;
  state.due = true;
  return [...ways, ...candidates];
}

/** The initiator has begun a round: returns what is to be challenged, nothing if it begins too many. */
export function punchReceived(
  state: Candidates,
  round: number,
  now: number,
): readonly SocketAddress[] {
  if (round <= state.round || state.allowance.tryTake(now) > 0) return [];
  state.round = round;
  return state.peer;
}
