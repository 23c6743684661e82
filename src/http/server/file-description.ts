// What is said of a file, or of what is made of one, before its content: and whether that is still wanted (RFC 9110
// s. 8, 13).

import { closeSync } from "node:fs";

import { evaluate, type Validators } from "./conditions.ts";
import { attachment } from "./disposition.ts";
import { READ_AT_ONCE } from "./file-body.ts";
import type { OpenedFile } from "./folder.ts";
import type { Context } from "./middleware.ts";
import { briefAnswer, emptyAnswer } from "./text-response.ts";

/** Header fields of an answer. */
export type Description = Record<string, string>;

export function describe(type: string): Description {
  return {
    "content-type": type,
    "x-content-type-options": "nosniff",
    // To be kept, and asked about each time: what is shared is often what is worked on.
    "cache-control": "no-cache",
  };
}

/** Strong: a file that is written to has another time, and one that takes its place another inode. */
export function validatorsOf({ size, modified, inode }: OpenedFile): Validators {
  const microseconds = Math.round(modified * 1_000);
  const etag = `"${size.toString(36)}-${microseconds.toString(36)}-${inode.toString(36)}"`;
  return { etag, modified };
}

/** The answer to who has it already, or wants another; null, and the validators described, where it is to be sent. */
export function unwanted(
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

export function dispose(
  description: Description,
  { target }: Context,
  name: string,
  size: number,
): void {
  if (target.search !== "" && target.query.has("download")) {
    description["content-disposition"] = attachment(name);
  } else if (size > READ_AT_ONCE) {
    // Where it is not said, the runtime says something of its own of a file that it sends.
    description["content-disposition"] = "inline";
  }
}
