// Files that are sent here: PUT /folder/name, and the form of a page, POST /folder/.

import { closeSync } from "node:fs";

import { evaluate } from "../conditions.ts";
import { validatorsOf } from "../file-description.ts";
import type { OpenedFolder } from "../folder.ts";
import type { Context, Step } from "../middleware.ts";
import { pathOf } from "../target.ts";
import { briefAnswer, type BriefStatus, emptyAnswer } from "../text-response.ts";
import { isFromOwnPage } from "./csrf.ts";
import { baseName, isFileName } from "./file-name.ts";
import { boundaryOf, MalformedForm, partsOf } from "./multipart.ts";
import { type Received, receiveFile } from "./new-file.ts";

export interface UploadOptions {
  readonly overwrite: boolean;
  /** Bytes of a file. */
  readonly limit: number;
  readonly dotfiles: boolean;
  /** Nobody but this machine reaches the server. */
  readonly isLoopbackOnly: boolean;
}

export const WRITING = ["PUT", "POST"] as const;

/** Bytes of a request beyond those of its files: what a form has around them. */
const FORM_OVERHEAD = 1_048_576;

export function uploadStep(options: UploadOptions): Step {
  return (request, context) => {
    const { method, headers } = request;
    if (method !== "PUT" && method !== "POST") return null;
    if (!isFromOwnPage(headers, options.isLoopbackOnly)) {
      return refused(request, context, 403, "files are not taken from another site's page");
    }
    // Part of a file, which would look whole (RFC 9110 s. 14.5).
    if (headers.has("content-range")) {
      return refused(request, context, 400, "a file is only taken whole");
    }
    if ((headers.get("content-encoding") ?? "identity") !== "identity") {
      return refused(request, context, 415, "a file is only taken as it is, not packed");
    }
    const answer = method === "PUT" ? answerPut : answerForm;
    return answer(request, context, options).catch((error: unknown) => {
      if (!isBrokenOff(error)) throw error;
      return refused(request, context, 400, "the request broke off");
    });
  };
}

/** The client is gone, or what it sends is malformed: the runtime ends the body with this. */
function isBrokenOff(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

async function answerPut(
  request: Request,
  context: Context,
  options: UploadOptions,
): Promise<Response> {
  const { target } = context;
  const name = target.path.at(-1);
  if (name === undefined || target.isFolder || !isFileName(name, options.dotfiles)) {
    return refused(request, context, 400, "a file cannot have this name");
  }
  if (lengthOf(request) > options.limit) return briefAnswer(request, context, 413);
  const failed = conditionFails(request, context);
  if (failed) return briefAnswer(request, context, 412);
  const opened = openedFolder(context, target.path.slice(0, -1));
  if (opened === null) return refused(request, context, 409, "there is no such folder");
  try {
    const received = await receiveFile(request.body ?? nothing(), {
      ...options,
      folder: opened.path,
      name,
    });
    if (received.kind === "replaced") return emptyAnswer(context, 204, {});
    if (received.kind !== "made") return briefAnswer(request, context, STATUS[received.kind]);
    return emptyAnswer(context, 201, { location: pathOf(target.path, false) });
  } finally {
    closeSync(opened.descriptor);
  }
}

/** The first file that is not taken ends it; those before it stay. */
async function answerForm(
  request: Request,
  context: Context,
  options: UploadOptions,
): Promise<Response> {
  const { target } = context;
  const boundary = boundaryOf(request.headers.get("content-type"));
  if (boundary === null || request.body === null) return briefAnswer(request, context, 415);
  if (lengthOf(request) > options.limit + FORM_OVERHEAD) return briefAnswer(request, context, 413);
  const opened = openedFolder(context, target.path);
  if (opened === null || !target.isFolder) {
    if (opened !== null) closeSync(opened.descriptor);
    return refused(request, context, 409, "there is no such folder");
  }
  try {
    for await (const { fileName, content } of partsOf(request.body, boundary)) {
      if (fileName === null || fileName === "") continue;
      const name = baseName(fileName);
      if (!isFileName(name, options.dotfiles)) {
        return refused(request, context, 400, "a file cannot have this name");
      }
      const received = await receiveFile(content, { ...options, folder: opened.path, name });
      if (received.kind !== "made" && received.kind !== "replaced") {
        return briefAnswer(request, context, STATUS[received.kind]);
      }
    }
    return emptyAnswer(context, 303, { location: pathOf(target.path, true) });
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    return refused(request, context, 400, error.message);
  } finally {
    closeSync(opened.descriptor);
  }
}

const STATUS: Readonly<Record<Exclude<Received["kind"], "made" | "replaced">, BriefStatus>> = {
  exists: 409,
  "too large": 413,
  full: 507,
  forbidden: 403,
};

/** RFC 9110 s. 13: who says what has to be there, so that nobody's change is lost. */
function conditionFails(request: Request, { folder, target }: Context): boolean {
  const { headers } = request;
  const found = folder.find(target.path);
  if ("descriptor" in found) closeSync(found.descriptor);
  if (found.kind !== "file") return headers.has("if-match");
  return evaluate("PUT", headers, validatorsOf(found)) === "failed";
}

function openedFolder({ folder }: Context, path: readonly string[]): OpenedFolder | null {
  const found = folder.find(path);
  if (found.kind === "folder") return found;
  if (found.kind === "file") closeSync(found.descriptor);
  return null;
}

function lengthOf({ headers }: Request): number {
  return Number(headers.get("content-length") ?? 0);
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

function refused(request: Request, context: Context, status: BriefStatus, reason: string) {
  return briefAnswer(request, context, status, {}, reason);
}
