// Any number of sealed sessions behind one address (docs/protocol.md s. 6): finds the session that a
// datagram belongs to. A state machine without I/O: datagrams and the time go in; datagrams, new sessions and
// the time of the next call come out. Those that belong to no session are for its responder (responder.ts), if it has one.

import { mapKey } from "./bytes.ts";
import type { CryptoProvider, KeyPair, RandomBytes } from "./crypto-provider.ts";
import {
  type InitiatorHandshake,
  type InitiatorOptions,
  receiveClaim,
  startInitiatorHandshake,
} from "./handshake/initiator-handshake.ts";
import type { Responder } from "./handshake/responder-handshake.ts";
import { CONNECTION_ID_LENGTH, readSessionPacket, type SessionPacket } from "./packets.ts";
import { BASE_DATAGRAM_SIZE } from "./recovery/path-mtu.ts";
import type { MemoryBudget } from "./session/memory.ts";
import { createPacketArena, type PacketArena, resetArena } from "./session/packet-arena.ts";
import { receivePacket } from "./session/receive.ts";
import { sessionWakeAt, tickSession } from "./session/session-timers.ts";
import { createSession, isSessionOver, type Session } from "./session/session.ts";
import { nextSessionDatagram, type Outbound } from "./session/transmit.ts";
import { sameAddress, type SocketAddress } from "./socket-address.ts";
import { createStrayAnswers, type StrayAnswers } from "./stray-answers.ts";
import {
  cancelTimer,
  createTimers,
  nextDueAt,
  scheduleBy,
  takeDueItems,
  type Timers,
} from "./timers.ts";
import type { UdpMeans } from "./udp-means.ts";

/** ms. */
const SHARED_WAKE = 1_000;
/** Answers that wait to be sent: as many as a receive buffer holds hellos. */
const MAX_ANSWERS = 4_096;

export interface EndpointOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly random: RandomBytes;
  readonly now: number;
  /** Makes what answers those who have no session here; without it, nobody may join. */
  readonly respond?: ((options: EndpointOptions) => EndpointResponder) | undefined;
  /** What sessions do on paths of UDP; null where each has one path for good, in a stream. */
  readonly udp: UdpMeans | null;
  /** Bytes of the longest datagram worth trying on the path to an address. */
  readonly datagramLimit: (to: SocketAddress) => number;
}

/** Takes what belongs to no session. An end that only joins others has none, and carries none of it. */
export interface EndpointResponder {
  readonly handshakes: Responder;
  /** What its peers may make this end hold; null for any amount. */
  readonly memory: MemoryBudget | null;
  /** A datagram that may be a hello or a finish. */
  opening(endpoint: Endpoint, datagram: Uint8Array, from: SocketAddress, now: number): void;
  /** A packet of a session, or of a handshake, that this end does not have any more. */
  stray(endpoint: Endpoint, connectionId: Uint8Array, from: SocketAddress, now: number): void;
  plainWire(endpoint: Endpoint, datagram: Uint8Array, from: SocketAddress, now: number): void;
}

export interface Endpoint {
  readonly options: EndpointOptions;
  readonly responder: EndpointResponder | null;
  /** False once no other session is wanted: hellos and finishes get no answer. */
  admits: boolean;
  /** By this end's connection id. */
  readonly sessions: Map<string, Session>;
  /** An initiator's sessions, by the token that resets each. */
  readonly byResetToken: Map<string, Session>;
  /** Sessions that others started, until the program above takes them. */
  readonly accepted: Session[];
  /** Answers that belong to no session. */
  readonly answers: Outbound[];
  /** Sessions that may have something to send. */
  readonly active: Set<Session>;
  /** Those that are being asked for datagrams now, the next one last. */
  sending: Session[];
  /** Sessions that have changed since the program above last took them. */
  readonly touched: Set<Session>;
  readonly timers: Timers<Session>;
  readonly arena: PacketArena;
  readonly strayAnswers: StrayAnswers;
}

export interface ConnectOptions extends Pick<InitiatorOptions, "psk" | "expected"> {
  readonly to: SocketAddress;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  return {
    options,
    responder: options.respond?.(options) ?? null,
    admits: true,
    sessions: new Map(),
    byResetToken: new Map(),
    accepted: [],
    answers: [],
    active: new Set(),
    sending: [],
    touched: new Set(),
    timers: createTimers(),
    arena: createPacketArena(),
    strayAnswers: createStrayAnswers(),
  };
}

/** Starts a session with the responder at an address; `end` of the session says if that fails. */
export function connect(endpoint: Endpoint, options: ConnectOptions, now: number): Session {
  const { crypto, random, staticKeys } = endpoint.options;
  const localId = random(CONNECTION_ID_LENGTH);
  const handshake = startInitiatorHandshake({
    crypto,
    staticKeys,
    ephemeralKeys: crypto.generateKeyPair(random(32)),
    psk: options.psk,
    expected: options.expected,
    initiatorId: localId,
    padding: random(BASE_DATAGRAM_SIZE),
    now,
  });
  return addSession(endpoint, handshake, localId, options.to, now);
}

/** From now on nobody joins: those who try it get no answer, as from a server that is gone. */
export function stopAdmitting(endpoint: Endpoint): void {
  endpoint.admits = false;
}

/** The session may have something to send: a message was sent or received, or it was closed. */
export function activate(endpoint: Endpoint, session: Session): void {
  endpoint.active.add(session);
  endpoint.touched.add(session);
}

export function takeTouched({ touched }: Endpoint): Session[] {
  const sessions = [...touched];
  touched.clear();
  return sessions;
}

/** Processes any datagram. */
export function receiveDatagram(
  endpoint: Endpoint,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  const packet = readSessionPacket(datagram);
  const { responder } = endpoint;
  if (packet === null) return responder?.opening(endpoint, datagram, from, now);
  const session =
    packet.kind === "reset"
      ? endpoint.byResetToken.get(mapKey(packet.token))
      : endpoint.sessions.get(mapKey(receiverId(packet)));
  if (session !== undefined) {
    const { resetToken: known } = session;
    receivePacket(session, packet, datagram, from, now);
    session.memory?.countHeld(session);
    activate(endpoint, session);
    const { resetToken } = session;
    if (resetToken !== null && known === null) {
      endpoint.byResetToken.set(mapKey(resetToken), session);
    }
  } else if (packet.kind === "sealed") {
    responder?.stray(endpoint, packet.receiverId, from, now);
  }
}

/**
 * A datagram of the plain wire arrived (docs/protocol.md s. 6): a responder answers its sender with a notice; to an
 * initiator that awaits an answer from there it is a claim (s. 8.6).
 */
export function receivePlainWire(
  endpoint: Endpoint,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): void {
  const { responder, sessions } = endpoint;
  if (responder !== null) return responder.plainWire(endpoint, datagram, from, now);
  for (const session of sessions.values()) {
    const { handshake, path } = session;
    if (handshake === null || !sameAddress(from, path.current.address)) continue;
    receiveClaim(handshake, "other-wire", now);
    activate(endpoint, session);
  }
}

/** An answer that belongs to no session is to be sent; a flood must not fill the memory. */
export function answer({ answers }: Endpoint, outbound: Outbound): void {
  if (answers.length < MAX_ANSWERS) answers.push(outbound);
}

/** The next datagram to send now, valid until `datagramsSent`; null when there is none. Call it until then. */
export function nextDatagram(endpoint: Endpoint, now: number): Outbound | null {
  const ready = endpoint.answers.shift();
  if (ready !== undefined) return ready;
  for (;;) {
    const session = endpoint.sending.at(-1);
    if (session === undefined) {
      if (endpoint.active.size === 0) return null;
      endpoint.sending = Array.from(endpoint.active).toReversed();
      endpoint.active.clear();
      continue;
    }
    const outbound = nextSessionDatagram(session, now, endpoint.arena);
    if (outbound !== null) return outbound;
    endpoint.sending.pop();
    session.memory?.countHeld(session);
    if (isSessionOver(session)) removeSession(endpoint, session);
    else wakeBy(endpoint, session, sessionWakeAt(session), now);
  }
}

/** The system has copied every datagram taken so far: their memory may be used again. */
export function datagramsSent({ arena }: Endpoint): void {
  resetArena(arena);
}

/** Does what is due in every session whose time has come. */
export function tickEndpoint(endpoint: Endpoint, now: number): void {
  for (const session of takeDueItems(endpoint.timers, now)) {
    const at = sessionWakeAt(session);
    if (at > now) {
      wakeBy(endpoint, session, at, now);
      continue;
    }
    tickSession(session, now);
    activate(endpoint, session);
  }
}

/**
 * What is due in more than SHARED_WAKE is looked at earlier, together with all that is due in the same SHARED_WAKE: mostly it has
 * been postponed by then, as the keep-alives of idle sessions postpone each other.
 */
function wakeBy({ timers }: Endpoint, session: Session, at: number, now: number): void {
  const isFar = at - now > SHARED_WAKE;
  scheduleBy(timers, session, isFar ? Math.floor(at / SHARED_WAKE) * SHARED_WAKE : at);
}

/** When `tickEndpoint` is due next, ms; Infinity for never. */
export function endpointWakeAt(endpoint: Endpoint): number {
  return nextDueAt(endpoint.timers);
}

export function addSession(
  endpoint: Endpoint,
  handshake: InitiatorHandshake | null,
  localId: Uint8Array,
  address: SocketAddress,
  now: number,
): Session {
  const { crypto, random, datagramLimit: limitTo } = endpoint.options;
  const datagramLimit = limitTo(address);
  const session = createSession({
    handshake,
    localId,
    address,
    udp: endpoint.options.udp,
    crypto,
    random,
    datagramLimit,
    memory: endpoint.responder?.memory ?? null,
    strayAnswers: endpoint.strayAnswers,
    now,
  });
  session.memory?.startCounting(session);
  endpoint.sessions.set(mapKey(localId), session);
  activate(endpoint, session);
  return session;
}

function removeSession(endpoint: Endpoint, session: Session): void {
  const { localId, resetToken } = session;
  session.memory?.stopCounting(session);
  cancelTimer(endpoint.timers, session);
  endpoint.sessions.delete(mapKey(localId));
  if (resetToken !== null) endpoint.byResetToken.delete(mapKey(resetToken));
}

/** The connection id of the end that the packet is for. */
function receiverId(packet: Exclude<SessionPacket, { kind: "reset" }>): Uint8Array {
  return packet.kind === "sealed" ? packet.receiverId : packet.initiatorId;
}
