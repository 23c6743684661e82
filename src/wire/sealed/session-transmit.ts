// What a session sends, and when (docs/protocol.md s. 8 to 15): one datagram at a time, each as full as
// what is ready makes it.

import type { SocketAddress } from "../address.ts";
import { type Ack, hasNews, takeAck } from "../recovery/received-packets.ts";
import { nextPathProbe, packetSent, sendableAt } from "../recovery/recovery.ts";
import type { PacketKind } from "../recovery/sent-packets.ts";
import {
  ackLength,
  CHALLENGE_LENGTH,
  MAX_REASON,
  writeAck,
  writeClose,
  writeFragmentHead,
  writePathChallenge,
  writePathResponse,
  writePing,
  writeWindow,
} from "./frames.ts";
import { grant, windowToGrant } from "./incoming-messages.ts";
import { transmitJoining } from "./joining.ts";
import { bytesOf, hasPiece, type Piece, readyBytes, takePiece } from "./outgoing-messages.ts";
import { sealPacket } from "./packet-protection.ts";
import { BASE_DATAGRAM, SEALED_HEADER, TAG_LENGTH } from "./packets.ts";
import { allowance, challengeSent, countSent, dueChallenge } from "./session-path.ts";
import type { Session } from "./session.ts";

/** What leaves, and for where. */
export interface Outbound {
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

/** The frames of a finish: what is left of 1,200 bytes by its header, s, and the payload's tag. */
const FINISH_PAYLOAD = BASE_DATAGRAM - 9 - 48 - TAG_LENGTH;
/** The least that is worth a fragment, when a packet has room for a part of a piece only. */
const SMALLEST_FRAGMENT = 16;
/** WINDOW, PATH CHALLENGE and PATH RESPONSE at their longest, and a PING. */
const CONTROL_BYTES = 9 + 2 * (1 + CHALLENGE_LENGTH) + 1;
/** A fragment's type, offset and length at their longest. */
const FRAGMENT_HEAD = 1 + 8 + 4;

/** The next datagram to send now; null when there is none. To be asked until then. */
export function transmit(session: Session, now: number): Outbound | null {
  const { joining, closing, established, path } = session;
  if (closing !== null) return transmitClose(session, now);
  if (session.end !== null) return null;
  if (joining !== null) {
    const bytes = transmitJoining(joining, now);
    return bytes === null ? null : { to: path.address, bytes };
  }
  if (established === null) return null;

  const room = allowance(path);
  const wanted = wantedSize(session, now);
  if (session.probes > 0) {
    session.probes -= 1;
    return build(session, "eliciting", Math.min(BASE_DATAGRAM, room), now);
  }
  if (wanted > 0) {
    const size = Math.min(wanted, session.recovery.path.mtu.size, room);
    session.blockedUntil = sendableAt(session.recovery, size, now);
    if (session.blockedUntil <= now) {
      session.blockedUntil = Number.POSITIVE_INFINITY;
      return build(session, "eliciting", size, now);
    }
  } else session.blockedUntil = Number.POSITIVE_INFINITY;
  const probe =
    session.recovery.sent.packetsInFlight > 0 ? nextPathProbe(session.recovery, now) : null;
  if (probe !== null && probe <= room) return build(session, "path-mtu-probe", probe, now);
  if (session.received.ackDueAt <= now) return build(session, "ack-only", BASE_DATAGRAM, now);
  return null;
}

/** The payload of a joiner's finish: its window, and the first of what was said. */
export function finishPayload(session: Session): { payload: Uint8Array; pieces: readonly Piece[] } {
  const into = new Uint8Array(FINISH_PAYLOAD);
  const at = writeWindow(into, 0, session.incoming.granted);
  const { end, pieces } = writePieces(session, into, at, FINISH_PAYLOAD);
  return { payload: into.subarray(0, end), pieces };
}

/** About how long an ack-eliciting packet with everything that is ready would be; 0 when nothing is. */
function wantedSize(session: Session, now: number): number {
  const pieces = hasPiece(session.outgoing) ? readyBytes(session.outgoing) + FRAGMENT_HEAD : 0;
  const control =
    session.pingDue ||
    session.windowDue ||
    session.response !== null ||
    windowToGrant(session.incoming) !== null ||
    dueChallenge(session.path, now) !== null;
  if (pieces === 0 && !control) return 0;
  return SEALED_HEADER + TAG_LENGTH + ackRoom(session) + CONTROL_BYTES + pieces;
}

function ackRoom({ received }: Session): number {
  // A delay of up to 16 s takes four bytes.
  return hasNews(received) ? ackLength(received.ranges, 0) + 3 : 0;
}

function build(session: Session, kind: PacketKind, size: number, now: number): Outbound | null {
  const { established, path, recovery } = session;
  if (established === null || size < SEALED_HEADER + TAG_LENGTH + 1 + ackRoom(session)) return null;
  const into = new Uint8Array(size);
  const limit = size - TAG_LENGTH;
  const start = SEALED_HEADER;

  const ack: Ack | null = hasNews(session.received) ? takeAck(session.received, now) : null;
  let at = start;
  if (ack !== null) at = writeAck(into, at, ack.ranges, Math.round(ack.delay * 1_000));
  const afterAck = at;
  let pieces: readonly Piece[] = [];
  let window = false;
  if (kind === "eliciting") {
    const control = writeControl(session, into, at, limit, now);
    ({ window } = control);
    const written = writePieces(session, into, control.end, limit);
    ({ pieces } = written);
    at = written.end;
  }
  if (kind === "path-mtu-probe" || (kind === "eliciting" && at === afterAck)) {
    at = writePing(into, at);
  }
  if (at === start) return null;
  // A path MTU probe is padded to its size: zeros are PADDING.
  const end = kind === "path-mtu-probe" ? limit : at;
  const bytes = into.subarray(0, end + TAG_LENGTH);
  sealPacket(established.send, established.remoteId, recovery.sent.nextNumber, bytes);
  packetSent(recovery, kind, bytes.length, { pieces, ack: ack?.id ?? -1, window }, now);
  if (kind !== "ack-only") {
    session.lastElicitingAt = now;
    session.pingDue = false;
  }
  countSent(path, bytes.length);
  return { to: path.address, bytes };
}

function writeControl(
  session: Session,
  into: Uint8Array,
  from: number,
  limit: number,
  now: number,
): { end: number; window: boolean } {
  let at = from;
  const { incoming, path } = session;
  const wider = windowToGrant(incoming);
  let window = false;
  if ((wider !== null || session.windowDue) && limit - at >= 9) {
    grant(incoming, wider ?? incoming.granted);
    at = writeWindow(into, at, incoming.granted);
    session.windowDue = false;
    window = true;
  }
  if (session.response !== null && limit - at > CHALLENGE_LENGTH) {
    at = writePathResponse(into, at, session.response);
    session.response = null;
  }
  const challenge = dueChallenge(path, now);
  if (challenge !== null && limit - at > CHALLENGE_LENGTH) {
    at = writePathChallenge(into, at, challenge);
    challengeSent(path, now);
  }
  return { end: at, window };
}

/** Writes fragments until there is no room or nothing more to say. */
function writePieces(
  session: Session,
  into: Uint8Array,
  from: number,
  limit: number,
): { end: number; pieces: readonly Piece[] } {
  const pieces: Piece[] = [];
  let at = from;
  while (limit - at >= FRAGMENT_HEAD + SMALLEST_FRAGMENT) {
    const piece = takePiece(session.outgoing, limit - at - FRAGMENT_HEAD);
    if (piece === null) break;
    const { offset, length } = piece;
    at = writeFragmentHead(into, at, offset, length);
    into.set(bytesOf(session.outgoing, piece), at);
    at += length;
    pieces.push(piece);
  }
  return { end: at, pieces };
}

function transmitClose(session: Session, now: number): Outbound | null {
  const { closing, established, path, recovery } = session;
  if (closing === null || !closing.due || established === null) return null;
  closing.due = false;
  const into = new Uint8Array(SEALED_HEADER + 16 + MAX_REASON + TAG_LENGTH);
  const end = writeClose(into, SEALED_HEADER, closing.code, closing.reason);
  const bytes = into.subarray(0, end + TAG_LENGTH);
  if (bytes.length > allowance(path)) return null;
  sealPacket(established.send, established.remoteId, recovery.sent.nextNumber, bytes);
  packetSent(recovery, "ack-only", bytes.length, { pieces: [], ack: -1, window: false }, now);
  countSent(path, bytes.length);
  return { to: path.address, bytes };
}
