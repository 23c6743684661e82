// WebDAV, class 1 (RFC 4918): a shared folder that file managers, rclone and others can change. The methods that HTTP has itself,
// GET, HEAD and PUT, are those of the other middleware. There are no locks (class 2).

import { Buffer } from "node:buffer";

import {
  type Context,
  emptyResponse,
  type HttpResponse,
  type MaybePromise,
  type Middleware,
  refusal,
  textResponse,
} from "../exchange.ts";
import { allEntries, foundEntry } from "../listing/entries.ts";
import { formatPath, parseTarget } from "../target.ts";
import { isFileName } from "../upload/new-file.ts";
import { percentEncoded } from "../wire/request-head.ts";
import { type ChangeResult, copyEntry, deleteEntry, makeFolder, moveEntry } from "./changes.ts";
import {
  MULTISTATUS_END,
  MULTISTATUS_START,
  patchedProperties,
  propertiesResponse,
  refusedProperties,
  type Wanted,
  wantedProperties,
} from "./properties.ts";
import { parseXml, type XmlElement } from "./xml.ts";

/** Methods that are answered here. */
export const WEBDAV_METHODS = ["PROPFIND", "PROPPATCH", "MKCOL", "DELETE", "MOVE", "COPY"] as const;

/** Bytes of the XML of a request: names of properties. */
const MAX_XML = 65_536;

interface WebdavOptions {
  /** Of the shared folder. */
  readonly name: string;
  readonly dotfiles: boolean;
}

type Respond = (context: Context, options: WebdavOptions) => MaybePromise<HttpResponse>;

const RESPONSES = new Map<string, Respond>([
  ["PROPFIND", findProperties],
  ["PROPPATCH", patchProperties],
  ["MKCOL", makeCollection],
  ["DELETE", remove],
  ["MOVE", (context, options) => transfer(context, options, "MOVE")],
  ["COPY", (context, options) => transfer(context, options, "COPY")],
]);

export function webdavMiddleware(options: WebdavOptions): Middleware {
  return (context, next) => {
    const respond = RESPONSES.get(context.method);
    if (respond === undefined) return next(context);
    // It names a lock, or a state that only locks would keep (s. 10.4).
    if (context.fields.has("if")) return refusal(412, "there are no locks here");
    return respond(context, options);
  };
}

async function findProperties(context: Context, options: WebdavOptions): Promise<HttpResponse> {
  const { target, folder, fields } = context;
  const depth = fields.get("depth")?.toLowerCase() ?? "infinity";
  if (depth !== "0" && depth !== "1") return xmlResponse(403, FINITE_DEPTH);
  const body = await readXml(context);
  const wanted = body === "malformed" ? null : wantedProperties(body);
  if (wanted === null) return textResponse(400);
  using found = folder.find(target.path);
  if (found.kind !== "file" && found.kind !== "folder") return textResponse(404);
  const entry = foundEntry(found, target.path.at(-1) ?? options.name);
  if (found.kind === "file" || depth === "0") {
    const response = propertiesResponse(target.path, entry, wanted);
    return xmlResponse(207, MULTISTATUS_START + response + MULTISTATUS_END);
  }
  return {
    status: 207,
    headers: XML_HEADERS,
    body: { kind: "stream", chunks: () => describeFolder(context, options, wanted) },
  };
}

const FINITE_DEPTH =
  '<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>\n';

/** Characters that are sent at once. */
const CHUNK = 65_536;

async function* describeFolder(
  { target, folder }: Context,
  { name, dotfiles }: WebdavOptions,
  wanted: Wanted,
): AsyncGenerator<Uint8Array, void, void> {
  const { path } = target;
  using found = folder.find(path);
  let text = MULTISTATUS_START;
  if (found.kind === "folder") {
    text += propertiesResponse(path, foundEntry(found, path.at(-1) ?? name), wanted);
    for await (const entry of allEntries(folder, found, path, dotfiles)) {
      text += propertiesResponse([...path, entry.name], entry, wanted);
      if (text.length < CHUNK) continue;
      yield Buffer.from(text);
      text = "";
    }
  }
  yield Buffer.from(text + MULTISTATUS_END);
}

async function patchProperties(context: Context): Promise<HttpResponse> {
  const { target, folder } = context;
  const body = await readXml(context);
  const names = body === "malformed" ? null : patchedProperties(body);
  if (names === null) return textResponse(400);
  using found = folder.find(target.path);
  if (found.kind !== "file" && found.kind !== "folder") return textResponse(404);
  const response = refusedProperties(target.path, found.kind === "folder", names);
  return xmlResponse(207, MULTISTATUS_START + response + MULTISTATUS_END);
}

function makeCollection(context: Context, { dotfiles }: WebdavOptions): HttpResponse {
  const { target, folder, body } = context;
  if (body !== null) return textResponse(415);
  const name = target.path.at(-1);
  if (name === undefined) return textResponse(405, {}, "the folder exists already");
  if (!isFileName(name, dotfiles)) return refusal(403, "a folder cannot have this name");
  const result = makeFolder(folder, target.path);
  if (result === "done") {
    return emptyResponse(201, { location: formatPath(target.path, true) });
  }
  return result === "exists" ? refusal(405, "the name is taken already") : failure(result);
}

function remove({ target, folder, fields }: Context): HttpResponse {
  if (target.path.length === 0) return refusal(403, "the shared folder itself stays");
  const depth = fields.get("depth")?.toLowerCase() ?? "infinity";
  if (depth !== "infinity") return refusal(400, "a folder is deleted with what is in it");
  // What is hidden cannot be deleted.
  using found = folder.find(target.path);
  if (found.kind === "forbidden" || found.kind === "busy") return textResponse(403);
  if (found.kind === "missing") return textResponse(404);
  const result = deleteEntry(folder, target.path, Date.now());
  return result === "done" ? emptyResponse(204) : failure(result);
}

/** MOVE and COPY (s. 9.8, 9.9). */
async function transfer(
  context: Context,
  { dotfiles }: WebdavOptions,
  method: "MOVE" | "COPY",
): Promise<HttpResponse> {
  const { target, folder, fields } = context;
  const destination = readDestination(context);
  if (destination === "malformed") return refusal(400, "malformed Destination");
  if (destination === "elsewhere") return refusal(502, "the destination is on another server");
  const name = destination.at(-1);
  if (target.path.length === 0 || name === undefined) return textResponse(403);
  if (!isFileName(name, dotfiles)) return refusal(403, "nothing here can have this name");
  const isDeep = (fields.get("depth")?.toLowerCase() ?? "infinity") === "infinity";
  if (method === "MOVE" && !isDeep) return refusal(400, "a folder is moved with what is in it");
  {
    using found = folder.find(target.path);
    if (found.kind !== "file" && found.kind !== "folder") return textResponse(404);
  }
  const change = async () =>
    method === "MOVE"
      ? moveEntry(folder, target.path, destination)
      : copyEntry(folder, target.path, destination, isDeep, dotfiles);
  const first = await change();
  if (first === "done") return emptyResponse(201, { location: formatPath(destination, false) });
  if (first !== "exists") return failure(first);
  if (fields.get("overwrite")?.toUpperCase() === "F") return refusal(412, "the name is taken");
  const replaced = deleteEntry(folder, destination, Date.now());
  if (replaced !== "done") return failure(replaced);
  const second = await change();
  return second === "done" ? emptyResponse(204) : failure(second);
}

/** The path of Destination (s. 10.3), if it is this server's. */
function readDestination({ fields, host, forwardedHost }: Context) {
  const written = fields.get("destination");
  if (written === undefined) return "malformed";
  const [, authority, rest = written] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(written) ?? [];
  if (authority !== undefined && authority !== host && authority !== forwardedHost) {
    return "elsewhere";
  }
  const parsed = parseTarget(rest === "" ? "/" : percentEncoded(rest));
  return parsed.kind === "target" ? parsed.target.path : "malformed";
}

function failure(result: Exclude<ChangeResult, "done">): HttpResponse {
  switch (result) {
    case "missing":
      return textResponse(404);
    case "no parent":
      return refusal(409, "the folder does not exist");
    case "exists":
      return refusal(409, "the name is taken");
    case "inside":
      return refusal(403, "a folder cannot be in itself");
    case "elsewhere":
      return refusal(409, "it is on another file system");
    case "forbidden":
      return textResponse(403);
    case "full":
      return textResponse(507);
  }
}

/** Null for no body. */
async function readXml({ body }: Context): Promise<XmlElement | null | "malformed"> {
  if (body === null) return null;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > MAX_XML) return "malformed";
    pieces.push(piece);
  }
  return parseXml(Buffer.concat(pieces)) ?? "malformed";
}

const XML_HEADERS = {
  "content-type": "application/xml; charset=utf-8",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

function xmlResponse(status: number, text: string): HttpResponse {
  return { status, headers: XML_HEADERS, body: { kind: "bytes", bytes: Buffer.from(text) } };
}
