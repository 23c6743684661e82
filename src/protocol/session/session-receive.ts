// What a session does with a packet that came for it (docs/protocol.md s. 8 to 15): opens it, takes its
// frames in, and knows the peer by it. Whatever a peer sends, it never throws.

import {
  measureExchange,
  receiveAsInitiator,
  sendFinish,
} from "../handshake/initiator-handshake.ts";
import { expandPacketNumber, type Packet } from "../packets.ts";
import type { AckRanges } from "../recovery/ack-ranges.ts";
import { ackAcknowledged, packetReceived } from "../recovery/received-packets.ts";
import { ackReceived, changePath } from "../recovery/recovery.ts";
import { hasArrived } from "../recovery/replay-window.ts";
import type { SentPacket } from "../recovery/sent-packets.ts";
import { sameAddress, type SocketAddress } from "../socket-address.ts";
import { type FrameHandler, holdsClose, readFrames } from "./frames.ts";
import { type MessageFault, receiveFragment, takeMessages } from "./incoming-messages.ts";
import { acknowledgeFragment, raiseLimit } from "./outgoing-messages.ts";
import { confirmKey, MAX_FORGERIES, openPacket } from "./packet-protection.ts";
import { countReceived, migratePath, validatePath } from "./session-path.ts";
import { finishPayload } from "./session-transmit.ts";
import {
  applyExchangeTime,
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
  packetHeard,
  requeueLost,
  type Session,
} from "./session.ts";

/** Probe timeouts that an old key is kept for (docs/protocol.md s. 9). */
const KEEP_KEY_TIMEOUTS = 3;

/** Takes in a packet that bears this session's connection id. */
export function receive(
  session: Session,
  packet: Packet,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  if (packet.kind === "sealed") return receiveSealed(session, packet, datagram, from, now);
  if (packet.kind === "finish") return receiveFinishAgain(session, packet.noise, from);
  // Also of a session that is being closed: there is nobody left to tell.
  if (packet.kind === "reset") return receiveReset(session, packet.token);
  if (session.end !== null) return;
  switch (packet.kind) {
    case "retry":
    case "answer":
    case "refusal":
      return receiveHandshake(session, packet, from, now);
    case "hello":
      return;
  }
}

/** The initiator has not heard from us: it is told again, that it may go on, or that it is over. */
function receiveFinishAgain(session: Session, noise: Uint8Array, from: SocketAddress): void {
  const { crypto, finishDigest, closing } = session;
  if (finishDigest === null) return;
  if (!crypto.constantTimeEqual(finishDigest, crypto.sha256(noise))) return;
  if (closing !== null) closing.due = true;
  else session.finishFrom = from;
}

/** Takes in what the payload of an answer or a finish holds; it has no packet number. */
export function receivePayload(session: Session, payload: Uint8Array, now: number): void {
  const reader = new Reader(session, now);
  if (!readFrames(payload, reader)) reader.fault = "protocol";
  closeForFault(session, reader.fault, now);
}

/** Whether nothing has arrived that was not taken, not even a part of a message. */
export function isDrained({ incoming: { arrived: bytes } }: Session): boolean {
  return bytes.start === bytes.end;
}

/** Takes whole messages, oldest first, at most so many. */
export function receiveMessages(session: Session, most: number, now: number): Uint8Array[] {
  const { messages, fault } = takeMessages(session.incoming, most);
  if (fault !== null) closeForFault(session, fault, now);
  return messages;
}

function receiveHandshake(
  session: Session,
  packet: Extract<Packet, { kind: "retry" | "answer" | "refusal" }>,
  from: SocketAddress,
  now: number,
): void {
  const { handshake } = session;
  if (handshake === null || !sameAddress(from, session.path.address)) return;
  const step = receiveAsInitiator(handshake, packet, now);
  if (step.type === "failed") {
    return endSession(session, { type: "handshake-failed", failure: step.failure });
  }
  if (step.type !== "answered") return;
  // The answer's frames open the window before the finish is filled.
  receivePayload(session, step.payload, now);
  const took = measureExchange(handshake, now);
  if (took !== null) applyExchangeTime(session, took, now);
  const { payload, fragments } = finishPayload(session);
  session.finishFragments = fragments;
  establish(session, step.responderId, sendFinish(handshake, step.responderId, payload, now));
}

function receiveSealed(
  session: Session,
  packet: Extract<Packet, { kind: "sealed" }>,
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
    // The answer to our CLOSE, or the peer's own that crossed it.
    if (session.end?.type === "closed" && session.end.by === "us" && holdsClose(frames)) {
      session.closing = null;
      return;
    }
    closing.heard += 1;
    if (closing.heard < closing.again) return;
    closing.heard = 0;
    closing.again *= 2;
    closing.due = true;
    return;
  }
  if (session.end !== null) return;

  const newest = number > received.window.largest;
  confirmFinish(session);
  follow(session, from, datagram.length, newest, now);
  const reader = new Reader(session, now);
  if (!readFrames(frames, reader)) reader.fault = "protocol";
  packetReceived(received, number, reader.eliciting, now, datagram.length);
  // After its ACK was taken in, which may leave nothing to wait for.
  packetHeard(session, now);
  closeForFault(session, reader.fault, now);
}

/** The responder has our finish: what travelled with it has arrived. */
function confirmFinish(session: Session): void {
  if (session.handshake === null) return;
  session.handshake = null;
  for (const fragment of session.finishFragments) acknowledgeFragment(session.outgoing, fragment);
  session.finishFragments = [];
}

/** The peer is where its newest packet came from (docs/protocol.md s. 14). */
function follow(
  session: Session,
  from: SocketAddress,
  length: number,
  newest: boolean,
  now: number,
): void {
  const { path } = session;
  if (newest && !sameAddress(from, path.address)) {
    const otherHost = from.address !== path.address.address;
    migratePath(path, from, session.random(8), currentProbeTimeout(session), now);
    if (otherHost) requeueLost(session, changePath(session.recovery, now));
  }
  countReceived(path, from, length);
}

type Fault = MessageFault | "protocol";

/** Takes in the frames of one packet. A class, for there is one for each: eight closures cost as much as opening it. */
class Reader implements FrameHandler {
  eliciting = false;
  fault: Fault | null = null;
  readonly #session: Session;
  readonly #now: number;

  constructor(session: Session, now: number) {
    this.#session = session;
    this.#now = now;
  }

  onPing(): void {
    this.eliciting = true;
  }

  onAck(ranges: AckRanges, delayMicroseconds: number): void {
    const { recovery } = this.#session;
    const outcome = ackReceived(recovery, ranges, delayMicroseconds / 1_000, this.#now);
    if (outcome.type === "peer-lied") {
      this.fault ??= "protocol";
      return;
    }
    for (const packet of outcome.acknowledged) arrived(this.#session, packet);
    for (const packet of outcome.revived) arrived(this.#session, packet);
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
    this.#session.response = data.slice();
  }

  onPathResponse(data: Uint8Array): void {
    this.eliciting = true;
    validatePath(this.#session.path, data);
  }

  onClose(code: number, reason: string): void {
    closedByPeer(this.#session, code, reason, this.#now);
  }

  onResetToken(token: Uint8Array): void {
    this.eliciting = true;
    if (this.#session.role === "initiator") this.#session.resetToken ??= Uint8Array.from(token);
  }
}

function arrived(session: Session, { number, content }: SentPacket<PacketContent>): void {
  for (const fragment of content.fragments) acknowledgeFragment(session.outgoing, fragment);
  if (content.ack >= 0) ackAcknowledged(session.received, content.ack);
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

/** Only the responder, restarted or not, knows the token that it gave us. */
function receiveReset(session: Session, token: Uint8Array): void {
  const { crypto, resetToken: known } = session;
  if (known !== null && crypto.constantTimeEqual(known, token))
    endSession(session, { type: "reset" });
}
