// Uploads that can be continued after an interruption: the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload), its core
// and the extensions creation, creation-with-upload, termination and expiration. An upload is at /folder/?upload=ID, where the folder
// is the one that it is for.

import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../errors.ts";
import {
  AbortedBody,
  type Context,
  emptyResponse,
  type HttpResponse,
  type Middleware,
  refusal,
  type RequestBody,
  textResponse,
} from "../exchange.ts";
import type { Folder } from "../folder.ts";
import type { OpenedFolder } from "../opened.ts";
import { formatPath } from "../target.ts";
import { isFileName, planName, refusalFor } from "./new-file.ts";
import {
  appendToPartial,
  beginPartial,
  findPartial,
  finishPartial,
  KEPT_FOR,
  type Partial,
  removeOldPartials,
  removePartial,
} from "./partial.ts";
import { destinationOf, storeRefusal, type UploadOptions } from "./upload-response.ts";

const VERSION = "1.0.0";
/** The type of the body that goes on with an upload. */
const OFFSET_TYPE = "application/offset+octet-stream";
/** Folders that the name of an upload may have before it. */
const MAX_FOLDERS = 64;
/** ms between two times at which old uploads are removed, and folders for which the last is known. */
const CLEANED_EVERY = 3_600_000;
const MAX_CLEANED = 1_000;

/** What the server can do, for OPTIONS. */
export function resumableOptions(limit: number): Readonly<Record<string, string>> {
  return {
    "tus-resumable": VERSION,
    "tus-version": VERSION,
    "tus-extension": "creation,creation-with-upload,termination,expiration",
    "tus-max-size": String(limit),
  };
}

export function resumableMiddleware(options: UploadOptions): Middleware {
  const { respondTo, begin } = createUploads(options);
  return async (context, next) => {
    const { method, target, fields } = context;
    const id = target.query.get("upload");
    const isBegun = method === "POST" && fields.has("tus-resumable");
    if (!isBegun && (id === null || !["HEAD", "PATCH", "DELETE"].includes(method))) {
      return next(context);
    }
    if (fields.get("tus-resumable") !== VERSION) {
      return textResponse(412, { "tus-version": VERSION }, "only tus 1.0.0 is spoken here");
    }
    const response = await (isBegun ? begin(context) : respondTo(context, id ?? ""));
    return { ...response, headers: { "tus-resumable": VERSION, ...response.headers } };
  };
}

function createUploads(options: UploadOptions) {
  /** What receives an upload, by its id. */
  const receivers = new Map<string, Receiver>();
  const cleaned = new Map<string, number>();

  /** Whether the file is wanted is said before any of it is sent. */
  async function begin(context: Context): Promise<HttpResponse> {
    const { target, fields, body } = context;
    const length = wholeNumber(fields.get("upload-length"));
    if (length === null) return refusal(400, "the length of an upload must be known");
    if (length > options.limit) return textResponse(413);
    const names =
      readMetadata(fields.get("upload-metadata") ?? "")
        .get("filename")
        ?.split("/") ?? [];
    const name = names.pop();
    const isAllowed = (each: string) => isFileName(each, options.dotfiles);
    if (name === undefined || names.length > MAX_FOLDERS || ![...names, name].every(isAllowed)) {
      return refusal(400, "a file cannot have this name");
    }
    const path = [...target.path, ...names];
    using folder = target.isFolder ? openMade(context, path, names.length) : null;
    if (folder === null) return refusal(409, "the folder does not exist");
    const planned = planName(destinationOf(options, context.folder, folder, [...path, name]));
    if (planned === null) return textResponse(409);
    clean(folder);

    const upload = beginPartial(folder, { name, length });
    const sent = fields.get("content-type") === OFFSET_TYPE ? body : null;
    const response = await receive(context.folder, folder, path, upload, sent);
    if (response.status !== 204) return response;
    return emptyResponse(201, {
      // Where it will be, as things are now; or where it is.
      "content-location": formatPath([...path, planned], false),
      ...response.headers,
      location: `${formatPath(path, true)}?upload=${upload.id}`,
    });
  }

  async function respondTo(context: Context, id: string): Promise<HttpResponse> {
    const { method, target, fields, folder: shared } = context;
    // Whoever asks now has lost the connection over which it was sent before.
    await receivers.get(id)?.stop();
    using folder = shared.find(target.path);
    const upload = folder.kind === "folder" ? findPartial(folder, id) : null;
    if (folder.kind !== "folder" || upload === null) {
      return textResponse(404, { "cache-control": "no-store" });
    }
    switch (method) {
      case "HEAD":
        return emptyResponse(200, {
          ...stateHeaders(upload),
          "upload-length": String(upload.length),
        });
      case "DELETE":
        removePartial(folder, id);
        return emptyResponse(204);
      default:
        if (fields.get("content-type") !== OFFSET_TYPE) return textResponse(415);
        if (wholeNumber(fields.get("upload-offset")) !== upload.offset) {
          return textResponse(409, stateHeaders(upload), "the upload is at another offset");
        }
        return await receive(shared, folder, target.path, upload, context.body);
    }
  }

  /** Takes what is sent of an upload; when it is complete, the file is there. */
  async function receive(
    shared: Folder,
    folder: OpenedFolder,
    path: readonly string[],
    upload: Partial,
    body: RequestBody | null,
  ): Promise<HttpResponse> {
    const receiver = createReceiver(body);
    receivers.set(upload.id, receiver);
    try {
      const now = await appendToPartial(folder, upload, receiver.chunks);
      if (now === null) return refusal(413, "more was sent than was announced");
      if (now.offset < now.length) return emptyResponse(204, stateHeaders(now));
      const destination = destinationOf(options, shared, folder, [...path, upload.name]);
      const result = await finishPartial(folder, upload, destination);
      if (!("name" in result)) return storeRefusal(result);
      return emptyResponse(204, {
        ...stateHeaders(now),
        "content-location": formatPath([...path, result.name], false),
      });
    } catch (error) {
      if (error instanceof AbortedBody) return refusal(400, error.message);
      return storeRefusal(refusalFor(error));
    } finally {
      if (receivers.get(upload.id) === receiver) receivers.delete(upload.id);
      receiver.ended();
    }
  }

  function clean(folder: OpenedFolder): void {
    const identity = folder.identity();
    const now = Date.now();
    if (now - (cleaned.get(identity) ?? 0) < CLEANED_EVERY) return;
    if (cleaned.size >= MAX_CLEANED) cleaned.clear();
    cleaned.set(identity, now);
    removeOldPartials(folder, now);
  }

  return { begin, respondTo };
}

function stateHeaders({ offset, changed }: Partial) {
  return {
    "upload-offset": String(offset),
    "upload-expires": new Date(changed + KEPT_FOR).toUTCString(),
    "cache-control": "no-store",
  };
}

interface Receiver {
  /** What is sent, until it is stopped. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Resolves when nothing more is written. */
  stop(): Promise<void>;
  ended(): void;
}

function createReceiver(body: RequestBody | null): Receiver {
  const stopped = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const over = Promise.withResolvers<void>();

  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    const iterator = body?.[Symbol.asyncIterator]();
    for (;;) {
      const next = iterator?.next() ?? Promise.resolve({ value: undefined, done: true as const });
      const { value, done } = await Promise.race([next, stopped.promise]);
      if (done === true) return;
      yield value;
    }
  }
  return {
    chunks: { [Symbol.asyncIterator]: chunks },
    stop() {
      stopped.reject(new AbortedBody("the upload goes on over another connection"));
      return over.promise;
    },
    ended: () => over.resolve(),
  };
}

/** The folder for an upload; those of its last names are made. Null if there is none, or a file in its place. */
function openMade({ folder }: Context, path: readonly string[], made: number): OpenedFolder | null {
  for (let depth = path.length - made; depth < path.length; depth++) {
    using above = folder.find(path.slice(0, depth));
    if (above.kind !== "folder") return null;
    try {
      mkdirSync(join(above.path, path[depth] ?? ""));
    } catch (error) {
      if (systemCode(error) !== "EEXIST") return null;
    }
  }
  using found = folder.find(path);
  return found.kind === "folder" ? found.move() : null;
}

/** Keys with values in Base64 (tus, "Upload-Metadata"). */
function readMetadata(header: string): Map<string, string> {
  return new Map(
    header.split(",").map((pair) => {
      const [key = "", value = ""] = pair.trim().split(" ");
      return [key, Buffer.from(value, "base64").toString("utf8")];
    }),
  );
}

function wholeNumber(written: string | undefined): number | null {
  return written !== undefined && /^\d{1,15}$/.test(written) ? Number(written) : null;
}
