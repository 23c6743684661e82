// One sealed session for the program above: promises and handlers around the state machine of
// protocol/session/session.ts. Has no socket, clock or timer of its own: a driver has, and calls it when something has
// happened in the session.

import { defer, type Deferred } from "../deferred.ts";
import { isMeasured } from "../protocol/recovery/round-trip.ts";
import { finishMessages, startMessages } from "../protocol/session/incoming-messages.ts";
import { takeNote } from "../protocol/session/notes.ts";
import { MAX_MESSAGE, startWaiting, stopWaiting } from "../protocol/session/outgoing-messages.ts";
import { checkPath, networkChanged, pathBack } from "../protocol/session/path-in-use.ts";
import { isDrained, receiveMessages } from "../protocol/session/receive.ts";
import {
  CLOSE_DONE,
  closeSession,
  findPeerKey,
  isAllAcknowledged,
  sendEncoded,
  sendMessage,
  sendNote,
  type Session,
  type SessionEnd,
} from "../protocol/session/session.ts";
import { sameAddress, type SocketAddress } from "./address.ts";

/** Messages handed to the program at a time; the rest waits for the next turn of the event loop. */
const MESSAGES_AT_ONCE = 1_024;

export interface SealedLink {
  /** The address from which the peer was heard last. */
  readonly peer: SocketAddress;
  /** The same, once the peer has proven that it receives there; null until then, as when a finish comes from elsewhere. */
  readonly provenPeer: SocketAddress | null;
  /** When the peer was heard last, ms of the driver's clock. */
  readonly heardAt: number;
  /**
   * The peer's public key, 32 bytes, even if it is not the expected one; null until the peer has proven it in the
   * handshake.
   */
  readonly peerKey: Uint8Array | null;
  /** The id of the accepted key with which the peer was admitted; null at the initiator. */
  readonly admittedBy: string | null;
  /**
   * Sends one message, of at most 65,536 bytes, as soon as there is room for it. Messages are sent in the order of the
   * calls. Resolves with the position of its end in the stream of all messages, in bytes, which `onArrived` will report;
   * with null when the session ended first.
   */
  say(message: Uint8Array): Promise<number | null>;
  /**
   * Sends messages, in order. True when there was room for all; else a promise of it: true once there is, false when the
   * session ended first.
   *
   * @param stream the same messages put together by `encodeMessages`, when they are sent to many; it must not be changed
   */
  sayAll(messages: readonly Uint8Array[], stream?: Uint8Array): boolean | Promise<boolean>;
  /** Tells the peer at most 64 bytes, beside the messages and so perhaps before them; they replace the note before. */
  note(bytes: Uint8Array): void;
  /** Sets the handlers. What came before them is kept for them; the peer waits when it is too much. */
  receive(handlers: SealedLinkHandlers): void;
  /** Smoothed, ms; null until it is measured on the path in use. */
  readonly roundTrip: number | null;
  /** Nothing has come from the peer, though something should have. */
  readonly isSilent: boolean;
  /** The addresses at which this end may be reached directly, the best first: the peer gets them. */
  nameCandidates(addresses: readonly SocketAddress[]): void;
  /** Another way to the peer, at an initiator: it is tried, and kept open for when the one in use is lost. */
  addWay(way: SocketAddress): void;
  /** Nothing passes to this address any more: the session goes to another path. */
  pathLost(to: SocketAddress): void;
  /** The carrier of this address is back, with another one at the peer's end: the peer learns it. */
  pathBack(to: SocketAddress): void;
  /** The network has refused a datagram, which may have been for another path: an initiator asks whether this one still works. */
  checkPath(): void;
  /** The network of this end has changed: an initiator tries all ways again. */
  networkChanged(): void;
  /** Resolves with true when both ends are in the session, with false when it ended first. */
  readonly joined: Promise<boolean>;
  /** Resolves with true when every message has arrived, with false when the session ended first. */
  arrived(): Promise<boolean>;
  /** Why the session ended; resolves after every message that arrived was handed on, if there are handlers. */
  readonly ended: Promise<SessionEnd>;
  /** Ends the session once every message has arrived, unless it ends before; the peer gets the code, by default 0. */
  close(code?: number, reason?: string): Promise<void>;
  /** Ends the session now; the peer gets the code and the reason. */
  abort(code: number, reason: string): void;
}

export interface SealedLinkHandlers {
  /** While a promise that it returned is pending, no more messages are handed on, and soon the peer has to wait. */
  onMessages(messages: readonly Uint8Array[]): void | Promise<void>;
  /** The peer's newest note has come; those before may have been lost. */
  onNote?(bytes: Uint8Array): void;
  /** Everything up to position `end` of the stream, in bytes, has arrived. */
  onArrived?(end: number): void;
  /** Nothing has come from the peer for `duration` ms, though something should have. */
  onSilent?(duration: number): void;
  /** The peer was heard again, after a silence of `duration` ms. */
  onHeard?(duration: number): void;
  /** The session has ended; messages that came before are still handed on. */
  onEnd?(): void;
  /** The peer has proven another address than before: it has moved there, or its finish came from there. */
  onMoved?(to: SocketAddress): void;
}

/** Drives a session: sends its datagrams, and calls its link. */
export interface SessionDriver {
  now(): number;
  /** The session was changed: its datagrams are to be sent, and its link to be called, soon. */
  changed(session: Session): void;
  /** Messages were queued in the session: its datagrams are to be sent soon. */
  queued(session: Session): void;
  /** The peer has proven another address than before. */
  moved(link: SealedLink): void;
}

/** A promise that is resolved once a condition holds. */
interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: (done: boolean) => void;
}

const EMPTY = new Uint8Array(0);
/** Shared by all links without waiters. */
const NO_WAITERS: Waiter[] = [];

/** A class, for there are thousands: an object of closures takes four times the memory. */
export class SessionLink implements SealedLink {
  readonly session: Session;
  readonly #driver: SessionDriver;
  #handlers: SealedLinkHandlers | null = null;
  /** For room for a message each, in order. */
  #unsent: Waiter[] = NO_WAITERS;
  /** For the arrival of everything. */
  #arrivals: Waiter[] = NO_WAITERS;
  /** The program above has not finished with the messages it got. */
  #busy = false;
  /** The program above got every message that has arrived. */
  #drained = true;
  /** Null until somebody waits for it: for most sessions of a server or a relay, never. */
  #joined: Deferred<boolean> | null = null;
  #ended: Deferred<SessionEnd> | null = null;
  /** What `joined` resolves with; null until that is known. */
  #hasJoined: boolean | null = null;
  /** What was last reported to the handlers. */
  #reportedArrival = 0;
  #reportedPeer: SocketAddress | null;
  #reportedEnd = false;
  /** What `ended` resolves with; null until everything was handed on. */
  #finalEnd: SessionEnd | null = null;
  /** When the silence that was reported began; null when none was. */
  #silentSince: number | null = null;

  constructor(session: Session, driver: SessionDriver) {
    this.session = session;
    this.#driver = driver;
    this.#reportedPeer = this.provenPeer;
  }

  get joined(): Promise<boolean> {
    this.#joined ??= defer<boolean>();
    if (this.#hasJoined !== null) this.#joined.resolve(this.#hasJoined);
    return this.#joined.promise;
  }

  get ended(): Promise<SessionEnd> {
    this.#ended ??= defer<SessionEnd>();
    if (this.#finalEnd !== null) this.#ended.resolve(this.#finalEnd);
    return this.#ended.promise;
  }

  get peer(): SocketAddress {
    return this.session.path.current.address;
  }

  get provenPeer(): SocketAddress | null {
    const { address, proven } = this.session.path.current;
    return proven ? address : null;
  }

  get heardAt(): number {
    return this.session.lastHeardAt;
  }

  get peerKey(): Uint8Array | null {
    return findPeerKey(this.session);
  }

  get admittedBy(): string | null {
    return this.session.admittedBy;
  }

  async say(message: Uint8Array): Promise<number | null> {
    // Checked now, when the caller gets the error, and not when there is room for the message.
    if (message.length > MAX_MESSAGE) throw new Error(`a message has at most ${MAX_MESSAGE} bytes`);
    const { session } = this;
    let end = 0;
    if (this.#unsent === NO_WAITERS) this.#unsent = [];
    startWaiting(session.outgoing, message);
    const sent = this.#wait(this.#unsent, () => {
      if (!sendMessage(session, message)) return false;
      ({ end } = session.outgoing.queue);
      return true;
    });
    this.#driver.changed(session);
    const isSent = await sent;
    stopWaiting(session.outgoing, message);
    return isSent ? end : null;
  }

  sayAll(messages: readonly Uint8Array[], stream?: Uint8Array): boolean | Promise<boolean> {
    const { session } = this;
    if (session.end !== null) return false;
    let sent = 0;
    if (this.#unsent.length === 0) {
      if (stream !== undefined && sendEncoded(session, stream)) sent = messages.length;
      while (sent < messages.length && sendMessage(session, messages[sent] ?? EMPTY)) sent += 1;
    }
    this.#driver.queued(session);
    if (sent === messages.length) return true;
    const rest = Promise.all(messages.slice(sent).map((message) => this.say(message)));
    return rest.then((ends) => ends.at(-1) !== null);
  }

  note(bytes: Uint8Array): void {
    sendNote(this.session, bytes);
    this.#driver.queued(this.session);
  }

  receive(handlers: SealedLinkHandlers): void {
    this.#handlers = handlers;
    this.#driver.changed(this.session);
  }

  arrived(): Promise<boolean> {
    if (this.#arrivals === NO_WAITERS) this.#arrivals = [];
    return this.#wait(
      this.#arrivals,
      () => this.#unsent.length === 0 && isAllAcknowledged(this.session),
    );
  }

  async close(code: number = CLOSE_DONE, reason = ""): Promise<void> {
    await this.arrived();
    this.abort(code, reason);
    await this.ended;
  }

  abort(code: number, reason: string): void {
    closeSession(this.session, code, reason, this.#driver.now());
    this.#driver.changed(this.session);
  }

  get isSilent(): boolean {
    return this.session.silent;
  }

  get roundTrip(): number | null {
    const { roundTrip } = this.session.recovery.path;
    return isMeasured(roundTrip) ? roundTrip.smoothed : null;
  }

  nameCandidates(addresses: readonly SocketAddress[]): void {
    this.session.otherPaths?.nameCandidates(this.session, addresses, this.#driver.now());
    this.#driver.changed(this.session);
  }

  addWay(way: SocketAddress): void {
    this.session.otherPaths?.addWay(this.session, way, this.#driver.now());
    this.#driver.changed(this.session);
  }

  pathLost(to: SocketAddress): void {
    this.session.otherPaths?.pathLost(this.session, to, this.#driver.now());
    this.#driver.changed(this.session);
  }

  pathBack(to: SocketAddress): void {
    pathBack(this.session, to, this.#driver.now());
    this.#driver.changed(this.session);
  }

  checkPath(): void {
    checkPath(this.session, this.#driver.now());
    this.#driver.changed(this.session);
  }

  networkChanged(): void {
    networkChanged(this.session, this.#driver.now());
    this.#driver.changed(this.session);
  }

  #wait(queue: Waiter[], isDone: () => boolean): Promise<boolean> {
    if (this.session.end !== null) return Promise.resolve(false);
    if (queue.length === 0 && isDone()) return Promise.resolve(true);
    const { promise, resolve } = defer<boolean>();
    queue.push({ isDone, resolve });
    return promise;
  }

  /**
   * For the driver: reports what has arrived at the peer, and its note. To be called before `handOnMessages`, since the messages
   * that came with the ACK may answer it.
   */
  reportArrival(): void {
    if (this.#handlers !== null && this.session.notes !== null) {
      const note = takeNote(this.session.notes);
      if (note !== null) this.#handlers.onNote?.(note);
    }
    const { start } = this.session.outgoing.queue;
    if (start === this.#reportedArrival) return;
    this.#reportedArrival = start;
    this.#handlers?.onArrived?.(start);
  }

  /** For the driver: hands on the messages that have arrived, unless the program above is busy with earlier ones. */
  handOnMessages(): void {
    const { session } = this;
    if (this.#busy || this.#handlers === null) return;
    this.#drained = isDrained(session);
    if (this.#drained) return;
    const messages = receiveMessages(session, MESSAGES_AT_ONCE, this.#driver.now());
    this.#drained = messages.length === 0;
    if (messages.length === 0) return;
    const handled = this.#handlers.onMessages(messages);
    if (handled === undefined) {
      // There may be more messages; other sessions come first.
      this.#driver.changed(session);
      return;
    }
    this.#busy = true;
    startMessages(session.incoming, messages);
    void handled.finally(() => {
      this.#busy = false;
      finishMessages(session.incoming, messages);
      this.#driver.changed(session);
    });
  }

  /** For the driver: reports everything else that has changed. Returns false once the end was reported. */
  reportChanges(now: number): boolean {
    const { session } = this;
    const { end } = session;
    if (this.#hasJoined === null && (end !== null || session.handshake === null)) {
      this.#hasJoined = end === null;
      this.#joined?.resolve(this.#hasJoined);
    }
    if (session.silent && this.#silentSince === null) {
      this.#silentSince = session.lastHeardAt;
      this.#handlers?.onSilent?.(now - session.lastHeardAt);
    } else if (!session.silent && this.#silentSince !== null) {
      this.#handlers?.onHeard?.(now - this.#silentSince);
      this.#silentSince = null;
    }
    const { provenPeer } = this;
    if (provenPeer !== null && !isSame(provenPeer, this.#reportedPeer)) {
      this.#reportedPeer = provenPeer;
      this.#handlers?.onMoved?.(provenPeer);
      this.#driver.moved(this);
    }
    for (const queue of [this.#unsent, this.#arrivals]) {
      // In order: a later one does not get room before an earlier one.
      while (queue[0] !== undefined && (end !== null || queue[0].isDone())) {
        queue.shift()?.resolve(end === null);
      }
    }
    if (end !== null && !this.#reportedEnd) {
      this.#reportedEnd = true;
      this.#handlers?.onEnd?.();
    }
    if (end === null || this.#busy || !this.#drained) return true;
    this.#finalEnd = end;
    this.#ended?.resolve(end);
    return false;
  }
}

function isSame(one: SocketAddress, other: SocketAddress | null): boolean {
  return other !== null && sameAddress(one, other);
}
