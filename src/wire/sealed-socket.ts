// Sealed sessions on a real socket: sealed/endpoint.ts with a UDP socket, the clock and one timer for all
// of its sessions. Knows nothing of what the messages mean.

import { randomBytes } from "node:crypto";

import type { CharlaError } from "../errors.ts";
import type { SocketAddress } from "./address.ts";
import type { KeyPair } from "./noise/x25519.ts";
import {
  activate,
  createEndpoint,
  type Endpoint,
  endpointWakeAt,
  join,
  type JoinOptions,
  nextDatagram,
  receiveDatagram,
  tickEndpoint,
} from "./sealed/endpoint.ts";
import { receiveMessages } from "./sealed/session-receive.ts";
import type { Outbound } from "./sealed/session-transmit.ts";
import {
  allArrived,
  CLOSE_DONE,
  closeSession,
  say,
  type Session,
  type SessionEnd,
} from "./sealed/session.ts";
import { openUdpSocket, type UdpSocket } from "./udp-socket.ts";

/** Messages handed on at a time: the rest waits for the next turn of the event loop. */
const MESSAGES_AT_ONCE = 1_024;
/** Datagrams handed to the system at a time. */
const DATAGRAMS_AT_ONCE = 256;

export interface SealedLink {
  /** Where the peer was heard last. */
  readonly peer: SocketAddress;
  /** The peer's public key, 32 bytes; null until its handshake has proven it. */
  readonly peerKey: Uint8Array | null;
  /** Says one message, of at most 65,536 bytes; resolves when there is room for the next one. */
  say(message: Uint8Array): Promise<void>;
  /** Resolves when everything said so far has arrived; rejects never, but resolves at the end too. */
  arrived(): Promise<void>;
  /** Why it is over, as soon as it is. */
  readonly ended: Promise<SessionEnd>;
  /** Ends it once everything said has arrived, or `ended` comes first. */
  close(): Promise<void>;
}

export interface SealedLinkHandlers {
  onMessage(message: Uint8Array): void;
}

export interface SealedSocketOptions {
  readonly bind?: string | undefined;
  readonly port: number;
  readonly staticKeys: KeyPair;
  /** The pre-shared key, 32 bytes, with which others may join; null when nobody may. */
  readonly openWith: Uint8Array | null;
  /** Somebody has joined. */
  onJoined?(link: SealedLink): SealedLinkHandlers;
  /** The network refused something: nobody listens there, or there is no way. */
  onRefused?(error: CharlaError): void;
}

export interface SealedSocket extends AsyncDisposable {
  readonly local: SocketAddress;
  /** Begins a session; that it failed is told by the link's `ended`. */
  join(options: JoinOptions, handlers: SealedLinkHandlers): SealedLink;
  /** Ends every session, once what was said has arrived, and the socket. */
  close(): Promise<void>;
}

/** What the glue keeps of a session. */
interface Attached {
  readonly link: SealedLink;
  readonly handlers: SealedLinkHandlers;
  readonly ended: PromiseWithResolvers<SessionEnd>;
  /** Who waits until something has arrived, or there is room, or the end. */
  waiting: { until(): boolean; resolve(): void }[];
}

/** @throws {CharlaError} PORT_IN_USE and its kin */
export async function openSealedSocket(options: SealedSocketOptions): Promise<SealedSocket> {
  const now = () => performance.now();
  const endpoint: Endpoint = createEndpoint({
    staticKeys: options.staticKeys,
    random: (length) => new Uint8Array(randomBytes(length)),
    openWith: options.openWith,
    now: now(),
  });
  const attached = new Map<Session, Attached>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let due = false;

  const socket: UdpSocket = await openUdpSocket({
    bind: options.bind,
    port: options.port,
    onDatagram(datagram, from) {
      receiveDatagram(endpoint, datagram, from, now());
      flushSoon();
    },
    onError(error) {
      options.onRefused?.(error);
    },
  });

  /** One flush for all that happens in a turn of the event loop: full datagrams, few system calls. */
  function flushSoon(): void {
    if (due) return;
    due = true;
    setImmediate(flush);
  }

  function flush(): void {
    due = false;
    for (let session = endpoint.arrived.shift(); session !== undefined;) {
      const link = attach(session, (its) => options.onJoined?.(its) ?? { onMessage() {} });
      void link;
      session = endpoint.arrived.shift();
    }
    for (const [session, its] of attached) take(session, its);
    send();
    for (const [session, its] of attached) settle(session, its);
    schedule();
  }

  function take(session: Session, { handlers }: Attached): void {
    const messages = receiveMessages(session, MESSAGES_AT_ONCE, now());
    if (messages.length === 0) return;
    activate(endpoint, session);
    if (messages.length === MESSAGES_AT_ONCE) flushSoon();
    for (const message of messages) handlers.onMessage(message);
  }

  function send(): void {
    let batch: Outbound[] = [];
    for (
      let next = nextDatagram(endpoint, now());
      next !== null;
      next = nextDatagram(endpoint, now())
    ) {
      batch.push(next);
      if (batch.length < DATAGRAMS_AT_ONCE) continue;
      socket.sendMany(batch);
      batch = [];
    }
    if (batch.length > 0) socket.sendMany(batch);
  }

  /** Tells whoever waits what has come to be. */
  function settle(session: Session, its: Attached): void {
    const { end } = session;
    its.waiting = its.waiting.filter(({ until, resolve }) => {
      if (end === null && !until()) return true;
      resolve();
      return false;
    });
    if (end === null) return;
    its.ended.resolve(end);
    attached.delete(session);
  }

  function schedule(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const at = endpointWakeAt(endpoint);
    if (at === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(
      () => {
        tickEndpoint(endpoint, now());
        flush();
      },
      Math.max(0, Math.ceil(at - now())),
    );
  }

  function attach(session: Session, handle: (link: SealedLink) => SealedLinkHandlers): SealedLink {
    const ended = Promise.withResolvers<SessionEnd>();
    const waiting: Attached["waiting"] = [];
    const wait = (until: () => boolean) => {
      if (session.end !== null || until()) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      attached.get(session)?.waiting.push({ until, resolve });
      return promise;
    };
    const link: SealedLink = {
      get peer() {
        return session.path.address;
      },
      get peerKey() {
        return session.established?.remoteKey ?? null;
      },
      async say(message) {
        await wait(() => say(session, message));
        activate(endpoint, session);
        flushSoon();
      },
      arrived: () => wait(() => allArrived(session)),
      ended: ended.promise,
      async close() {
        await link.arrived();
        closeSession(session, CLOSE_DONE, "", now());
        activate(endpoint, session);
        flushSoon();
        await ended.promise;
      },
    };
    attached.set(session, { link, handlers: handle(link), ended, waiting });
    return link;
  }

  async function close(): Promise<void> {
    await Promise.all(Array.from(attached.values(), ({ link }) => link.close()));
    send();
    if (timer !== null) clearTimeout(timer);
    socket.close();
  }

  return {
    local: socket.address,
    join(joinOptions, handlers) {
      const link = attach(join(endpoint, joinOptions, now()), () => handlers);
      flushSoon();
      return link;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
