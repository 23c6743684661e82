// The driver of sealed sessions: protocol/endpoint.ts on a UDP socket, with the clock and one timer for all sessions. Knows
// nothing of what the messages mean.

import { platformCrypto, randomBytes } from "#crypto";
import { soon } from "#timers";
import { udp } from "#udp";

import { defer, type Deferred } from "../deferred.ts";
import type { CharlaError } from "../errors.ts";
import {
  activate,
  connect,
  type ConnectOptions,
  createEndpoint,
  datagramsSent,
  type EndpointOptions,
  endpointWakeAt,
  nextDatagram,
  receiveDatagram,
  receivePlainWire,
  stopAdmitting,
  takeTouched,
  tickEndpoint,
} from "../protocol/endpoint.ts";
import { isSealedWire } from "../protocol/packets.ts";
import { datagramRefused } from "../protocol/recovery/recovery.ts";
import { knownAddresses } from "../protocol/session/path-in-use.ts";
import type { Session } from "../protocol/session/session.ts";
import type { Outbound } from "../protocol/session/transmit.ts";
import { addressKey } from "../protocol/socket-address.ts";
import { sameAddress, type SocketAddress } from "./address.ts";
import { carrierOf, isCarriedBy } from "./carrier.ts";
import { isRelayPacket } from "./relay-packets.ts";
import {
  type SealedLink,
  type SealedLinkHandlers,
  type SessionDriver,
  SessionLink,
} from "./sealed-link.ts";
import type { StaticKeys } from "./shared-secrets.ts";
import { LARGE_RECEIVE_BUFFER } from "./socket-options.ts";
import type { UdpSocket } from "./udp-socket.ts";

/** Datagrams sent in one system call, at most. */
const DATAGRAMS_AT_ONCE = 256;

export interface SealedSocketOptions extends Pick<EndpointOptions, "respond"> {
  readonly staticKeys: StaticKeys;
  readonly bind?: string | undefined;
  readonly port: number;
  /** Somebody has joined. */
  onJoined?(link: SealedLink): SealedLinkHandlers;
  /** A peer has proven another address than before. */
  onMoved?(link: SealedLink): void;
  /** A datagram was not sent or did not arrive: no program is listening there, or there is no route at the moment. */
  onRefused?(error: CharlaError): void;
  /** A datagram came that is not of the sealed wire. */
  onOtherWire?(from: SocketAddress): void;
  /** A datagram came for a relay. Without this handler, it is of another wire. */
  onRelayPacket?: RelayPacketHandler | undefined;
}

/**
 * Takes a datagram that is for or from a relay.
 *
 * @returns a datagram to send with those of the sessions; its memory must not change afterwards
 */
export type RelayPacketHandler = (datagram: Uint8Array, from: SocketAddress) => Outbound | null;

export interface SealedSocket extends AsyncDisposable {
  readonly local: SocketAddress;
  /** Begins a session; the link's `ended` says if it failed. Without handlers, `receive` sets them later. */
  join(options: ConnectOptions, handlers?: SealedLinkHandlers): SealedLink;
  /** Sends a datagram of no session with the next ones of the sessions; its memory must not change afterwards. */
  send(outbound: Outbound): void;
  /** Takes a datagram that has come by a carrier, or in a packet of a relay. */
  receive(datagram: Uint8Array, from: SocketAddress): void;
  /** Packets that come from this relay go to the handler until the returned function is called. */
  listenToRelay(relay: SocketAddress, handler: RelayPacketHandler): () => void;
  /** The carrier of this address has ended: sessions leave the paths by it. */
  carrierLost(address: SocketAddress): void;
  /** It is back, and the peer sees other ends of these paths: sessions that use them show themselves there. */
  carrierBack(address: SocketAddress): void;
  /** Ids of the carriers by which there are paths to peers. */
  carriersInUse(): Set<string>;
  /** From now on nobody joins. */
  stopAdmitting(): void;
  /** Closes every session as `SealedLink.close` does, and then the socket. */
  close(code?: number, reason?: string): Promise<void>;
}

/** False for a datagram that the socket is to send. */
function sendByCarrier({ to, bytes }: Outbound): boolean {
  const carrier = carrierOf(to);
  carrier?.send(bytes);
  return carrier !== null;
}

/** Of an end without UDP. */
const NOWHERE: SocketAddress = { address: "::", port: 0 };

/** Monotonic, ms. */
const now = () => performance.now();

/** @throws {CharlaError} PORT_IN_USE and others: see `describeBindError` */
export async function openSealedSocket(options: SealedSocketOptions): Promise<SealedSocket> {
  const endpoint = createEndpoint({
    crypto: platformCrypto,
    staticKeys: options.staticKeys,
    random: randomBytes,
    respond: options.respond,
    udp: udp?.means ?? null,
    datagramLimit: limitTo,
    now: now(),
  });
  const links = new Map<Session, SessionLink>();
  /** What takes the packets of each relay, by its address. */
  const relays = new Map<string, RelayPacketHandler>();
  /** Datagrams of no session, until the next batch. */
  let beside: Outbound[] = [];
  const driver: SessionDriver = {
    now,
    changed(session) {
      activate(endpoint, session);
      flushSoon();
    },
    queued(session) {
      endpoint.active.add(session);
      flushSoon();
    },
    moved: (link) => options.onMoved?.(link),
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When it fires, on the endpoint's clock; Infinity when it is not set. */
  let timerAt = Infinity;
  let isFlushDue = false;
  let closed: Deferred<void> | null = null;

  const socket: UdpSocket | null =
    udp === null
      ? null
      : await udp.openSocket({
          bind: options.bind,
          port: options.port,
          onDatagram: receive,
          receiveBuffer: LARGE_RECEIVE_BUFFER,
          dontFragment: true,
          gso: true,
          onError(error) {
            options.onRefused?.(error);
          },
          onTooLong(to, length) {
            for (const session of endpoint.sessions.values()) {
              if (!sameAddress(session.path.current.address, to)) continue;
              datagramRefused(session.recovery, length);
              driver.changed(session);
            }
          },
        });

  function limitTo(to: SocketAddress): number {
    const carrier = carrierOf(to);
    if (carrier !== null) return carrier.datagramLimit;
    if (udp === null || socket === null) throw new Error("no datagrams can be sent without UDP");
    return udp.maxProbeSize(socket, to);
  }

  function receive(datagram: Uint8Array, from: SocketAddress): void {
    const handle = isRelayPacket(datagram)
      ? (relays.get(addressKey(from)) ?? options.onRelayPacket)
      : undefined;
    if (handle !== undefined) {
      const outbound = handle(datagram, from);
      if (outbound === null) return;
      queueBeside(outbound);
    } else if (isSealedWire(datagram)) {
      const preparation = options.staticKeys.prepare?.(datagram) ?? null;
      if (preparation !== null) return void preparation.then(() => take(datagram, from));
      return take(datagram, from);
    } else {
      receivePlainWire(endpoint, datagram, from, now());
      options.onOtherWire?.(from);
    }
    flushSoon();
  }

  function take(datagram: Uint8Array, from: SocketAddress): void {
    receiveDatagram(endpoint, datagram, from, now());
    flushSoon();
  }

  /** One flush for everything in a turn of the event loop makes full datagrams and few system calls. */
  function flushSoon(): void {
    if (isFlushDue) return;
    isFlushDue = true;
    soon(flush);
  }

  function flush(): void {
    isFlushDue = false;
    for (const session of endpoint.accepted.splice(0)) {
      const link = attach(session);
      link.receive(options.onJoined?.(link) ?? { onMessages() {} });
    }
    const touched: SessionLink[] = [];
    for (const session of takeTouched(endpoint)) {
      const link = links.get(session);
      if (link === undefined) continue;
      touched.push(link);
      link.reportArrival();
      link.handOnMessages();
    }
    send();
    for (const link of touched) {
      if (!link.reportChanges(now())) links.delete(link.session);
    }
    if (closed !== null && !isClosing()) closed.resolve();
    const at = endpointWakeAt(endpoint);
    if (at === timerAt) return;
    timerAt = at;
    clearTimeout(timer);
    if (at !== Infinity) timer = setTimeout(tick, Math.max(0, Math.ceil(at - now())));
  }

  /** Whether some peer has yet to get our CLOSE. */
  function isClosing(): boolean {
    for (const { closing, end } of endpoint.sessions.values()) {
      if (closing !== null && end?.type === "closed" && end.by === "us") return true;
    }
    return false;
  }

  function queueBeside(outbound: Outbound): void {
    beside.push(outbound);
    // A flood must not fill the memory.
    if (beside.length === DATAGRAMS_AT_ONCE) sendBeside();
  }

  function sendBeside(): void {
    const batch: Outbound[] = [];
    for (const outbound of beside.splice(0)) {
      if (!sendByCarrier(outbound)) batch.push(outbound);
    }
    if (udp !== null) socket?.sendMany(udp.groupByAddress(batch));
  }

  function send(): void {
    let taken: number;
    do {
      taken = 0;
      const batch: Outbound[] = [];
      const at = now();
      while (taken < DATAGRAMS_AT_ONCE) {
        const next = nextDatagram(endpoint, at);
        if (next === null) break;
        taken += 1;
        if (!sendByCarrier(next)) batch.push(next);
      }
      // Also what a relay's carrier has put into packets.
      if (beside.length > 0) sendBeside();
      socket?.sendMany(batch);
      datagramsSent(endpoint);
    } while (taken === DATAGRAMS_AT_ONCE);
  }

  function tick(): void {
    timerAt = Infinity;
    tickEndpoint(endpoint, now());
    flush();
  }

  function attach(session: Session): SealedLink {
    const link = new SessionLink(session, driver);
    links.set(session, link);
    return link;
  }

  function carrierLost(address: SocketAddress): void {
    for (const [session, link] of links) {
      for (const known of knownAddresses(session)) {
        if (isCarriedBy(known, address)) link.pathLost(known);
      }
    }
  }

  function carrierBack(address: SocketAddress): void {
    for (const [session, link] of links) {
      for (const known of knownAddresses(session)) {
        if (isCarriedBy(known, address)) link.pathBack(known);
      }
    }
  }

  function carriersInUse(): Set<string> {
    const ids = new Set<string>();
    for (const session of links.keys()) {
      for (const known of knownAddresses(session)) {
        const carrier = carrierOf(known);
        if (carrier === null) continue;
        ids.add(carrier.id);
        if (carrier.below?.carrier !== undefined) ids.add(carrier.below.carrier.id);
      }
    }
    return ids;
  }

  async function close(code?: number, reason?: string): Promise<void> {
    stopAdmitting(endpoint);
    await Promise.all(Array.from(links.values(), (link) => link.close(code, reason)));
    closed ??= defer<void>();
    flushSoon();
    await closed.promise;
    clearTimeout(timer);
    socket?.close();
  }

  return {
    local: socket?.address ?? NOWHERE,
    join(joinOptions, handlers) {
      const link = attach(connect(endpoint, joinOptions, now()));
      if (handlers !== undefined) link.receive(handlers);
      flushSoon();
      return link;
    },
    send(outbound) {
      queueBeside(outbound);
      flushSoon();
    },
    receive,
    listenToRelay(relay, handler) {
      const key = addressKey(relay);
      relays.set(key, handler);
      return () => {
        if (relays.get(key) === handler) relays.delete(key);
      };
    },
    carrierLost,
    carrierBack,
    carriersInUse,
    stopAdmitting: () => stopAdmitting(endpoint),
    close,
    [Symbol.asyncDispose]: close,
  };
}
