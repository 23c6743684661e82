// One request and its response: over the runtime's HTTP client, which neither follows redirects nor decompresses, and
// says how a connection has ended, as its fetch does not; or over a TCP socket as HTTP/0.9. A server that stays silent
// is given up after a time-out; time during which the reader of the body is slow doesn't count.

import http from "node:http";
import https from "node:https";
import { connect } from "node:net";
import { pipeline } from "node:stream/promises";

import type { CharlaError } from "../../errors.ts";
import type { Header } from "../header-fields.ts";
import { describeFetchError, invalidResponse, timedOut } from "./fetch-errors.ts";
import type { HttpRequest, RequestBody } from "./request.ts";
import { shownUrl } from "./url.ts";

export interface ExchangeOptions {
  /** ms in which the server neither sends nor takes a byte before it is given up; 0 for never. */
  readonly timeout: number;
  /** Trust any certificate. */
  readonly insecure: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | null;
  /** Ends everything; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** What a response says before its body. */
export interface ResponseHead {
  readonly url: URL;
  readonly status: number;
  /** The reason phrase, which may be empty. */
  readonly statusText: string;
  readonly headers: readonly Header[];
}

export interface HttpResponse extends ResponseHead {
  /** As it arrives; reading it throws a CharlaError if the connection is lost. */
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>> | null;
  /** Bytes of the body that have arrived. */
  readonly received: number;
  /** Cancels the rest of the body. */
  discard(): void;
}

/**
 * @param onSent called with how many bytes of the request's body the server has taken
 * @throws {CharlaError} what went wrong; or the reason of the signal
 */
export async function exchange(
  request: HttpRequest,
  options: ExchangeOptions,
  onSent: (bytes: number) => void,
): Promise<HttpResponse> {
  const { url, method } = request;
  const { timeout, insecure, ca } = options;
  const silence = createSilenceTimer(timeout, () => timedOut(url, timeout));
  const describe = (cause: unknown): unknown => {
    if (options.signal.aborted) return options.signal.reason;
    return silence.signal.aborted ? silence.signal.reason : describeFetchError(cause, url);
  };
  const isSecure = url.protocol === "https:";
  const proxyEnv = process.env;
  silence.start();
  const outgoing = (isSecure ? https : http).request(shownUrl(url), {
    method,
    agent: isSecure ? new https.Agent({ proxyEnv }) : new http.Agent({ proxyEnv }),
    ...(isSecure ? { rejectUnauthorized: !insecure, ...(ca === null ? {} : { ca }) } : {}),
    // Takes lines that end in a bare LF (RFC 9112 s. 2.2), as hand-written servers send them; and also what checkHead
    // refuses.
    insecureHTTPParser: true,
    signal: AbortSignal.any([options.signal, silence.signal]),
  });
  setHeaders(outgoing, request);
  const answered = Promise.withResolvers<http.IncomingMessage>();
  outgoing.on("response", answered.resolve);
  // The first one says why; the connection may report others after it.
  let hasResponse = false;
  let failure: { readonly cause: unknown } | null = null;
  outgoing.on("error", (cause) => {
    failure ??= { cause };
    answered.reject(cause);
  });
  void sendBody(outgoing, request.body, (bytes) => {
    // A response may come before the body is sent; from then on reading the response runs the timer.
    if (hasResponse) return;
    silence.start();
    onSent(bytes);
  });
  let message: http.IncomingMessage;
  try {
    message = await answered.promise;
    checkHead(message, url);
  } catch (cause) {
    outgoing.destroy();
    throw describe(cause);
  } finally {
    hasResponse = true;
    silence.stop();
  }
  const status = message.statusCode ?? 0;
  const discard = () => {
    message.destroy();
    outgoing.destroy();
  };
  const hasBody = method !== "HEAD" && !BODILESS_STATUS.has(status);
  if (!hasBody) message.resume();
  const body = hasBody
    ? readBody(message, { silence, discard, describe, failure: () => failure })
    : null;
  return {
    url,
    status,
    statusText: decodeHeader(message.statusMessage ?? ""),
    headers: readHeaders(message.rawHeaders),
    body,
    get received() {
      return body?.received ?? 0;
    },
    discard,
  };
}

type SilenceTimer = ReturnType<typeof createSilenceTimer>;

/** Statuses of responses without a body (RFC 9110 s. 15.3.5, 15.4.5). */
const BODILESS_STATUS: ReadonlySet<number> = new Set([204, 304]);

/** One timer for a whole body: setting one for each piece would cost as much as reading it. */
function createSilenceTimer(timeout: number, reason: () => CharlaError) {
  const controller = new AbortController();
  let since: number | null = null;
  let isSet = false;

  function check(): void {
    isSet = false;
    if (since === null) return;
    const left = timeout - (performance.now() - since);
    if (left > 0) checkAfter(left);
    else controller.abort(reason());
  }

  function checkAfter(wait: number): void {
    isSet = true;
    // The request keeps the program running; the timer alone must not.
    setTimeout(check, Math.ceil(wait)).unref();
  }

  return {
    /** Aborted when the time is over. */
    signal: controller.signal,
    /** Starts waiting for the server, or starts anew. */
    start() {
      if (timeout === 0) return;
      since = performance.now();
      if (!isSet) checkAfter(timeout);
    },
    stop() {
      since = null;
    },
  };
}

interface ReadableBody extends AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
  readonly received: number;
}

interface BodyOptions {
  readonly silence: SilenceTimer;
  /** Closes the connection. */
  readonly discard: () => void;
  readonly describe: (cause: unknown) => unknown;
  /** What has become of the connection since the response began. */
  readonly failure: () => { readonly cause: unknown } | null;
}

/** Reads nothing ahead but what the runtime does. */
function readBody(message: http.IncomingMessage, options: BodyOptions): ReadableBody {
  const { silence, discard, describe, failure } = options;
  const pieces: AsyncIterator<Uint8Array<ArrayBuffer>> = message[Symbol.asyncIterator]();
  // Only the end of the connection ends it (RFC 9112 s. 6.3): the runtime takes a reset for one, too.
  const endsByClose =
    message.headers["content-length"] === undefined &&
    message.headers["transfer-encoding"] === undefined;
  let received = 0;
  return {
    get received() {
      return received;
    },
    async next() {
      silence.start();
      try {
        const { done, value } = await pieces.next();
        if (done !== true) {
          received += value.length;
          return { done: false, value };
        }
        const lost = failure();
        if (lost !== null && (endsByClose || !message.complete)) throw lost.cause;
        return { done: true, value: undefined };
      } catch (cause) {
        throw describe(failure()?.cause ?? cause);
      } finally {
        silence.stop();
      }
    },
    async return() {
      discard();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** A character that no header may contain (RFC 9110 s. 5.5). */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * @throws {CharlaError} BAD_RESPONSE: a control character, or a transfer coding that was not requested: any but chunked
 *   (RFC 9112 s. 6.1, 7.4)
 */
function checkHead({ headers, rawHeaders }: http.IncomingMessage, url: URL): void {
  const coding = headers["transfer-encoding"]?.trim().toLowerCase() ?? "chunked";
  const fault = rawHeaders.some((text) => CONTROL.test(text))
    ? "a header has a control character"
    : coding !== "chunked"
      ? `Transfer-Encoding: ${coding} was not requested`
      : null;
  if (fault !== null) throw invalidResponse(url, fault);
}

/** @param onTaken called with how many bytes were taken to be sent */
async function sendBody(
  outgoing: http.ClientRequest,
  body: RequestBody | null,
  onTaken: (bytes: number) => void,
): Promise<void> {
  const opened = body?.open();
  if (opened === undefined || opened instanceof Uint8Array) return void outgoing.end(opened);
  async function* counted(pieces: AsyncIterable<Uint8Array>) {
    let taken = 0;
    for await (const piece of pieces) {
      onTaken(taken);
      yield piece;
      taken += piece.length;
    }
    onTaken(taken);
  }
  // What goes wrong destroys the request, which reports it; a response that was read to its end before the body was sent
  // is no failure.
  await pipeline(counted(opened), outgoing).catch(() => {});
}

function setHeaders(outgoing: http.ClientRequest, { headers, body }: HttpRequest): void {
  for (const [name, value] of headers) outgoing.appendHeader(name, value);
  if (body === null) return;
  if (!outgoing.hasHeader("content-type")) outgoing.setHeader("Content-Type", body.contentType);
  // Without it a stream would be sent in chunks, which many servers refuse.
  outgoing.setHeader("Content-Length", body.length);
}

/** @param raw names and values in turn */
function readHeaders(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    headers.push([raw[index] ?? "", decodeHeader(raw[index + 1] ?? "")]);
  }
  return headers;
}

/** The runtime gives each byte of a header as one character; most headers that are not ASCII are UTF-8. */
function decodeHeader(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : value;
}

/** Bytes that are read unless the user sets another limit: the lesson's single recv(2048). */
export const HTTP09_MAX_BYTES = 2_048;

/**
 * The first `maxBytes` of the response.
 *
 * @throws {CharlaError}
 */
export async function* fetchHttp09(
  url: URL,
  options: Pick<ExchangeOptions, "timeout" | "signal"> & { readonly maxBytes: number },
): AsyncGenerator<Uint8Array> {
  const { maxBytes, timeout, signal } = options;
  // Without the brackets of an IPv6 address in a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: Number(url.port || 80), signal });
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
