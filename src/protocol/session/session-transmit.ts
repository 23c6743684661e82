// What a session sends, and when (docs/protocol.md s. 8 to 15): one datagram at a time, each as full as
// what is ready makes it.

import { TAG_BYTES } from "../crypto-provider.ts";
import { nextHandshakeDatagram } from "../handshake/initiator-handshake.ts";
import { SEALED_HEADER } from "../packets.ts";
import { BASE_DATAGRAM_SIZE } from "../recovery/path-mtu.ts";
import { type Ack, isAckOwed, takeAck } from "../recovery/received-packets.ts";
import { nextMtuProbeSize, packetSent, sendableAt } from "../recovery/recovery.ts";
import { MAX_ACK_DELAY } from "../recovery/round-trip.ts";
import type { PacketKind } from "../recovery/sent-packets.ts";
import type { SocketAddress } from "../socket-address.ts";
import {
  ackLength,
  CHALLENGE_LENGTH,
  writeAck,
  writeClose,
  writeFragmentHead,
  writePathChallenge,
  writePathResponse,
  writePing,
  writeWindow,
} from "./frames.ts";
import { grantWindow, nextWindow } from "./incoming-messages.ts";
import {
  copyFragment,
  type Fragment,
  hasFragment,
  readyBytes,
  takeFragment,
} from "./outgoing-messages.ts";
import { commitPacket, type PacketArena, reservePacket } from "./packet-arena.ts";
import { sealPacket } from "./packet-protection.ts";
import {
  challengeSent,
  countSent,
  dueChallenge,
  postponeChallenge,
  sendAllowance,
} from "./session-path.ts";
import {
  CLOSE_KEYS_USED_UP,
  closeSession,
  elicitingSent,
  type PacketContent,
  type Session,
} from "./session.ts";

/** What leaves, and for where. */
export interface Outbound {
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

/** The frames of a finish: what is left of 1,200 bytes by its header, s, and the payload's tag. */
const FINISH_PAYLOAD = BASE_DATAGRAM_SIZE - 9 - 48 - TAG_BYTES;
/** The least that is worth a fragment, when a packet has room for a part of a piece only. */
const SMALLEST_FRAGMENT = 16;
/** WINDOW, PATH CHALLENGE and PATH RESPONSE at their longest, and a PING. */
const CONTROL_BYTES = 9 + 2 * (1 + CHALLENGE_LENGTH) + 1;
/** A packet that proves an address: a WINDOW, a challenge and a response. */
const PATH_PACKET = SEALED_HEADER + CONTROL_BYTES + TAG_BYTES;
/**
 * The last packet number but for some that say so: numbers are exact up to 2^53 (docs/protocol.md s. 9).
 */
const LAST_NUMBER = 2 ** 53 - 1_024;
/** A packet that holds a PING alone; the shortest finish has 73 bytes. */
const PING_PACKET = SEALED_HEADER + 1 + TAG_BYTES;
/** A fragment's type, offset and length at their longest. */
const FRAGMENT_HEAD = 1 + 8 + 4;

/** A packet that carries nothing that would be missed. */
const NOTHING: PacketContent = { fragments: [], ack: -1, window: false };

/**
 * The next datagram to send now; null when there is none. To be asked until then.
 *
 * @param memory where it may be written
 */
export function transmit(session: Session, now: number, arena: PacketArena): Outbound | null {
  const { handshake, established, path } = session;
  if (session.recovery.sent.nextNumber >= LAST_NUMBER) {
    closeSession(session, CLOSE_KEYS_USED_UP, "packet numbers are used up", now);
  }
  if (session.closing !== null) return transmitClose(session, now);
  if (session.end !== null) return null;
  if (handshake !== null) {
    const bytes = nextHandshakeDatagram(handshake, now);
    return bytes === null ? null : { to: path.address, bytes };
  }
  if (established === null) return null;

  const again = session.finishFrom;
  if (again !== null) {
    session.finishFrom = null;
    const ping = new Uint8Array(PING_PACKET);
    writePing(ping, SEALED_HEADER);
    // Not in flight: who copies a finish must not make the session believe in losses.
    seal(session, "ack-only", ping, NOTHING, now);
    return { to: again, bytes: ping };
  }
  const room = sendAllowance(path);
  // What proves an address waits for no congestion window: it is small, and seldom.
  if (session.response !== null || dueChallenge(path, now) !== null) {
    const outbound = build(session, "path", Math.min(PATH_PACKET, room), now, arena);
    if (outbound !== null) return outbound;
    postponeChallenge(path, now);
  }
  if (session.probes > 0) {
    session.probes -= 1;
    const outbound = build(session, "eliciting", Math.min(BASE_DATAGRAM_SIZE, room), now, arena);
    if (outbound !== null) return outbound;
  }
  return (
    transmitReady(session, room, now, arena) ??
    transmitProbe(session, room, now, arena) ??
    transmitAck(session, room, now, arena)
  );
}

/** What is ready to be said, as far as congestion control lets it go. */
function transmitReady(
  session: Session,
  room: number,
  now: number,
  arena: PacketArena,
): Outbound | null {
  const { recovery } = session;
  const wanted = wantedSize(session);
  session.blockedUntil = Number.POSITIVE_INFINITY;
  if (wanted === 0) return null;
  const size = Math.min(wanted, recovery.path.mtu.size, room);
  const at = sendableAt(recovery, size, now);
  if (at <= now) return build(session, "eliciting", size, now, arena);
  session.blockedUntil = at;
  return null;
}

/** A longer datagram, to find out whether the path carries it; only while there is traffic. */
function transmitProbe(
  session: Session,
  room: number,
  now: number,
  arena: PacketArena,
): Outbound | null {
  const { recovery } = session;
  if (recovery.sent.packetsInFlight === 0) return null;
  const size = nextMtuProbeSize(recovery, now);
  if (size === null || size > room) return null;
  return build(session, "path-mtu-probe", size, now, arena);
}

function transmitAck(
  session: Session,
  room: number,
  now: number,
  arena: PacketArena,
): Outbound | null {
  const { received, path } = session;
  if (received.ackDueAt > now) return null;
  const outbound = build(session, "ack-only", Math.min(BASE_DATAGRAM_SIZE, room), now, arena);
  // Not enough has come from an address that is not proven: the ACK waits for more.
  if (outbound === null) received.ackDueAt = now + (path.validation?.interval ?? MAX_ACK_DELAY);
  return outbound;
}

/** The payload of an initiator's finish: its window, and the first of what was said. */
export function finishPayload(session: Session): {
  payload: Uint8Array;
  fragments: readonly Fragment[];
} {
  const into = new Uint8Array(FINISH_PAYLOAD);
  const at = writeWindow(into, 0, session.incoming.granted);
  const { end, fragments } = writeFragments(session, into, at, FINISH_PAYLOAD);
  return { payload: into.subarray(0, end), fragments };
}

/** About how long an ack-eliciting packet with everything that is ready would be; 0 when nothing is. */
function wantedSize(session: Session): number {
  const fragments = hasFragment(session.outgoing)
    ? readyBytes(session.outgoing) + FRAGMENT_HEAD
    : 0;
  const control = session.pingDue || session.windowDue || nextWindow(session.incoming) !== null;
  if (fragments === 0 && !control) return 0;
  return SEALED_HEADER + TAG_BYTES + ackRoom(session) + CONTROL_BYTES + fragments;
}

function ackRoom({ received }: Session): number {
  // A delay of up to 16 s takes four bytes.
  return isAckOwed(received) ? ackLength(received.ranges, 0) + 3 : 0;
}

/**
 * A packet of at most `size` bytes with what is ready; null when nothing fits. One that proves a path
 * carries nothing else: it is small, and may leave when the ledger has no room to remember more.
 */
function build(
  session: Session,
  purpose: PacketKind | "path",
  size: number,
  now: number,
  arena: PacketArena,
): Outbound | null {
  const proof = purpose === "path";
  const kind = proof ? "eliciting" : purpose;
  const least = SEALED_HEADER + TAG_BYTES + 1 + (proof ? 0 : ackRoom(session));
  if (session.established === null || size < least) return null;
  const into = reservePacket(arena, size);
  const limit = size - TAG_BYTES;
  const start = SEALED_HEADER;

  const news = !proof && isAckOwed(session.received);
  const ack: Ack | null = news ? takeAck(session.received, now) : null;
  let at = start;
  if (ack !== null) at = writeAck(into, at, ack.ranges, Math.round(ack.delay * 1_000));
  const afterAck = at;
  let fragments: readonly Fragment[] = [];
  let window = false;
  if (kind === "eliciting") {
    const control = writeControl(session, into, at, limit, now);
    ({ window } = control);
    at = control.end;
    if (!proof) ({ end: at, fragments } = writeFragments(session, into, at, limit));
  }
  if (kind === "path-mtu-probe" || (kind === "eliciting" && at === afterAck)) {
    at = writePing(into, at);
  }
  if (at === start) return null;
  if (kind === "path-mtu-probe") {
    // Padded to its size: zeros are PADDING.
    into.fill(0, at, limit);
    at = limit;
  }
  const bytes = commitPacket(arena, into, at + TAG_BYTES);
  seal(session, kind, bytes, { fragments, ack: ack?.id ?? -1, window }, now);
  countSent(session.path, bytes.length);
  return { to: session.path.address, bytes };
}

/** Seals the frames that stand in a datagram, and keeps in mind what it carries. */
function seal(
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
  if (kind === "ack-only") return;
  elicitingSent(session, now);
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
  const wider = nextWindow(incoming);
  let window = false;
  if ((wider !== null || session.windowDue) && limit - at >= 9) {
    grantWindow(incoming, wider ?? incoming.granted);
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
function writeFragments(
  session: Session,
  into: Uint8Array,
  from: number,
  limit: number,
): { end: number; fragments: readonly Fragment[] } {
  const fragments: Fragment[] = [];
  let at = from;
  while (limit - at >= FRAGMENT_HEAD + SMALLEST_FRAGMENT) {
    const fragment = takeFragment(session.outgoing, limit - at - FRAGMENT_HEAD);
    if (fragment === null) break;
    const { offset, length } = fragment;
    at = writeFragmentHead(into, at, offset, length);
    copyFragment(session.outgoing, fragment, into, at);
    at += length;
    fragments.push(fragment);
  }
  return { end: at, fragments };
}

function transmitClose(session: Session, now: number): Outbound | null {
  const { closing, handshake, path } = session;
  if (closing === null || !closing.due) return null;
  if (handshake !== null && !closing.finishSaid) {
    closing.finishSaid = true;
    return { to: path.address, bytes: handshake.datagram };
  }
  closing.due = false;
  closing.finishSaid = false;
  const into = new Uint8Array(BASE_DATAGRAM_SIZE);
  let end = writeClose(into, SEALED_HEADER, closing.code, closing.reason);
  // What had arrived is said with it: there will be no other ACK.
  const ack = takeAck(session.received, now);
  if (ack !== null) end = writeAck(into, end, ack.ranges, Math.round(ack.delay * 1_000));
  const bytes = into.subarray(0, end + TAG_BYTES);
  if (bytes.length > sendAllowance(path)) return null;
  seal(session, "ack-only", bytes, NOTHING, now);
  countSent(path, bytes.length);
  return { to: path.address, bytes };
}
