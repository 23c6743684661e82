// Bodies of responses: parts of a file, and streams made while they are sent; and draining the body of a refused request.
// An edge to the runtime, which sends files without JavaScript (sendfile) and has a kind of stream of its own.

import { Buffer } from "node:buffer";
import { closeSync, read, readSync } from "node:fs";
import { promisify } from "node:util";

import type { OpenedFile } from "./folder.ts";
import { mapResponse, type Middleware } from "./middleware.ts";

/** Bytes up to which reading a file at once is faster than having the runtime send it. */
export const MAX_READ_AT_ONCE = 65_536;
/**
 * Bytes up to which a file that several clients request is sent from memory, which is nearly twice as fast; and how many
 * requests may be pending then, because a slow client keeps its response in memory.
 */
export const MAX_SHARED = 16_777_216;
export const MAX_PENDING_SHARED = 6;

/** Closes the file, too. @param end exclusive */
export function readPart(
  { descriptor }: OpenedFile,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(end - start);
  try {
    for (let at = 0; at < bytes.length;) {
      const count = readSync(descriptor, bytes, at, bytes.length - at, start + at);
      // The file has become shorter.
      if (count === 0) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A part of a file that was opened on a system with paths of descriptors: the runtime opens it once more, by that path,
 * when it sends the response: in this turn of the event loop.
 */
export function sendablePart(path: string, size: number, start: number, end: number): Blob {
  const file = Bun.file(path);
  return start === 0 && end === size ? file : file.slice(start, end);
}

/** The runtime's media type for an extension; "" if it knows none. */
export function runtimeMediaType(extension: string): string {
  return Bun.file(`name.${extension}`).type;
}

const readAsync = promisify(read);

/** Bytes: enough to keep a connection busy, few enough for many at a time. */
const CHUNK = 131_072;

/**
 * A file in chunks, read off the main thread, so that a slow disk delays only this response. Up to `end`, even if the
 * file grows, or to the end of a file that has become shorter.
 */
export async function* readChunks(
  descriptor: number,
  end: number,
  start = 0,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = start; at < end;) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - at));
    const { bytesRead } = await readAsync(descriptor, buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** The same, and closes the file once it was read, or is not wanted any more. */
export async function* closingChunks(
  { descriptor }: OpenedFile,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  try {
    yield* readChunks(descriptor, end, start);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A body made while it is sent, at the client's pace. It is the runtime's "direct" stream: over HTTP/2 an ordinary one of
 * 256 KiB chunks is sent with pauses of 50 ms.
 *
 * @param chunks returned early if the client disconnects, so that it can close its files
 */
export function streamBody(chunks: AsyncGenerator<Uint8Array, void, void>): ReadableStream {
  let isWanted = true;
  return new ReadableStream({
    type: "direct",
    async pull(controller) {
      try {
        // Leaving the loop early returns the generator, too.
        for await (const chunk of chunks) {
          if (!isWanted) break;
          await controller.write(chunk);
          await controller.flush();
        }
        if (isWanted) controller.close();
      } catch (error) {
        // Ends the connection, so that the client does not take the body for complete.
        controller.close(error instanceof Error ? error : new Error(String(error)));
      }
    },
    cancel() {
      isWanted = false;
    },
  });
}

/** For the response to HEAD when the length is unknown: with this the runtime sends no Content-Length. */
export function noBody(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
}

/** Bytes of a refused request that are drained; a client that sends more may miss why it was refused. */
const MAX_DRAINED = 16 * 1_048_576;
/** ms that draining may take. */
const DRAIN_TIMEOUT = 5_000;

/**
 * Reads the body of a refused request and throws it away. Over HTTP/2 the runtime ends a stream as soon as there is a
 * response, and a client that is still sending may then ignore the response (RFC 9113 s. 8.1). HTTP/1.1 needs none of this.
 */
export const drainRefused: Middleware = (next) => (request, context) =>
  mapResponse(next(request, context), (response) => {
    const { body } = request;
    if (response.status < 400 || body === null || request.bodyUsed) return response;
    return drain(body).then(() => response);
  });

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), DRAIN_TIMEOUT);
  try {
    for (let left = MAX_DRAINED; left > 0;) {
      const { value, done } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // The client has disconnected.
  } finally {
    clearTimeout(timer);
  }
}
