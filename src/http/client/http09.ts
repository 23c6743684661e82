// The lesson's request, HTTP/0.9 as it was in 1991: `GET /path` and a newline on a TCP socket; everything until the server
// closes the connection is the response.

import { connect } from "node:net";

import { describeFetchError, timedOut } from "./fetch-errors.ts";
import { shownUrl } from "./url.ts";

/** Bytes that are read unless the user sets another limit: the lesson's single recv(2048). */
export const HTTP09_MAX_BYTES = 2_048;

/**
 * The first `maxBytes` of the response.
 *
 * @param options.timeout ms of silence after which the server is given up; 0 for never
 * @throws {CharlaError}
 */
export async function* fetchHttp09(
  url: URL,
  options: { readonly maxBytes: number; readonly timeout: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { maxBytes, timeout, signal } = options;
  // Without the brackets of an IPv6 address in a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: url.port === "" ? 80 : Number(url.port), signal });
  socket.setTimeout(timeout, () => socket.destroy(timedOut(url, timeout)));
  socket.write(`GET ${url.pathname}${url.search}\n`);
  let left = maxBytes;
  try {
    for await (const chunk of socket) {
      if (!(chunk instanceof Uint8Array)) continue;
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw describeFetchError(cause, new URL(shownUrl(url)));
  } finally {
    socket.destroy();
  }
}
