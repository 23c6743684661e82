// Connections to origins, opened as their URLs and the proxies to them ask for, and kept for the next request to the same one.

import { connectTimedOut } from "../fetch-errors.ts";
import type { DialOptions } from "./dial.ts";
import { endpointOf } from "./endpoint.ts";
import type { TlsOptions, TlsSession } from "./tls.ts";
import type { Wire } from "./wire.ts";

export interface ConnectOptions extends DialOptions, TlsOptions {
  /** ms until a connection has to be there; 0 for no limit of its own. */
  readonly connectTimeout: number;
  /** The proxy to a URL; null for none. */
  readonly proxyFor: (url: URL) => URL | null;
}

/** When each step was done, as `performance.now()` counts. */
export interface ConnectTimes {
  readonly began: number;
  readonly resolved: number;
  readonly connected: number;
  /** Null without TLS. */
  readonly secured: number | null;
}

export interface Connection {
  readonly wire: Wire;
  /** Of the host, or of the proxy: what the TCP connection goes to. */
  readonly address: string;
  readonly port: number | null;
  readonly proxy: URL | null;
  /** Whether requests on it are for the proxy to forward, and name the whole URL (RFC 9112 s. 3.2.2). */
  readonly isForwarded: boolean;
  /** The login for a proxy that forwards; null for none. */
  readonly proxyAuthorization: string | null;
  readonly tls: Omit<TlsSession, "wire"> | null;
  readonly times: ConnectTimes;
  /** Whether another request went over it before. */
  isReused: boolean;
}

export type Connections = ReturnType<typeof createConnections>;

/** @param onSent called with the head of each CONNECT */
export function createConnections(options: ConnectOptions) {
  const idle = new Map<string, Connection[]>();

  return {
    /**
     * An idle connection to the origin of a URL, or a new one.
     *
     * @param mayReuse false for a request that must not meet a connection that the server is about to close
     * @throws {CharlaError} or the reason of the signal
     */
    async take(
      url: URL,
      mayReuse: boolean,
      signal: AbortSignal,
      onTunnel: (head: string) => void,
    ): Promise<Connection> {
      const proxy = options.unixSocket === null ? options.proxyFor(url) : null;
      const kept = idle.get(keyOf(url, proxy)) ?? [];
      while (mayReuse && kept.length > 0) {
        const connection = kept.pop();
        if (connection?.wire.isIdle === true) {
          connection.wire.keepRunning(true);
          connection.isReused = true;
          return connection;
        }
        connection?.wire[Symbol.dispose]();
      }
      return open(url, proxy, options, signal, onTunnel);
    },
    /** Gives back a connection on which a response is complete. */
    keep(url: URL, connection: Connection): void {
      const key = keyOf(url, connection.proxy);
      connection.wire.keepRunning(false);
      idle.set(key, [...(idle.get(key) ?? []), connection]);
    },
    [Symbol.dispose]() {
      for (const { wire } of Array.from(idle.values()).flat()) wire[Symbol.dispose]();
      idle.clear();
    },
  };
}

function keyOf({ origin }: URL, proxy: URL | null): string {
  return `${origin} ${proxy?.href ?? ""}`;
}

async function open(
  url: URL,
  proxy: URL | null,
  options: ConnectOptions,
  signal: AbortSignal,
  onTunnel: (head: string) => void,
): Promise<Connection> {
  const { connectTimeout } = options;
  if (connectTimeout === 0) return openBy(url, proxy, options, signal, onTunnel);
  const late = new AbortController();
  const target = proxy ?? url;
  const timer = setTimeout(
    () => late.abort(connectTimedOut(target, connectTimeout)),
    connectTimeout,
  );
  try {
    return await openBy(url, proxy, options, AbortSignal.any([signal, late.signal]), onTunnel);
  } finally {
    clearTimeout(timer);
  }
}

async function openBy(
  url: URL,
  proxy: URL | null,
  options: ConnectOptions,
  signal: AbortSignal,
  onTunnel: (head: string) => void,
): Promise<Connection> {
  if (proxy === null && url.protocol === "http:" && mayBeLoopback(url, options)) {
    const { connectLoopback, loopbackAddresses } = await import("./loopback.ts");
    const addresses = await loopbackAddresses(endpointOf(url).host);
    if (addresses !== null) return connectLoopback(url, addresses, signal);
  }
  const { openStream } = await import("./stream-connection.ts");
  return openStream(url, proxy, options, signal, onTunnel);
}

/** Whether a URL may name this machine, and nothing else says where it is. */
function mayBeLoopback(
  { hostname }: URL,
  { family, resolve, unixSocket }: ConnectOptions,
): boolean {
  const isNear = /^(?:127\.[\d.]+|\[::1\]|(?:.+\.)?localhost)$/.test(hostname);
  return isNear && family === 0 && resolve.size === 0 && unixSocket === null;
}
