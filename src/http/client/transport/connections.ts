// Connections to origins, opened as their URLs and the proxies to them ask for, and kept for the next request to the same one.

import type { Duplex } from "node:stream";

import type { CharlaError } from "../../../errors.ts";
import { basicAuthorization } from "../../header-fields.ts";
import { connectTimedOut, describeFetchError, unixSocketFailed } from "../fetch-errors.ts";
import { decodePart } from "../url.ts";
import { dial, type DialOptions } from "./dial.ts";
import {
  connectSocks,
  connectTunnel,
  endpointOf,
  proxyFailed,
  proxyKind,
  tunnelRefused,
} from "./proxy.ts";
import type { TlsOptions, TlsSession } from "./tls.ts";
import { createWire, type Wire } from "./wire.ts";

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
  const began = performance.now();
  const origin = endpointOf(url);
  const isSecure = url.protocol === "https:";
  const first = proxy === null ? origin : endpointOf(proxy);
  /** Whom to name for what goes wrong. */
  let blamed = proxy ?? url;
  const opened: Disposable[] = [];
  const abort = () => {
    for (const each of opened) each[Symbol.dispose]();
  };
  try {
    const { socket, resolvedAt } = await dial(first, options, signal);
    opened.push({ [Symbol.dispose]: () => void socket.destroy() });
    signal.addEventListener("abort", abort);
    const { remoteAddress = options.unixSocket ?? "", remotePort = null } = socket;
    const connected = performance.now();
    let stream: Duplex = socket;
    const isHttpProxy = proxy !== null && proxyKind(proxy) === "http";
    const proxyLogin = proxy === null ? null : loginOf(proxy);
    if (isHttpProxy && proxy.protocol === "https:") {
      stream = (
        await secure(stream, first.host, { ...options, identity: null }, signal)
      ).wire.detach();
    }
    if (proxy !== null && !isHttpProxy) {
      stream = await connectSocks(stream, origin, proxy, options.connectTimeout);
    } else if (proxy !== null && isSecure) {
      const wire = createWire(stream, null);
      const answer = await connectTunnel(wire, origin, proxy, proxyLogin, onTunnel);
      if (answer.status >= 300) throw tunnelRefused(answer, url.host, proxy);
      stream = wire.detach();
    }
    blamed = url;
    const session = isSecure ? await secure(stream, origin.host, options, signal) : null;
    const wire = session?.wire ?? createWire(stream, null);
    return {
      wire,
      address: remoteAddress,
      port: remotePort,
      proxy,
      isForwarded: isHttpProxy && !isSecure,
      proxyAuthorization: isHttpProxy && !isSecure ? proxyLogin : null,
      tls: session,
      times: {
        began,
        resolved: resolvedAt,
        connected,
        secured: session === null ? null : performance.now(),
      },
      isReused: false,
    };
  } catch (cause) {
    abort();
    if (signal.aborted) throw signal.reason;
    if (opened.length === 0 && options.unixSocket !== null) {
      throw unixSocketFailed(options.unixSocket, cause);
    }
    const error: CharlaError = describeFetchError(cause, blamed);
    if (proxy === null || blamed === url || error === cause) throw error;
    throw proxyFailed(error, proxy);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Only https needs what this loads. */
async function secure(
  stream: Duplex,
  host: string,
  options: TlsOptions,
  signal: AbortSignal,
): Promise<TlsSession> {
  return (await import("./tls.ts")).startTls(stream, host, options, signal);
}

function loginOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  return basicAuthorization(decodePart(username), decodePart(password));
}
