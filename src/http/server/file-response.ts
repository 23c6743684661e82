// The response with a file: whole or in part, compressed or not, or none because the client has it already (RFC 9110
// s. 8.4, 13, 14).

import {
  acceptedCodings,
  attachment,
  type Coding,
  CODINGS,
  formatContentRange,
  parseRange,
} from "../header-fields.ts";
import { compressedBody, isWorthCompressing, openPrecompressed, QUICKEST } from "./compression.ts";
import {
  conditionResponse,
  fileValidators,
  isPlainRequest,
  isRangeAllowed,
  validatorHeaders,
} from "./conditions.ts";
import {
  bytesBody,
  type Context,
  type HttpResponse,
  type MaybePromise,
  type ResponseBody,
  textResponse,
} from "./exchange.ts";
import { isCompressible, mediaType } from "./media-types.ts";
import type { OpenedFile } from "./opened.ts";

/** Bytes up to which a file is read at once, which is faster than sending it in pieces. */
const MAX_READ_AT_ONCE = 65_536;

/** Takes the response to a plain request, with the whole of a small file of `size` bytes. */
type Store = (response: HttpResponse, size: number, varies: boolean) => void;

type Headers = Readonly<Record<string, string>>;

/**
 * Takes over the file.
 *
 * @param path of the file, whose name decides its type
 * @param store null for a response that is not to be cached
 */
export function fileResponse(
  context: Context,
  given: OpenedFile,
  path: readonly string[],
  store: Store | null,
): MaybePromise<HttpResponse> {
  using file = given;
  const name = path.at(-1) ?? "";
  const type = mediaType(name);
  const varies = isCompressible(type);
  const headers = {
    "content-type": type,
    "x-content-type-options": "nosniff",
    // To be revalidated each time: shared files are often being worked on.
    "cache-control": "no-cache",
    ...(varies ? { vary: "Accept-Encoding" } : {}),
    ...disposition(context, name),
  };
  if (context.target.search === "" && isPlainRequest(context, varies)) {
    return plainResponse(
      file,
      { ...headers, ...validatorHeaders(fileValidators(file)) },
      varies,
      store,
    );
  }
  if (!varies) return storedResponse(context, file, headers);

  const accepted = context.fields.get("accept-encoding") ?? null;
  for (const coding of acceptedCodings(accepted, CODINGS)) {
    using compressed = openPrecompressed(context, file, path, coding);
    if (compressed === null) continue;
    return storedResponse(context, compressed, { ...headers, "content-encoding": coding });
  }
  const [coding] = isWorthCompressing(file) ? acceptedCodings(accepted, QUICKEST) : [];
  // Ranges and If-Match are about the file itself: compressing it again may give other bytes.
  if (coding === undefined || context.fields.has("range") || context.fields.has("if-match")) {
    return storedResponse(context, file, headers);
  }
  return compressedResponse(context, file.move(), coding, headers);
}

/** A page that is sent instead of what was requested: without conditions and ranges. Takes over the file. */
export function pageResponse(status: number, given: OpenedFile): HttpResponse {
  using file = given;
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    },
    body: partBody(file, 0, file.size),
  };
}

function disposition({ target }: Context, name: string): Headers {
  const isDownload = target.search !== "" && target.query.has("download");
  return isDownload ? { "content-disposition": attachment(name) } : {};
}

/** To a request for the file and nothing else. */
function plainResponse(
  file: OpenedFile,
  headers: Headers,
  varies: boolean,
  store: Store | null,
): HttpResponse {
  const body = partBody(file, 0, file.size);
  const response = { status: 200, headers: { ...headers, "accept-ranges": "bytes" }, body };
  if (body.kind === "bytes") store?.(response, body.bytes.length, varies);
  return response;
}

/** The bytes of a file as they are stored. */
function storedResponse(context: Context, file: OpenedFile, common: Headers): HttpResponse {
  const validators = fileValidators(file);
  const { size } = file;
  const headers = {
    ...common,
    ...validatorHeaders(validators),
    "accept-ranges": "bytes",
  };
  const refusal = conditionResponse(context, validators, headers);
  if (refusal !== null) return refusal;

  const { method, fields } = context;
  // Only GET has ranges (s. 14.2).
  const isPart = method === "GET" && isRangeAllowed(fields, validators);
  const range = parseRange(isPart ? (fields.get("range") ?? null) : null, size);
  switch (range.kind) {
    case "unsatisfiable":
      return textResponse(416, {
        "content-range": formatContentRange(null, size),
        "accept-ranges": "bytes",
      });
    case "whole":
      return { status: 200, headers, body: partBody(file, 0, size) };
    case "part":
      return {
        status: 206,
        headers: { ...headers, "content-range": formatContentRange(range, size) },
        body: partBody(file, range.start, range.end),
      };
  }
}

function partBody(file: OpenedFile, start: number, end: number): ResponseBody {
  if (end - start <= MAX_READ_AT_ONCE) return bytesBody(file.read(start, end));
  return { kind: "file", file: file.move(), start, end };
}

/** Compressed for this client. The validators are weak: another version of zlib makes other bytes (s. 8.8.1). */
async function compressedResponse(
  context: Context,
  given: OpenedFile,
  coding: Coding,
  common: Headers,
): Promise<HttpResponse> {
  using file = given;
  const { etag, modified } = fileValidators(file);
  const weak = { etag: `W/${etag.slice(0, -1)}-${coding}"`, modified };
  const headers = {
    ...common,
    ...validatorHeaders(weak),
    "content-encoding": coding,
    "accept-ranges": "none",
  };
  const refusal = conditionResponse(context, weak, headers);
  return refusal ?? { status: 200, headers, body: await compressedBody(file, coding) };
}
