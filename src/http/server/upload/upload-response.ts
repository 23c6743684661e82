// Uploads: PUT /folder/name, and the form of a page, POST /folder/.

import { evaluate, fileValidators } from "../conditions.ts";
import {
  AbortedBody,
  type Context,
  emptyResponse,
  type HttpResponse,
  type Middleware,
  refusal,
  textResponse,
} from "../exchange.ts";
import type { Folder } from "../folder.ts";
import type { OpenedFolder } from "../opened.ts";
import { formatPath } from "../target.ts";
import { MalformedForm, parseBoundary, parseParts } from "./multipart.ts";
import {
  baseName,
  type Destination,
  isFileName,
  type NotStored,
  type OnConflict,
  receiveFile,
} from "./new-file.ts";

export interface UploadOptions {
  readonly onConflict: OnConflict;
  /** Bytes of a file. */
  readonly limit: number;
  readonly dotfiles: boolean;
  /** Keeps a file that is to be replaced elsewhere, and says whether that went well; null if nobody wants it any more. */
  readonly keep: ((folder: Folder, path: readonly string[]) => boolean) | null;
}

export function destinationOf(
  { onConflict, keep }: UploadOptions,
  shared: Folder,
  opened: OpenedFolder,
  path: readonly string[],
): Destination {
  return {
    folder: opened.path,
    name: path.at(-1) ?? "",
    onConflict,
    keep: keep === null ? null : () => keep(shared, path),
  };
}

/** Bytes that a form may have besides its files. */
const MAX_FORM_OVERHEAD = 1_048_576;

export function uploadMiddleware(options: UploadOptions): Middleware {
  return (context, next) => {
    const { method, fields } = context;
    if (method !== "PUT" && method !== "POST") return next(context);
    // A part stored as a file would look complete (RFC 9110 s. 14.5).
    if (fields.has("content-range")) return refusal(400, "a file must be uploaded whole");
    if ((fields.get("content-encoding") ?? "identity") !== "identity") {
      return refusal(415, "a file must be uploaded uncompressed");
    }
    const respond = method === "PUT" ? respondToPut : respondToForm;
    return respond(context, options).catch((error: unknown) => {
      if (!(error instanceof AbortedBody)) throw error;
      return refusal(400, error.message);
    });
  };
}

async function respondToPut(context: Context, options: UploadOptions): Promise<HttpResponse> {
  const { target, body } = context;
  const name = target.path.at(-1);
  if (name === undefined || target.isFolder || !isFileName(name, options.dotfiles)) {
    return refusal(400, "a file cannot have this name");
  }
  if (contentLength(context) > options.limit) return textResponse(413);
  if (isConditionFailed(context)) return textResponse(412);
  using opened = openTargetFolder(context, target.path.slice(0, -1));
  if (opened === null) return refusal(409, "the folder does not exist");
  const destination = destinationOf(options, context.folder, opened, target.path);
  const result = await receiveFile(body ?? [], destination, options.limit);
  if (!("name" in result)) return storeRefusal(result);
  if (result.kind === "replaced") return emptyResponse(204);
  const path = [...target.path.slice(0, -1), result.name];
  return emptyResponse(201, { location: formatPath(path, false) });
}

/** Stops at the first file that is refused; those before it are kept. */
async function respondToForm(context: Context, options: UploadOptions): Promise<HttpResponse> {
  const { target, body } = context;
  const boundary = parseBoundary(context.fields.get("content-type") ?? null);
  if (boundary === null || body === null) return textResponse(415);
  if (contentLength(context) > options.limit + MAX_FORM_OVERHEAD) return textResponse(413);
  using opened = openTargetFolder(context, target.path);
  if (opened === null || !target.isFolder) return refusal(409, "the folder does not exist");
  try {
    for await (const { fileName, content } of parseParts(body, boundary)) {
      if (fileName === null || fileName === "") continue;
      const name = baseName(fileName);
      if (!isFileName(name, options.dotfiles)) return refusal(400, "a file cannot have this name");
      const destination = destinationOf(options, context.folder, opened, [...target.path, name]);
      const result = await receiveFile(content, destination, options.limit);
      if (!("name" in result)) return storeRefusal(result);
    }
    return emptyResponse(303, { location: formatPath(target.path, true) });
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    return refusal(400, error.message);
  }
}

const STATUS = { exists: 409, "too large": 413, full: 507, forbidden: 403 } as const;

export function storeRefusal({ kind }: NotStored): HttpResponse {
  return textResponse(STATUS[kind]);
}

/** RFC 9110 s. 13: a client can make sure that it does not overwrite somebody else's change. */
function isConditionFailed({ folder, target, fields }: Context): boolean {
  using found = folder.find(target.path);
  if (found.kind !== "file") return fields.has("if-match");
  return evaluate("PUT", fields, fileValidators(found)) === "failed";
}

function openTargetFolder({ folder }: Context, path: readonly string[]): OpenedFolder | null {
  using found = folder.find(path);
  return found.kind === "folder" ? found.move() : null;
}

function contentLength({ fields }: Context): number {
  return Number(fields.get("content-length") ?? 0);
}
