// A file as an answer: whole or in part, or that it is what the client has already (RFC 9110 s. 13, 14).

import { closeSync } from "node:fs";

import type { Context } from "./answer.ts";
import { briefAnswer, emptyAnswer } from "./brief-answer.ts";
import { readRange } from "./byte-range.ts";
import { evaluate, isRangeWanted, type Validators } from "./conditions.ts";
import { attachment } from "./disposition.ts";
import { partToSend, READ_AT_ONCE, readPart } from "./file-body.ts";
import type { OpenedFile } from "./folder.ts";
import { mediaTypeOf } from "./media-type.ts";

/** @param name of the file, which tells its type; the file is closed by and by */
export function fileAnswer(
  request: Request,
  context: Context,
  file: OpenedFile,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const { method, headers } = request;
  const validators = validatorsOf(file);
  const description: Record<string, string> = {
    etag: validators.etag,
    "last-modified": new Date(file.modified).toUTCString(),
    // To be kept, and asked about each time: what is shared is often what is worked on.
    "cache-control": "no-cache",
    ...more,
  };
  const verdict = evaluate(method, headers, validators);
  if (verdict !== "proceed") {
    closeSync(file.descriptor);
    if (verdict === "failed") return briefAnswer(request, context, 412);
    return emptyAnswer(context, 304, description);
  }

  description["content-type"] ??= mediaTypeOf(name);
  description["x-content-type-options"] = "nosniff";
  description["accept-ranges"] = "bytes";
  // Where it is not said, the runtime says something of its own.
  description["content-disposition"] = context.target.query.has("download")
    ? attachment(name)
    : "inline";

  const { size } = file;
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
    return new Response(bodyOf(file, 0, size, context), { headers: description });
  }
  const { start, end } = range;
  description["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  return new Response(bodyOf(file, start, end, context), { status: 206, headers: description });
}

/** Strong: a file that is written to has another time, and one that takes its place another inode. */
export function validatorsOf({ size, modified, inode }: OpenedFile): Validators {
  const microseconds = Math.round(modified * 1_000);
  const etag = `"${size.toString(36)}-${microseconds.toString(36)}-${inode.toString(36)}"`;
  return { etag, modified };
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
