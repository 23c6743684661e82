// What a session sends, and when (docs/protocol.md s. 8 to 15): one datagram at a time, each as full as what
// is ready makes it. It is long, because one function builds a packet and the others each decide on one kind.

import { TAG_BYTES } from "../crypto-provider.ts";
import { nextHandshakeDatagram } from "../handshake/initiator-handshake.ts";
import { SEALED_HEADER } from "../packets.ts";
import { BASE_DATAGRAM_SIZE } from "../recovery/path-mtu.ts";
import { sendableAt } from "../recovery/path.ts";
import { ackWakeAt, isAckOwed, postponeAck, takeAck } from "../recovery/received-packets.ts";
import { nextMtuProbeSize, packetSent } from "../recovery/recovery.ts";
import { MAX_ACK_DELAY } from "../recovery/round-trip.ts";
import type { PacketKind } from "../recovery/sent-packets.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { Fragment } from "./fragments.ts";
import {
  CANDIDATES_LENGTH,
  CHALLENGE_LENGTH,
  FRAGMENT_HEAD,
  MAX_FRAMES,
  NOTE_LENGTH,
  PUNCH_LENGTH,
  writeAck,
  writeClose,
  writeFragmentHead,
  writeNote,
  writePathResponse,
  writePing,
  writeWindow,
} from "./frames.ts";
import { grantWindow, nextWindow } from "./incoming-messages.ts";
import { readyBytes, takeFragment, unacknowledgedBytes } from "./outgoing-messages.ts";
import { commitPacket, type PacketArena, reservePacket } from "./packet-arena.ts";
import { sealPacket } from "./packet-protection.ts";
import { countSent, sendAllowance } from "./path-validation.ts";
import {
  CLOSE_KEYS_USED_UP,
  closeSession,
  elicitingSent,
  isAllAcknowledged,
  type PacketContent,
  type Session,
} from "./session.ts";
import { copyFromChunks } from "./stream-queues.ts";

/** A datagram to send, and its destination. */
export interface Outbound {
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

/** Bytes of the frames in a finish: 1,200 less its header, s, and the payload's tag. */
const FINISH_PAYLOAD = BASE_DATAGRAM_SIZE - 9 - 48 - TAG_BYTES;
/** Fragments of a packet: the rest of its frames are an ACK, WINDOW, challenge, response, CANDIDATES, PUNCH, NOTE and PING. */
const MAX_FRAGMENTS = MAX_FRAMES - 8;
/** Bytes of the shortest fragment worth sending, when a packet has room for part of one only. */
const MIN_FRAGMENT = 16;
/** WINDOW, PATH CHALLENGE and PATH RESPONSE at their longest, and a PING; bytes. */
const CONTROL_BYTES = 9 + 2 * (1 + CHALLENGE_LENGTH) + 1;
/** CANDIDATES and PUNCH at their longest, bytes. */
const NAMED_BYTES = CANDIDATES_LENGTH + PUNCH_LENGTH;
/** A packet that validates a path: WINDOW, challenge and response. */
const PATH_PACKET = SEALED_HEADER + CONTROL_BYTES + TAG_BYTES;
/**
 * The session is closed at this packet number, which leaves some for the CLOSE: numbers are exact up to 2^53
 * (docs/protocol.md s. 9).
 */
const LAST_NUMBER = 2 ** 53 - 1_024;
/** A packet with only a PING; the shortest finish has 73 bytes. */
const PING_PACKET = SEALED_HEADER + 1 + TAG_BYTES;
/** An ACK is written here to measure it. */
const ackDraft = new Uint8Array(BASE_DATAGRAM_SIZE);

/** The content of a packet whose loss does not matter. */
export const NOTHING: PacketContent = {
  fragments: [],
  ack: -1,
  window: false,
  candidates: false,
  note: 0,
};

/**
 * The next datagram to send now; null when there is none. Call it until then.
 *
 * @param arena memory that it may be written to
 */
export function nextSessionDatagram(
  session: Session,
  now: number,
  arena: PacketArena,
): Outbound | null {
  const { handshake, established, path, otherPaths } = session;
  if (session.recovery.sent.nextNumber >= LAST_NUMBER) {
    closeSession(session, CLOSE_KEYS_USED_UP, "packet numbers are used up", now);
  }
  if (session.closing !== null) return nextCloseDatagram(session, now);
  if (session.end !== null) return null;
  if (handshake !== null) {
    const bytes = nextHandshakeDatagram(handshake, now);
    return bytes === null ? null : { to: path.current.address, bytes };
  }
  if (established === null) return null;

  const { finishFrom } = session;
  if (finishFrom !== null) {
    session.finishFrom = null;
    const ping = new Uint8Array(PING_PACKET);
    writePing(ping, SEALED_HEADER);
    // Not in flight: a copy of a finish must not make the session believe in losses.
    seal(session, "ack-only", ping, NOTHING, now);
    return { to: finishFrom, bytes: ping };
  }
  // Path validation does not wait for the congestion window: it is small and rare.
  const elsewhere = otherPaths?.nextResponse(session, now) ?? null;
  if (elsewhere !== null) return elsewhere;
  const challenged = otherPaths?.dueChallenge(session, now) ?? null;
  if (session.response !== null || challenged === path.current) {
    const outbound = buildPacket(session, "path", PATH_PACKET, now, arena);
    if (outbound !== null) return outbound;
    otherPaths?.postponeChallenge(session, now);
  }
  if (challenged !== null && challenged !== path.current) {
    const outbound = otherPaths?.challenge(session, challenged, now) ?? null;
    if (outbound !== null) return outbound;
  }
  if (session.probes > 0) {
    session.probes -= 1;
    const outbound = buildPacket(session, "again", BASE_DATAGRAM_SIZE, now, arena);
    if (outbound !== null) return outbound;
  }
  return (
    nextReadyDatagram(session, now, arena) ??
    nextCopy(session, now, arena) ??
    nextMtuProbe(session, now, arena) ??
    nextAckDatagram(session, now, arena)
  );
}

/** What is ready to be sent, as far as congestion control allows. */
function nextReadyDatagram(session: Session, now: number, arena: PacketArena): Outbound | null {
  const { path, recovery } = session;
  const wanted = estimateSize(session);
  session.blockedUntil = Number.POSITIVE_INFINITY;
  if (wanted === 0) return null;
  const size = Math.min(wanted, recovery.path.mtu.size, sendAllowance(path.current));
  const at = sendableAt(recovery, size, now);
  if (at <= now) return buildPacket(session, "eliciting", size, now, arena);
  session.blockedUntil = at;
  return null;
}

/** Again what was sent and is not acknowledged, in case it was lost. */
function nextCopy(session: Session, now: number, arena: PacketArena): Outbound | null {
  const { copies } = session;
  if (copies?.takeCopy(session, now) !== true) return null;
  const outbound = buildPacket(session, "again", BASE_DATAGRAM_SIZE, now, arena);
  if (outbound !== null) copies.copySent(session, outbound.bytes.length);
  return outbound;
}

/**
 * A longer datagram, to find out whether the path carries it: with the first packet, and while messages are on the way. With
 * keep-alives alone nobody needs it.
 */
function nextMtuProbe(session: Session, now: number, arena: PacketArena): Outbound | null {
  const { path, received, recovery } = session;
  if (recovery.sent.packetsInFlight === 0) return null;
  if (received.window.largest >= 0 && isAllAcknowledged(session)) return null;
  const size = nextMtuProbeSize(recovery, now);
  if (size === null || size > sendAllowance(path.current)) return null;
  return buildPacket(session, "path-mtu-probe", size, now, arena);
}

function nextAckDatagram(session: Session, now: number, arena: PacketArena): Outbound | null {
  const { received, path } = session;
  if (ackWakeAt(received) > now) return null;
  const outbound = buildPacket(session, "ack-only", BASE_DATAGRAM_SIZE, now, arena);
  // Too little has come from an address that is not validated: the ACK waits for more.
  if (outbound === null)
    postponeAck(received, now + (path.current.challenge?.interval ?? MAX_ACK_DELAY));
  return outbound;
}

/** The payload of an initiator's finish: its window, and the first bytes of its stream. */
export function writeFinishPayload(session: Session): {
  payload: Uint8Array;
  fragments: readonly Fragment[];
} {
  const into = new Uint8Array(FINISH_PAYLOAD);
  const at = writeWindow(into, 0, session.incoming.granted);
  const { end, fragments } = writeFragments(session, into, at, FINISH_PAYLOAD);
  return { payload: into.subarray(0, end), fragments };
}

/** About how long an ack-eliciting packet with everything that is ready would be; 0 when nothing is. */
function estimateSize(session: Session): number {
  const { incoming, outgoing } = session;
  let ready = readyBytes(outgoing);
  if (ready > 0 && session.copies?.repeatsAll(session, false) === true) {
    ready = unacknowledgedBytes(outgoing);
  }
  const named =
    (session.candidates?.due === true ? NAMED_BYTES : 0) +
    (session.notes?.due === true ? NOTE_LENGTH : 0);
  const control =
    named > 0 || session.pingDue || session.windowDue || nextWindow(incoming) !== null;
  if (ready === 0 && !control) return 0;
  const fragments = ready === 0 ? 0 : ready + FRAGMENT_HEAD;
  return SEALED_HEADER + TAG_BYTES + estimateAck(session) + CONTROL_BYTES + named + fragments;
}

/** Bytes of the ACK that the next packet carries; 0 when none is owed. */
function estimateAck({ received }: Session): number {
  // A delay of up to 16 s takes four bytes.
  return isAckOwed(received) ? writeAck(ackDraft, 0, received.ranges, 0) + 3 : 0;
}

/**
 * A packet of at most `most` bytes with what is ready; null when nothing fits. One that validates a path
 * carries nothing else: it is small, and may be sent when there is no room to record more packets. One that is sent "again", a probe
 * or a copy, carries everything that is not acknowledged, if it fits.
 */
function buildPacket(
  session: Session,
  purpose: PacketKind | "path" | "again",
  most: number,
  now: number,
  arena: PacketArena,
): Outbound | null {
  const validatesPath = purpose === "path";
  const size = Math.min(most, sendAllowance(session.path.current));
  const isAgain = purpose === "again";
  const kind = validatesPath || isAgain ? "eliciting" : purpose;
  const least = SEALED_HEADER + TAG_BYTES + 1 + (validatesPath ? 0 : estimateAck(session));
  if (session.established === null || size < least) return null;
  const into = reservePacket(arena, size);
  const limit = size - TAG_BYTES;

  const owesAck = !validatesPath && isAckOwed(session.received);
  const ack = owesAck ? takeAck(session.received, now, session.copies?.copyDelay(session)) : null;
  let at = SEALED_HEADER;
  if (ack !== null) at = writeAck(into, at, ack.ranges, Math.round(ack.delay * 1_000));
  const afterAck = at;
  let fragments: readonly Fragment[] = [];
  let window = false;
  let candidates = false;
  let note = 0;
  if (kind === "eliciting") {
    const control = writeControlFrames(session, into, at, limit, now);
    ({ window } = control);
    at = control.end;
    if (!validatesPath && session.candidates?.due === true && limit - at >= NAMED_BYTES) {
      at = session.otherPaths?.writeNamed(session, into, at) ?? at;
      candidates = true;
    }
    if (!validatesPath && needsNote(session, isAgain) && limit - at >= NOTE_LENGTH) {
      ({ end: at, note } = writeNewestNote(session, into, at));
    }
    if (!validatesPath) {
      const { copies, outgoing } = session;
      const { sent } = outgoing;
      const repeated = copies?.writeRepeated(session, isAgain, into, at, limit) ?? null;
      ({ end: at, fragments } = repeated ?? writeFragments(session, into, at, limit));
      if (outgoing.sent > sent) copies?.scheduleCopy(session, now);
    }
  }
  if (kind === "path-mtu-probe" || (kind === "eliciting" && at === afterAck)) {
    at = writePing(into, at);
  }
  if (at === SEALED_HEADER) return null;
  if (kind === "path-mtu-probe") {
    // Padded to its size: zeros are PADDING.
    into.fill(0, at, limit);
    at = limit;
  }
  const bytes = commitPacket(arena, into, at + TAG_BYTES);
  seal(session, kind, bytes, { fragments, ack: ack?.id ?? -1, window, candidates, note }, now);
  const { current } = session.path;
  countSent(current, bytes.length);
  return { to: current.address, bytes };
}

/** Encrypts the frames in a datagram, and records its content. */
export function seal(
  session: Session,
  kind: PacketKind,
  bytes: Uint8Array,
  content: PacketContent,
  now: number,
): void {
  const { established, recovery } = session;
  if (established === null) return;
  sealPacket(established.send, established.remoteId, recovery.sent.nextNumber, bytes);
  packetSent(recovery, kind, bytes.length, content, now);
  if (kind !== "ack-only") elicitingSent(session, now);
}

function writeControlFrames(
  session: Session,
  into: Uint8Array,
  from: number,
  limit: number,
  now: number,
): { end: number; window: boolean } {
  let at = from;
  const { incoming } = session;
  const wider = nextWindow(incoming);
  let window = false;
  if ((wider !== null || session.windowDue) && limit - at >= 9) {
    if (wider !== null) {
      grantWindow(incoming, wider);
      session.memory?.adaptWindow(session, now);
    }
    at = writeWindow(into, at, incoming.granted);
    session.windowDue = false;
    window = true;
  }
  if (session.response !== null && limit - at > CHALLENGE_LENGTH) {
    at = writePathResponse(into, at, session.response.data);
    session.response = null;
  }
  at = session.otherPaths?.writeChallenge(session, into, at, limit, now) ?? at;
  return { end: at, window };
}

/** Whether a packet carries this end's note: it is due, or goes again with everything else. */
function needsNote(session: Session, isAgain: boolean): boolean {
  const { copies, notes } = session;
  if (notes === null || notes.isAcknowledged) return false;
  return notes.due || copies?.repeatsAll(session, isAgain) === true;
}

function writeNewestNote(
  { notes }: Session,
  into: Uint8Array,
  at: number,
): { end: number; note: number } {
  if (notes === null) return { end: at, note: 0 };
  notes.due = false;
  const { bytes, number } = notes;
  return { end: writeNote(into, at, number, bytes), note: number };
}

/** Writes FRAGMENT frames until there is no room or nothing more to send. */
function writeFragments(
  session: Session,
  into: Uint8Array,
  from: number,
  limit: number,
): { end: number; fragments: readonly Fragment[] } {
  const fragments: Fragment[] = [];
  let at = from;
  while (fragments.length < MAX_FRAGMENTS && limit - at >= FRAGMENT_HEAD + MIN_FRAGMENT) {
    const fragment = takeFragment(session.outgoing, limit - at - FRAGMENT_HEAD);
    if (fragment === null) break;
    const { offset, length } = fragment;
    at = writeFragmentHead(into, at, offset, length);
    copyFromChunks(session.outgoing.queue, offset, length, into, at);
    at += length;
    fragments.push(fragment);
  }
  return { end: at, fragments };
}

function nextCloseDatagram(session: Session, now: number): Outbound | null {
  const { closing, handshake, path } = session;
  if (closing === null || !closing.due) return null;
  if (handshake !== null && !closing.finishSent) {
    closing.finishSent = true;
    return { to: path.current.address, bytes: handshake.datagram };
  }
  closing.due = false;
  closing.finishSent = false;
  const into = new Uint8Array(BASE_DATAGRAM_SIZE);
  let end = writeClose(into, SEALED_HEADER, closing.code, closing.reason);
  // With an ACK of what has arrived: there will be no other.
  const ack = takeAck(session.received, now);
  if (ack !== null) end = writeAck(into, end, ack.ranges, Math.round(ack.delay * 1_000));
  const bytes = into.subarray(0, end + TAG_BYTES);
  if (bytes.length > sendAllowance(path.current)) return null;
  seal(session, "ack-only", bytes, NOTHING, now);
  countSent(path.current, bytes.length);
  return { to: path.current.address, bytes };
}
