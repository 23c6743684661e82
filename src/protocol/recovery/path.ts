// The state of one path to the peer (RFC 9002, RFC 8899): round trip, loss detection, congestion window,
// pacer and MTU, which hold for one path only (RFC 9000 s. 9.4), and what acknowledgments and losses do to
// them together. Knows nothing of what packets carry.

import {
  type CongestionController,
  createPacer,
  initialWindow,
  pacedAt,
  type Pacer,
  pacingRate,
} from "./congestion.ts";
import {
  countLoss,
  createLossDetection,
  type LossDetection,
  type Losses,
  raiseThresholds,
} from "./loss-detection.ts";
import { NewReno } from "./new-reno.ts";
import { BASE_DATAGRAM_SIZE, createPathMtu, type MtuSearch, type PathMtu } from "./path-mtu.ts";
import {
  createRoundTrip,
  forgetMinimum,
  probeTimeout,
  type RoundTrip,
  TIMER_GRANULARITY,
} from "./round-trip.ts";
import { hasRoomInFlight, type SentPacket, type SentPackets } from "./sent-packets.ts";

export interface PathOptions {
  /** NewReno by default. */
  readonly controller?: (datagramSize: number, roundTrip: RoundTrip) => CongestionController;
  /** The longest datagram that both ends can take, bytes; at most MAX_DATAGRAM_SIZE. */
  readonly datagramLimit?: number;
  /** Finds out how long datagrams may be; null where all up to the limit arrive, as in a stream. */
  readonly mtuSearch: MtuSearch | null;
}

export interface Path {
  /** The number of the first packet sent on it. */
  readonly firstNumber: number;
  readonly detection: LossDetection;
  readonly roundTrip: RoundTrip;
  readonly congestion: CongestionController;
  readonly pacer: Pacer;
  readonly mtu: PathMtu;
  readonly mtuSearch: MtuSearch | null;
  /** Packets below this number were in flight when another was held back (RFC 9002 s. 7.8). */
  utilizedBelow: number;
  /** Packets below this number are sent where others were lost a moment ago. */
  lossyBelow: number;
}

/**
 * The path counts as lossy for so many packets after a loss: where one in twenty is lost, that is hardly ever over before the
 * next one.
 */
const LOSSY_PACKETS = 128;

/** @param initialRoundTrip ms that one exchange over this path took, if there was one */
export function createPath(
  options: PathOptions,
  firstNumber: number,
  initialRoundTrip?: number,
): Path {
  const { datagramLimit, mtuSearch } = options;
  const roundTrip = createRoundTrip(initialRoundTrip);
  const congestion = options.controller?.(BASE_DATAGRAM_SIZE, roundTrip);
  return {
    firstNumber,
    detection: createLossDetection(),
    roundTrip,
    congestion: congestion ?? new NewReno(BASE_DATAGRAM_SIZE),
    pacer: createPacer(),
    mtu: createPathMtu(datagramLimit, mtuSearch === null ? datagramLimit : undefined),
    mtuSearch,
    utilizedBelow: 0,
    lossyBelow: 0,
  };
}

/**
 * When a datagram of this size may be put in flight, ms: `now`, or a later time at which to ask
 * again, or Infinity until something arrives or is lost. Ask only when there is one to send, for being
 * held back shows that the window is used. ACKs alone, probes and path MTU probes need not ask; everything
 * else that is ack-eliciting does.
 */
export function sendableAt(
  { path, sent }: { readonly path: Path; readonly sent: SentPackets<unknown> },
  size: number,
  now: number,
): number {
  const { congestion, detection, mtu, pacer, roundTrip } = path;
  if (!hasRoomInFlight(sent)) return Infinity;
  const { bytesInFlight } = sent;
  if (bytesInFlight === 0 && now - detection.lastElicitingAt > probeTimeout(roundTrip)) {
    congestion.restartAfterIdle();
  }
  const { window } = congestion;
  // With nothing in flight one datagram may always leave, or nothing ever would.
  if (bytesInFlight > 0 && bytesInFlight + size > window) {
    path.utilizedBelow = sent.nextNumber;
    return Infinity;
  }
  const rate = pacingRate(window, roundTrip.smoothed, congestion.phase === "slow-start");
  const at = pacedAt(pacer, rate, initialWindow(mtu.size), mtu.size, now);
  // Half a window in flight and more held back: unpaced, it would be full (s. 7.8).
  if (at > now && bytesInFlight * 2 >= window) path.utilizedBelow = sent.nextNumber;
  return at;
}

/** Updates the path for what was detected together: losses first, then arrivals (RFC 9002 A.7). */
export function updatePath(
  path: Path,
  acknowledged: readonly SentPacket<unknown>[],
  losses: Losses<unknown>,
  nextNumber: number,
  now: number,
): void {
  const { congestion, mtu, mtuSearch, roundTrip } = path;
  const { size } = mtu;
  for (const packet of acknowledged) mtuSearch?.sizeArrived(mtu, packet);

  if (losses.lost.length > 0) noteLosses(path, losses, nextNumber, now);
  if (losses.persistent) forgetMinimum(roundTrip);

  for (const packet of acknowledged) {
    if (packet.kind === "ack-only") continue;
    congestion.acknowledged(packet, packet.number < path.utilizedBelow, now);
  }
  if (mtu.size !== size) congestion.setDatagramSize(mtu.size);
}

function noteLosses(path: Path, losses: Losses<unknown>, nextNumber: number, now: number): void {
  const { congestion, detection, mtu, mtuSearch } = path;
  const { lost, persistent } = losses;
  for (const packet of lost) mtuSearch?.sizeLost(mtu, packet, nextNumber, now);
  const congestionLosses = lost.filter(({ kind }) => kind === "eliciting");
  const [first] = congestionLosses;
  const last = congestionLosses.at(-1);
  if (first !== undefined && last !== undefined) {
    countLoss(detection.reordering);
    lossNoticed(path, nextNumber);
    const packets = congestionLosses.length;
    const { number: firstNumber } = first;
    const { number: lastNumber } = last;
    congestion.lost({ packets, firstNumber, lastNumber, nextNumber, persistent }, now);
  }
}

/** Something was lost on the path, of its packets or of the handshake's. */
export function lossNoticed(path: Path, nextNumber: number): void {
  path.lossyBelow = nextNumber + LOSSY_PACKETS;
}

/** A packet that was declared lost has arrived: undoes what its loss did to the path. */
export function undoLoss(path: Path, packet: SentPacket<unknown>, now: number): void {
  const { congestion, detection, firstNumber, mtu, mtuSearch, roundTrip } = path;
  if (packet.number < firstNumber) return;
  const packets = detection.largestAcknowledged - packet.number;
  const roundTripNow = Math.max(roundTrip.latest, roundTrip.smoothed, TIMER_GRANULARITY);
  const roundTrips = (now - packet.sentAt) / roundTripNow;
  raiseThresholds(detection.reordering, packets, roundTrips);
  if (packet.kind === "eliciting") congestion.undoLoss(packet);
  mtuSearch?.sizeArrived(mtu, packet);
  congestion.setDatagramSize(mtu.size);
}
