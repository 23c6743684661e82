// One connection of HTTP/1.1 or 1.0 (RFC 9112): requests one after the other, each answered before the next is read. It sees
// what really happens: which bytes were taken, and whether both bodies came to their end.

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

import { MalformedChunks } from "../chunked.ts";
import { discard, type HttpResponse, refusal, type ResponseBody } from "./exchange.ts";
import type { Origin } from "./forwarded.ts";
import { createIncomingBody, type IncomingBody } from "./incoming-body.ts";
import { bodyLength, type Carrier, type Connection, isBodiless } from "./incoming.ts";
import { type Outlet, sendBody } from "./sending.ts";
import { type BodyDecoder, createBodyDecoder } from "./wire/request-body.ts";
import { type FaultStatus, readHead, type RequestHead } from "./wire/request-head.ts";
import { chunk, LAST_CHUNK, responseHead } from "./wire/response-head.ts";

/** Bytes of later requests that wait while one is answered, before the connection stops receiving. */
const MAX_WAITING = 65_536;
/** Bytes of a body up to which it goes out in one write with its head. */
const MAX_WITH_HEAD = 65_536;
/**
 * What may still come after the last response, in ms and in bytes: a client that is still sending would lose the response if
 * the connection was closed at once (RFC 9112 s. 9.6).
 */
const LINGER_TIME = 5_000;
const MAX_LINGERED = 16 * 1_048_576;

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const EMPTY = Buffer.alloc(0);

/** A request that is being answered. */
interface Pending {
  readonly head: RequestHead;
  readonly body: IncomingBody | null;
  readonly decoder: BodyDecoder | null;
  readonly origin: Origin;
  /** ms (performance.now). */
  readonly started: number;
}

export function serveConnection(socket: Socket, carrier: Carrier): Connection {
  const address = clientAddress(socket);
  /** Received, and not read yet. */
  let received: Buffer = EMPTY;
  let pending: Pending | null = null;
  /** Waiting for the rest of a head, whose time began with the connection or with its first byte. */
  let isHeadPartial = true;
  /** The client sends no more. */
  let hasEnded = false;
  /** No more requests are read. */
  let isClosing = false;
  /** Nothing more is sent: the client is given time to read what was. */
  let isLingering = false;
  let lingered = 0;
  /** When something came last (performance.now). */
  let now = performance.now();
  /** When it is destroyed if nothing happens. */
  let deadline = now + carrier.headTime;

  function touch(): void {
    deadline = performance.now() + carrier.idleTime;
  }

  socket.on("data", (bytes: Buffer) => {
    if (isLingering) {
      lingered += bytes.length;
      if (lingered > MAX_LINGERED) socket.destroy();
      return;
    }
    now = performance.now();
    if (!isHeadPartial) deadline = now + carrier.idleTime;
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    if (pending === null) readRequests();
    else feedBody(pending);
  });
  socket.on("end", () => {
    hasEnded = true;
    if (pending === null) linger();
    else pending.body?.fail("the request was interrupted");
  });
  socket.on("close", () => pending?.body?.fail("the client has disconnected"));
  // It is closed next.
  socket.on("error", () => {});

  function readRequests(): void {
    while (pending === null && !isLingering) {
      if (received.length === 0) {
        if (hasEnded || isClosing) linger();
        return;
      }
      const read = readHead(received);
      if (read.kind === "fault") return refuse(read.status, read.reason);
      if (read.kind === "partial") {
        if (hasEnded) linger();
        if (!isHeadPartial) deadline = now + carrier.headTime;
        isHeadPartial = true;
        return;
      }
      isHeadPartial = false;
      deadline = now + carrier.idleTime;
      received = read.end === received.length ? EMPTY : received.subarray(read.end);
      answer(read.head);
    }
  }

  function answer(head: RequestHead): void {
    const { method, target, host, fields, framing } = head;
    const body = framing.kind === "none" ? null : incomingBody(head);
    const decoder =
      framing.kind === "none" ? null : createBodyDecoder(framing, (bytes) => body?.push(bytes));
    const origin = carrier.findOrigin(address, fields);
    const request = { head, body, decoder, origin, started: now };
    pending = request;
    feedBody(request);
    const read = body?.read ?? null;
    const response = carrier.respond({ method, target, host, fields, body: read, origin });
    const sending =
      response instanceof Promise
        ? response.then((ready) => send(request, ready))
        : send(request, response);
    if (sending === undefined) return;
    void sending.then(() => {
      touch();
      readRequests();
    });
  }

  function incomingBody({ expectsContinue }: RequestHead): IncomingBody {
    return createIncomingBody({
      wanted(hasBegun) {
        if (expectsContinue && !hasBegun && !socket.destroyed) socket.write(CONTINUE);
      },
      emptied() {
        if (socket.isPaused()) socket.resume();
      },
    });
  }

  /** Whatever was received of a request's body; what follows it waits. */
  function feedBody({ body, decoder }: Pending): void {
    if (body !== null && decoder !== null && !decoder.isComplete) {
      try {
        received = received.subarray(decoder.push(received));
        if (decoder.isComplete) body.end();
      } catch (error) {
        if (!(error instanceof MalformedChunks)) throw error;
        body.fail(error.message);
        // Where the next request would begin is unknown.
        received = EMPTY;
      }
    }
    if (received.length > MAX_WAITING || body?.isFull === true) socket.pause();
  }

  /** Nothing is returned if it is over already. */
  function send(request: Pending, response: HttpResponse): Promise<void> | void {
    const { head, decoder } = request;
    const isBodyComplete = decoder === null || decoder.isComplete;
    const length = bodyLength(response);
    const isChunked = length === null && head.version === "1.1";
    // In HTTP/1.0 a body of unknown length ends with the connection.
    const isDelimited = length !== null || isChunked;
    const persists = head.persists && isBodyComplete && isDelimited && !isClosing;
    const lines = isBodiless(response.status) ? "" : framingLine(length, isChunked);
    const text = responseHead(
      response.status,
      response.headers,
      lines + connectionLine(head, persists),
    );
    const body = head.method === "HEAD" ? null : response.body;
    if (body !== response.body) discard(response.body);

    const bytes = body === null ? EMPTY : body.kind === "bytes" ? body.bytes : null;
    if (body === null || (bytes !== null && bytes.length <= MAX_WITH_HEAD)) {
      const { length: sent } = bytes ?? EMPTY;
      const taken = write(joined(text, bytes ?? EMPTY));
      if (taken === undefined) return finish(request, response, sent, persists);
      return taken.then(
        () => finish(request, response, sent, persists),
        () => abort(request, response, 0),
      );
    }
    return sendLong(request, response, text, body, isChunked, persists);
  }

  async function sendLong(
    request: Pending,
    response: HttpResponse,
    text: string,
    body: ResponseBody,
    isChunked: boolean,
    persists: boolean,
  ): Promise<void> {
    let sent = 0;
    const progress = {
      get sent() {
        return sent;
      },
      add(bytes: number) {
        sent += bytes;
        touch();
      },
    };
    const outlet: Outlet = {
      write: isChunked ? (bytes) => (bytes.length === 0 ? undefined : write(chunk(bytes))) : write,
      get descriptor() {
        return isChunked ? null : descriptorOf(socket);
      },
    };
    try {
      await write(Buffer.from(text, "latin1"));
      await sendBody(body, outlet, progress, carrier.sendFile);
      if (isChunked) await write(LAST_CHUNK);
      finish(request, response, sent, persists);
    } catch {
      discard(body);
      abort(request, response, sent);
    }
  }

  /** Nothing is returned if the system has taken the bytes at once. */
  function write(bytes: Uint8Array): Promise<void> | void {
    if (socket.destroyed) return Promise.reject(new Error("the client has disconnected"));
    socket.write(bytes);
    if (socket.writableLength === 0) return;
    return new Promise((resolve, reject) => {
      socket.write(EMPTY, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }

  function finish(request: Pending, response: HttpResponse, sent: number, persists: boolean): void {
    note(request, response, sent, request.body?.isAborted === true);
    pending = null;
    if (!persists) linger();
    else if (socket.isPaused()) socket.resume();
  }

  /** The client must notice that the response is not whole, and it must not wait for the rest. */
  function abort(request: Pending, response: HttpResponse, sent: number): void {
    note(request, response, sent, true);
    pending = null;
    isLingering = true;
    socket.resetAndDestroy();
  }

  function note(request: Pending, response: HttpResponse, sent: number, isAborted: boolean): void {
    if (carrier.log === null) return;
    const { head, origin, started } = request;
    const duration = performance.now() - started;
    carrier.log({
      time: Date.now() - duration,
      duration,
      client: origin.client,
      user: response.user ?? null,
      method: head.method,
      target: head.target,
      version: head.version,
      host: head.host,
      referer: head.fields.get("referer") ?? null,
      agent: head.fields.get("user-agent") ?? null,
      status: response.status,
      sent,
      isAborted,
    });
  }

  /** What was received is no request. */
  function refuse(status: FaultStatus | 408, reason: string): void {
    const { headers, body } = refusal(status, reason);
    const bytes = body?.kind === "bytes" ? body.bytes : EMPTY;
    const lines = `${framingLine(bytes.length, false)}connection: close\r\n`;
    socket.write(joined(responseHead(status, headers, lines), bytes));
    carrier.log?.({
      time: Date.now(),
      duration: 0,
      client: address,
      user: null,
      method: "-",
      target: "-",
      version: null,
      host: null,
      referer: null,
      agent: null,
      status,
      sent: bytes.length,
      isAborted: false,
    });
    linger();
  }

  function linger(): void {
    if (isLingering) return;
    isLingering = true;
    received = EMPTY;
    deadline = performance.now() + LINGER_TIME;
    socket.end();
    if (socket.isPaused()) socket.resume();
  }

  return {
    close() {
      isClosing = true;
      if (pending === null) linger();
    },
    destroy() {
      socket.destroy();
    },
    checkTime(time) {
      if (time < deadline) return;
      if (pending === null && received.length > 0) refuse(408, "the request took too long");
      else socket.destroy();
    },
  };
}

function framingLine(length: number | null, isChunked: boolean): string {
  if (isChunked) return "transfer-encoding: chunked\r\n";
  return length === null ? "" : `content-length: ${length}\r\n`;
}

function connectionLine({ version }: RequestHead, persists: boolean): string {
  if (!persists) return "connection: close\r\n";
  return version === "1.0" ? "connection: keep-alive\r\n" : "";
}

function joined(head: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, "latin1");
  bytes.set(body, head.length);
  return bytes;
}

/** A socket of both families gives IPv4 addresses in IPv6's form. */
export function clientAddress({ remoteAddress }: Socket): string | null {
  return remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "") ?? null;
}

/** Of a socket without TLS. */
function descriptorOf(socket: Socket): number | null {
  if ("encrypted" in socket || !("_handle" in socket)) return null;
  const handle: unknown = socket._handle;
  if (typeof handle !== "object" || handle === null || !("fd" in handle)) return null;
  return typeof handle.fd === "number" && handle.fd >= 0 ? handle.fd : null;
}
