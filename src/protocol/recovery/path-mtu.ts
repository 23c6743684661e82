// How long a datagram the path carries (docs/protocol.md s. 12.3, RFC 8899, RFC 9000 s. 14.3): longer ones
// are sent as probes, and a watch notices when long ones stop arriving (a black hole, RFC 8899 s. 4.3).
// Knows nothing of packets: only sizes, bytes of UDP payload.
//
//                nothing longer arrives; or a black hole, and the size is the base again
//   searching -------------------------------------------------------------------------> resting
//       ^                                                                                  |
//       +----------------------- RAISE_INTERVAL, BLACK_HOLE_PAUSE -------------------------+

import type { PacketKind } from "./sent-packets.ts";

/** Every path has to carry this; the hello is padded to it (RFC 9000 s. 14, RFC 8899 s. 5.1.2). */
export const BASE_DATAGRAM_SIZE = 1_200;

/**
 * The longest datagram, for both families alike: the longest packet whose length IPv4 can express,
 * less the headers of IPv6 (40) and UDP (8). Loopback on Linux carries it.
 */
export const MAX_DATAGRAM_SIZE = 65_535 - 40 - 8;

/**
 * Sizes worth trying first, in rising order: a common MTU less its headers, UDP's 8 bytes and IP's
 * 40 (IPv6) or 20 (IPv4). 1,280, the least that IPv6 allows (RFC 8200 s. 5), is left out: it gains
 * 32 to 52 bytes over the base, and costs everybody a round trip.
 */
export const LIKELY_SIZES: readonly number[] = [
  1_420 - 48, // WireGuard, and with it most tunnels and mobile networks
  1_500 - 48, // Ethernet; with IPv4 also over PPPoE (1,492)
  1_500 - 28, // Ethernet with IPv4
  9_000 - 48, // jumbo frames
  16_384 - 48, // loopback on macOS and the BSDs
  MAX_DATAGRAM_SIZE, // loopback on Linux (65,536)
];

/** Lost probes of one size after which it counts as too long (RFC 8899 s. 5.1.2). */
export const MAX_PROBES = 3;

/** Between a size that arrives and one that does not the search goes on for at least this gain. */
const MIN_GAIN = 1 / 8;

/** How long a result is used before a longer size is tried again, ms (RFC 8899 s. 5.1.1). */
export const RAISE_INTERVAL = 600_000;

/** The same after a black hole, ms: the path has changed, and may go on changing for a while. */
export const BLACK_HOLE_PAUSE = 60_000;

/**
 * Flights in a row of which no long datagram arrives before the path counts as a black hole. A single
 * one is what any interruption looks like.
 */
export const BLACK_HOLE_FLIGHTS = 3;

export interface PathMtu {
  /** The longest datagram that is known to arrive: none but a probe is longer. */
  size: number;
  /** The longest that both ends can take: nothing longer is tried. */
  readonly limit: number;
  search: Search;
  readonly blackHole: BlackHoleWatch;
}

/** A search upwards from `size`. */
interface Searching {
  readonly type: "searching";
  /** The shortest size that does not arrive; one above the limit until there is one. */
  tooLong: number;
  /** The size of the probe in flight; 0 for none. */
  probing: number;
  /** Probes of one size that were lost. */
  lost: number;
}

type Search = Searching | { readonly type: "resting"; readonly until: number };

/** @param size the longest that is known to arrive */
export function createPathMtu(
  limit: number = MAX_DATAGRAM_SIZE,
  size: number = BASE_DATAGRAM_SIZE,
): PathMtu {
  return { size, limit, search: searchUpTo(limit), blackHole: createBlackHoleWatch() };
}

function searchUpTo(limit: number): Searching {
  return { type: "searching", tooLong: limit + 1, probing: 0, lost: 0 };
}

/**
 * The size of the probe to send now; null for none.
 *
 * @param window the congestion window, bytes. It does not grow with the size (RFC 8899 s. 3), and has
 *   to hold two datagrams (RFC 9002 s. 7.2): a longer probe waits until the window is large enough.
 */
export function nextProbeSize(mtu: PathMtu, window: number, now: number): number | null {
  if (mtu.search.type === "resting") {
    if (now < mtu.search.until) return null;
    mtu.search = searchUpTo(mtu.limit);
  }
  const { probing, tooLong } = mtu.search;
  // Whatever is tried next is longer than what is known to arrive.
  if (probing !== 0 || (2 * mtu.size >= window && mtu.size < mtu.limit)) return null;
  const size = nextSizeToTry(mtu.size, tooLong, mtu.limit);
  if (size === null) {
    mtu.search = { type: "resting", until: now + RAISE_INTERVAL };
    return null;
  }
  return 2 * size <= window ? size : null;
}

/**
 * The size to try next, between one that arrives and the shortest that does not; null once the gain is too
 * small: the likely sizes first, then the middle of what is left.
 */
export function nextSizeToTry(size: number, tooLong: number, limit: number): number | null {
  const longest = Math.min(limit, tooLong - 1);
  const likely = LIKELY_SIZES.find((one) => one > size && one <= longest);
  if (likely !== undefined) return likely;
  // No size was too long yet: the limit is the last to try.
  if (tooLong > limit) return size < limit ? limit : null;
  return tooLong - size > size * MIN_GAIN ? Math.floor((size + tooLong) / 2) : null;
}

export function probeSent({ search }: PathMtu, size: number): void {
  if (search.type === "searching") search.probing = size;
}

/** A probe has arrived: its size is the new one, even if the search has given it up meanwhile. */
export function probeAcknowledged(mtu: PathMtu, size: number): void {
  const { search } = mtu;
  if (search.type === "resting" || size > mtu.limit) return;
  if (search.probing === size) search.probing = 0;
  if (size <= mtu.size) return;
  mtu.size = size;
  search.lost = 0;
  if (search.tooLong <= size) search.tooLong = mtu.limit + 1;
}

export function probeLost({ search }: PathMtu, size: number): void {
  if (search.type === "resting" || search.probing !== size) return;
  search.probing = 0;
  search.lost += 1;
  if (search.lost < MAX_PROBES) return;
  search.tooLong = size;
  search.lost = 0;
}

/** The local system refuses a datagram of this size (EMSGSIZE): no need to send it again. */
export function sizeRefused(mtu: PathMtu, size: number): void {
  if (size <= mtu.size) mtu.size = BASE_DATAGRAM_SIZE;
  const search = searchUpTo(mtu.limit);
  const known = mtu.search.type === "searching" ? mtu.search.tooLong : search.tooLong;
  search.tooLong = Math.min(known, size);
  mtu.search = search;
}

/** Long datagrams have stopped arriving (RFC 8899 s. 4.3). */
export function returnToBase(mtu: PathMtu, now: number): void {
  mtu.size = BASE_DATAGRAM_SIZE;
  mtu.search = { type: "resting", until: now + BLACK_HOLE_PAUSE };
}

/** A datagram longer than the base that is no probe. */
interface LongDatagram {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Whether long datagrams have stopped arriving while short ones still arrive: the path has changed, or was
 * never what the probes made it look like. Hears of long datagrams only, in any order of their numbers.
 */
export interface BlackHoleWatch {
  /** Of the long datagrams that arrived, the one with the largest number. */
  arrived: LongDatagram;
  /** Flights in a row that lost long datagrams, none as long having arrived since. */
  flights: number;
  /** Packets below this number were sent before the loss of the last of these flights was detected. */
  flightBelow: number;
  /** The smallest number and the shortest size of what they lost. */
  lost: LongDatagram;
}

const NONE: LongDatagram = { number: -1, size: 0 };

export function createBlackHoleWatch(): BlackHoleWatch {
  return { arrived: NONE, flights: 0, flightBelow: 0, lost: NONE };
}

export function longDatagramArrived(watch: BlackHoleWatch, { number, size }: LongDatagram): void {
  if (number > watch.arrived.number) watch.arrived = { number, size };
  if (size >= watch.lost.size && number > watch.lost.number) watch.flights = 0;
}

/**
 * Returns whether this loss shows a black hole. Arrivals up to now have to be reported before it.
 *
 * @param nextNumber the number of the first packet that is sent in answer
 */
export function longDatagramLost(
  watch: BlackHoleWatch,
  { number, size }: LongDatagram,
  nextNumber: number,
): boolean {
  const { arrived, lost } = watch;
  // One as long that was sent later has arrived: this one was lost for another reason.
  if (number < arrived.number && size <= arrived.size) return false;
  const isFirst = watch.flights === 0;
  watch.lost = {
    number: isFirst ? number : Math.min(number, lost.number),
    size: isFirst ? size : Math.min(size, lost.size),
  };
  if (number < watch.flightBelow) return false;
  watch.flights += 1;
  watch.flightBelow = nextNumber;
  if (watch.flights < BLACK_HOLE_FLIGHTS) return false;
  watch.flights = 0;
  return true;
}

/** What has arrived or was lost: a probe, or another packet of any size. */
interface SizedPacket extends LongDatagram {
  readonly kind: PacketKind;
}

function sizeArrived(mtu: PathMtu, packet: SizedPacket): void {
  if (packet.kind === "path-mtu-probe") probeAcknowledged(mtu, packet.size);
  else if (packet.size > BASE_DATAGRAM_SIZE) longDatagramArrived(mtu.blackHole, packet);
}

function sizeLost(mtu: PathMtu, packet: SizedPacket, nextNumber: number, now: number): void {
  if (packet.kind === "path-mtu-probe") return probeLost(mtu, packet.size);
  if (packet.size <= BASE_DATAGRAM_SIZE) return;
  if (longDatagramLost(mtu.blackHole, packet, nextNumber)) returnToBase(mtu, now);
}

/** All of it, for paths of which nobody says how long a datagram they carry. */
export const mtuSearch = {
  nextProbeSize,
  probeSent,
  sizeArrived,
  sizeLost,
  sizeRefused,
  returnToBase,
};
export type MtuSearch = typeof mtuSearch;
