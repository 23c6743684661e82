// The properties of files and folders, for PROPFIND and PROPPATCH (RFC 4918 s. 9.1, 9.2, 15). They are all the server's: none can be
// changed.

import { fileValidators } from "../conditions.ts";
import type { Entry } from "../listing/entries.ts";
import { mediaType } from "../media-types.ts";
import { formatPath } from "../target.ts";
import { escapeXml, type XmlElement } from "./xml.ts";

const DAV = "DAV:";

/** Of what is shared; null if it has no such property. */
type Property = (entry: Entry) => string | null;

const PROPERTIES = new Map<string, Property>([
  ["displayname", ({ name }) => escapeXml(name)],
  ["resourcetype", ({ kind }) => (kind === "folder" ? "<D:collection/>" : "")],
  ["getcontentlength", ({ size }) => (size === null ? null : String(size))],
  ["getcontenttype", ({ name, kind }) => (kind === "file" ? escapeXml(mediaType(name)) : null)],
  ["getlastmodified", ({ modified }) => new Date(modified).toUTCString()],
  [
    "getetag",
    ({ size, modified, inode }) =>
      size === null ? null : escapeXml(fileValidators({ size, modified, inode }).etag),
  ],
]);

export interface PropertyName {
  readonly namespace: string;
  readonly name: string;
}

export type Wanted =
  | { readonly kind: "all" }
  | { readonly kind: "names" }
  | { readonly kind: "some"; readonly names: readonly PropertyName[] };

/** What a PROPFIND asks for; null if it is none. @param body null for an empty one, which asks for all */
export function wantedProperties(body: XmlElement | null): Wanted | null {
  if (body === null) return { kind: "all" };
  if (body.namespace !== DAV || body.name !== "propfind") return null;
  const first = body.children.find(({ namespace }) => namespace === DAV);
  switch (first?.name) {
    case "propname":
      return { kind: "names" };
    case "prop":
      return { kind: "some", names: first.children };
    case "allprop":
      return { kind: "all" };
    default:
      return null;
  }
}

/** The properties that a PROPPATCH would change; null if it is none. */
export function patchedProperties(body: XmlElement | null): readonly PropertyName[] | null {
  if (body?.namespace !== DAV || body.name !== "propertyupdate") return null;
  return body.children.flatMap(({ children }) =>
    children.flatMap((prop) => (prop.name === "prop" ? prop.children : [])),
  );
}

export const MULTISTATUS_START =
  '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n';
export const MULTISTATUS_END = "</D:multistatus>\n";

export function propertiesResponse(path: readonly string[], entry: Entry, wanted: Wanted): string {
  const found: string[] = [];
  const missing: string[] = [];
  if (wanted.kind === "some") {
    for (const property of wanted.names) {
      const { namespace, name } = property;
      const value = namespace === DAV ? (PROPERTIES.get(name)?.(entry) ?? null) : null;
      if (value === null) missing.push(emptyElement(property));
      else found.push(`<D:${name}>${value}</D:${name}>`);
    }
  } else {
    for (const [name, read] of PROPERTIES) {
      const value = read(entry);
      if (value === null) continue;
      found.push(wanted.kind === "names" ? `<D:${name}/>` : `<D:${name}>${value}</D:${name}>`);
    }
  }
  return response(path, entry.kind === "folder", [
    ["200 OK", found],
    ["404 Not Found", missing],
  ]);
}

export function refusedProperties(
  path: readonly string[],
  isFolder: boolean,
  names: readonly PropertyName[],
): string {
  return response(path, isFolder, [["403 Forbidden", names.map(emptyElement)]]);
}

function response(
  path: readonly string[],
  isFolder: boolean,
  groups: readonly (readonly [status: string, properties: readonly string[]])[],
): string {
  const written = groups
    .filter(([, properties]) => properties.length > 0)
    .map(
      ([status, properties]) =>
        `<D:propstat><D:prop>${properties.join("")}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`,
    );
  return `<D:response><D:href>${escapeXml(formatPath(path, isFolder))}</D:href>${written.join("")}</D:response>\n`;
}

function emptyElement({ namespace, name }: PropertyName): string {
  return namespace === DAV
    ? `<D:${escapeXml(name)}/>`
    : `<x:${escapeXml(name)} xmlns:x="${escapeXml(namespace)}"/>`;
}
