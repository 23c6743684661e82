// A WebSocket that this end opens, as a carrier of datagrams (docs/protocol.md s. 19.6): opened again when it ends, as long as a
// session uses it. What is at `address` is a server or a relay.

import { openWebSocketClient } from "#websocket-client";

import { backoff } from "../backoff.ts";
import { CharlaError } from "../errors.ts";
import type { SocketAddress } from "../protocol/socket-address.ts";
import { type DatagramCarrier, pathRank, WEBSOCKET_DATAGRAM_LIMIT } from "./carrier.ts";
import type { SealedSocket } from "./sealed-socket.ts";
import { type FindProxy, withProxies } from "./web-proxy.ts";
import { hostOf, type WebSocketClient } from "./websocket-client.ts";
import type { WebSocketUrls } from "./websocket-urls.ts";

/** When the next URL is tried beside the ones before, ms (RFC 8305 s. 8). */
const STAGGER = 250;
/** Waits before another attempt, ms: the first and the longest. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
/** Bytes that wait for a slow network; what doesn't fit is dropped, as by any. */
const SEND_BUFFER = 256 * 1_024;
/** Datagrams that wait for the WebSocket to open; the newest are kept. */
const MAX_HELD = 16;
/**
 * So many datagrams without anything in return, over so many ms, and the connection counts as dead: TCP itself goes on for
 * minutes after the network of this end has changed.
 */
const UNANSWERED = 3;
const UNANSWERED_FOR = 5_000;

export interface WebSocketCarrierOptions {
  /** The same end by several URLs, the best first; one that opens is kept. */
  readonly urls: WebSocketUrls;
  /** Where it is, if that is known: for limits and for what must not be challenged. */
  readonly at?: SocketAddress | undefined;
  /** Without it, there is no proxy. */
  readonly findProxy?: FindProxy | undefined;
  /** Closes it, for good. */
  readonly signal: AbortSignal;
  /** It is open, for the first time or again. */
  onOpen?(): void;
  /** It could not be opened, or has ended: another attempt follows. Only the first of several failures in a row. */
  onLost?(error: CharlaError): void;
}

export type WebSocketAddress = SocketAddress & { readonly carrier: DatagramCarrier };

/**
 * Begins to open it; what is sent meanwhile waits.
 *
 * @throws {CharlaError} INVALID_URL, for a proxy that is no URL of HTTP
 */
export function openWebSocketCarrier(
  socket: SealedSocket,
  options: WebSocketCarrierOptions,
): WebSocketAddress {
  const { signal, at } = options;
  const targets = withProxies(options.urls, options.findProxy);
  /** Those that are being opened, and the one that is open. */
  const clients = new Set<WebSocketClient>();
  let open: WebSocketClient | null = null;
  let held: Uint8Array[] = [];
  let failures = 0;
  let wasOpen = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the targets, how many this attempt has begun with. */
  let begun = 0;
  let retryAt = 0;
  let unanswered = 0;
  let unansweredSince = 0;

  const kind = { transport: "websocket", relay: null } as const;
  const address: WebSocketAddress = {
    address: at?.address ?? "::",
    port: at?.port ?? 0,
    carrier: {
      id: `websocket ${options.urls.join(" ")}`,
      kind,
      rank: pathRank(kind),
      datagramLimit: WEBSOCKET_DATAGRAM_LIMIT,
      send,
    },
  };

  function attempt(): void {
    begun = 0;
    beginNext();
  }

  function beginNext(): void {
    clearTimeout(timer);
    const target = targets[begun];
    if (target === undefined) return;
    begun += 1;
    const { url, proxy } = target;
    const client: WebSocketClient = openWebSocketClient({
      url,
      proxy,
      onOpen: () => opened(client),
      onMessage(message) {
        if (client !== open) return;
        unanswered = 0;
        socket.receive(message, address);
      },
      onClosed(cause) {
        if (!clients.delete(client) || signal.aborted) return;
        const by = proxy === null ? "" : ` through the proxy ${hostOf(proxy)}`;
        const reason = `no WebSocket to ${hostOf(url)}${by}: ${cause}`;
        if (client === open) ended(reason);
        else if (begun < targets.length) beginNext();
        else if (clients.size === 0) failed(reason);
      },
    });
    clients.add(client);
    timer = setTimeout(beginNext, STAGGER);
  }

  function opened(client: WebSocketClient): void {
    if (open !== null || signal.aborted) return client.close();
    clearTimeout(timer);
    open = client;
    begun = targets.length;
    for (const other of clients) {
      if (other === client) continue;
      clients.delete(other);
      other.close();
    }
    failures = 0;
    unanswered = 0;
    for (const datagram of held) client.send(datagram);
    held = [];
    if (wasOpen) socket.carrierBack(address);
    wasOpen = true;
    options.onOpen?.();
  }

  function ended(reason: string): void {
    open = null;
    socket.carrierLost(address);
    failed(reason);
  }

  function failed(reason: string): void {
    failures += 1;
    if (failures === 1) {
      const hint = "check the host, and the firewall or proxy between";
      options.onLost?.(new CharlaError("UNREACHABLE", reason, hint));
    }
    const wait = backoff(failures, Math.random(), FIRST_WAIT, LONGEST_WAIT);
    retryAt = performance.now() + wait;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Else what is sent next begins.
      if (socket.carriersInUse().has(address.carrier.id)) attempt();
    }, wait);
  }

  function send(datagram: Uint8Array): void {
    if (signal.aborted) return;
    if (open === null) {
      held.push(datagram.slice());
      if (held.length > MAX_HELD) held.shift();
      if (clients.size === 0 && performance.now() >= retryAt) attempt();
      return;
    }
    if (unanswered === 0) unansweredSince = performance.now();
    unanswered += 1;
    if (unanswered > UNANSWERED && performance.now() - unansweredSince > UNANSWERED_FOR) {
      // Its end may never be confirmed.
      clients.delete(open);
      open.close();
      return ended("no WebSocket any more: nothing comes back");
    }
    if (open.buffered <= SEND_BUFFER) open.send(datagram);
  }

  function close(): void {
    clearTimeout(timer);
    for (const client of clients) client.close();
  }

  if (!signal.aborted) {
    signal.addEventListener("abort", close, { once: true });
    attempt();
  }
  return address;
}
