// A file of text as an answer that is packed: beforehand, or while it is sent (RFC 9110 s. 8.4).

import { closeSync } from "node:fs";

import type { Coding } from "./accepted-coding.ts";
import { MIN_PACKED, pack, packed } from "./compression.ts";
import { readWhole } from "./file-body.ts";
import { fileChunks } from "./file-chunks.ts";
import { type Description, dispose, unwanted, validatorsOf } from "./file-description.ts";
import type { OpenedFile } from "./folder.ts";
import type { Context } from "./middleware.ts";
import { noBody, streamBody } from "./stream-body.ts";

/** Bytes up to which text is packed: packing more takes long, and each who asks has it done again. */
const MAX_PACKED = 64 * 1_048_576;
/** Bytes up to which it is packed at once, so that its length can be told. */
const MAX_PACKED_AT_ONCE = 262_144;

const EXTENSIONS: Readonly<Record<Coding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" };

/** Made beforehand, beside the file, from what it holds now: it is no older. */
export function packedNeighbour(
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

export function isWorthPacking({ size }: OpenedFile): boolean {
  return size >= MIN_PACKED && size <= MAX_PACKED;
}

/** Weak validators: another version of the packer makes other bytes of the same content (s. 8.8.1). */
export async function packedAnswer(
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
  const body = await pack(readWhole(file), coding);
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
