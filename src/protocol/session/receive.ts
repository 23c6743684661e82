// How a session processes packets (docs/protocol.md s. 8 to 15): decrypts them, and handles their frames. It never throws for
// anything that a peer sends.

import { hasLost, receiveAsInitiator, sendFinish } from "../handshake/initiator-handshake.ts";
import type { AdmittedFinish } from "../handshake/responder-handshake.ts";
import { expandPacketNumber, type SessionPacket } from "../packets.ts";
import type { AckRanges } from "../recovery/ack-ranges.ts";
import { lossNoticed } from "../recovery/path.ts";
import { ackAcknowledged, hastenAck, packetReceived } from "../recovery/received-packets.ts";
import { ackReceived, changePath } from "../recovery/recovery.ts";
import { hasArrived } from "../recovery/replay-window.ts";
import type { SentPacket } from "../recovery/sent-packets.ts";
import { sameAddress, type SocketAddress } from "../socket-address.ts";
import { NO_FRAGMENTS } from "./fragments.ts";
import { type FrameHandler, hasClose, readFrames } from "./frames.ts";
import { type MessageFault, receiveFragment, takeMessages } from "./incoming-messages.ts";
import { createNotes, noteAcknowledged, receiveNote } from "./notes.ts";
import { acknowledgeFragment, raiseLimit } from "./outgoing-messages.ts";
import { confirmKey, MAX_FORGERIES, openPacket } from "./packet-protection.ts";
import { migratePath } from "./path-validation.ts";
import { challengeOptions } from "./paths.ts";
import {
  CLOSE_KEYS_USED_UP,
  CLOSE_MESSAGE_TOO_LONG,
  CLOSE_PROTOCOL,
  CLOSE_WINDOW,
  closedByPeer,
  closeSession,
  currentProbeTimeout,
  endSession,
  establish,
  type PacketContent,
  peerHeard,
  requeueLost,
  type Session,
} from "./session.ts";
import { writeFinishPayload } from "./transmit.ts";

/** Probe timeouts for which an old key is kept (docs/protocol.md s. 9). */
const KEEP_KEY_TIMEOUTS = 3;

/** Processes a packet with this session's connection id. */
export function receivePacket(
  session: Session,
  packet: SessionPacket,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  if (packet.kind === "sealed") return receiveSealed(session, packet, datagram, from, now);
  // Also while the session is closing: the peer does not have it any more.
  if (packet.kind === "reset") return receiveReset(session, packet.token);
  if (session.end === null) receiveHandshake(session, packet, from, now);
}

/**
 * Starts a responder's session from the finish that admitted its initiator.
 *
 * @param length bytes of the finish's Noise message
 */
export function startFromFinish(
  session: Session,
  finish: AdmittedFinish,
  from: SocketAddress,
  length: number,
  now: number,
): void {
  session.admittedBy = finish.admittedBy;
  session.finishHash = finish.hash;
  // Only the hello's address is proven, by its cookie (docs/protocol.md s. 14).
  if (!sameAddress(from, finish.proven)) {
    migratePath(session.path, from, length, challengeOptions(session), now);
  }
  establish(session, finish.initiatorId, finish.keys);
  // The initial round-trip time (RFC 9002 s. 6.2.2).
  if (finish.roundTrip !== null) changePath(session.recovery, now, finish.roundTrip);
  if (finish.lossy) lossNoticed(session.recovery.path, 0);
  session.pingDue = true;
  receiveHandshakeFrames(session, finish.payload, now);
}

/** The initiator has not received anything from us: it is answered again, so that it goes on or ends. */
export function receiveRepeatedFinish(
  session: Session,
  noise: Uint8Array,
  from: SocketAddress,
): void {
  const { crypto, finishHash, closing } = session;
  if (finishHash === null || !crypto.constantTimeEqual(finishHash, crypto.sha256(noise))) return;
  if (closing !== null) closing.due = true;
  else session.finishFrom = from;
  lossNoticed(session.recovery.path, session.recovery.sent.nextNumber);
}

/** Handles the frames in the payload of an answer or a finish, which has no packet number. */
function receiveHandshakeFrames(session: Session, payload: Uint8Array, now: number): void {
  const handler = new PacketFrames(session, session.path.current.address, now);
  if (!readFrames(payload, handler)) handler.fault = "protocol";
  closeForFault(session, handler.fault, now);
}

/** Whether everything that has arrived was taken, and no message is incomplete. */
export function isDrained({ incoming: { arrived: bytes } }: Session): boolean {
  return bytes.start === bytes.end;
}

/** Takes whole messages, oldest first, at most `most` of them. */
export function receiveMessages(session: Session, most: number, now: number): Uint8Array[] {
  const { messages, fault } = takeMessages(session.incoming, most);
  if (fault !== null) closeForFault(session, fault, now);
  return messages;
}

function receiveHandshake(
  session: Session,
  packet: Extract<SessionPacket, { kind: "retry" | "answer" | "refusal" }>,
  from: SocketAddress,
  now: number,
): void {
  const { handshake } = session;
  if (handshake === null || !sameAddress(from, session.path.current.address)) return;
  const step = receiveAsInitiator(handshake, packet, now);
  if (step.type === "failed") {
    return endSession(session, { type: "handshake-failed", failure: step.failure });
  }
  if (step.type !== "answered") return;
  // First, for the answer's frames open the window that the finish fills.
  receiveHandshakeFrames(session, step.payload, now);
  const { roundTrip } = handshake.retransmission;
  if (roundTrip !== null) changePath(session.recovery, now, roundTrip);
  const { payload, fragments } = writeFinishPayload(session);
  session.finishFragments = fragments;
  establish(session, step.responderId, sendFinish(handshake, step.responderId, payload));
}

function receiveSealed(
  session: Session,
  packet: Extract<SessionPacket, { kind: "sealed" }>,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  const { established, received, closing } = session;
  if (established === null) return;
  const number = expandPacketNumber(packet.number, received.window.largest + 1);
  if (hasArrived(received.window, number)) return;
  const keepFor = KEEP_KEY_TIMEOUTS * currentProbeTimeout(session);
  const { receive: protection } = established;
  const frames = openPacket(protection, packet.phase, number, datagram, now, keepFor);
  if (frames === null) {
    if (protection.forgeries >= MAX_FORGERIES) {
      closeSession(session, CLOSE_KEYS_USED_UP, "too many forged packets", now);
    }
    return;
  }
  if (closing !== null) {
    packetReceived(received, number, false, now);
    // The answer to our CLOSE, or the peer's own CLOSE, sent before ours arrived.
    if (session.end?.type === "closed" && session.end.by === "us" && hasClose(frames)) {
      session.closing = null;
      return;
    }
    closing.heard += 1;
    if (closing.heard < closing.answerAfter) return;
    closing.heard = 0;
    closing.answerAfter *= 2;
    closing.due = true;
    return;
  }
  if (session.end !== null) return;

  const newest = number > received.window.largest;
  confirmFinish(session);
  session.otherPaths?.packetCame(session, frames, from, datagram.length, newest, now);
  const handler = new PacketFrames(session, from, now);
  if (!readFrames(frames, handler)) handler.fault = "protocol";
  const eliciting = handler.eliciting || handler.pings;
  const isNew = packetReceived(received, number, eliciting, now, datagram.length);
  // A keep-alive: nothing follows that the ACK could wait for, and ten thousand of them would wake a relay twice each. The PING
  // that answers an initiator's finish is mostly followed by messages.
  if (isNew && handler.pings && !handler.eliciting && session.role === "responder") {
    hastenAck(received, now);
  }
  peerHeard(session, now);
  closeForFault(session, handler.fault, now);
}

/** The responder has our finish: the fragments in it have arrived. */
function confirmFinish(session: Session): void {
  const { handshake, recovery } = session;
  if (handshake === null) return;
  session.handshake = null;
  if (hasLost(handshake)) lossNoticed(recovery.path, recovery.sent.nextNumber);
  for (const fragment of session.finishFragments) acknowledgeFragment(session.outgoing, fragment);
  session.finishFragments = NO_FRAGMENTS;
}

type Fault = MessageFault | "protocol";

/** Handles the frames of one packet. A class, for there is one for each: eight closures cost as much as decrypting it. */
class PacketFrames implements FrameHandler {
  /** It has ack-eliciting frames besides PING. */
  eliciting = false;
  pings = false;
  fault: Fault | null = null;
  readonly #session: Session;
  readonly #from: SocketAddress;
  readonly #now: number;

  constructor(session: Session, from: SocketAddress, now: number) {
    this.#session = session;
    this.#from = from;
    this.#now = now;
  }

  onPing(): void {
    this.pings = true;
  }

  onAck(ranges: AckRanges, delayMicroseconds: number): void {
    const { recovery } = this.#session;
    const outcome = ackReceived(recovery, ranges, delayMicroseconds / 1_000, this.#now);
    if (outcome === null) {
      this.fault ??= "protocol";
      return;
    }
    for (const packet of outcome.acknowledged) packetAcknowledged(this.#session, packet);
    for (const packet of outcome.revived) packetAcknowledged(this.#session, packet);
    requeueLost(this.#session, outcome.lost);
  }

  onFragment(offset: number, bytes: Uint8Array): void {
    this.eliciting = true;
    this.fault ??= receiveFragment(this.#session.incoming, offset, bytes);
  }

  onWindow(limit: number): void {
    this.eliciting = true;
    raiseLimit(this.#session.outgoing, limit);
  }

  onPathChallenge(data: Uint8Array): void {
    this.eliciting = true;
    this.#session.response = { data: data.slice(), to: this.#from };
  }

  onPathResponse(data: Uint8Array): void {
    this.eliciting = true;
    const session = this.#session;
    session.otherPaths?.challengeAnswered(session, data, this.#now);
  }

  onClose(code: number, reason: string): void {
    closedByPeer(this.#session, code, reason, this.#now);
  }

  onResetToken(token: Uint8Array): void {
    this.eliciting = true;
    if (this.#session.role === "initiator") this.#session.resetToken ??= Uint8Array.from(token);
  }

  onCandidates(sequence: number, addresses: readonly SocketAddress[]): void {
    this.eliciting = true;
    const session = this.#session;
    session.otherPaths?.candidatesNamed(session, sequence, addresses, this.#now);
  }

  onNote(number: number, bytes: Uint8Array): void {
    this.eliciting = true;
    const session = this.#session;
    session.notes ??= createNotes();
    receiveNote(session.notes, number, bytes);
  }

  onPunch(round: number): void {
    this.eliciting = true;
    const session = this.#session;
    session.otherPaths?.punched(session, round, this.#now);
  }
}

function packetAcknowledged(
  session: Session,
  { number, content }: SentPacket<PacketContent>,
): void {
  for (const fragment of content.fragments) acknowledgeFragment(session.outgoing, fragment);
  if (content.ack >= 0) ackAcknowledged(session.received, content.ack);
  if (session.notes !== null) noteAcknowledged(session.notes, content.note);
  if (session.established !== null) confirmKey(session.established.send, number);
}

function closeForFault(session: Session, fault: Fault | null, now: number): void {
  switch (fault) {
    case null:
      return;
    case "protocol":
      return closeSession(session, CLOSE_PROTOCOL, "a packet broke the protocol", now);
    case "beyond-window":
      return closeSession(session, CLOSE_WINDOW, "a fragment went past the window", now);
    case "message-too-long":
      return closeSession(session, CLOSE_MESSAGE_TOO_LONG, "a message was too long", now);
  }
}

/** Only the responder, restarted or not, knows the token that its answer carried. */
function receiveReset(session: Session, token: Uint8Array): void {
  const { crypto, resetToken: known } = session;
  if (known !== null && crypto.constantTimeEqual(known, token)) {
    endSession(session, { type: "reset" });
  }
}
