// One request and its response, over a connection that is kept for the next one if it can be. A server that stays silent is
// given up after a time-out; time during which the reader of the body is slow doesn't count.

import { Buffer } from "node:buffer";

import { CharlaError } from "../../errors.ts";
import { hasHeader, type Header } from "../header-fields.ts";
import { describeFetchError, endedEarly, invalidResponse, timedOut } from "./fetch-errors.ts";
import { type HttpRequest, isIdempotent, type RequestBody } from "./request.ts";
import {
  type Connection,
  type Connections,
  type ConnectOptions,
  createConnections,
} from "./transport/connections.ts";
import { shownUrl } from "./url.ts";
import { type Head, HttpFault } from "./wire/response-head.ts";
import { createResponseParser, type ResponseEvent } from "./wire/response-parser.ts";

export interface TransportOptions extends ConnectOptions {
  /** ms in which the server neither sends nor takes a byte before it is given up; 0 for never. */
  readonly timeout: number;
}

/** What a response says before its body. */
export interface ResponseHead extends Head {
  readonly url: URL;
  /** Whether a login was sent to a proxy that forwards. */
  readonly hasProxyLogin?: boolean;
}

/** ms since the exchange began. */
export interface ExchangeTimes {
  /** Null on a connection that was open already. */
  readonly resolved: number | null;
  readonly connected: number | null;
  /** Null without TLS, too. */
  readonly secured: number | null;
  readonly sent: number;
  readonly firstByte: number;
}

export interface HttpResponse extends ResponseHead {
  /** As it arrives; reading it throws a CharlaError if the connection is lost. */
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>> | null;
  /** Bytes of the body that have arrived. */
  readonly received: number;
  /** After the last chunk; empty until the body is read. */
  readonly trailers: readonly Header[];
  readonly times: ExchangeTimes;
  readonly connection: Connection;
  /** Closes the connection, whatever is left of the body. */
  discard(): void;
  /** Reads a short rest of the body, so that the next request can follow it. */
  finish(): Promise<void>;
}

export type ExchangeEvent =
  | { readonly type: "connected"; readonly connection: Connection }
  /** The head of a request as it is sent, one character a byte. */
  | { readonly type: "request"; readonly request: HttpRequest; readonly head: string }
  /** Bytes of the request's body that the server has taken; `total` is null if it has no known length. */
  | { readonly type: "sent"; readonly sent: number; readonly total: number | null }
  /** An interim response, 1xx. */
  | { readonly type: "interim"; readonly head: Head };

export interface Transport extends Disposable {
  /** @throws {CharlaError} what went wrong; or the reason of the signal */
  exchange(
    request: HttpRequest,
    signal: AbortSignal,
    onEvent: (event: ExchangeEvent) => void,
  ): Promise<HttpResponse>;
}

export function createTransport(options: TransportOptions): Transport {
  const connections = createConnections(options);
  const { timeout } = options;
  return {
    async exchange(request, signal, onEvent) {
      const began = performance.now();
      const use = (mayReuse: boolean) =>
        exchangeOnce({ request, signal, onEvent, began, connections, mayReuse, timeout });
      const first = await use(isIdempotent(request.method));
      // The server has closed the connection while the request was on its way (RFC 9112 s. 9.3.1).
      return first === "stale" ? await must(use(false)) : first;
    },
    [Symbol.dispose]: () => connections[Symbol.dispose](),
  };
}

async function must(response: Promise<HttpResponse | "stale">): Promise<HttpResponse> {
  const given = await response;
  if (given === "stale") throw new Error("a new connection is not stale");
  return given;
}

interface Attempt {
  readonly request: HttpRequest;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ExchangeEvent) => void;
  readonly began: number;
  readonly connections: Connections;
  readonly mayReuse: boolean;
  readonly timeout: number;
}

async function exchangeOnce(attempt: Attempt): Promise<HttpResponse | "stale"> {
  const { request, onEvent, began, connections, mayReuse, timeout } = attempt;
  const { url, method } = request;
  const silence = createSilenceTimer(timeout, () => timedOut(url, timeout));
  const signal = AbortSignal.any([attempt.signal, silence.signal]);
  silence.start();
  const connection = await connections
    .take(url, mayReuse, signal, (head) => onEvent({ type: "request", request, head }))
    .finally(() => silence.stop());
  const { wire, isReused } = connection;
  onEvent({ type: "connected", connection });
  const parser = createResponseParser(method);
  /** What else than the connection has failed. */
  let failure: unknown = null;
  const fail = (cause: unknown) => {
    failure ??= cause;
    wire[Symbol.dispose]();
  };
  const abort = () => fail(signal.reason);
  const discard = () => {
    signal.removeEventListener("abort", abort);
    wire[Symbol.dispose]();
  };
  signal.addEventListener("abort", abort);

  function describe(cause: unknown): unknown {
    const first = failure ?? cause;
    if (first === attempt.signal.reason) return first;
    return first instanceof HttpFault
      ? invalidResponse(url, first.message)
      : describeFetchError(first, new URL(shownUrl(url)));
  }

  async function receive(): Promise<ResponseEvent[]> {
    silence.start();
    try {
      const piece = await wire.read();
      if (piece !== null) return parser.push(piece);
      const end = parser.close();
      if (end === null) throw endedEarly(url);
      return [end];
    } finally {
      silence.stop();
    }
  }

  const head = requestHead(request, connection);
  onEvent({ type: "request", request, head });
  silence.start();
  let sent: number | null = null;
  let hasResponse = false;
  const sending = sendRequest(connection, head, request.body, (bytes) => {
    // A response may come before the body is sent; from then on reading the response runs the timer.
    if (hasResponse) return;
    silence.start();
    onEvent({ type: "sent", sent: bytes, total: request.body?.length ?? null });
  }).then(
    () => {
      sent = performance.now();
    },
    // A server that has answered need not take the rest; a file that cannot be read ends it all.
    (cause: unknown) => (cause instanceof CharlaError ? fail(cause) : undefined),
  );

  let events: ResponseEvent[] = [];
  let found: (ResponseEvent & { readonly type: "head" }) | null = null;
  let firstByte = 0;
  try {
    while (found === null) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      events = await receive();
      if (firstByte === 0) firstByte = performance.now();
      for (let event = events.shift(); event !== undefined; event = events.shift()) {
        if (event.type === "interim") onEvent({ type: "interim", head: event.head });
        if (event.type !== "head") continue;
        found = event;
        break;
      }
    }
  } catch (cause) {
    discard();
    const isStale =
      isReused && !parser.hasBegun && failure === null && request.body?.isOnce !== true;
    if (isStale && !(cause instanceof HttpFault)) return "stale";
    throw describe(cause);
  }
  hasResponse = true;

  let received = 0;
  let trailers: readonly Header[] = [];
  let isOver = false;
  /** The response is complete: the connection is free, if the request is, too. */
  function release(persists: boolean): void {
    isOver = true;
    signal.removeEventListener("abort", abort);
    if (persists && sent !== null && wire.isIdle) connections.keep(url, connection);
    else wire[Symbol.dispose]();
  }

  const body: AsyncIterableIterator<Uint8Array<ArrayBuffer>> = {
    async next() {
      try {
        for (;;) {
          if (isOver) return { done: true, value: undefined };
          const event = events.shift();
          if (event?.type === "body") {
            received += event.bytes.length;
            return { done: false, value: event.bytes };
          }
          if (event?.type === "end") {
            ({ trailers } = event);
            // The last piece of the request is on its way by now.
            // oxlint-disable-next-line no-await-in-loop -- there is only one end
            if (event.persists) await Promise.race([sending, nextTurn()]);
            release(event.persists);
          }
          // oxlint-disable-next-line no-await-in-loop -- one piece after the other
          if (event === undefined) events = await receive();
        }
      } catch (cause) {
        discard();
        throw describe(cause);
      }
    },
    async return() {
      if (!isOver) discard();
      isOver = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const hasBody = found.framing.kind !== "none";
  // The end of a response without a body comes together with its head.
  if (!hasBody) await body.next();
  const since = (time: number | null) => (time === null ? null : time - began);
  const { times } = connection;
  return {
    ...found.head,
    url,
    hasProxyLogin: connection.proxyAuthorization !== null,
    body: hasBody ? body : null,
    get received() {
      return received;
    },
    get trailers() {
      return trailers;
    },
    times: {
      resolved: isReused ? null : since(times.resolved),
      connected: isReused ? null : since(times.connected),
      secured: isReused ? null : since(times.secured),
      sent: since(sent ?? firstByte) ?? 0,
      firstByte: firstByte - began,
    },
    connection,
    discard,
    async finish() {
      if (isOver) return;
      const timer = setTimeout(discard, MAX_REST_TIME);
      try {
        for await (const _piece of body) if (received > MAX_REST) return;
      } catch {
        // It was not needed.
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Bytes, and ms, of a body that nobody needs: beyond them a new connection is cheaper. */
const MAX_REST = 65_536;
const MAX_REST_TIME = 1_000;

/** Methods that go with a body: without one they say so (RFC 9110 s. 8.6). */
const EXPECTS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** The bytes of a request before its body, one a character. */
function requestHead(
  { method, url, headers, body }: HttpRequest,
  { isForwarded, proxyAuthorization }: Connection,
): string {
  const path = `${url.pathname}${url.search}`;
  const target = isForwarded ? `${url.protocol}//${url.host}${path}` : path;
  const fields: Header[] = [];
  if (!hasHeader(headers, "host")) fields.push(["Host", url.host]);
  if (proxyAuthorization !== null && !hasHeader(headers, "proxy-authorization")) {
    fields.push(["Proxy-Authorization", proxyAuthorization]);
  }
  fields.push(...headers);
  if (body !== null) {
    if (!hasHeader(headers, "content-type") && body.contentType !== null) {
      fields.push(["Content-Type", body.contentType]);
    }
    fields.push(
      body.length === null
        ? ["Transfer-Encoding", "chunked"]
        : ["Content-Length", String(body.length)],
    );
  } else if (EXPECTS_BODY.has(method)) fields.push(["Content-Length", "0"]);
  const lines = fields.map(([name, value]) => `${name}: ${value}`.trimEnd());
  return [`${method} ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

/** @param onSent called with how many bytes of the body the server has taken */
async function sendRequest(
  { wire }: Connection,
  head: string,
  body: RequestBody | null,
  onSent: (bytes: number) => void,
): Promise<void> {
  const first = Buffer.from(head, "latin1");
  const opened = body?.open();
  if (body === null || opened === undefined) return wire.write(first);
  if (opened instanceof Uint8Array) return wire.write(Buffer.concat([first, opened]));
  await wire.write(first);
  let sent = 0;
  for await (const piece of opened) {
    if (piece.length === 0) continue;
    onSent(sent);
    await wire.write(body.length === null ? chunk(piece) : piece);
    sent += piece.length;
  }
  onSent(sent);
  if (body.length === null) await wire.write("0\r\n\r\n");
}

/** RFC 9112 s. 7.1. */
function chunk(piece: Uint8Array): Uint8Array {
  const size = Buffer.from(`${piece.length.toString(16)}\r\n`);
  return Buffer.concat([size, piece, Buffer.from("\r\n")]);
}

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
