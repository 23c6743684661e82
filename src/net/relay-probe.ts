// Asks relays at which address they see this end, whether they forward to a server, and how long that takes (docs/protocol.md
// s. 19.2), by UDP, all from one socket, or by WebSocket: relay-client.ts, and hellos past the relay, which a server answers without
// a secret.

import { openUdpSocket } from "#udp-socket";
import { openWebSocketClient } from "#websocket-client";

import { CharlaError } from "../errors.ts";
import {
  helloProbeWakeAt,
  isHelloProbeOver,
  nextHello,
  receiveForHelloProbe,
  startHelloProbe,
} from "../protocol/handshake/hello-probe.ts";
import { addressKey, type SocketAddress } from "../protocol/socket-address.ts";
import { platformCrypto, randomBytes } from "./crypto.ts";
import {
  addressReceived,
  createRelayClient,
  nextQuery,
  type RelayClient,
  wrapForRelay,
} from "./relay-client.ts";
import { type AddressStatus, readRelayPacket, relaySlot } from "./relay-packets.ts";
import { proxiesIn, withProxies } from "./web-proxy.ts";
import { hostOf, type WebSocketClient } from "./websocket-client.ts";
import type { WebSocketUrls } from "./websocket-urls.ts";

/** How long a relay may take to answer, ms: a satellite link takes less. */
const PATIENCE = 2_000;
/** How long a WebSocket may take to open, ms: TCP, a proxy and TLS need several round trips, and SYNs may be lost. */
const OPEN_PATIENCE = 5_000;
/** Hellos past each relay. */
const HELLOS = 5;

export interface RelayAnswer {
  /** What it says of the server, `unproven` if it was not asked; null if it does not answer. */
  readonly status: AddressStatus | null;
  /** This end's address as the relay sees it. */
  readonly outer: SocketAddress | null;
  /** To the server and back, through the relay, the fastest in ms; null without an answer. */
  readonly roundTrip: number | null;
}

export interface ProbedRelay extends RelayAnswer {
  readonly relay: SocketAddress;
}

export interface ProbedRelays {
  /** Of the socket that they were asked from. */
  readonly localPort: number;
  readonly relays: readonly ProbedRelay[];
}

export interface ProbedWebSocket extends RelayAnswer {
  /** Why there was no WebSocket; null when there was one. */
  readonly failure: string | null;
}

/**
 * By UDP.
 *
 * @param serverKey of the server to reach; null to learn only this end's address
 * @throws {CharlaError} SOCKET_FAILED and others: no socket can be opened here
 */
export async function probeRelays(
  relays: readonly SocketAddress[],
  serverKey: Uint8Array | null,
): Promise<ProbedRelays> {
  const received = new Map<string, (packet: Uint8Array) => void>();
  using socket = await openUdpSocket({
    port: 0,
    onDatagram: (datagram, from) => received.get(addressKey(from))?.(datagram),
    // A relay that refuses is one that does not answer.
    onError() {},
  });
  const probed = relays.map(async (relay): Promise<ProbedRelay> => {
    const send = (bytes: Uint8Array) => socket.sendMany([{ bytes, to: relay }]);
    const probe = startProbe(send, serverKey);
    received.set(addressKey(relay), (packet) => probe.receive(packet));
    return { relay, ...(await probe.answer()) };
  });
  return { localPort: socket.address.port, relays: await Promise.all(probed) };
}

/**
 * By WebSocket, through the proxy that `env` names.
 *
 * @param serverKey of the server to reach; null to learn only whether the relay answers
 */
export async function probeRelayByWebSocket(
  urls: WebSocketUrls,
  serverKey: Uint8Array | null,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProbedWebSocket> {
  try {
    let probe: RelayProbe | null = null;
    const client = await openFirst(urls, env, (message) => probe?.receive(message));
    probe = startProbe((bytes) => client.send(bytes), serverKey);
    const answer = await probe.answer();
    client.close();
    return { failure: null, ...answer };
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    return { failure: error.message, status: null, outer: null, roundTrip: null };
  }
}

/**
 * The WebSocket that is open first; the others are closed.
 *
 * @throws {CharlaError} UNREACHABLE; INVALID_URL, for a proxy that is no URL of HTTP
 */
async function openFirst(
  urls: WebSocketUrls,
  env: Readonly<Record<string, string | undefined>>,
  onMessage: (message: Uint8Array) => void,
): Promise<WebSocketClient> {
  const targets = withProxies(urls, proxiesIn(env));
  const clients: WebSocketClient[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<WebSocketClient>();
  const reasons: string[] = [];
  const fail = (reason: string) =>
    reject(
      new CharlaError("UNREACHABLE", reason, "check the host, and the firewall or proxy between"),
    );
  for (const { url, proxy } of targets) {
    const client: WebSocketClient = openWebSocketClient({
      url,
      proxy,
      onOpen: () => resolve(client),
      onMessage,
      onClosed(cause) {
        reasons.push(`no WebSocket to ${hostOf(url)}: ${cause}`);
        if (reasons.length === urls.length) fail(reasons.join("; "));
      },
    });
    clients.push(client);
  }
  const timer = setTimeout(() => fail("no WebSocket: no answer"), OPEN_PATIENCE);
  let opened: WebSocketClient | null = null;
  try {
    return (opened = await promise);
  } finally {
    clearTimeout(timer);
    for (const client of clients) if (client !== opened) client.close();
  }
}

interface RelayProbe {
  receive(packet: Uint8Array): void;
  answer(): Promise<RelayAnswer>;
}

/** @param send takes packets for the relay */
function startProbe(send: (bytes: Uint8Array) => void, serverKey: Uint8Array | null): RelayProbe {
  const slot = serverKey === null ? null : relaySlot(platformCrypto, serverKey);
  const turn = createTurn();
  const client = createRelayClient(slot, performance.now());
  const hellos = startHelloProbe(randomBytes, HELLOS, performance.now());

  return {
    receive(packet) {
      const now = performance.now();
      const read = readRelayPacket(packet);
      if (read?.kind === "forward") receiveForHelloProbe(hellos, read.datagram, now);
      if (read?.kind === "address") addressReceived(client, read, now).packets.forEach(send);
      turn.end();
    },
    async answer() {
      const end = performance.now() + PATIENCE;
      for (let now = performance.now(); now < end && !isAnswered(client); now = performance.now()) {
        const query = nextQuery(client, now);
        if (query !== null) send(query);
        await turn.next(Math.min(client.queryAt, end) - now);
      }
      const { status, outer } = client;
      if (slot !== null && status === "joined") {
        for (let now = performance.now(); !isHelloProbeOver(hellos, now); now = performance.now()) {
          const hello = nextHello(hellos, now);
          if (hello !== null) send(wrapForRelay(client, slot, hello));
          else await turn.next(helloProbeWakeAt(hellos) - now);
        }
      }
      const [roundTrip = null] = hellos.roundTrips.toSorted((one, other) => one - other);
      return { status, outer, roundTrip };
    },
  };
}

function isAnswered({ slot, status }: RelayClient): boolean {
  return status !== null && (slot === null || status !== "unproven");
}

/** Waits until something has arrived, or for so many ms. */
function createTurn() {
  let wake: (() => void) | null = null;
  return {
    end: () => wake?.(),
    next: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, ms));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
