// Sealed sessions on a real socket: sealed/endpoint.ts with a UDP socket, the clock and one timer for all
// of its sessions. Knows nothing of what the messages mean.

import { randomBytes } from "node:crypto";

import type { CharlaError } from "../errors.ts";
import { isLoopback, type SocketAddress } from "./address.ts";
import type { KeyPair } from "./noise/x25519.ts";
import { MAX_DATAGRAM_SIZE } from "./recovery/path-mtu.ts";
import {
  activate,
  createEndpoint,
  type Endpoint,
  endpointWakeAt,
  join,
  type JoinOptions,
  nextDatagram,
  receiveDatagram,
  takeTouched,
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
  /**
   * Says one message, of at most 65,536 bytes, as soon as there is room for it; false when the session
   * ended first. Messages are said in the order of the calls.
   */
  say(message: Uint8Array): Promise<boolean>;
  /** Resolves when everything said has arrived: true; or the session ended first: false. */
  arrived(): Promise<boolean>;
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
  /** Messages that wait for room, in order. */
  readonly unsaid: Waiting[];
  /** Who waits until all that was said has arrived. */
  readonly arrivals: Waiting[];
}

interface Waiting {
  /** Whether what is waited for has come to be. */
  readonly until: () => boolean;
  readonly resolve: (came: boolean) => void;
}

/**
 * Beyond this machine, datagrams no longer than Ethernet carries, with IPv6's headers and UDP's: where
 * the system cuts longer ones in pieces on its own, a probe of them proves nothing (RFC 8899 s. 3).
 */
function datagramLimit(to: SocketAddress): number {
  return isLoopback(to) ? MAX_DATAGRAM_SIZE : 1_500 - 40 - 8;
}

/** Milliseconds that only ever grow. */
function now(): number {
  return performance.now();
}

/** @throws {CharlaError} PORT_IN_USE and its kin */
export async function openSealedSocket(options: SealedSocketOptions): Promise<SealedSocket> {
  const endpoint: Endpoint = createEndpoint({
    staticKeys: options.staticKeys,
    random: (length) => new Uint8Array(randomBytes(length)),
    openWith: options.openWith,
    datagramLimit,
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
    for (const session of endpoint.arrived.splice(0)) {
      attach(session, (link) => options.onJoined?.(link) ?? { onMessage() {} });
    }
    const touched = takeTouched(endpoint);
    for (const session of touched) take(session);
    send();
    for (const session of touched) settle(session);
    schedule();
  }

  function take(session: Session): void {
    const handlers = attached.get(session)?.handlers;
    if (handlers === undefined) return;
    const messages = receiveMessages(session, MESSAGES_AT_ONCE, now());
    if (messages.length === 0) return;
    activate(endpoint, session);
    // There may be more: but others come first.
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
  function settle(session: Session): void {
    const its = attached.get(session);
    if (its === undefined) return;
    const { end } = session;
    for (const queue of [its.unsaid, its.arrivals]) {
      // In order: who came later has no room before who came first.
      while (queue[0] !== undefined && (end !== null || queue[0].until())) {
        queue.shift()?.resolve(end === null);
      }
    }
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
    const unsaid: Waiting[] = [];
    const arrivals: Waiting[] = [];
    const wait = (queue: Waiting[], until: () => boolean): Promise<boolean> => {
      if (session.end !== null) return Promise.resolve(false);
      if (queue.length === 0 && until()) return Promise.resolve(true);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      queue.push({ until, resolve });
      return promise;
    };
    const link: SealedLink = {
      get peer() {
        return session.path.address;
      },
      get peerKey() {
        return session.established?.remoteKey ?? null;
      },
      say(message) {
        const said = wait(unsaid, () => say(session, message));
        activate(endpoint, session);
        flushSoon();
        return said;
      },
      arrived: () => wait(arrivals, () => unsaid.length === 0 && allArrived(session)),
      ended: ended.promise,
      async close() {
        await link.arrived();
        closeSession(session, CLOSE_DONE, "", now());
        activate(endpoint, session);
        flushSoon();
        await ended.promise;
      },
    };
    attached.set(session, { link, handlers: handle(link), ended, unsaid, arrivals });
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
