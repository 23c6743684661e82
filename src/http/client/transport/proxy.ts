// The way through a proxy to a host beyond it: a tunnel by CONNECT (RFC 9110 s. 9.3.6) or by SOCKS 4 and 5. A proxy that fails
// is named in every error, so that nobody looks for the fault at the server.

import type { Duplex } from "node:stream";

import { CharlaError, describeCause } from "../../../errors.ts";
import { invalidResponse, proxyLoginRefused } from "../fetch-errors.ts";
import { decodePart } from "../url.ts";
import { type Head, HttpFault } from "../wire/response-head.ts";
import { createResponseParser } from "../wire/response-parser.ts";
import { addressesOf } from "./dial.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import type { Wire } from "./wire.ts";

/** The proxy is to blame for what went wrong. */
export function proxyFailed({ code, message, hint }: CharlaError, proxy: URL): CharlaError {
  const text = `the proxy ${proxy.host} fails: ${message}`;
  return new CharlaError(code, text, `${hint}; --noproxy HOST goes past the proxy`);
}

/**
 * Asks a proxy for a tunnel.
 *
 * @param authorization of the first try; null for none
 * @param onSent called with each head as it is sent
 * @throws {CharlaError}
 */
export async function connectTunnel(
  wire: Wire,
  to: Endpoint,
  proxy: URL,
  authorization: string | null,
  onSent: (head: string) => void,
): Promise<Head> {
  const target = `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
  const login = authorization === null ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  const request = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`;
  onSent(request);
  await wire.write(request);
  const parser = createResponseParser("CONNECT");
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      const piece = await wire.read();
      if (piece === null) throw Object.assign(new Error("it was closed"), { code: "ECONNRESET" });
      for (const event of parser.push(piece)) {
        if (event.type !== "head") continue;
        // A server of TLS waits for the client.
        if (parser.excess.length > 0 && event.head.status < 300) {
          throw new HttpFault("something follows it");
        }
        return event.head;
      }
    }
  } catch (cause) {
    if (cause instanceof HttpFault) throw proxyFailed(invalidResponse(proxy, cause.message), proxy);
    throw cause;
  }
}

/** The answer to CONNECT, if it is no tunnel. */
export function tunnelRefused(
  { status, statusText, headers }: Head,
  host: string,
  proxy: URL,
): CharlaError {
  const said = `${status}${statusText === "" ? "" : ` ${statusText}`}`;
  if (status === 407) return proxyLoginRefused(said, headers, proxy.username !== "", proxy.host);
  return new CharlaError(
    // What a gateway could not reach may be there a moment later.
    status >= 502 && status <= 504 ? "UNREACHABLE" : "HTTP_STATUS",
    `the proxy ${proxy.host} refuses to connect to ${host}: ${said}`,
    "--proxy URL names another proxy, and --noproxy HOST goes past it",
  );
}

/**
 * Asks a proxy for a connection by SOCKS: `socks4` and `socks5` with an address that is looked up here, `socks4a` and
 * `socks5h` with the name (curl's names).
 *
 * @throws {CharlaError} UNREACHABLE
 */
export async function connectSocks(
  stream: Duplex,
  to: Endpoint,
  proxy: URL,
  timeout: number,
): Promise<Duplex> {
  // Few have such a proxy.
  const { SocksClient } = await import("socks");
  const isByName = /^socks(?:4a|5h):$/.test(proxy.protocol);
  // `socks` alone is version 4, as in curl.
  const isVersion4 = /^socks(?:4a?)?:$/.test(proxy.protocol);
  const host = isByName
    ? to.host
    : ((await addressesOf(to.host, isVersion4 ? 4 : 0))[0] ?? to.host);
  const { host: proxyHost, port } = endpointOf(proxy);
  const user = decodePart(proxy.username);
  try {
    const { socket } = await SocksClient.createConnection({
      command: "connect",
      proxy: {
        host: proxyHost,
        port,
        type: isVersion4 ? 4 : 5,
        ...(user === "" ? {} : { userId: user, password: decodePart(proxy.password) }),
      },
      destination: { host, port: to.port },
      existing_socket: stream,
      ...(timeout === 0 ? {} : { timeout }),
    });
    return socket;
  } catch (cause) {
    throw new CharlaError(
      "UNREACHABLE",
      `the proxy ${proxy.host} does not connect to ${to.host}: ${describeCause(cause)}`,
      "check its kind (socks4, socks4a, socks5 or socks5h) and its user; --noproxy HOST goes past it",
      { cause },
    );
  }
}
