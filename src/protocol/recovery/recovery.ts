// What a session tells and asks about the packets it sends (docs/protocol.md s. 12.2, RFC 9002): the
// ledger and the path put together. Knows nothing of frames, keys or sockets; a packet's content is
// the session's own.
//
//   to send     sendableAt or nextPathProbe -> seal as number `sent.nextNumber` -> packetSent
//   an ACK      ackReceived -> what has arrived, what to send again
//   the timer   timerAt -> wait -> timerFired -> what to send again, or probes

import { type AckRanges, faultInAckRanges } from "./ack-ranges.ts";
import { detectLosses, type Losses, timerAt as lossTimerAt } from "./loss-detection.ts";
import { forgetLostBefore, type LostPackets, remember, takeAcknowledged } from "./lost-packets.ts";
import { spend } from "./pacer.ts";
import { nextProbe, probeSent, sizeRefused } from "./path-mtu.ts";
import { admittedAt, createPath, learn, type Path, type PathOptions, unlearn } from "./path.ts";
import { probeTimeout, takeSample } from "./round-trip.ts";
import {
  acknowledge,
  createSentPackets,
  enter,
  giveUpAll,
  hasRoom,
  oldestInFlight,
  type PacketKind,
  roomForProbes,
  type SentPacket,
  type SentPackets,
} from "./sent-packets.ts";

/** Two: at 30 % loss each way one of them is heard of in 3 of 4 cases, a single one in 1 of 2. */
const PROBES_PER_TIMEOUT = 2;

/** Probe timeouts for which a lost packet is remembered: what was late has arrived by then. */
const REMEMBERED_TIMEOUTS = 3;

export interface Recovery<Content> {
  readonly sent: SentPackets<Content>;
  /** Declared lost, and remembered in case they arrive after all. */
  readonly lost: LostPackets<Content>;
  readonly options: PathOptions;
  path: Path;
}

export type AckOutcome<Content> =
  | {
      readonly type: "taken";
      /** Arrived; smallest number first. */
      readonly acknowledged: readonly SentPacket<Content>[];
      /** Arrived although declared lost before: what they carried need not be sent again. */
      readonly revived: readonly SentPacket<Content>[];
      /** Lost: what they carried is to be sent again. */
      readonly lost: readonly SentPacket<Content>[];
    }
  /** To be answered by closing the session; the reason says what the peer did. */
  | { readonly type: "peer-lied"; readonly reason: string };

export type TimerOutcome<Content> =
  | { readonly type: "too-early" }
  | { readonly type: "lost"; readonly lost: readonly SentPacket<Content>[] }
  | {
      readonly type: "probe";
      /**
       * Ack-eliciting datagrams to send now, whatever the window and the pacer say, none longer than
       * BASE_DATAGRAM_SIZE, for it may be the long ones that do not arrive. They carry what is new,
       * else what `oldest` carried, else a ping (RFC 9002 s. 6.2.4). None when there is no more room.
       */
      readonly datagrams: number;
      /** Longest in flight: not lost, and not to be forgotten. */
      readonly oldest: readonly SentPacket<Content>[];
    };

/** @param initialRoundTrip ms that the handshake's last exchange took, if it is known */
export function createRecovery<Content>(
  options: PathOptions = {},
  initialRoundTrip?: number,
): Recovery<Content> {
  const path = createPath(options, 0, initialRoundTrip);
  return { sent: createSentPackets(), lost: [], options, path };
}

/**
 * When a datagram of this size may be put in flight, ms: `now`, or a later time at which to ask
 * again, or Infinity until something arrives or is lost. To be asked only when there is one to send,
 * for a refusal shows that the window is used. ACKs alone, probes and path MTU probes leave unasked,
 * and nothing else that elicits an acknowledgment does.
 */
export function sendableAt({ path, sent }: Recovery<unknown>, size: number, now: number): number {
  return admittedAt(path, sent, size, now);
}

/**
 * The size of the path MTU probe to send now, unpaced, or null: an ack-eliciting datagram of just
 * that size, which carries nothing that matters. There is one at a time, so the window need not
 * limit it (RFC 8899 s. 3). To be asked while there is traffic: an idle path needs no longer ones.
 */
export function nextPathProbe({ path, sent }: Recovery<unknown>, now: number): number | null {
  return hasRoom(sent) ? nextProbe(path.mtu, path.congestion.window, now) : null;
}

/** Packet `sent.nextNumber` was sealed: the number is used up, even if the packet never left. */
export function packetSent<Content>(
  { path, sent }: Recovery<Content>,
  kind: PacketKind,
  size: number,
  content: Content,
  now: number,
): void {
  enter(sent, kind, size, content, now);
  if (kind === "ack-only") return;
  path.detection.lastElicitingAt = now;
  spend(path.pacer, size);
  if (kind === "path-mtu-probe") probeSent(path.mtu, size);
}

/** The local system refused to send a datagram of this size: it is longer than the link carries. */
export function datagramRefused({ path }: Recovery<unknown>, size: number): void {
  sizeRefused(path.mtu, size);
  path.congestion.setDatagramSize(path.mtu.size);
}

/**
 * An ACK frame came (RFC 9002 A.7).
 *
 * @param ackDelay ms that the peer says it held the ACK back
 */
export function ackReceived<Content>(
  recovery: Recovery<Content>,
  ranges: AckRanges,
  ackDelay: number,
  now: number,
): AckOutcome<Content> {
  const { path, sent } = recovery;
  const { detection, roundTrip } = path;
  const fault = faultInAckRanges(ranges, sent.nextNumber - 1);
  if (fault !== null) return { type: "peer-lied", reason: fault };

  const largest = ranges[0]?.largest ?? -1;
  detection.largestAcknowledged = Math.max(detection.largestAcknowledged, largest);
  const revived = takeAcknowledged(recovery.lost, ranges);
  for (const packet of revived) unlearn(path, packet, now);
  const acknowledged = acknowledge(sent, ranges);
  if (acknowledged.length === 0 && revived.length === 0) {
    return { type: "taken", acknowledged, revived, lost: [] };
  }

  // A sample only of the largest: the peer's delay is told of that one (s. 5.1).
  const newest = acknowledged.at(-1);
  if (newest?.number === largest && acknowledged.some(({ kind }) => kind !== "ack-only")) {
    takeSample(roundTrip, now - newest.sentAt, ackDelay, now);
  }
  detection.timeouts = 0;
  const { lost } = settle(recovery, acknowledged, now);
  return { type: "taken", acknowledged, revived, lost };
}

/** When `timerFired` is due, ms; Infinity for never. To be asked again after every other call. */
export function timerAt({ path, sent }: Recovery<unknown>): number {
  return lossTimerAt(path.detection, sent, path.roundTrip);
}

/** The time of `timerAt` has come (RFC 9002 A.9). */
export function timerFired<Content>(
  recovery: Recovery<Content>,
  now: number,
): TimerOutcome<Content> {
  const { path, sent } = recovery;
  if (now < timerAt(recovery)) return { type: "too-early" };
  if (path.detection.lossAt !== Infinity) {
    return { type: "lost", lost: settle(recovery, [], now).lost };
  }
  path.detection.timeouts += 1;
  path.detection.lastTimeoutAt = now;
  const oldest = oldestInFlight(sent, PROBES_PER_TIMEOUT);
  // With nothing but a path MTU probe in flight one ping shows whether it is lost.
  const wanted = oldest.length === 0 ? 1 : PROBES_PER_TIMEOUT;
  return { type: "probe", datagrams: Math.min(wanted, roomForProbes(sent)), oldest };
}

/**
 * From now on the peer is reached by another path, of which nothing is known (RFC 9000 s. 9.4).
 * Returns what was in flight on the old one, to be sent again; what has arrived of it is still
 * reported as revived.
 *
 * @param initialRoundTrip ms that the path challenge took, if it was answered
 */
export function changePath<Content>(
  recovery: Recovery<Content>,
  now: number,
  initialRoundTrip?: number,
): readonly SentPacket<Content>[] {
  const { lost, options, sent } = recovery;
  const givenUp = giveUpAll(sent);
  remember(lost, givenUp, now);
  recovery.path = createPath(options, sent.nextNumber, initialRoundTrip);
  return givenUp;
}

/** Finds out what is lost by now, and lets the path learn from it and from what has arrived. */
function settle<Content>(
  { lost, path, sent }: Recovery<Content>,
  acknowledged: readonly SentPacket<Content>[],
  now: number,
): Losses<Content> {
  const losses = detectLosses(path.detection, sent, path.roundTrip, now);
  learn(path, acknowledged, losses, sent.nextNumber, now);
  forgetLostBefore(lost, now - REMEMBERED_TIMEOUTS * probeTimeout(path.roundTrip));
  remember(lost, losses.lost, now);
  return losses;
}
