// A connection over a stream of the runtime: TCP or a socket of this machine, by a proxy if there is one, and TLS inside.

import type { Duplex } from "node:stream";

import type { CharlaError } from "../../../errors.ts";
import { basicAuthorization } from "../../header-fields.ts";
import { describeFetchError, unixSocketFailed } from "../fetch-errors.ts";
import { decodePart } from "../url.ts";
import type { Connection, ConnectOptions } from "./connections.ts";
import { dial } from "./dial.ts";
import { endpointOf, proxyKind } from "./endpoint.ts";
import { connectSocks, connectTunnel, proxyFailed, tunnelRefused } from "./proxy.ts";
import { startTls } from "./tls.ts";
import { createWire } from "./wire.ts";

/** @throws {CharlaError} or the reason of the signal */
export async function openStream(
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
      const toProxy = await startTls(stream, first.host, { ...options, identity: null }, signal);
      stream = toProxy.wire.detach();
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
    const session = isSecure ? await startTls(stream, origin.host, options, signal) : null;
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

function loginOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  return basicAuthorization(decodePart(username), decodePart(password));
}
