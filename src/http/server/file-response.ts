// The response with a file: whole or in part, compressed or not, or none because the client has it already (RFC 9110
// s. 8.4, 13, 14).

import { closeSync } from "node:fs";

import {
  acceptedCodings,
  attachment,
  type Coding,
  CODINGS,
  formatContentRange,
  parseRange,
} from "../header-fields.ts";
import {
  closingChunks,
  MAX_READ_AT_ONCE,
  noBody,
  readPart,
  sendablePart,
  streamBody,
} from "./bodies.ts";
import { compressedBody, isWorthCompressing, openPrecompressed, QUICKEST } from "./compression.ts";
import { conditionResponse, fileValidators, isPlainRequest, isRangeAllowed } from "./conditions.ts";
import type { CachedFile } from "./file-cache.ts";
import type { OpenedFile } from "./folder.ts";
import { isCompressible, mediaType } from "./media-types.ts";
import { type Context, textResponse } from "./middleware.ts";

/** How a response gets into the cache. */
export interface CacheEntry {
  /** Whether to read a large file into memory, because several clients request it. */
  wants(size: number): boolean;
  /** Takes a whole file, with the headers of the response to a plain request. */
  store(body: CachedFile["body"], size: number, headers: Readonly<FileHeaders>): void;
}

type FileHeaders = Record<string, string>;

/**
 * Closes the file once it is sent.
 *
 * @param path of the file, whose name decides its type
 */
export function fileResponse(
  request: Request,
  context: Context,
  file: OpenedFile,
  path: readonly string[],
  cache: CacheEntry | null = null,
): Response | Promise<Response> {
  const name = path.at(-1) ?? "";
  const type = mediaType(name);
  const varies = isCompressible(type);
  const headers: FileHeaders = {
    "content-type": type,
    "x-content-type-options": "nosniff",
    // To be revalidated each time: shared files are often being worked on.
    "cache-control": "no-cache",
    ...(varies ? { vary: "Accept-Encoding" } : {}),
  };
  const isPlain = context.target.search === "" && isPlainRequest(request, varies);
  if (isPlain) return storedResponse(request, context, file, name, headers, cache);
  if (!varies) return storedResponse(request, context, file, name, headers);

  const accepted = request.headers.get("accept-encoding");
  for (const coding of acceptedCodings(accepted, CODINGS)) {
    const compressed = openPrecompressed(context, file, path, coding);
    if (compressed === null) continue;
    closeSync(file.descriptor);
    headers["content-encoding"] = coding;
    return storedResponse(request, context, compressed, name, headers);
  }
  const [coding] = isWorthCompressing(file) ? acceptedCodings(accepted, QUICKEST) : [];
  // Ranges and If-Match are about the file itself: compressing it again may give other bytes.
  if (coding === undefined || request.headers.has("range") || request.headers.has("if-match")) {
    return storedResponse(request, context, file, name, headers);
  }
  return compressedResponse(request, context, file, name, coding, headers);
}

/** The bytes of a file as they are stored. */
function storedResponse(
  request: Request,
  context: Context,
  file: OpenedFile,
  name: string,
  headers: FileHeaders,
  cache: CacheEntry | null = null,
): Response {
  const validators = fileValidators(file);
  const response = conditionResponse(request, context, file, validators, headers);
  if (response !== null) return response;

  headers["accept-ranges"] = "bytes";
  const { size } = file;
  setDisposition(headers, context, name, size);
  if (request.method === "HEAD") {
    closeSync(file.descriptor);
    context.length = 0;
    headers["content-length"] = String(size);
    return new Response(null, { headers });
  }
  const isAllowed = isRangeAllowed(request.headers, validators);
  const range = parseRange(isAllowed ? request.headers.get("range") : null, size);
  if (range.kind === "unsatisfiable") {
    closeSync(file.descriptor);
    return textResponse(request, context, 416, {
      "content-range": formatContentRange(null, size),
      "accept-ranges": "bytes",
    });
  }
  if (range.kind === "whole") {
    if (size > MAX_READ_AT_ONCE && cache?.wants(size) === true) {
      const bytes = readPart(file, 0, size);
      context.length = bytes.length;
      const body = new Blob([bytes]);
      cache.store(body, bytes.length, headers);
      return new Response(body, { headers });
    }
    const body = partBody(file, 0, size, context);
    if (body instanceof Uint8Array) cache?.store(body, body.length, headers);
    return new Response(body, { headers });
  }
  headers["content-range"] = formatContentRange(range, size);
  return new Response(partBody(file, range.start, range.end, context), { status: 206, headers });
}

function partBody(file: OpenedFile, start: number, end: number, context: Context) {
  context.length = end - start;
  if (end - start > MAX_READ_AT_ONCE) {
    // By the path of its name the runtime could open another file than the one that was found.
    if (file.path === null) return streamBody(closingChunks(file, start, end));
    context.opened.push(file.descriptor);
    return sendablePart(file.path, file.size, start, end);
  }
  const bytes = readPart(file, start, end);
  context.length = bytes.length;
  return bytes;
}

/** Compressed for this client. The validators are weak: another version of zlib makes other bytes (s. 8.8.1). */
async function compressedResponse(
  request: Request,
  context: Context,
  file: OpenedFile,
  name: string,
  coding: Coding,
  headers: FileHeaders,
): Promise<Response> {
  const { etag, modified } = fileValidators(file);
  const weak = { etag: `W/${etag.slice(0, -1)}-${coding}"`, modified };
  const response = conditionResponse(request, context, file, weak, headers);
  if (response !== null) return response;

  headers["content-encoding"] = coding;
  headers["accept-ranges"] = "none";
  setDisposition(headers, context, name, 0);
  if (request.method === "HEAD") {
    closeSync(file.descriptor);
    context.length = 0;
    return new Response(noBody(), { headers });
  }
  const { body, length } = await compressedBody(file, coding);
  context.length = length;
  return new Response(body, { headers });
}

function setDisposition(
  headers: FileHeaders,
  { target }: Context,
  name: string,
  size: number,
): void {
  if (target.search !== "" && target.query.has("download")) {
    headers["content-disposition"] = attachment(name);
  } else if (size > MAX_READ_AT_ONCE) {
    // Without it the runtime adds one of its own to a file that it sends.
    headers["content-disposition"] = "inline";
  }
}
