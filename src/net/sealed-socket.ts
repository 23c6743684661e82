// Sealed sessions on a real socket: protocol/endpoint.ts with a UDP socket, the clock and one timer for all
// of its sessions. Knows nothing of what the messages mean.

import type { CharlaError } from "../errors.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";
import {
  activate,
  answerPlainWire,
  connect,
  type ConnectOptions,
  createEndpoint,
  datagramsSent,
  type Endpoint,
  endpointWakeAt,
  nextDatagram,
  receiveDatagram,
  takeTouched,
  tickEndpoint,
} from "../protocol/endpoint.ts";
import type { Admission } from "../protocol/handshake/admission.ts";
import { isSealedWire } from "../protocol/packets.ts";
import { MAX_DATAGRAM_SIZE } from "../protocol/recovery/path-mtu.ts";
import { datagramRefused } from "../protocol/recovery/recovery.ts";
import type { Outbound } from "../protocol/session/session-transmit.ts";
import type { Session } from "../protocol/session/session.ts";
import { isLoopback, sameAddress, type SocketAddress } from "./address.ts";
import { nodeCrypto, randomBytes } from "./node-crypto.ts";
import {
  AttachedSession,
  handOnMessages,
  type SealedLink,
  type SealedLinkHandlers,
  type SessionDriver,
  tellArrived,
  tellWhatCameToBe,
} from "./sealed-link.ts";
import { LARGE_RECEIVE_BUFFER } from "./socket-options.ts";
import { openUdpSocket, type UdpSocket } from "./udp-socket.ts";

/** Datagrams handed to the system at a time. */
const DATAGRAMS_AT_ONCE = 256;

export interface SealedSocketOptions {
  readonly bind?: string | undefined;
  readonly port: number;
  readonly staticKeys: KeyPair;
  /** The pre-shared key, 32 bytes, with which others may join, or who decides that; null when nobody may. */
  readonly openWith: Uint8Array | Admission | null;
  /** Past so many sessions nobody else may join. */
  readonly maxSessions?: number | undefined;
  /** Somebody has joined. */
  onJoined?(link: SealedLink): SealedLinkHandlers;
  /** The network refused something: nobody listens there, or there is no way. */
  onRefused?(error: CharlaError): void;
  /** Somebody speaks the plain wire, or another one, to this socket. */
  onOtherWire?(from: SocketAddress): void;
}

export interface SealedSocket extends AsyncDisposable {
  readonly local: SocketAddress;
  /** Begins a session; that it failed is told by the link's `ended`. Without handlers, `receive` sets them later. */
  join(options: ConnectOptions, handlers?: SealedLinkHandlers): SealedLink;
  /** Ends every session, once what was said has arrived, tells the peers so, and closes the socket. */
  close(): Promise<void>;
}

/**
 * Where the system cuts longer datagrams in pieces on its own, a probe of them proves nothing (RFC 8899
 * s. 3): no longer than Ethernet carries then, with IPv6's headers and UDP's.
 */
const LIMIT_WHERE_CUT = 1_500 - 40 - 8;

/** Bytes of the longest datagram whose arrival tells something of the path. */
export function longestWorthTrying(
  { dontFragment }: Pick<UdpSocket, "dontFragment">,
  to: SocketAddress,
): number {
  return dontFragment || isLoopback(to) ? MAX_DATAGRAM_SIZE : LIMIT_WHERE_CUT;
}

/** Milliseconds that only ever grow. */
function now(): number {
  return performance.now();
}

/** @throws {CharlaError} PORT_IN_USE and its kin */
export async function openSealedSocket(options: SealedSocketOptions): Promise<SealedSocket> {
  const endpoint: Endpoint = createEndpoint({
    crypto: nodeCrypto,
    staticKeys: options.staticKeys,
    random: randomBytes,
    admission: options.openWith,
    maxSessions: options.maxSessions,
    datagramLimit: (to) => longestWorthTrying(socket, to),
    now: now(),
  });
  const attached = new Map<Session, AttachedSession>();
  const driver: SessionDriver = {
    now,
    changed(session) {
      activate(endpoint, session);
      flushSoon();
    },
    said(session) {
      endpoint.active.add(session);
      flushSoon();
    },
  };
  let timer: ReturnType<typeof setTimeout> | null = null;
  let due = false;
  let closed: PromiseWithResolvers<void> | null = null;

  const socket: UdpSocket = await openUdpSocket({
    bind: options.bind,
    port: options.port,
    onDatagram(datagram, from) {
      if (!isSealedWire(datagram)) return onOtherWire(datagram, from);
      receiveDatagram(endpoint, datagram, from, now());
      flushSoon();
    },
    receiveBuffer: LARGE_RECEIVE_BUFFER,
    dontFragment: true,
    gso: true,
    onError(error) {
      options.onRefused?.(error);
    },
    onTooLong(to, length) {
      for (const session of endpoint.sessions.values()) {
        if (!sameAddress(session.path.address, to)) continue;
        datagramRefused(session.recovery, length);
        driver.changed(session);
      }
    },
  });

  function onOtherWire(datagram: Uint8Array, from: SocketAddress): void {
    answerPlainWire(endpoint, datagram, from, now());
    flushSoon();
    options.onOtherWire?.(from);
  }

  /** One flush for all that happens in a turn of the event loop: full datagrams, few system calls. */
  function flushSoon(): void {
    if (due) return;
    due = true;
    setImmediate(flush);
  }

  function flush(): void {
    due = false;
    for (const session of endpoint.arrived.splice(0)) {
      const link = attach(session);
      link.receive(options.onJoined?.(link) ?? { onMessages() {} });
    }
    const links: AttachedSession[] = [];
    for (const session of takeTouched(endpoint)) {
      const its = attached.get(session);
      if (its === undefined) continue;
      links.push(its);
      tellArrived(its);
      handOnMessages(its, driver);
    }
    send();
    for (const its of links) {
      if (!tellWhatCameToBe(its, now())) attached.delete(its.session);
    }
    if (closed !== null && !isClosing()) closed.resolve();
    schedule();
  }

  /** Whether some peer is still to be told that its session is over. */
  function isClosing(): boolean {
    return endpoint.sessions
      .values()
      .some(({ closing, end }) => closing !== null && end?.type === "closed" && end.by === "us");
  }

  function send(): void {
    let batch: Outbound[];
    do {
      batch = [];
      const at = now();
      while (batch.length < DATAGRAMS_AT_ONCE) {
        const next = nextDatagram(endpoint, at);
        if (next === null) break;
        batch.push(next);
      }
      socket.sendMany(batch);
      datagramsSent(endpoint);
    } while (batch.length === DATAGRAMS_AT_ONCE);
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

  function attach(session: Session): SealedLink {
    const link = new AttachedSession(session, driver);
    attached.set(session, link);
    return link;
  }

  async function close(): Promise<void> {
    await Promise.all(Array.from(attached.values(), (link) => link.close()));
    closed ??= Promise.withResolvers<void>();
    flushSoon();
    await closed.promise;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    socket.close();
  }

  return {
    local: socket.address,
    join(joinOptions, handlers) {
      const link = attach(connect(endpoint, joinOptions, now()));
      if (handlers !== undefined) link.receive(handlers);
      flushSoon();
      return link;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
