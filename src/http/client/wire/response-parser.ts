// What a server sends after a request, as a state machine (RFC 9112): bytes and the end of the connection in, heads and pieces
// of the body out. It says what has happened on the wire: a body is complete only when it ends as its head has announced.

import { Buffer } from "node:buffer";

import {
  type ChunkedDecoder,
  createChunkedDecoder,
  LENIENT,
  MalformedChunks,
} from "../../chunked.ts";
import type { Header } from "../../header-fields.ts";
import { type Framing, framingOf, mayPersist } from "./framing.ts";
import {
  type Head,
  HttpFault,
  MAX_FIELDS,
  MAX_HEAD,
  parseFields,
  parseHead,
  tooManyFields,
} from "./response-head.ts";

export type ResponseEvent =
  /** 1xx: others follow. */
  | { readonly type: "interim"; readonly head: Head }
  | { readonly type: "head"; readonly head: Head; readonly framing: Framing }
  | { readonly type: "body"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The response is complete. `persists`: the connection can be used again. */
  | { readonly type: "end"; readonly trailers: readonly Header[]; readonly persists: boolean };

/** Interim responses before a final one: a server that works on a request sends one every few seconds. */
const MAX_INTERIM = 1_000;

const START = "HTTP/1.";
const LF = 0x0a;
const CR = 0x0d;

export type ResponseParser = ReturnType<typeof createResponseParser>;

/** @param method of the request, which says whether there is a body */
export function createResponseParser(method: string) {
  let state: "head" | "length" | "chunked" | "close" | "done" = "head";
  /** What has come of a head. */
  let pieces: Uint8Array[] = [];
  let headLength = 0;
  let lines = 0;
  let interims = 0;
  /** Bytes of the body that have not come yet. */
  let left = 0;
  let chunked: ChunkedDecoder<ArrayBuffer> | null = null;
  let persists = false;
  let hasBegun = false;
  let excess: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Of the bytes that are being taken. */
  let events: ResponseEvent[] = [];

  function end(rest: Uint8Array<ArrayBuffer>): void {
    state = "done";
    excess = rest;
    const trailers = parseFields(chunked?.trailer ?? []);
    // What nobody asked for must not be taken for the next response.
    events.push({ type: "end", trailers, persists: persists && rest.length === 0 });
  }

  /** @returns what follows the head; null if it goes on */
  function takeHead(bytes: Uint8Array<ArrayBuffer>) {
    // An end of line may be split: the last three bytes of before may begin it.
    const before = pieces.length === 0 ? null : Buffer.concat(pieces);
    const known = before === null ? bytes : Buffer.concat([before, bytes]);
    const after = endOfHead(known, Math.max(0, headLength - 3));
    const length = after ?? known.length;
    if (length > MAX_HEAD) throw new HttpFault("its headers are too long");
    if (after === null) {
      pieces = [known];
      headLength = known.length;
      lines += countLines(bytes);
      if (lines > MAX_FIELDS) throw tooManyFields();
      if (!looksLikeHttp(known)) throw new HttpFault("it has no status line");
      return null;
    }
    pieces = [];
    headLength = 0;
    lines = 0;
    const text = Buffer.from(known.buffer, known.byteOffset, after).toString("latin1");
    const head = parseHead(text.replace(/\r?\n$/, ""));
    const rest = known.subarray(after);
    if (head.status < 200 && head.status !== 101) {
      interims += 1;
      if (interims > MAX_INTERIM) throw new HttpFault("it consists of interim responses");
      events.push({ type: "interim", head });
      return rest;
    }
    const framing = framingOf(head, method);
    persists = mayPersist(head, framing);
    events.push({ type: "head", head, framing });
    switch (framing.kind) {
      case "none":
        end(rest);
        return null;
      case "length":
        left = framing.length;
        state = "length";
        break;
      case "chunked":
        chunked = createChunkedDecoder(LENIENT, (piece) =>
          events.push({ type: "body", bytes: piece }),
        );
        state = "chunked";
        break;
      case "close":
        state = "close";
    }
    return rest;
  }

  function takeBody(bytes: Uint8Array<ArrayBuffer>): void {
    switch (state) {
      case "length": {
        const piece = bytes.length <= left ? bytes : bytes.subarray(0, left);
        left -= piece.length;
        if (piece.length > 0) events.push({ type: "body", bytes: piece });
        if (left === 0) end(bytes.subarray(piece.length));
        return;
      }
      case "chunked": {
        if (chunked === null) return;
        const taken = pushChunks(chunked, bytes);
        if (chunked.isComplete) end(bytes.subarray(taken));
        return;
      }
      case "close":
        if (bytes.length > 0) events.push({ type: "body", bytes });
        return;
      case "head":
      case "done":
    }
  }

  return {
    /** Whether anything has come. */
    get hasBegun() {
      return hasBegun;
    },
    /** What came after the end of the response: of a tunnel, its first bytes. */
    get excess() {
      return excess;
    },
    /** @throws {HttpFault} */
    push(chunk: Uint8Array<ArrayBuffer>): ResponseEvent[] {
      hasBegun = true;
      events = [];
      let bytes: Uint8Array<ArrayBuffer> | null = chunk;
      while (state === "head" && bytes !== null && bytes.length > 0) bytes = takeHead(bytes);
      if (state !== "head" && bytes !== null) takeBody(bytes);
      return events;
    },
    /**
     * The connection has ended in an orderly way.
     *
     * @returns the end, or null: the response was not complete
     */
    close(): ResponseEvent | null {
      if (state !== "close") return null;
      events = [];
      end(new Uint8Array(0));
      return events[0] ?? null;
    },
  };
}

/** @throws {HttpFault} */
function pushChunks(decoder: ChunkedDecoder<ArrayBuffer>, bytes: Uint8Array<ArrayBuffer>): number {
  try {
    return decoder.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    throw error instanceof MalformedChunks ? new HttpFault(error.message) : error;
  }
}

/** Behind the empty line that ends a head; null if it has not come. */
function endOfHead(bytes: Uint8Array, from: number): number | null {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return null;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
  return lines;
}

/** Whether it may go on as a status line: something else is refused without waiting for its end. */
function looksLikeHttp(bytes: Uint8Array): boolean {
  const begun = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, START.length));
  return START.startsWith(begun.toString("latin1"));
}
