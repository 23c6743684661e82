// One sealed session (docs/protocol.md s. 6): a state machine without I/O. Datagrams and the time go in,
// datagrams and messages come out; no clock, socket, timer or randomness is inside. This file has its
// state, its life and its end; session-receive.ts and session-transmit.ts have what it does with packets.

import type { CryptoProvider, RandomBytes } from "../crypto-provider.ts";
import {
  type HandshakeFailure,
  type InitiatorHandshake,
  MAX_RETRANSMIT_INTERVAL,
} from "../handshake/initiator-handshake.ts";
import { remoteStaticKey } from "../handshake/noise/handshake-state.ts";
import { createReceivedPackets, type ReceivedPackets } from "../recovery/received-packets.ts";
import {
  changePath,
  createRecovery,
  type Recovery,
  recoveryTimerAt,
  timerFired,
} from "../recovery/recovery.ts";
import { probeTimeout } from "../recovery/round-trip.ts";
import type { SentPacket } from "../recovery/sent-packets.ts";
import type { SocketAddress } from "../socket-address.ts";
import { createIncomingMessages, type IncomingMessages } from "./incoming-messages.ts";
import {
  appendEncoded,
  appendMessage,
  createOutgoingMessages,
  type Fragment,
  hasRoomFor,
  loseFragment,
  MAX_MESSAGE,
  type OutgoingMessages,
} from "./outgoing-messages.ts";
import {
  createReceiveProtection,
  createSendProtection,
  type ReceiveProtection,
  type SendProtection,
} from "./packet-protection.ts";
import {
  abandonValidation,
  type SessionPath,
  validatedPath,
  validationTimerAt,
} from "./session-path.ts";

/** NATs forget a binding that is not used, some after 30 s (RFC 4787 s. 4.3). */
export const KEEP_ALIVE = 20_000;
/** Something is owed by the peer, and nothing came for so long: people are told (docs/protocol.md s. 15.1). */
export const SILENCE = 5_000;
/** Three keep-alives unheard: the peer is gone. */
export const IDLE_TIMEOUT = 60_000;
/** A closed session answers what is late for so many probe timeouts (RFC 9000 s. 10.2). */
const CLOSING_TIMEOUTS = 3;
/**
 * So many times who ends a session says so, a probe timeout apart, until it is answered: with 30 % loss each way one end
 * of 1,400 is not heard, where with three it is one of 37.
 */
const MAX_CLOSES = 6;

/** Codes of CLOSE (docs/protocol.md s. 15.3). */
export const CLOSE_DONE = 0;
export const CLOSE_PROTOCOL = 2;
export const CLOSE_WINDOW = 3;
export const CLOSE_MESSAGE_TOO_LONG = 4;
export const CLOSE_KEYS_USED_UP = 5;

/** Why a session is over. */
export type SessionEnd =
  | { readonly type: "handshake-failed"; readonly failure: HandshakeFailure }
  | { readonly type: "closed"; readonly by: "us" | "peer"; readonly code: number; reason: string }
  /** Nothing was heard for 60 s. */
  | { readonly type: "timed-out" }
  /** The peer was restarted, and does not know the session any more. */
  | { readonly type: "reset" };

/** What a packet carried that matters once it is lost or has arrived. */
export interface PacketContent {
  readonly fragments: readonly Fragment[];
  /** The ACK it carried, -1 for none. */
  readonly ack: number;
  readonly window: boolean;
}

/** What both ends have once the answer has come, or the finish. */
export interface Established {
  readonly remoteId: Uint8Array;
  readonly remoteKey: Uint8Array;
  readonly send: SendProtection;
  readonly receive: ReceiveProtection;
}

export interface Session {
  readonly role: "initiator" | "responder";
  readonly localId: Uint8Array;
  readonly crypto: CryptoProvider;
  readonly random: RandomBytes;
  readonly path: SessionPath;
  readonly received: ReceivedPackets;
  readonly recovery: Recovery<PacketContent>;
  readonly outgoing: OutgoingMessages;
  readonly incoming: IncomingMessages;
  /** An initiator's handshake, until its finish is confirmed. */
  handshake: InitiatorHandshake | null;
  established: Established | null;
  /** What the key admits to that somebody was let in with at a responder (admission.ts); null for everything. */
  admittedTo: string | null;
  /** What a reset by the responder must hold; null at a responder. */
  resetToken: Uint8Array | null;
  /** Pieces that travel with the finish, and arrive with its confirmation. */
  finishFragments: readonly Fragment[];
  /** Datagrams to send as probes, whatever the congestion window says. */
  probes: number;
  /** A PING is owed: a keep-alive, or the answer to a finish. */
  pingDue: boolean;
  windowDue: boolean;
  /**
   * Where a finish came from again: its answer goes there, for its initiator may have moved; but the finish
   * may be anyone's copy, so the session does not.
   */
  finishFrom: SocketAddress | null;
  /** A responder's finish, SHA-256: what comes again is told from what only looks like it. */
  finishDigest: Uint8Array | null;
  /** Challenges to answer; the last one wins. */
  response: Uint8Array | null;
  /** When congestion control lets the next datagram go, ms. */
  blockedUntil: number;
  lastHeardAt: number;
  lastElicitingAt: number;
  /** Since when an acknowledgment is awaited and nothing was heard, ms; Infinity while none is. */
  awaitingSince: number;
  /** Whether that has been going on for `SILENCE`. */
  silent: boolean;
  closing: Closing | null;
  end: SessionEnd | null;
}

/** A session that is over for its user, and still answers the peer. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly until: number;
  /** Whether CLOSE is to be sent now. */
  due: boolean;
  /** When it is sent again unasked, ms; Infinity for never: it is an answer. */
  nextAt: number;
  readonly interval: number;
  /** A finish that is not confirmed was said with this CLOSE: without it the responder could not read that. */
  finishSaid: boolean;
  /** Packets that came since, and after how many CLOSE is sent again. */
  heard: number;
  again: number;
}

export interface SessionOptions {
  readonly role: "initiator" | "responder";
  readonly localId: Uint8Array;
  readonly address: SocketAddress;
  readonly crypto: CryptoProvider;
  readonly random: RandomBytes;
  /** Bytes of the longest datagram worth trying. */
  readonly datagramLimit: number;
  readonly now: number;
}

export function createSession(options: SessionOptions): Session {
  const { crypto, role, localId, address, random, datagramLimit, now } = options;
  return {
    role,
    localId,
    crypto,
    random,
    path: validatedPath(address),
    received: createReceivedPackets(),
    recovery: createRecovery<PacketContent>({ datagramLimit }),
    outgoing: createOutgoingMessages(),
    incoming: createIncomingMessages(),
    handshake: null,
    established: null,
    admittedTo: null,
    resetToken: null,
    finishFragments: [],
    probes: 0,
    pingDue: false,
    windowDue: false,
    finishFrom: null,
    finishDigest: null,
    response: null,
    blockedUntil: 0,
    lastHeardAt: now,
    lastElicitingAt: now,
    awaitingSince: Number.POSITIVE_INFINITY,
    silent: false,
    closing: null,
    end: null,
  };
}

/** The handshake has brought the keys. */
export function establish(
  session: Session,
  remoteId: Uint8Array,
  keys: { sendKey: Uint8Array; receiveKey: Uint8Array; remoteStatic: Uint8Array },
): void {
  session.established = {
    remoteId,
    remoteKey: keys.remoteStatic,
    send: createSendProtection(session.crypto, keys.sendKey),
    receive: createReceiveProtection(session.crypto, keys.receiveKey),
  };
}

/** The peer's static key as its part of the handshake has proven it; null before. */
export function findPeerKey({ established, handshake }: Session): Uint8Array | null {
  if (established !== null) return established.remoteKey;
  return handshake === null ? null : remoteStaticKey(handshake.noise);
}

/** What one exchange of the handshake took, ms: better than a guess (RFC 9002 s. 6.2.2). */
export function applyExchangeTime({ recovery }: Session, took: number, now: number): void {
  changePath(recovery, now, took);
}

/** Something authentic came from the peer, and what it acknowledges is known. */
export function packetHeard(session: Session, now: number): void {
  session.lastHeardAt = now;
  session.silent = false;
  session.awaitingSince =
    session.recovery.sent.packetsInFlight > 0 ? now : Number.POSITIVE_INFINITY;
}

/** Something that the peer has to acknowledge has left. */
export function elicitingSent(session: Session, now: number): void {
  session.lastElicitingAt = now;
  session.pingDue = false;
  session.awaitingSince = Math.min(session.awaitingSince, now);
}

/**
 * Says a message, of at most 65,536 bytes; false when too much waits to be acknowledged, or the session is
 * over.
 */
export function sendMessage(session: Session, message: Uint8Array): boolean {
  if (message.length > MAX_MESSAGE) throw new Error(`a message has at most ${MAX_MESSAGE} bytes`);
  if (session.end !== null || !hasRoomFor(session.outgoing, message.length)) return false;
  appendMessage(session.outgoing, message);
  return true;
}

/** Says messages that `encodeMessages` put together; false, and none is said, where there is no room for all of them. */
export function sendEncoded({ end, outgoing }: Session, stream: Uint8Array): boolean {
  return end === null && appendEncoded(outgoing, stream);
}

/** Whether everything that was said has arrived. */
export function isAllAcknowledged({ outgoing }: Session): boolean {
  return outgoing.queue.start === outgoing.queue.end;
}

/** Ends the session; the peer is told the code and the reason. */
export function closeSession(session: Session, code: number, reason: string, now: number): void {
  if (session.end !== null) return;
  session.end = { type: "closed", by: "us", code, reason };
  if (session.established === null) return;
  // An initiator that has not heard from us says its finish again, in its own time.
  const unconfirmed = session.received.window.largest < 0;
  const interval = Math.max(
    currentProbeTimeout(session),
    unconfirmed ? MAX_RETRANSMIT_INTERVAL : 0,
  );
  const until = now + (unconfirmed ? CLOSING_TIMEOUTS : MAX_CLOSES) * interval;
  session.closing = { ...startClosing(code, reason, interval, now), until };
}

/** The peer has ended the session, and is answered, so that it can forget it. */
export function closedByPeer(session: Session, code: number, reason: string, now: number): void {
  if (session.end !== null) return;
  session.end = { type: "closed", by: "peer", code, reason };
  const closing = startClosing(CLOSE_DONE, "", currentProbeTimeout(session), now);
  session.closing = { ...closing, nextAt: Number.POSITIVE_INFINITY };
}

function startClosing(code: number, reason: string, interval: number, now: number): Closing {
  const times = { interval, nextAt: now + interval, until: now + CLOSING_TIMEOUTS * interval };
  return { code, reason, ...times, due: true, finishSaid: false, heard: 0, again: 1 };
}

/** Ends it without a word to the peer, who knows, or does not hear. */
export function endSession(session: Session, end: SessionEnd): void {
  session.end ??= end;
  session.closing = null;
}

/** Whether nothing more will be sent or taken: its connection id can be forgotten. */
export function isSessionOver({ end, closing }: Session): boolean {
  return end !== null && closing === null;
}

/** The time a probe waits for its answer now, ms. */
export function currentProbeTimeout({ recovery }: Session): number {
  return probeTimeout(recovery.path.roundTrip);
}

/** What was lost is to be sent again. */
export function requeueLost(session: Session, lost: readonly SentPacket<PacketContent>[]): void {
  for (const { content } of lost) {
    for (const fragment of content.fragments) loseFragment(session.outgoing, fragment);
    if (content.window) session.windowDue = true;
  }
}

/** When `tick`, or a transmission, is due next, ms; Infinity for never. */
export function sessionWakeAt(session: Session): number {
  const { handshake, closing, recovery, received, path } = session;
  if (closing !== null) return Math.min(closing.nextAt, closing.until);
  if (session.end !== null) return Number.POSITIVE_INFINITY;
  if (handshake !== null) return Math.min(handshake.sendAt, handshake.giveUpAt);
  return Math.min(
    received.ackDueAt,
    recoveryTimerAt(recovery),
    session.blockedUntil,
    validationTimerAt(path),
    // A PING that is owed already waits for room, and whatever takes the room keeps alive as well.
    session.pingDue ? Number.POSITIVE_INFINITY : quietSince(session) + KEEP_ALIVE,
    session.lastHeardAt + IDLE_TIMEOUT,
    session.silent ? Number.POSITIVE_INFINITY : session.awaitingSince + SILENCE,
  );
}

/** Does what time has made due; what is to be sent is then transmitted. */
export function tickSession(session: Session, now: number): void {
  const { handshake, closing, recovery, path } = session;
  if (closing !== null && now >= closing.until) session.closing = null;
  else if (closing !== null && now >= closing.nextAt) {
    closing.nextAt += closing.interval;
    closing.due = true;
  }
  if (session.end !== null) return;
  if (handshake !== null) {
    if (now >= handshake.giveUpAt)
      endSession(session, { type: "handshake-failed", failure: "no-answer" });
    return;
  }
  if (now >= session.lastHeardAt + IDLE_TIMEOUT) return endSession(session, { type: "timed-out" });
  if (now >= session.awaitingSince + SILENCE) session.silent = true;
  if (now >= quietSince(session) + KEEP_ALIVE) session.pingDue = true;
  const { address } = path.address;
  // Another port of the same host is the same way there (RFC 9000 s. 9.4).
  if (abandonValidation(path, now) && path.address.address !== address) {
    requeueLost(session, changePath(recovery, now));
  }
  if (now < recoveryTimerAt(recovery)) return;
  const outcome = timerFired(recovery, now);
  if (outcome.type === "lost") requeueLost(session, outcome.lost);
  if (outcome.type === "probe") {
    session.probes = outcome.datagrams;
    // Without anything newer, a probe carries again what has waited longest (RFC 9002 s. 6.2.4).
    requeueLost(session, outcome.oldest);
  }
}

/**
 * The initiator's PING and its answer keep both directions alive: a responder sends one only where that is
 * overdue.
 */
function quietSince({ role, lastElicitingAt, lastHeardAt }: Session): number {
  return role === "responder" ? Math.max(lastElicitingAt, lastHeardAt + SILENCE) : lastElicitingAt;
}
