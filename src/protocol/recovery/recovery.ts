// Loss recovery of a session (docs/protocol.md s. 12.2, RFC 9002): the record of its sent packets and the
// state of its path, together. Knows nothing of frames, keys or sockets; a packet's content belongs to the
// session.
//
//   to send     sendableAt or nextMtuProbeSize -> seal as number `sent.nextNumber` -> packetSent
//   an ACK      ackReceived -> what has arrived, what to send again
//   the timer   recoveryTimerAt -> wait -> timerFired -> what to send again, or probes

import { type AckRanges, isValidAck } from "./ack-ranges.ts";
import { spendCredit } from "./congestion.ts";
import { detectLosses, endTimeouts, lossTimerAt } from "./loss-detection.ts";
import {
  createPath,
  lossNoticed,
  type Path,
  type PathOptions,
  undoLoss,
  updatePath,
} from "./path.ts";
import { probeTimeout, takeSample } from "./round-trip.ts";
import {
  acknowledgeRanges,
  createSentPackets,
  declareAllLost,
  forgetLostBefore,
  hasRoomInFlight,
  type LostPackets,
  NOTHING_LOST,
  oldestInFlight,
  type PacketKind,
  recordSent,
  rememberLost,
  roomForProbes,
  type SentPacket,
  type SentPackets,
  takeRevived,
} from "./sent-packets.ts";

/** Two: at 30 % loss each way at least one is acknowledged in 3 of 4 cases, a single one in 1 of 2. */
const PROBES_PER_TIMEOUT = 2;

/** Probe timeouts for which a lost packet is remembered: late packets have arrived by then. */
const REMEMBERED_TIMEOUTS = 3;

export interface Recovery<Content> {
  readonly sent: SentPackets<Content>;
  /** Declared lost, remembered in case they arrive after all. */
  lost: LostPackets<Content>;
  readonly options: PathOptions;
  path: Path;
}

export interface AckOutcome<Content> {
  /** Arrived; smallest number first. */
  readonly acknowledged: readonly SentPacket<Content>[];
  /** Arrived although declared lost before: what they carried need not be sent again. */
  readonly revived: readonly SentPacket<Content>[];
  /** Lost: what they carried has to be sent again. */
  readonly lost: readonly SentPacket<Content>[];
}

export type TimerOutcome<Content> =
  | { readonly type: "too-early" }
  | { readonly type: "lost"; readonly lost: readonly SentPacket<Content>[] }
  | {
      readonly type: "probe";
      /**
       * Ack-eliciting datagrams to send now, whatever the window and the pacer say, none longer than
       * BASE_DATAGRAM_SIZE, for it may be that only long ones are lost. They carry new data, else what
       * `oldest` carried, else a PING (RFC 9002 s. 6.2.4). 0 when there is no more room.
       */
      readonly datagrams: number;
      /** In flight longest: not lost, and still on record. */
      readonly oldest: readonly SentPacket<Content>[];
    };

export function createRecovery<Content>(options: PathOptions): Recovery<Content> {
  return { sent: createSentPackets(), lost: NOTHING_LOST, options, path: createPath(options, 0) };
}

/** Something new and short was sent, after however many probe timeouts: the next ones are not longer for those. */
export function restartBackoff({ path: { detection } }: Recovery<unknown>): void {
  detection.uncounted = detection.timeouts;
}

/** Whether datagrams of the path were lost a moment ago. */
export function isLossy({ path, sent }: Recovery<unknown>): boolean {
  return sent.nextNumber < path.lossyBelow;
}

/**
 * The size of the path MTU probe to send now, unpaced, or null: an ack-eliciting datagram of exactly
 * that size, whose loss costs nothing. There is one at a time, so the window need not limit it
 * (RFC 8899 s. 3). Ask only while there is traffic: an idle path needs no longer datagrams.
 */
export function nextMtuProbeSize({ path, sent }: Recovery<unknown>, now: number): number | null {
  const { congestion, mtu, mtuSearch } = path;
  if (mtuSearch === null || !hasRoomInFlight(sent)) return null;
  return mtuSearch.nextProbeSize(mtu, congestion.window, now);
}

/** Packet `sent.nextNumber` was sealed: the number is used, even if the packet never leaves. */
export function packetSent<Content>(
  { path, sent }: Recovery<Content>,
  kind: PacketKind,
  size: number,
  content: Content,
  now: number,
): void {
  recordSent(sent, kind, size, content, now);
  if (kind === "ack-only") return;
  path.detection.lastElicitingAt = now;
  spendCredit(path.pacer, size);
  if (kind === "path-mtu-probe") path.mtuSearch?.probeSent(path.mtu, size);
}

/** The local system refused to send a datagram of this size: it is longer than the link carries. */
export function datagramRefused({ path }: Recovery<unknown>, size: number): void {
  path.mtuSearch?.sizeRefused(path.mtu, size);
  path.congestion.setDatagramSize(path.mtu.size);
}

/**
 * An ACK frame came (RFC 9002 A.7). Null, and nothing changes, when the peer lied: the session has to be closed.
 *
 * @param ackDelay ms that the peer says it held the ACK back
 */
export function ackReceived<Content>(
  recovery: Recovery<Content>,
  ranges: AckRanges,
  ackDelay: number,
  now: number,
): AckOutcome<Content> | null {
  const { path, sent } = recovery;
  const { detection, roundTrip } = path;
  if (!isValidAck(ranges, sent.nextNumber - 1)) return null;

  const largest = ranges[0]?.largest ?? -1;
  detection.largestAcknowledged = Math.max(detection.largestAcknowledged, largest);
  const revived = takeRevived(recovery.lost, ranges);
  for (const packet of revived) undoLoss(path, packet, now);
  const acknowledged = acknowledgeRanges(sent, ranges);
  if (acknowledged.length === 0 && revived.length === 0) return { acknowledged, revived, lost: [] };

  // A sample only of the largest: the ACK's delay is that one's (s. 5.1).
  const newest = acknowledged.at(-1);
  if (newest?.number === largest && acknowledged.some(({ kind }) => kind !== "ack-only")) {
    takeSample(roundTrip, now - newest.sentAt, ackDelay, now);
  }
  endTimeouts(detection);
  return { acknowledged, revived, lost: detectAndUpdate(recovery, acknowledged, now) };
}

/** When `timerFired` is due, ms; Infinity for never. Changes with every other call. */
export function recoveryTimerAt({ path, sent }: Recovery<unknown>): number {
  return lossTimerAt(path.detection, sent, path.roundTrip);
}

/** The time of `recoveryTimerAt` has come (RFC 9002 A.9). */
export function timerFired<Content>(
  recovery: Recovery<Content>,
  now: number,
): TimerOutcome<Content> {
  const { path, sent } = recovery;
  if (now < recoveryTimerAt(recovery)) return { type: "too-early" };
  if (path.detection.lossAt !== Infinity) {
    return { type: "lost", lost: detectAndUpdate(recovery, [], now) };
  }
  path.detection.timeouts += 1;
  path.detection.lastTimeoutAt = now;
  lossNoticed(path, sent.nextNumber);
  const oldest = oldestInFlight(sent, PROBES_PER_TIMEOUT);
  // With only a path MTU probe in flight one PING shows whether it is lost.
  const wanted = oldest.length === 0 ? 1 : PROBES_PER_TIMEOUT;
  return { type: "probe", datagrams: Math.min(wanted, roomForProbes(sent)), oldest };
}

/**
 * From now on the peer is reached over another path, of which nothing is known (RFC 9000 s. 9.4).
 * Returns what was in flight on the old one and has to be sent again; what of it still arrives is
 * reported as revived.
 *
 * @param initialRoundTrip ms that an exchange over the new path took, if there was one
 */
export function changePath<Content>(
  recovery: Recovery<Content>,
  now: number,
  initialRoundTrip?: number,
): readonly SentPacket<Content>[] {
  const { options, sent } = recovery;
  const abandoned = declareAllLost(sent);
  rememberLost(recovery, abandoned, now);
  recovery.path = createPath(options, sent.nextNumber, initialRoundTrip);
  return abandoned;
}

/**
 * The peer is reached over several paths in turn: one record and one set of estimates serve all (RFC 9000 s. 9.4),
 * but not every datagram that one of them carries passes the others.
 */
export function alternatePaths({ path }: Recovery<unknown>, now: number): void {
  path.mtuSearch?.returnToBase(path.mtu, now);
  path.congestion.setDatagramSize(path.mtu.size);
}

/** Detects and returns what is lost by now, and updates the path for it and for what has arrived. */
function detectAndUpdate<Content>(
  recovery: Recovery<Content>,
  acknowledged: readonly SentPacket<Content>[],
  now: number,
): readonly SentPacket<Content>[] {
  const { lost, path, sent } = recovery;
  const losses = detectLosses(path.detection, sent, path.roundTrip, now);
  updatePath(path, acknowledged, losses, sent.nextNumber, now);
  forgetLostBefore(lost, now - REMEMBERED_TIMEOUTS * probeTimeout(path.roundTrip));
  rememberLost(recovery, losses.lost, now);
  return losses.lost;
}
