// One connection of HTTP/2 (RFC 9113), on the runtime's implementation: each stream is a request. Like connection.ts it sees
// which bytes were taken, and whether both bodies came to their end.

import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";

import { clientAddress } from "./connection.ts";
import { discard, type HttpResponse, type ResponseBody } from "./exchange.ts";
import { createIncomingBody, type IncomingBody } from "./incoming-body.ts";
import {
  bodyLength,
  type Carrier,
  type Connection,
  type IncomingRequest,
  isBodiless,
} from "./incoming.ts";
import { type Outlet, type Progress, sendBody } from "./sending.ts";
import type { Fields } from "./wire/request-head.ts";
import { httpDate } from "./wire/response-head.ts";

/** Requests at a time on a connection: the least that RFC 9113 s. 6.5.2 recommends. */
const MAX_STREAMS = 100;
/** Bytes of the head of a request, as in HTTP/1.1. */
const MAX_HEAD = 16_384;

export function serveHttp2(socket: TLSSocket, carrier: Carrier): Connection {
  const address = clientAddress(socket);
  const session = performServerHandshake(socket, {
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEAD },
  });
  let deadline = performance.now() + carrier.idleTime;
  const touch = () => {
    deadline = performance.now() + carrier.idleTime;
  };

  session.on("stream", (stream, headers) => {
    touch();
    answerStream(stream, headers, address, carrier, touch);
  });
  // The connection is closed next.
  session.on("error", () => {});
  socket.on("error", () => {});

  return {
    close() {
      if (!session.closed) session.close();
    },
    destroy() {
      session.destroy();
      socket.destroy();
    },
    checkTime(now) {
      if (now >= deadline) this.destroy();
    },
  };
}

function answerStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  address: string | null,
  carrier: Carrier,
  touch: () => void,
): void {
  const time = Date.now();
  const started = performance.now();
  const fields = readFields(headers);
  const origin = carrier.findOrigin(address, fields);
  const body = stream.endAfterHeaders ? null : receiveBody(stream, fields, touch);
  // It is closed next.
  stream.on("error", () => {});
  const request: IncomingRequest = {
    method: headers[":method"] ?? "",
    target: headers[":path"] ?? "",
    host: headers[":authority"] ?? fields.get("host") ?? null,
    fields,
    body: body?.read ?? null,
    origin,
  };

  void Promise.resolve(carrier.respond(request)).then(async (response) => {
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
    const isWhole = await sendResponse(stream, request.method, response, progress);
    carrier.log?.({
      time,
      duration: performance.now() - started,
      client: origin.client,
      user: response.user ?? null,
      method: request.method,
      target: request.target,
      version: "2.0",
      host: request.host,
      referer: fields.get("referer") ?? null,
      agent: fields.get("user-agent") ?? null,
      status: response.status,
      sent,
      isAborted: !isWhole || body?.isAborted === true,
    });
  });
}

/** Header fields without the pseudo-headers; Cookie, which may be split, is of no use here. */
function readFields(headers: IncomingHttpHeaders): Fields {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    fields.set(name, typeof value === "string" ? value : value.join(", "));
  }
  return fields;
}

function receiveBody(stream: ServerHttp2Stream, fields: Fields, touch: () => void): IncomingBody {
  const body = createIncomingBody({
    wanted(hasBegun) {
      const expects = fields.get("expect")?.toLowerCase() === "100-continue";
      if (expects && !hasBegun && !stream.destroyed) stream.additionalHeaders({ ":status": 100 });
    },
    emptied() {
      if (stream.isPaused()) stream.resume();
    },
  });
  stream.on("data", (bytes: Uint8Array) => {
    touch();
    body.push(bytes);
    if (body.isFull) stream.pause();
  });
  stream.on("end", () => {
    if (stream.aborted) body.fail("the request was interrupted");
    else body.end();
  });
  stream.on("aborted", () => body.fail("the request was interrupted"));
  stream.on("close", () => body.fail("the client has disconnected"));
  return body;
}

/** Whether it was sent to its end. */
async function sendResponse(
  stream: ServerHttp2Stream,
  method: string,
  response: HttpResponse,
  progress: Progress,
): Promise<boolean> {
  const body: ResponseBody | null = method === "HEAD" ? null : response.body;
  if (body !== response.body) discard(response.body);
  try {
    if (stream.destroyed) throw new Error("the client has disconnected");
    const length = isBodiless(response.status) ? null : bodyLength(response);
    stream.respond(
      {
        ":status": response.status,
        ...response.headers,
        ...(length === null ? {} : { "content-length": String(length) }),
        date: httpDate(),
      },
      { endStream: body === null || length === 0 },
    );
    if (body !== null && length !== 0) {
      const outlet: Outlet = { write: (bytes) => writeTo(stream, bytes), descriptor: null };
      await sendBody(body, outlet, progress, null);
      stream.end();
    }
    // A request whose rest nobody needs (s. 8.1).
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    return true;
  } catch {
    discard(body);
    if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return false;
  }
}

function writeTo(stream: ServerHttp2Stream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) return reject(new Error("the client has disconnected"));
    stream.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
