// WebSockets on which datagrams come in (docs/protocol.md s. 19.6): one binary message is one datagram of a sealed socket. An edge:
// knows how connections start and end, their bounds, and nothing of what the datagrams hold. Only under Bun.

import { CharlaError } from "../errors.ts";
import { isSealedWire } from "../protocol/packets.ts";
import { addressKey, sourcePrefixes } from "../protocol/socket-address.ts";
import { canonicalAddress, formatAddress, type SocketAddress } from "./address.ts";
import { type DatagramCarrier, pathRank, WEBSOCKET_DATAGRAM_LIMIT } from "./carrier.ts";
import { isRelayPacket } from "./relay-packets.ts";
import { openSealedSocket, type SealedSocket, type SealedSocketOptions } from "./sealed-socket.ts";
import { describeBindError } from "./socket-error.ts";
import { type ConnectionTable, openConnectionTable } from "./tcp-connections.ts";
import { findTooMany, type RequestLimits, type UnfinishedRequests } from "./unfinished-requests.ts";

/** Bytes that wait for a slow reader besides those in the kernel; what doesn't fit is dropped, as by any network. */
const SEND_BUFFER = 256 * 1_024;
/** How often these are looked at, ms. */
const SWEEP = 1_000;
/** s without any byte; a session sends something each 20 s (docs/protocol.md s. 15.1). */
const IDLE_SECONDS = 60;
/** s that a request without a WebSocket may take. */
const REQUEST_SECONDS = 10;
/** Of the time, at most this part is for looking for requests that are never complete: with 8,192 connections it takes 30 ms. */
const LOOKING_SHARE = 0.01;
/** How often another UDP port is tried when the TCP port of its number is in use. */
const PORT_ATTEMPTS = 10;

/** Codes of RFC 6455 s. 7.4.1. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

export interface WebSocketLimits extends RequestLimits {
  /** Connections in all, of one source and of one network (docs/protocol.md s. 15.4). */
  readonly connections: number;
  readonly ofSource: number;
  readonly ofNetwork: number;
  /** How long a buffer may be full before the connection is closed, ms. */
  readonly fullTimeout: number;
  /** How long a connection may be without a session or a joined server, ms. */
  readonly unusedTimeout: number;
}

const WEBSOCKET_LIMITS: WebSocketLimits = {
  connections: 8_192,
  ofSource: 256,
  ofNetwork: 1_024,
  requests: 2_048,
  requestsOfSource: 64,
  requestsOfNetwork: 256,
  fullTimeout: 10_000,
  unusedTimeout: 10_000,
};

/** In PEM. */
export interface TlsCertificate {
  /** With the chain. */
  readonly certificate: string;
  readonly key: string;
}

export type AnswerRequest = (request: Request) => Response | Promise<Response>;

export interface WebSocketOptions {
  /** For `openSealedSocketAndWebSockets`: the TCP port; without one, the number of the UDP port. */
  readonly port?: number | undefined;
  /** Null for no TLS. */
  readonly tls?: TlsCertificate | null | undefined;
  readonly limits?: Partial<WebSocketLimits> | undefined;
  /** At a relay: whether the address of this `addressKey` has joined a server, so that it is in use without a session. */
  readonly isJoined?: ((key: string) => boolean) | undefined;
  /** Answers every request that asks for no WebSocket. Without a page, no page may open a WebSocket. */
  readonly page?: AnswerRequest | undefined;
  /**
   * Whether a page at this host may open WebSockets, where the host alone decides who joins: an attacker's name server may say
   * that a name is at this address (DNS rebinding). By default every host at which the page was requested may.
   */
  readonly isOwnHost?: ((host: string) => boolean) | undefined;
}

export interface WebSocketListener extends AsyncDisposable {
  readonly local: SocketAddress;
  /** Connections at the moment. */
  readonly connections: number;
  /**
   * New connections get this certificate.
   *
   * @throws {CharlaError} CERTIFICATE_UNUSABLE, or why the port can't be used: the certificate before stays
   */
  useCertificate(tls: TlsCertificate): void;
}

interface Connection {
  /** Where its datagrams come from. */
  readonly from: SocketAddress & { readonly carrier: WebSocketCarrier };
  /** Of its end, without the carrier. */
  readonly key: string;
  readonly prefixes: readonly string[];
}

class WebSocketCarrier implements DatagramCarrier {
  static #count = 0;
  readonly id: string;
  readonly kind = { transport: "websocket", relay: null } as const;
  readonly rank = pathRank(this.kind);
  readonly datagramLimit = WEBSOCKET_DATAGRAM_LIMIT;
  /** Null before and after. */
  #socket: Bun.ServerWebSocket<Connection> | null = null;
  /** Since when its buffer is full, ms; Infinity while it is not. */
  fullSince = Infinity;
  /** When it had a session last, or was opened, ms. */
  usedAt = performance.now();

  constructor() {
    WebSocketCarrier.#count += 1;
    this.id = `websocket ${WebSocketCarrier.#count}`;
  }

  attach(socket: Bun.ServerWebSocket<Connection> | null): void {
    this.#socket = socket;
  }

  send(datagram: Uint8Array): void {
    // 0: dropped, because the buffer is full.
    if (this.#socket?.sendBinary(datagram) !== 0) return;
    this.fullSince = Math.min(this.fullSince, performance.now());
  }

  close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  terminate(): void {
    this.#socket?.terminate();
  }
}

/**
 * @param at where to listen
 * @throws {CharlaError} PORT_IN_USE and others: see `describeBindError`
 */
export function listenForWebSockets(
  socket: SealedSocket,
  at: SocketAddress,
  options: WebSocketOptions = {},
): WebSocketListener {
  const limits = { ...WEBSOCKET_LIMITS, ...options.limits };
  const isRelay = options.isJoined !== undefined;
  const connections = new Set<Connection>();
  /** Connections of each source and each network. */
  const byPrefix = new Map<string, number>();
  /** Those of connections with a WebSocket, as `addressKey` of their ends without the carrier. */
  const upgraded = new Set<string>();
  let tls = options.tls ?? null;
  let server = serve(at.port, tls);
  const local = { address: at.address, port: server.port ?? at.port };
  const timer = setInterval(sweep, SWEEP);
  timer.unref();
  let unfinished: UnfinishedRequests = new Set();
  let lookAt = 0;
  /** Null until it is loaded, and where there is none: there the time of a request is the only limit. */
  let table: ConnectionTable | null = null;
  const loading = openConnectionTable().then((loaded) => void (table = loaded));

  function serve(port: number, shown: TlsCertificate | null): Bun.Server<Connection> {
    try {
      return Bun.serve<Connection>({
        hostname: at.address,
        port,
        ...(shown === null ? {} : { tls: { cert: shown.certificate, key: shown.key } }),
        idleTimeout: REQUEST_SECONDS,
        maxRequestBodySize: 0,
        development: false,
        // True would be the default outside of development: another server could take half of the connections.
        reusePort: false,
        fetch: respond,
        websocket: {
          perMessageDeflate: false,
          maxPayloadLength: WEBSOCKET_DATAGRAM_LIMIT,
          backpressureLimit: SEND_BUFFER,
          idleTimeout: IDLE_SECONDS,
          sendPings: false,
          open: opened,
          message: received,
          drain: ({ data }) => void (data.from.carrier.fullSince = Infinity),
          close: ended,
        },
      });
    } catch (cause) {
      throw describeBindError(cause, formatAddress({ address: at.address, port }));
    }
  }

  function respond(
    request: Request,
    runtime: Bun.Server<Connection>,
  ): Response | Promise<Response> | undefined {
    if (!URL.canParse(request.url)) return text(400, "no host");
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return options.page?.(request) ?? answerInWords(request);
    }
    if (isForeignPage(request)) return text(403, "this page is not from here");
    const peer = runtime.requestIP(request);
    // It has gone meanwhile.
    if (peer === null) return text(400, "no address");
    const where = { address: canonicalAddress(peer.address), port: peer.port };
    const { source, network } = sourcePrefixes(where);
    const isFull =
      connections.size >= limits.connections ||
      (byPrefix.get(source) ?? 0) >= limits.ofSource ||
      (byPrefix.get(network) ?? 0) >= limits.ofNetwork;
    if (isFull) return text(503, "too many connections");
    const from = { ...where, carrier: new WebSocketCarrier() };
    const data = { from, key: addressKey(where), prefixes: [source, network] };
    return runtime.upgrade(request, { data }) ? undefined : text(400, "no WebSocket");
  }

  /** A page of another site could join an open server in the name of whose browser it is in. */
  function isForeignPage({ headers }: Request): boolean {
    const origin = headers.get("origin");
    if (origin === null) return false;
    const { host, hostname } = URL.parse(origin) ?? {};
    if (options.page === undefined || hostname === undefined) return true;
    return host !== headers.get("host") || options.isOwnHost?.(hostname) === false;
  }

  function opened(webSocket: Bun.ServerWebSocket<Connection>): void {
    const { data } = webSocket;
    data.from.carrier.attach(webSocket);
    connections.add(data);
    upgraded.add(data.key);
    for (const prefix of data.prefixes) byPrefix.set(prefix, (byPrefix.get(prefix) ?? 0) + 1);
  }

  function received({ data }: Bun.ServerWebSocket<Connection>, message: string | Uint8Array): void {
    const { from } = data;
    if (typeof message === "string") from.carrier.close(UNSUPPORTED_DATA, "binary messages only");
    else if (isSealedWire(message) || (isRelay && isRelayPacket(message))) {
      socket.receive(message, from);
    }
  }

  function ended({ data }: Bun.ServerWebSocket<Connection>): void {
    data.from.carrier.attach(null);
    if (!connections.delete(data)) return;
    upgraded.delete(data.key);
    for (const prefix of data.prefixes) {
      const left = (byPrefix.get(prefix) ?? 1) - 1;
      if (left === 0) byPrefix.delete(prefix);
      else byPrefix.set(prefix, left);
    }
    socket.carrierLost(data.from);
  }

  function sweep(): void {
    const now = performance.now();
    if (table !== null && now >= lookAt) {
      endUnfinished(table);
      lookAt = now + (performance.now() - now) / LOOKING_SHARE;
    }
    if (connections.size === 0) return;
    const used = socket.carriersInUse();
    for (const { from } of connections) {
      const { carrier } = from;
      if (used.has(carrier.id) || options.isJoined?.(addressKey(from)) === true) {
        carrier.usedAt = now;
      }
      // Not `close`, which would wait behind what is not read.
      if (now - carrier.fullSince >= limits.fullTimeout) carrier.terminate();
      else if (now - carrier.usedAt >= limits.unusedTimeout)
        carrier.close(POLICY_VIOLATION, "no session");
    }
  }

  /** Before the request is complete, only the system knows of a connection. */
  function endUnfinished(found: ConnectionTable): void {
    const waiting = found.at(local.port).filter(({ peer }) => !upgraded.has(addressKey(peer)));
    const { tooMany, ...state } = findTooMany(unfinished, waiting, limits);
    ({ unfinished } = state);
    for (const connection of tooMany) found.end(connection);
  }

  return {
    local,
    get connections() {
      return connections.size;
    },
    useCertificate(renewed) {
      checkCertificate(renewed, at.address);
      // Bun 1.4.5 can't give a server another one; its connections stay.
      void server.stop(false);
      try {
        server = serve(local.port, renewed);
        tls = renewed;
      } catch (error) {
        server = serve(local.port, tls);
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const { from } of connections) from.carrier.close(GOING_AWAY, "stopped");
      await server.stop(true);
      await loading;
      table?.[Symbol.dispose]();
      // Those of an earlier certificate whose ends have not answered.
      for (const { from } of connections) from.carrier.terminate();
    },
  };
}

/**
 * At a port of its own: what shows the certificate before stays until this one is known to be usable.
 *
 * @throws {CharlaError} CERTIFICATE_UNUSABLE
 */
function checkCertificate({ certificate, key }: TlsCertificate, hostname: string): void {
  try {
    const server = Bun.serve({ hostname, port: 0, tls: { cert: certificate, key }, fetch: refuse });
    void server.stop(true);
  } catch (cause) {
    throw new CharlaError(
      "CERTIFICATE_UNUSABLE",
      `the certificate can't be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      "put a certificate and its key into the files, both in PEM",
      { cause },
    );
  }
}

function refuse(): Response {
  return text(404, "nothing is here");
}

function answerInWords({ method, url }: Request): Response {
  if (new URL(url).pathname !== "/") return text(404, "nothing is here");
  if (method !== "GET" && method !== "HEAD") return text(405, "only GET", { allow: "GET, HEAD" });
  return text(426, "charla takes WebSockets here, and has no page", { upgrade: "websocket" });
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(`${body}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}

export interface SocketWithWebSockets {
  readonly socket: SealedSocket;
  /** Null when the port is not free on TCP, without options, and under Node.js. */
  readonly webSockets: WebSocketListener | null;
  /** Why there is none. */
  readonly refused: CharlaError | null;
}

/**
 * A sealed socket, and WebSockets on a TCP port. Without these the socket is there all the same.
 *
 * @param webOptions null for no WebSockets
 * @throws {CharlaError} PORT_IN_USE and others, for the UDP port: see `describeBindError`
 */
export async function openSealedSocketAndWebSockets(
  options: SealedSocketOptions,
  webOptions: WebSocketOptions | null,
): Promise<SocketWithWebSockets> {
  for (let attempt = 1; ; attempt++) {
    const socket = await openSealedSocket(options);
    if (webOptions === null || !("Bun" in globalThis)) {
      return { socket, webSockets: null, refused: null };
    }
    try {
      const at = { ...socket.local, port: webOptions.port ?? socket.local.port };
      const webSockets = listenForWebSockets(socket, at, webOptions);
      return { socket, webSockets, refused: null };
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      const isWorthAnother =
        options.port === 0 && webOptions.port === undefined && error.code === "PORT_IN_USE";
      if (!isWorthAnother || attempt === PORT_ATTEMPTS) {
        return { socket, webSockets: null, refused: error };
      }
      await socket.close();
    }
  }
}
