// One sealed session as the program above sees it: promises and handlers around the state machine of
// protocol/session/session.ts. Knows no socket and no clock; whoever drives it says when something has happened.

import { MAX_MESSAGE } from "../protocol/session/outgoing-messages.ts";
import { isDrained, receiveMessages } from "../protocol/session/session-receive.ts";
import {
  CLOSE_DONE,
  closeSession,
  findPeerKey,
  isAllAcknowledged,
  sendEncoded,
  sendMessage,
  type Session,
  type SessionEnd,
} from "../protocol/session/session.ts";
import { sameAddress, type SocketAddress } from "./address.ts";

/** Messages handed on at a time: the rest waits for the next turn of the event loop. */
const MESSAGES_AT_ONCE = 1_024;

export interface SealedLink {
  /** Where the peer was heard last. */
  readonly peer: SocketAddress;
  /**
   * The peer's public key, 32 bytes, also when it is not the expected one; null until its part of the
   * handshake has proven it.
   */
  readonly peerKey: Uint8Array | null;
  /** What the peer was admitted to by who decides that; null for everything, and for whoever was joined. */
  readonly admittedTo: string | null;
  /**
   * Says one message, of at most 65,536 bytes, as soon as there is room for it. Messages are said in the
   * order of the calls. Resolves with where it ends in all that was said here, in bytes, which `onArrived`
   * will reach; with null when the session ended first.
   */
  say(message: Uint8Array): Promise<number | null>;
  /**
   * Sends messages, in order. True when there was room for all; else a promise of it: true once there is, false when the
   * session ended first.
   *
   * @param stream the same messages put together by `encodeMessages`, where they are sent to many: nobody changes it
   */
  sayAll(messages: readonly Uint8Array[], stream?: Uint8Array): boolean | Promise<boolean>;
  /** Hands what comes to these from now on. What came before was not taken: the peer waits when it is too much. */
  receive(handlers: SealedLinkHandlers): void;
  /** Resolves when both ends are in the session: true; or it ended first: false. */
  readonly joined: Promise<boolean>;
  /** Resolves when everything said has arrived: true; or the session ended first: false. */
  arrived(): Promise<boolean>;
  /** Why it is over, once all that has arrived was handed on, where somebody receives it. */
  readonly ended: Promise<SessionEnd>;
  /** Ends it once everything said has arrived, or `ended` comes first. */
  close(): Promise<void>;
  /** Ends it now; the peer is told why. */
  abort(code: number, reason: string): void;
}

export interface SealedLinkHandlers {
  /** While a promise that it gave is pending nothing more is taken, and soon the peer has to wait. */
  onMessages(messages: readonly Uint8Array[]): void | Promise<void>;
  /** All that was said up to `end`, in bytes, has arrived. */
  onArrived?(end: number): void;
  /** Nothing has come from the peer for `duration` ms, though something should have. */
  onSilent?(duration: number): void;
  /** The peer is heard again after a silence of `duration` ms. */
  onHeard?(duration: number): void;
  /** The peer goes on from another address. */
  onMoved?(to: SocketAddress): void;
}

/** What drives a session. */
export interface SessionDriver {
  now(): number;
  /** Something was done to the session: what follows from it is to be sent and told soon. */
  changed(session: Session): void;
  /** Something was said, which is to be sent soon; nothing else follows from it. */
  said(session: Session): void;
}

interface Waiting {
  /** Whether what is waited for has come to be. */
  readonly until: () => boolean;
  readonly resolve: (came: boolean) => void;
}

const EMPTY = new Uint8Array(0);
/** Shared by all for whom nobody waits yet. */
const NOBODY: Waiting[] = [];

/**
 * What is kept of a session for the program above. A class, for there is one for each of thousands of
 * sessions: as an object of closures it takes four times the memory.
 */
export class AttachedSession implements SealedLink {
  readonly session: Session;
  readonly joined: Promise<boolean>;
  readonly ended: Promise<SessionEnd>;
  /** Null until somebody receives what comes. */
  handlers: SealedLinkHandlers | null = null;
  /** Messages that wait for room, in order. */
  unsaid: Waiting[] = NOBODY;
  /** Who waits until all that was said has arrived. */
  arrivals: Waiting[] = NOBODY;
  /** The program above is still at the messages it has. */
  busy = false;
  /** It has all that has arrived. */
  drained = true;
  /** Tells that the session has come to be, or will not; null once it was told. */
  tellJoined: ((joined: boolean) => void) | null = null;
  tellEnded: (end: SessionEnd) => void = () => {};
  /** What was told last. */
  arrivedUpTo = 0;
  silentSince: number | null = null;
  peerTold: SocketAddress;
  readonly #driver: SessionDriver;

  constructor(session: Session, driver: SessionDriver) {
    this.session = session;
    this.#driver = driver;
    this.peerTold = session.path.address;
    this.joined = new Promise((resolve) => {
      this.tellJoined = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
  }

  get peer(): SocketAddress {
    return this.session.path.address;
  }

  get peerKey(): Uint8Array | null {
    return findPeerKey(this.session);
  }

  get admittedTo(): string | null {
    return this.session.admittedTo;
  }

  async say(message: Uint8Array): Promise<number | null> {
    // Told to whoever says it, now: when its turn comes there is nobody to tell.
    if (message.length > MAX_MESSAGE) throw new Error(`a message has at most ${MAX_MESSAGE} bytes`);
    const { session } = this;
    let end = 0;
    if (this.unsaid === NOBODY) this.unsaid = [];
    const said = this.#wait(this.unsaid, () => {
      if (!sendMessage(session, message)) return false;
      ({ end } = session.outgoing.queue);
      return true;
    });
    this.#driver.changed(session);
    return (await said) ? end : null;
  }

  sayAll(messages: readonly Uint8Array[], stream?: Uint8Array): boolean | Promise<boolean> {
    const { session } = this;
    if (session.end !== null) return false;
    let said = 0;
    if (this.unsaid.length === 0) {
      if (stream !== undefined && sendEncoded(session, stream)) said = messages.length;
      while (said < messages.length && sendMessage(session, messages[said] ?? EMPTY)) said += 1;
    }
    this.#driver.said(session);
    if (said === messages.length) return true;
    return this.#sayRest(messages.slice(said));
  }

  async #sayRest(messages: readonly Uint8Array[]): Promise<boolean> {
    const all = await Promise.all(messages.map((message) => this.say(message)));
    return all.at(-1) !== null;
  }

  receive(handlers: SealedLinkHandlers): void {
    this.handlers = handlers;
    this.#driver.changed(this.session);
  }

  arrived(): Promise<boolean> {
    if (this.arrivals === NOBODY) this.arrivals = [];
    return this.#wait(
      this.arrivals,
      () => this.unsaid.length === 0 && isAllAcknowledged(this.session),
    );
  }

  async close(): Promise<void> {
    await this.arrived();
    this.abort(CLOSE_DONE, "");
    await this.ended;
  }

  abort(code: number, reason: string): void {
    closeSession(this.session, code, reason, this.#driver.now());
    this.#driver.changed(this.session);
  }

  #wait(queue: Waiting[], until: () => boolean): Promise<boolean> {
    if (this.session.end !== null) return Promise.resolve(false);
    if (queue.length === 0 && until()) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    queue.push({ until, resolve });
    return promise;
  }
}

/** Hands on the messages that have arrived, unless the program above is still at earlier ones. */
export function handOnMessages(attached: AttachedSession, driver: SessionDriver): void {
  const { session, handlers } = attached;
  if (attached.busy || handlers === null) return;
  attached.drained = isDrained(session);
  if (attached.drained) return;
  const messages = receiveMessages(session, MESSAGES_AT_ONCE, driver.now());
  attached.drained = messages.length === 0;
  if (messages.length === 0) return;
  const taken = handlers.onMessages(messages);
  if (taken === undefined) {
    // There may be more, and there is room for more: but others come first.
    driver.changed(session);
    return;
  }
  attached.busy = true;
  void taken.finally(() => {
    attached.busy = false;
    driver.changed(session);
  });
}

/**
 * Tells what of that which was said here has arrived: before the messages that came with the ACK, which may
 * be the answer to it.
 */
export function tellArrived(attached: AttachedSession): void {
  const { start } = attached.session.outgoing.queue;
  if (start === attached.arrivedUpTo) return;
  attached.arrivedUpTo = start;
  attached.handlers?.onArrived?.(start);
}

/** Tells whoever waits what has come to be; false when it was the end. */
export function tellWhatCameToBe(attached: AttachedSession, now: number): boolean {
  const { session, handlers, unsaid, arrivals } = attached;
  const { end, path } = session;
  if (attached.tellJoined !== null && (end !== null || session.handshake === null)) {
    attached.tellJoined(end === null);
    attached.tellJoined = null;
  }
  if (session.silent && attached.silentSince === null) {
    attached.silentSince = session.lastHeardAt;
    handlers?.onSilent?.(now - session.lastHeardAt);
  } else if (!session.silent && attached.silentSince !== null) {
    handlers?.onHeard?.(now - attached.silentSince);
    attached.silentSince = null;
  }
  if (path.validation === null && !sameAddress(path.address, attached.peerTold)) {
    attached.peerTold = path.address;
    handlers?.onMoved?.(path.address);
  }
  for (const queue of [unsaid, arrivals]) {
    // In order: who came later has no room before who came first.
    while (queue[0] !== undefined && (end !== null || queue[0].until())) {
      queue.shift()?.resolve(end === null);
    }
  }
  if (end === null || attached.busy || !attached.drained) return true;
  attached.tellEnded(end);
  return false;
}
