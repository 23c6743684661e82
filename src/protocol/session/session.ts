// One sealed session (docs/protocol.md s. 6): a state machine without I/O. Datagrams and the time go in,
// datagrams and messages come out; it has no clock, socket, timer or randomness of its own. This file has its
// state and its end; receive.ts and transmit.ts process and build its packets, session-timers.ts says when
// something is due, and paths.ts where packets go. Only files of this folder write its fields.

import type { CryptoProvider, RandomBytes } from "../crypto-provider.ts";
import type { HandshakeFailure, InitiatorHandshake } from "../handshake/initiator-handshake.ts";
import type { HandshakeResult } from "../handshake/noise/handshake-state.ts";
import { createReceivedPackets, type ReceivedPackets } from "../recovery/received-packets.ts";
import { createRecovery, type Recovery } from "../recovery/recovery.ts";
import { probeTimeout } from "../recovery/round-trip.ts";
import type { SentPacket } from "../recovery/sent-packets.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { StrayAnswers } from "../stray-answers.ts";
import type { UdpMeans } from "../udp-means.ts";
import type { Candidates } from "./candidates.ts";
import { type Fragment, NO_FRAGMENTS } from "./fragments.ts";
import {
  createIncomingMessages,
  type IncomingMessages,
  RECEIVE_WINDOW,
} from "./incoming-messages.ts";
import { FIRST_WINDOW, type MemoryBudget } from "./memory.ts";
import { createNotes, noteLost, type Notes, setNote } from "./notes.ts";
import type { OtherPaths } from "./other-paths.ts";
import {
  appendEncoded,
  appendMessage,
  createOutgoingMessages,
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
import { type SessionPath, validatedPath } from "./path-validation.ts";
import type { Copies, Redundancy } from "./redundancy.ts";

/** Probe timeouts for which a closed session answers late packets (RFC 9000 s. 10.2). */
const CLOSING_TIMEOUTS = 3;
/**
 * How often CLOSE is sent, one probe timeout apart, until it is answered: with 30 % loss each way 1 in 1,400
 * goes unanswered, with three it would be 1 in 37.
 */
const MAX_CLOSES = 6;

/** The least between two of them while the peer may not have the finish, ms: it may take several to get that across. */
const UNCONFIRMED_INTERVAL = 1_000;

/** Codes of CLOSE (docs/protocol.md s. 15.3); 1 is the program's above. */
export const CLOSE_DONE = 0;
export const CLOSE_PROTOCOL = 2;
/** Memory is short, and this peer left more unread than others. */
export const CLOSE_UNREAD = 6;
export const CLOSE_WINDOW = 3;
export const CLOSE_MESSAGE_TOO_LONG = 4;
export const CLOSE_KEYS_USED_UP = 5;

/** Why a session is over. */
export type SessionEnd =
  | { readonly type: "handshake-failed"; readonly failure: HandshakeFailure }
  | { readonly type: "closed"; readonly by: "us" | "peer"; readonly code: number; reason: string }
  | { readonly type: "timed-out" }
  /** The peer does not have the session any more: it was restarted. */
  | { readonly type: "reset" };

/** What a packet carried that matters once it is lost or acknowledged. */
export interface PacketContent {
  readonly fragments: readonly Fragment[];
  /** The id of the ACK it carried, -1 for none. */
  readonly ack: number;
  readonly window: boolean;
  /** It carried CANDIDATES or PUNCH. */
  readonly candidates: boolean;
  /** The number of the NOTE it carried, 0 for none. */
  readonly note: number;
}

/** What an initiator has from the answer on, and a responder from the finish on. */
export interface Established {
  readonly remoteId: Uint8Array;
  readonly remoteKey: Uint8Array;
  readonly send: SendProtection;
  readonly receive: ReceiveProtection;
}

/** The data of a PATH CHALLENGE, and where it came from: it is answered there (RFC 9000 s. 8.2.2). */
export interface PathResponse {
  readonly data: Uint8Array;
  readonly to: SocketAddress;
}

export interface Session {
  readonly role: "initiator" | "responder";
  readonly localId: Uint8Array;
  readonly crypto: CryptoProvider;
  readonly random: RandomBytes;
  readonly path: SessionPath;
  /** What it does about others; null for a session that has one path for good. */
  readonly otherPaths: OtherPaths | null;
  /** Null until either end has named an address. */
  candidates: Candidates | null;
  /** The host or carrier that `recovery` was measured on. */
  measuredHost: string;
  readonly received: ReceivedPackets;
  readonly recovery: Recovery<PacketContent>;
  readonly outgoing: OutgoingMessages;
  readonly incoming: IncomingMessages;
  /** An initiator's handshake, until its finish is confirmed; null at a responder. */
  handshake: InitiatorHandshake | null;
  established: Established | null;
  /** At a responder, the id of the initiator's key (`AcceptedKey`); null at an initiator. */
  admittedBy: string | null;
  /** The token that a reset must have; null at a responder. */
  resetToken: Uint8Array | null;
  /** Fragments in the finish, which are acknowledged when it is confirmed. */
  finishFragments: readonly Fragment[];
  /** Null until there is a note in either direction. */
  notes: Notes | null;
  /** Probes to send, whatever the congestion window says. */
  probes: number;
  /** What it does where datagrams are lost; null where none are. */
  readonly copies: Copies | null;
  /** Null until the path has lost something. */
  redundancy: Redundancy | null;
  /** A PING is due: a keep-alive, or the answer to a finish. */
  pingDue: boolean;
  windowDue: boolean;
  /**
   * Where a repeated finish came from: it is answered there, for its initiator may have moved; but anyone may
   * have copied the finish, so the session does not move.
   */
  finishFrom: SocketAddress | null;
  /** At a responder, SHA-256 of the finish's Noise message, by which a repeated one is recognised. */
  finishHash: Uint8Array | null;
  /** The PATH CHALLENGE to answer: the last one. */
  response: PathResponse | null;
  /** When congestion control allows the next datagram, ms. */
  blockedUntil: number;
  lastHeardAt: number;
  lastElicitingAt: number;
  /** Whether an acknowledgment was awaited, and nothing received, for `SILENCE`; until something is. */
  silent: boolean;
  closing: Closing | null;
  end: SessionEnd | null;
  /** The budget of all sessions of the endpoint; null for none. */
  readonly memory: MemoryBudget | null;
  /** Of the endpoint: what its peers have it send to addresses that have not answered. */
  readonly strayAnswers: StrayAnswers;
  /** Bytes that are counted there for this session; 0 for a session that is not one of them. */
  counted: number;
}

/** The state of a session that has ended, and still sends CLOSE. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly until: number;
  /** Whether CLOSE has to be sent now. */
  due: boolean;
  /** When it is retransmitted, ms; Infinity when it answers the peer's. */
  nextAt: number;
  readonly interval: number;
  /** The unconfirmed finish was sent before this CLOSE: without it the responder could not decrypt that. */
  finishSent: boolean;
  /** Packets received since the last CLOSE that answered one. */
  heard: number;
  /** After how many of them CLOSE answers again. */
  answerAfter: number;
}

export interface SessionOptions {
  /** An initiator's; null makes a responder's session. */
  readonly handshake: InitiatorHandshake | null;
  readonly localId: Uint8Array;
  readonly address: SocketAddress;
  readonly udp: UdpMeans | null;
  readonly crypto: CryptoProvider;
  readonly random: RandomBytes;
  /** Bytes of the longest datagram worth trying. */
  readonly datagramLimit: number;
  readonly memory: MemoryBudget | null;
  readonly strayAnswers: StrayAnswers;
  readonly now: number;
}

export function createSession(options: SessionOptions): Session {
  const { crypto, handshake, localId, address, random, datagramLimit, memory, now, udp } = options;
  return {
    role: handshake === null ? "responder" : "initiator",
    localId,
    crypto,
    random,
    path: validatedPath(address),
    otherPaths: udp?.otherPaths ?? null,
    copies: udp?.copies ?? null,
    candidates: null,
    measuredHost: hostOf(address),
    received: createReceivedPackets(),
    recovery: createRecovery<PacketContent>({ datagramLimit, mtuSearch: udp?.mtuSearch ?? null }),
    outgoing: createOutgoingMessages(),
    incoming: createIncomingMessages(memory === null ? RECEIVE_WINDOW : FIRST_WINDOW),
    handshake,
    established: null,
    admittedBy: null,
    resetToken: null,
    finishFragments: NO_FRAGMENTS,
    notes: null,
    probes: 0,
    redundancy: null,
    pingDue: false,
    windowDue: false,
    finishFrom: null,
    finishHash: null,
    response: null,
    blockedUntil: 0,
    lastHeardAt: now,
    lastElicitingAt: now,
    silent: false,
    closing: null,
    end: null,
    memory,
    strayAnswers: options.strayAnswers,
    counted: 0,
  };
}

/** The handshake has produced the keys. */
export function establish(session: Session, remoteId: Uint8Array, keys: HandshakeResult): void {
  session.established = {
    remoteId,
    remoteKey: keys.remoteStatic,
    send: createSendProtection(session.crypto, keys.sendKey),
    receive: createReceiveProtection(session.crypto, keys.receiveKey),
  };
}

/** The peer's static key, once its part of the handshake has proven it, expected or not; else null. */
export function findPeerKey({ established, handshake }: Session): Uint8Array | null {
  if (established !== null) return established.remoteKey;
  return handshake?.claim?.key ?? null;
}

/** An authentic packet of the peer came. */
export function peerHeard(session: Session, now: number): void {
  session.lastHeardAt = now;
  session.silent = false;
}

/** An ack-eliciting packet was sent. */
export function elicitingSent(session: Session, now: number): void {
  session.lastElicitingAt = now;
  session.pingDue = false;
}

function mayQueue(session: Session, length: number): boolean {
  return session.memory?.mayQueue(session, length) ?? true;
}

/**
 * Queues a message, of at most 65,536 bytes; false when too much is unacknowledged, memory is short, or the session has
 * ended.
 */
export function sendMessage(session: Session, message: Uint8Array): boolean {
  if (message.length > MAX_MESSAGE) throw new Error(`a message has at most ${MAX_MESSAGE} bytes`);
  if (session.end !== null || !mayQueue(session, message.length)) return false;
  return appendMessage(session.outgoing, message);
}

/** Queues what `encodeMessages` returned; false, and nothing is queued, when there is no room for all of it. */
export function sendEncoded(session: Session, stream: Uint8Array): boolean {
  if (session.end !== null || !mayQueue(session, stream.length)) return false;
  return appendEncoded(session.outgoing, stream);
}

/** Tells the peer a few bytes beside the stream, at most MAX_NOTE; they replace the note before. */
export function sendNote(session: Session, bytes: Uint8Array): void {
  if (session.end !== null) return;
  session.notes ??= createNotes();
  setNote(session.notes, bytes);
}

/** Whether the peer has acknowledged every queued message. */
export function isAllAcknowledged({ outgoing }: Session): boolean {
  return outgoing.queue.start === outgoing.queue.end;
}

/** Ends the session with a CLOSE that carries the code and the reason. */
export function closeSession(session: Session, code: number, reason: string, now: number): void {
  if (session.end !== null) return;
  session.end = { type: "closed", by: "us", code, reason };
  if (session.established === null) return;
  // An initiator that has received nothing from us repeats its finish, at its own interval.
  const unconfirmed = session.received.window.largest < 0;
  const probeInterval = currentProbeTimeout(session);
  const interval = unconfirmed ? Math.max(probeInterval, UNCONFIRMED_INTERVAL) : probeInterval;
  const until = now + (unconfirmed ? CLOSING_TIMEOUTS : MAX_CLOSES) * interval;
  session.closing = { ...startClosing(code, reason, interval, now), until };
}

/** The peer has ended the session; it is answered, so that it can drop the session. */
export function closedByPeer(session: Session, code: number, reason: string, now: number): void {
  if (session.end !== null) return;
  session.end = { type: "closed", by: "peer", code, reason };
  const closing = startClosing(CLOSE_DONE, "", currentProbeTimeout(session), now);
  session.closing = { ...closing, nextAt: Number.POSITIVE_INFINITY };
}

function startClosing(code: number, reason: string, interval: number, now: number): Closing {
  const times = { interval, nextAt: now + interval, until: now + CLOSING_TIMEOUTS * interval };
  return { code, reason, ...times, due: true, finishSent: false, heard: 0, answerAfter: 1 };
}

/** Ends it without a CLOSE: the peer knows, or can't be reached. */
export function endSession(session: Session, end: SessionEnd): void {
  session.end ??= end;
  session.closing = null;
}

/** Whether nothing more will be sent or processed: its connection id can be dropped. */
export function isSessionOver({ end, closing }: Session): boolean {
  return end !== null && closing === null;
}

export function currentProbeTimeout({ recovery }: Session): number {
  return probeTimeout(recovery.path.roundTrip);
}

/** Schedules what the lost packets carried to be sent again. */
export function requeueLost(session: Session, lost: readonly SentPacket<PacketContent>[]): void {
  for (const { content } of lost) {
    for (const fragment of content.fragments) loseFragment(session.outgoing, fragment);
    if (content.window) session.windowDue = true;
    if (session.notes !== null) noteLost(session.notes, content.note);
    if (content.candidates && session.candidates !== null) session.candidates.due = true;
  }
}

/** What the measurements of a path hold for: another port of a host is the same path (RFC 9000 s. 9.4). */
export function hostOf({ address, carrier }: SocketAddress): string {
  return carrier?.id ?? address;
}
