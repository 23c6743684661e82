// Bodies of requests: bytes, a file, and multipart forms. Files are read while they are sent, so that none has to fit
// into memory.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

import { CharlaError } from "../../errors.ts";
import type { RequestBody } from "./request.ts";

/** Bytes of a file that are read at once. */
const READ_SIZE = 262_144;
/** Bytes that are sent in one piece; longer bodies are cut up, so that there is progress to show. */
const PIECE_SIZE = 262_144;

export function bytesBody(bytes: Uint8Array<ArrayBuffer>, contentType: string): RequestBody {
  const { length } = bytes;
  return { contentType, length, open: () => (length <= PIECE_SIZE ? bytes : cut(bytes)) };
}

async function* cut(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE_SIZE) {
    yield bytes.subarray(from, from + PIECE_SIZE);
  }
}

/** @throws {CharlaError} FILE_NOT_READABLE */
export async function fileBody(path: string, contentType: string): Promise<RequestBody> {
  const length = await fileSize(path);
  return { contentType, length, open: () => readFile(path, length) };
}

/** One field of a form. */
export interface FormField {
  readonly name: string;
  readonly content:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "file"; readonly path: string; readonly fileName: string };
  /** Null for the default. */
  readonly contentType: string | null;
}

/**
 * multipart/form-data (RFC 7578).
 *
 * @param boundary must not occur in any field: use a random one
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export async function formBody(
  fields: readonly FormField[],
  boundary: string,
): Promise<RequestBody> {
  const pieces: {
    readonly bytes: Buffer;
    readonly path: string | null;
    readonly length: number;
  }[] = [];
  const addText = (text: string) => {
    const bytes = Buffer.from(text);
    pieces.push({ bytes, path: null, length: bytes.length });
  };
  for (const field of fields) {
    addText(`--${boundary}\r\n${fieldHeaders(field)}\r\n\r\n`);
    if (field.content.kind === "text") addText(field.content.text);
    else {
      const { path } = field.content;
      pieces.push({ bytes: Buffer.alloc(0), path, length: await fileSize(path) });
    }
    addText("\r\n");
  }
  addText(`--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce((sum, { length }) => sum + length, 0),
    async *open() {
      for (const { bytes, path, length } of pieces) {
        if (path === null) yield bytes;
        else yield* readFile(path, length);
      }
    },
  };
}

function fieldHeaders({ name, content, contentType }: FormField): string {
  const file = content.kind === "file" ? `; filename="${quoted(content.fileName)}"` : "";
  const type = contentType ?? (content.kind === "file" ? "application/octet-stream" : null);
  const disposition = `Content-Disposition: form-data; name="${quoted(name)}"${file}`;
  return type === null ? disposition : `${disposition}\r\nContent-Type: ${type}`;
}

/** As browsers do it (HTML s. 4.10.21.8). */
function quoted(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

/** Exactly `length` bytes, which Content-Length has announced, even if the file grows meanwhile. */
async function* readFile(path: string, length: number): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  try {
    let read = 0;
    for await (const chunk of createReadStream(path, {
      end: length - 1,
      highWaterMark: READ_SIZE,
    })) {
      if (!(chunk instanceof Uint8Array)) continue;
      read += chunk.length;
      yield chunk;
    }
    if (read < length) throw new Error("it became shorter while it was read");
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error("it is not a file");
    return found.size;
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

export function notReadable(path: string, cause: unknown): CharlaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CharlaError(
    "FILE_NOT_READABLE",
    `cannot read ${path}: ${reason}`,
    "check its name and its permissions",
    { cause },
  );
}
