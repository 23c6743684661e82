// A file as an answer: whole or in part, packed or as it is, or that it is what the client has already (RFC 9110
// s. 8.4, 13, 14).

import { closeSync } from "node:fs";

import { acceptedCodings, type Coding, CODINGS } from "./accepted-coding.ts";
import type { Context } from "./answer.ts";
import { briefAnswer, emptyAnswer } from "./brief-answer.ts";
import { readRange } from "./byte-range.ts";
import { isCompressible } from "./compressible.ts";
import { evaluate, isRangeWanted, type Validators } from "./conditions.ts";
import { attachment } from "./disposition.ts";
import { partToSend, READ_AT_ONCE, readPart } from "./file-body.ts";
import { fileChunks } from "./file-chunks.ts";
import type { OpenedFile } from "./folder.ts";
import { mediaTypeOf } from "./media-type.ts";
import { MIN_PACKED, pack, packed, QUICKEST } from "./packing.ts";
import { isPlainRequest } from "./plain-request.ts";
import { noBody, streamBody } from "./stream-body.ts";

/** Bytes up to which it is: who shares more of text than that has most likely no line that is too slow for it. */
const MAX_PACKED = 64 * 1_048_576;
/** Bytes up to which it is packed as a whole, so that its length can be told. */
const MAX_PACKED_AT_ONCE = 262_144;

const EXTENSIONS: Readonly<Record<Coding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" };

type Description = Record<string, string>;
type Keep = (bytes: Uint8Array<ArrayBuffer>, headers: Readonly<Description>) => void;

/**
 * @param path of the file, which tells its type; the file is closed by and by
 * @param keep is given the whole of a small file, and how it is described to who asks for nothing else
 */
export function fileAnswer(
  request: Request,
  context: Context,
  file: OpenedFile,
  path: readonly string[],
  keep: Keep | null = null,
): Response | Promise<Response> {
  const name = path.at(-1) ?? "";
  const type = mediaTypeOf(name);
  const varies = isCompressible(type);
  const description: Description = describe(type);
  if (varies) description["vary"] = "Accept-Encoding";
  const isPlain = context.target.search === "" && isPlainRequest(request, varies);
  if (isPlain) return wholeAnswer(request, context, file, name, description, keep);
  if (!varies) return wholeAnswer(request, context, file, name, description);

  const accepted = request.headers.get("accept-encoding");
  for (const coding of acceptedCodings(accepted, CODINGS)) {
    const neighbour = packedNeighbour(context, file, path, coding);
    if (neighbour === null) continue;
    closeSync(file.descriptor);
    return wholeAnswer(request, context, neighbour, name, {
      ...description,
      "content-encoding": coding,
    });
  }
  const isWorthIt = file.size >= MIN_PACKED && file.size <= MAX_PACKED;
  const [coding] = isWorthIt ? acceptedCodings(accepted, QUICKEST) : [];
  // Parts are of the file as it is: what is packed anew each time is not known to be the same.
  if (coding === undefined || request.headers.has("range") || request.headers.has("if-match")) {
    return wholeAnswer(request, context, file, name, description);
  }
  return packedAnswer(request, context, file, name, coding, description);
}

/** Made beforehand, beside the file, from what it holds now: it is no older. */
function packedNeighbour(
  { folder }: Context,
  file: OpenedFile,
  path: readonly string[],
  coding: Coding,
): OpenedFile | null {
  const name = (path.at(-1) ?? "") + EXTENSIONS[coding];
  const found = folder.find([...path.slice(0, -1), name]);
  if (found.kind === "file" && found.modified >= file.modified) return found;
  if ("descriptor" in found) closeSync(found.descriptor);
  return null;
}

function describe(type: string): Description {
  return {
    "content-type": type,
    "x-content-type-options": "nosniff",
    // To be kept, and asked about each time: what is shared is often what is worked on.
    "cache-control": "no-cache",
  };
}

/** Of one representation, which is what is in the file. */
function wholeAnswer(
  request: Request,
  context: Context,
  file: OpenedFile,
  name: string,
  description: Description,
  keep: Keep | null = null,
): Response {
  const { method, headers } = request;
  const validators = validatorsOf(file);
  const refused = unwanted(request, context, file, validators, description);
  if (refused !== null) return refused;

  description["accept-ranges"] = "bytes";
  const { size } = file;
  dispose(description, context, name, size);
  if (method === "HEAD") {
    closeSync(file.descriptor);
    context.length = 0;
    description["content-length"] = String(size);
    return new Response(null, { headers: description });
  }
  const asked = isRangeWanted(headers, validators) ? headers.get("range") : null;
  const range = readRange(asked, size);
  if (range.kind === "unsatisfiable") {
    closeSync(file.descriptor);
    return briefAnswer(request, context, 416, {
      "content-range": `bytes */${size}`,
      "accept-ranges": "bytes",
    });
  }
  if (range.kind === "whole") {
    const body = bodyOf(file, 0, size, context);
    if (body instanceof Uint8Array) keep?.(body, description);
    return new Response(body, { headers: description });
  }
  const { start, end } = range;
  description["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  return new Response(bodyOf(file, start, end, context), { status: 206, headers: description });
}

/** Weak validators: another version of the packer makes other bytes of the same content (s. 8.8.1). */
async function packedAnswer(
  request: Request,
  context: Context,
  file: OpenedFile,
  name: string,
  coding: Coding,
  description: Description,
): Promise<Response> {
  const { etag, modified } = validatorsOf(file);
  const weak = { etag: `W/${etag.slice(0, -1)}-${coding}"`, modified };
  const refused = unwanted(request, context, file, weak, description);
  if (refused !== null) return refused;

  description["content-encoding"] = coding;
  description["accept-ranges"] = "none";
  dispose(description, context, name, 0);
  if (request.method === "HEAD") {
    closeSync(file.descriptor);
    context.length = 0;
    return new Response(noBody(), { headers: description });
  }
  if (file.size > MAX_PACKED_AT_ONCE) {
    return new Response(streamBody(packed(closedAfter(file), coding)), { headers: description });
  }
  const bytes = readPart(file, 0, file.size);
  closeSync(file.descriptor);
  const body = await pack(bytes, coding);
  context.length = body.length;
  return new Response(body, { headers: description });
}

async function* closedAfter({ descriptor, size }: OpenedFile) {
  try {
    yield* fileChunks(descriptor, size);
  } finally {
    closeSync(descriptor);
  }
}

/** The answer to who has it already, or wants another; null, and the validators described, where it is to be sent. */
function unwanted(
  request: Request,
  context: Context,
  { descriptor, modified }: OpenedFile,
  validators: Validators,
  description: Description,
): Response | null {
  description["etag"] = validators.etag;
  description["last-modified"] = new Date(modified).toUTCString();
  const verdict = evaluate(request.method, request.headers, validators);
  if (verdict === "proceed") return null;
  closeSync(descriptor);
  if (verdict === "failed") return briefAnswer(request, context, 412);
  // What a cache has of it stays as it is (s. 15.4.5).
  delete description["content-type"];
  return emptyAnswer(context, 304, description);
}

/** Strong: a file that is written to has another time, and one that takes its place another inode. */
export function validatorsOf({ size, modified, inode }: OpenedFile): Validators {
  const microseconds = Math.round(modified * 1_000);
  const etag = `"${size.toString(36)}-${microseconds.toString(36)}-${inode.toString(36)}"`;
  return { etag, modified };
}

function dispose(description: Description, { target }: Context, name: string, size: number): void {
  if (target.search !== "" && target.query.has("download")) {
    description["content-disposition"] = attachment(name);
  } else if (size > READ_AT_ONCE) {
    // Where it is not said, the runtime says something of its own of a file that it sends.
    description["content-disposition"] = "inline";
  }
}

function bodyOf(file: OpenedFile, start: number, end: number, context: Context) {
  context.length = end - start;
  if (end - start > READ_AT_ONCE) {
    context.opened.push(file.descriptor);
    return partToSend(file, start, end);
  }
  const bytes = readPart(file, start, end);
  closeSync(file.descriptor);
  context.length = bytes.length;
  return bytes;
}
