// Sends the body of a response through an outlet, and knows how much of it was taken. A body that turns out shorter than was
// announced breaks off: its client must not wait for the rest, nor take it for complete.

import { setImmediate as nextTurn } from "node:timers/promises";

import { compressStream } from "./compression.ts";
import type { ResponseBody } from "./exchange.ts";
import type { LinuxCalls } from "./linux-calls.ts";
import { type OpenedFile, PIECE, ShortenedFile } from "./opened.ts";

/** What a body is written to: a socket, its chunks, or a stream of HTTP/2. */
export interface Outlet {
  /**
   * Resolves when the system has taken the bytes; nothing is returned if it has at once.
   *
   * @throws if the client has disconnected
   */
  write(bytes: Uint8Array): Promise<void> | void;
  /**
   * The descriptor of a socket to which nothing but these bytes goes, for sendfile; null without. It is asked for each time: as
   * soon as the socket is closed the number may mean another one.
   */
  readonly descriptor: number | null;
}

export type SendFile = LinuxCalls["sendFile"];

/** How far a body has come: bytes of it that the system has taken. */
export interface Progress {
  readonly sent: number;
  add(bytes: number): void;
}

/** Bytes that are written to a full socket: few, because they are copied, and read at once like those for sendfile. */
const WAITING_PIECE = 16_384;
/** Bytes that sendfile may take at once: a disk that is slow delays everybody for no longer than it takes to read these. */
const MAX_SENDFILE = 2_097_152;

/** @throws {ShortenedFile} what the outlet throws, and what making the body does */
export async function sendBody(
  body: ResponseBody,
  outlet: Outlet,
  progress: Progress,
  sendFile: SendFile | null,
): Promise<void> {
  switch (body.kind) {
    case "bytes":
      for (let at = 0; at < body.bytes.length; at += PIECE) {
        await sendPiece(body.bytes.subarray(at, at + PIECE), outlet, progress);
      }
      return;
    case "file": {
      using file = body.file.move();
      return await sendFilePart(file, body.start, body.end, outlet, progress, sendFile);
    }
    case "compressed": {
      using file = body.file.move();
      return await sendChunks(compressStream(file.pieces(), body.coding), outlet, progress);
    }
    case "stream":
      return sendChunks(body.chunks(), outlet, progress);
  }
}

/** At the client's pace; if it disconnects, `chunks` is returned, so that it can close its files. */
async function sendChunks(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  outlet: Outlet,
  progress: Progress,
): Promise<void> {
  for await (const chunk of chunks) await sendPiece(chunk, outlet, progress);
}

async function sendPiece(piece: Uint8Array, outlet: Outlet, progress: Progress): Promise<void> {
  const taken = outlet.write(piece);
  if (taken !== undefined) await taken;
  progress.add(piece.length);
}

async function sendFilePart(
  file: OpenedFile,
  start: number,
  end: number,
  outlet: Outlet,
  progress: Progress,
  sendFile: SendFile | null,
): Promise<void> {
  for (let at = start; at < end; at = start + progress.sent) {
    const taken = sendByKernel(outlet, file.descriptor, at, end - at, sendFile);
    progress.add(taken);
    if (taken > 0) {
      // A client that reads as fast as this sends must not keep the others waiting.
      await nextTurn();
      continue;
    }
    // The socket is full, or there is no sendfile: writing a piece waits until it takes more.
    const piece =
      sendFile === null || outlet.descriptor === null
        ? await file.readPiece(at, Math.min(PIECE, end - at))
        : file.read(at, Math.min(at + WAITING_PIECE, end));
    if (piece.length === 0) throw new ShortenedFile();
    await sendPiece(piece, outlet, progress);
  }
}

/** Bytes that were sent; 0 if the kernel takes none at the moment. */
function sendByKernel(
  { descriptor: socket }: Outlet,
  file: number,
  at: number,
  left: number,
  sendFile: SendFile | null,
): number {
  if (sendFile === null || socket === null) return 0;
  const taken = sendFile(socket, file, at, Math.min(left, MAX_SENDFILE));
  if (taken === 0) throw new ShortenedFile();
  // Whatever else is wrong, writing says what.
  return Math.max(taken, 0);
}
