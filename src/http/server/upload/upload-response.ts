// Uploads: PUT /folder/name, and the form of a page, POST /folder/.

import { closeSync } from "node:fs";

import { isAllowedOrigin } from "../access-control.ts";
import { evaluate, fileValidators } from "../conditions.ts";
import type { OpenedFolder } from "../folder.ts";
import {
  type Context,
  emptyResponse,
  type Middleware,
  textResponse,
  type TextStatus,
} from "../middleware.ts";
import { formatPath } from "../target.ts";
import { MalformedForm, parseBoundary, parseParts } from "./multipart.ts";
import { baseName, isFileName, receiveFile } from "./new-file.ts";

export interface UploadOptions {
  readonly overwrite: boolean;
  /** Bytes of a file. */
  readonly limit: number;
  readonly dotfiles: boolean;
}

/** Bytes that a form may have besides its files. */
const MAX_FORM_OVERHEAD = 1_048_576;

export function uploadMiddleware(options: UploadOptions): Middleware {
  return (next) => (request, context) => {
    const { method, headers } = request;
    if (method !== "PUT" && method !== "POST") return next(request, context);
    if (!isAllowedOrigin(headers)) {
      return refuse(request, context, 403, "uploads from another site's page are refused");
    }
    // A part stored as a file would look complete (RFC 9110 s. 14.5).
    if (headers.has("content-range")) {
      return refuse(request, context, 400, "a file must be uploaded whole");
    }
    if ((headers.get("content-encoding") ?? "identity") !== "identity") {
      return refuse(request, context, 415, "a file must be uploaded uncompressed");
    }
    const respond = method === "PUT" ? respondToPut : respondToForm;
    return respond(request, context, options).catch((error: unknown) => {
      // The client has disconnected, or has sent malformed chunks: the runtime ends the body with this error.
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
      return refuse(request, context, 400, "the request was aborted");
    });
  };
}

async function respondToPut(
  request: Request,
  context: Context,
  options: UploadOptions,
): Promise<Response> {
  const { target } = context;
  const name = target.path.at(-1);
  if (name === undefined || target.isFolder || !isFileName(name, options.dotfiles)) {
    return refuse(request, context, 400, "a file cannot have this name");
  }
  if (contentLength(request) > options.limit) return textResponse(request, context, 413);
  if (isConditionFailed(request, context)) return textResponse(request, context, 412);
  using opened = openTargetFolder(context, target.path.slice(0, -1));
  if (opened === null) return refuse(request, context, 409, "the folder does not exist");
  const result = await receiveFile(request.body ?? [], {
    ...options,
    folder: opened.path,
    name,
  });
  if (result.kind === "replaced") return emptyResponse(context, 204, {});
  if (result.kind !== "created") return textResponse(request, context, STATUS[result.kind]);
  return emptyResponse(context, 201, { location: formatPath(target.path, false) });
}

/** Stops at the first file that is refused; those before it are kept. */
async function respondToForm(
  request: Request,
  context: Context,
  options: UploadOptions,
): Promise<Response> {
  const { target } = context;
  const boundary = parseBoundary(request.headers.get("content-type"));
  if (boundary === null || request.body === null) return textResponse(request, context, 415);
  if (contentLength(request) > options.limit + MAX_FORM_OVERHEAD) {
    return textResponse(request, context, 413);
  }
  using opened = openTargetFolder(context, target.path);
  if (opened === null || !target.isFolder) {
    return refuse(request, context, 409, "the folder does not exist");
  }
  try {
    for await (const { fileName, content } of parseParts(request.body, boundary)) {
      if (fileName === null || fileName === "") continue;
      const name = baseName(fileName);
      if (!isFileName(name, options.dotfiles)) {
        return refuse(request, context, 400, "a file cannot have this name");
      }
      const result = await receiveFile(content, { ...options, folder: opened.path, name });
      if (result.kind !== "created" && result.kind !== "replaced") {
        return textResponse(request, context, STATUS[result.kind]);
      }
    }
    return emptyResponse(context, 303, { location: formatPath(target.path, true) });
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    return refuse(request, context, 400, error.message);
  }
}

const STATUS = { exists: 409, "too large": 413, full: 507, forbidden: 403 } as const;

/** RFC 9110 s. 13: a client can make sure that it does not overwrite somebody else's change. */
function isConditionFailed(request: Request, { folder, target }: Context): boolean {
  const { headers } = request;
  const found = folder.find(target.path);
  if ("descriptor" in found) closeSync(found.descriptor);
  if (found.kind !== "file") return headers.has("if-match");
  return evaluate("PUT", headers, fileValidators(found)) === "failed";
}

function openTargetFolder(
  { folder }: Context,
  path: readonly string[],
): (OpenedFolder & Disposable) | null {
  const found = folder.find(path);
  if (found.kind === "folder") {
    return { ...found, [Symbol.dispose]: () => closeSync(found.descriptor) };
  }
  if (found.kind === "file") closeSync(found.descriptor);
  return null;
}

function contentLength({ headers }: Request): number {
  return Number(headers.get("content-length") ?? 0);
}

function refuse(request: Request, context: Context, status: TextStatus, reason: string) {
  return textResponse(request, context, status, {}, reason);
}
