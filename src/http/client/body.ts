// Bodies of requests: text and bytes, a file as it is, and forms. Files are read as they are sent, so that
// none has to fit into memory.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

import { CharlaError } from "../../errors.ts";
import type { RequestBody } from "./request.ts";

/** Bytes read from a file at once. */
const READ_AT_ONCE = 262_144;
/** Bytes that are sent in one piece; of more it can be seen how far they are. */
const SENT_AT_ONCE = 262_144;

export function bytesBody(bytes: Uint8Array<ArrayBuffer>, contentType: string): RequestBody {
  const { length } = bytes;
  return { contentType, length, open: () => (length <= SENT_AT_ONCE ? bytes : pieces(bytes)) };
}

async function* pieces(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += SENT_AT_ONCE) {
    yield bytes.subarray(from, from + SENT_AT_ONCE);
  }
}

/** @throws {CharlaError} FILE_NOT_READABLE */
export async function fileBody(path: string, contentType: string): Promise<RequestBody> {
  const length = await fileLength(path);
  return { contentType, length, open: () => readFile(path, length) };
}

/** One field of a form; a file's content is read from its path. */
export interface FormField {
  readonly name: string;
  readonly content:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "file"; readonly path: string; readonly fileName: string };
  /** Null for the usual one. */
  readonly contentType: string | null;
}

/**
 * multipart/form-data (RFC 7578).
 *
 * @param boundary in none of the fields: made of chance
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
  const text = (written: string) => {
    const bytes = Buffer.from(written);
    pieces.push({ bytes, path: null, length: bytes.length });
  };
  for (const field of fields) {
    text(`--${boundary}\r\n${headOf(field)}\r\n\r\n`);
    if (field.content.kind === "text") text(field.content.text);
    else {
      const { path } = field.content;
      pieces.push({ bytes: Buffer.alloc(0), path, length: await fileLength(path) });
    }
    text("\r\n");
  }
  text(`--${boundary}--\r\n`);
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

function headOf({ name, content, contentType }: FormField): string {
  const file = content.kind === "file" ? `; filename="${quoted(content.fileName)}"` : "";
  const type = contentType ?? (content.kind === "file" ? "application/octet-stream" : null);
  const head = `Content-Disposition: form-data; name="${quoted(name)}"${file}`;
  return type === null ? head : `${head}\r\nContent-Type: ${type}`;
}

/** As browsers have it (HTML s. 4.10.21.8). */
function quoted(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

/** Just as many bytes as were promised, though the file should grow meanwhile. */
async function* readFile(path: string, length: number): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  try {
    let read = 0;
    for await (const chunk of createReadStream(path, {
      end: length - 1,
      highWaterMark: READ_AT_ONCE,
    })) {
      if (!(chunk instanceof Uint8Array)) continue;
      read += chunk.length;
      yield chunk;
    }
    if (read < length) throw new Error("it became shorter meanwhile");
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

async function fileLength(path: string): Promise<number> {
  try {
    const { size, isFile } = await stat(path).then((found) => ({
      size: found.size,
      isFile: found.isFile(),
    }));
    if (!isFile) throw new Error("it is no file");
    return size;
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

export function notReadable(path: string, cause: unknown): CharlaError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} cannot be read: ${why}`,
    "check the name, and whose file it is",
    { cause },
  );
}
