// Two sealed endpoints in one process, each on a socket of its own on loopback, and a session between them: as
// sealed-socket.ts, but with a given datagram size, and with counters.

import { openUdpSocket } from "#udp-socket";

import { generateKeyPair, platformCrypto, randomBytes } from "../../src/net/crypto.ts";
import { LARGE_RECEIVE_BUFFER } from "../../src/net/socket-options.ts";
import type { UdpSocket } from "../../src/net/udp-socket.ts";
import {
  activate,
  connect,
  createEndpoint,
  datagramsSent,
  type Endpoint,
  endpointWakeAt,
  nextDatagram,
  receiveDatagram,
  tickEndpoint,
} from "../../src/protocol/endpoint.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { receiveMessages } from "../../src/protocol/session/receive.ts";
import type { Session } from "../../src/protocol/session/session.ts";
import type { Outbound } from "../../src/protocol/session/transmit.ts";
import { udpMeans } from "../../src/protocol/udp-means.ts";

const PSK = new Uint8Array(32);
/** As in sealed-link.ts and sealed-socket.ts. */
const MESSAGES_AT_ONCE = 1_024;
const DATAGRAMS_AT_ONCE = 256;

export interface PairEnd {
  readonly endpoint: Endpoint;
  readonly socket: UdpSocket;
  session: Session | null;
  /** Datagrams. */
  sent: number;
  received: number;
  onMessage: (message: Uint8Array) => void;
  /** Called before each flush, to send messages. */
  onFlush: (session: Session) => void;
  flushSoon(): void;
}

export interface SealedPair extends Disposable {
  readonly initiator: PairEnd;
  readonly responder: PairEnd;
}

/** @param datagramLimit bytes of the longest datagram */
export async function openSealedPair(datagramLimit: number): Promise<SealedPair> {
  const responder = await openEnd(datagramLimit, PSK);
  const initiator = await openEnd(datagramLimit, null);
  const to = responder.socket.address;
  initiator.session = connect(
    initiator.endpoint,
    { to, psk: PSK, expected: null },
    performance.now(),
  );
  initiator.flushSoon();
  while (responder.session === null || initiator.session.handshake !== null) await Bun.sleep(1);
  return {
    initiator,
    responder,
    [Symbol.dispose]() {
      initiator.socket.close();
      responder.socket.close();
    },
  };
}

async function openEnd(datagramLimit: number, admission: Uint8Array | null): Promise<PairEnd> {
  const endpoint = createEndpoint({
    crypto: platformCrypto,
    staticKeys: generateKeyPair(crypto.getRandomValues(new Uint8Array(32))),
    random: randomBytes,
    respond: admission === null ? undefined : respondWith({ admission }),
    udp: udpMeans,
    datagramLimit: () => datagramLimit,
    now: performance.now(),
  });
  let due = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const socket = await openUdpSocket({
    bind: "127.0.0.1",
    port: 0,
    receiveBuffer: LARGE_RECEIVE_BUFFER,
    dontFragment: true,
    gso: true,
    onDatagram(datagram, from) {
      end.received += 1;
      receiveDatagram(endpoint, datagram, from, performance.now());
      end.flushSoon();
    },
    onError(error) {
      throw error;
    },
  });
  const end: PairEnd = {
    endpoint,
    socket,
    session: null,
    sent: 0,
    received: 0,
    onMessage() {},
    onFlush() {},
    flushSoon() {
      if (due) return;
      due = true;
      setImmediate(flush);
    },
  };

  function flush(): void {
    due = false;
    end.session ??= endpoint.accepted.shift() ?? null;
    const { session } = end;
    if (session !== null) {
      const messages = receiveMessages(session, MESSAGES_AT_ONCE, performance.now());
      for (const message of messages) end.onMessage(message);
      end.onFlush(session);
      activate(endpoint, session);
    }
    send();
    clearTimeout(timer);
    const at = endpointWakeAt(endpoint);
    if (at === Number.POSITIVE_INFINITY) return;
    // An idle session must not keep the process alive.
    timer = setTimeout(tick, Math.max(0, Math.ceil(at - performance.now()))).unref();
  }

  function tick(): void {
    tickEndpoint(endpoint, performance.now());
    flush();
  }

  function send(): void {
    let batch: Outbound[];
    do {
      batch = [];
      while (batch.length < DATAGRAMS_AT_ONCE) {
        const next = nextDatagram(endpoint, performance.now());
        if (next === null) break;
        batch.push(next);
      }
      end.sent += batch.length;
      socket.sendMany(batch);
      datagramsSent(endpoint);
    } while (batch.length === DATAGRAMS_AT_ONCE);
  }

  return end;
}
