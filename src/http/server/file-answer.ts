// A file as an answer: whole or in part, packed or as it is, or that it is what the client has already (RFC 9110
// s. 8.4, 13, 14).

import { closeSync } from "node:fs";

import { acceptedCodings, CODINGS } from "./accepted-coding.ts";
import { readRange } from "./byte-range.ts";
import { isCompressible } from "./compressible.ts";
import { QUICKEST } from "./compression.ts";
import { isRangeWanted } from "./conditions.ts";
import { partToSend, READ_AT_ONCE, readPart } from "./file-body.ts";
import type { KeptFile } from "./file-cache.ts";
import { describe, type Description, dispose, unwanted, validatorsOf } from "./file-description.ts";
import type { OpenedFile } from "./folder.ts";
import { mediaTypeOf } from "./media-type.ts";
import type { Context } from "./middleware.ts";
import { isWorthPacking, packedAnswer, packedNeighbour } from "./packed-answer.ts";
import { isPlainRequest } from "./plain-request.ts";
import { briefAnswer } from "./text-response.ts";

export interface Keeper {
  /** Whether a large file is to be read into memory, for it will be asked for again. */
  isWanted(size: number): boolean;
  /** Takes the whole of a file, and how it is described to who asks for nothing else. */
  keep(body: KeptFile["body"], size: number, headers: Readonly<Description>): void;
}

/**
 * @param path of the file, which tells its type; the file is closed by and by
 */
export function fileAnswer(
  request: Request,
  context: Context,
  file: OpenedFile,
  path: readonly string[],
  keeper: Keeper | null = null,
): Response | Promise<Response> {
  const name = path.at(-1) ?? "";
  const type = mediaTypeOf(name);
  const varies = isCompressible(type);
  const description: Description = describe(type);
  if (varies) description["vary"] = "Accept-Encoding";
  const isPlain = context.target.search === "" && isPlainRequest(request, varies);
  if (isPlain) return wholeAnswer(request, context, file, name, description, keeper);
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
  const [coding] = isWorthPacking(file) ? acceptedCodings(accepted, QUICKEST) : [];
  // Parts are of the file as it is: what is packed anew each time is not known to be the same.
  if (coding === undefined || request.headers.has("range") || request.headers.has("if-match")) {
    return wholeAnswer(request, context, file, name, description);
  }
  return packedAnswer(request, context, file, name, coding, description);
}

/** Of one representation, which is what is in the file. */
function wholeAnswer(
  request: Request,
  context: Context,
  file: OpenedFile,
  name: string,
  description: Description,
  keeper: Keeper | null = null,
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
    if (size > READ_AT_ONCE && keeper?.isWanted(size) === true) {
      const bytes = readPart(file, 0, size);
      context.length = bytes.length;
      const body = new Blob([bytes]);
      keeper.keep(body, bytes.length, description);
      return new Response(body, { headers: description });
    }
    const body = bodyOf(file, 0, size, context);
    if (body instanceof Uint8Array) keeper?.keep(body, body.length, description);
    return new Response(body, { headers: description });
  }
  const { start, end } = range;
  description["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  return new Response(bodyOf(file, start, end, context), { status: 206, headers: description });
}

function bodyOf(file: OpenedFile, start: number, end: number, context: Context) {
  context.length = end - start;
  if (end - start > READ_AT_ONCE) {
    context.opened.push(file.descriptor);
    return partToSend(file, start, end);
  }
  const bytes = readPart(file, start, end);
  context.length = bytes.length;
  return bytes;
}
