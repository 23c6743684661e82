// Which of several paths a session uses (docs/protocol.md s. 14.2). The initiator chooses, and the responder follows its
// packets; where packets are lost, each end leaves a path by itself. Knows what path-validation.ts knows of the paths, and
// nothing of packets.

import type { SocketAddress } from "../socket-address.ts";
import {
  type PeerAddress,
  PROOF_LASTS,
  provenStandbys,
  type SessionPath,
} from "./path-validation.ts";

/** A path of the same rank is better if its round trip is shorter by so many ms, and by this part. */
const SHORTER_BY = 10;
const SHORTER_PART = 0.2;
/** When a way that is not in use is challenged again, ms before the proof of its address expires. */
const RENEW_BEFORE = 10_000;

export const rankOf = ({ carrier }: SocketAddress): number => carrier?.rank ?? 0;

/**
 * The proven path that is better than the one in use; null when there is none.
 *
 * @param roundTrip of the path in use, ms
 */
export function findBetterPath(
  path: SessionPath,
  roundTrip: number,
  now: number,
): PeerAddress | null {
  const rank = rankOf(path.current.address);
  let best: PeerAddress | null = null;
  for (const standby of provenStandbys(path, now)) {
    const standbyRank = rankOf(standby.address);
    const isShorter =
      standby.roundTrip !== null &&
      standby.roundTrip + SHORTER_BY < roundTrip &&
      standby.roundTrip < roundTrip * (1 - SHORTER_PART);
    const isBetter = standbyRank < rank || (standbyRank === rank && isShorter);
    if (isBetter && (best === null || comparePaths(standby, best) < 0)) best = standby;
  }
  return best;
}

/**
 * The best path besides the one in use, where nothing passes any more; null when there is none.
 *
 * @param since what was proven since then comes first: what has ended one path may have ended others
 */
export function findOtherPath(path: SessionPath, since: number, now: number): PeerAddress | null {
  const standbys = provenStandbys(path, now);
  const fresh = standbys.filter((standby) => provenAt(standby) >= since);
  return (fresh.length > 0 ? fresh : standbys).toSorted(comparePaths)[0] ?? null;
}

/** Paths besides the one in use that were not proven since then, nor challenged. */
export function doubtfulPaths(path: SessionPath, since: number, now: number): PeerAddress[] {
  return provenStandbys(path, now).filter(
    (standby) => standby.challenge === null && provenAt(standby) < since,
  );
}

export const provenAt = ({ provenUntil }: PeerAddress): number => provenUntil - PROOF_LASTS;

function comparePaths(one: PeerAddress, other: PeerAddress): number {
  const byRank = rankOf(one.address) - rankOf(other.address);
  if (byRank !== 0) return byRank;
  return (one.roundTrip ?? Infinity) < (other.roundTrip ?? Infinity) ? -1 : 1;
}

/** The ways, which are kept open, whose proof expires soon. */
export function staleWays(path: SessionPath, isWay: IsWay, now: number): PeerAddress[] {
  return path.others.filter((other) => isWay(other.address) && now >= renewAt(other));
}

/** When `staleWays` has one, ms; Infinity for never. */
export function waysTimerAt(path: SessionPath, isWay: IsWay): number {
  let at = Infinity;
  for (const other of path.others) {
    if (isWay(other.address)) at = Math.min(at, renewAt(other));
  }
  return at;
}

type IsWay = (address: SocketAddress) => boolean;

function renewAt({ proven, provenUntil, challenge }: PeerAddress): number {
  return proven && challenge === null ? provenUntil - RENEW_BEFORE : Infinity;
}
