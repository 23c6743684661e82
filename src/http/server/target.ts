// What a request asks for: the path and the query of its target, read to the letter. Pure: whether there
// is such a thing is folder.ts.

import { sep } from "node:path";

export interface Target {
  /** As it was written. */
  readonly written: string;
  /** Decoded once; never empty, ".", "..", nor with a separator or NUL in it. */
  readonly path: readonly string[];
  /** With a slash at the end: only a folder is meant. */
  readonly isFolder: boolean;
  readonly query: URLSearchParams;
  /** The query as it was written, with its "?"; empty where there is none. */
  readonly search: string;
}

export type ReadTarget =
  | { readonly kind: "target"; readonly target: Target }
  /** Of the right form, but nothing can have that name. */
  | { readonly kind: "nothing" }
  | { readonly kind: "malformed" };

/** The kernel's bound on a path (PATH_MAX), in bytes; no name in it is shorter than one as written. */
const MAX_WRITTEN = 3 * 4_096;
/** Windows takes the backslash as well, and ":" names a stream of a file there. */
const UNNAMEABLE = sep === "\\" ? /[/\\:]/ : /\//;

const NO_QUERY = new URLSearchParams();
const MALFORMED: ReadTarget = { kind: "malformed" };
const NOTHING: ReadTarget = { kind: "nothing" };

/** What many ask for is read once: so many URLs, of so many characters. */
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_LENGTH = 200;
const remembered = new Map<string, ReadTarget>();

/** @param url the request's: absolute, or a path where the runtime could not make it absolute */
export function readTarget(url: string): ReadTarget {
  const before = remembered.get(url);
  if (before !== undefined) return before;
  const read = readAnew(url);
  if (url.length <= MAX_REMEMBERED_LENGTH) {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(url, read);
  }
  return read;
}

function readAnew(url: string): ReadTarget {
  const written = withoutHost(url);
  if (!written.startsWith("/")) return MALFORMED;
  const fragment = written.indexOf("#");
  const whole = fragment === -1 ? written : written.slice(0, fragment);
  const mark = whole.indexOf("?");
  const rawPath = mark === -1 ? whole : whole.slice(0, mark);
  if (rawPath.length > MAX_WRITTEN) return NOTHING;

  const isFolder = rawPath.endsWith("/");
  const segments = (isFolder ? rawPath.slice(1, -1) : rawPath.slice(1)).split("/");
  const path: string[] = [];
  if (rawPath !== "/") {
    for (const segment of segments) {
      const name = decoded(segment);
      if (name === null) return MALFORMED;
      if (!isName(name)) return NOTHING;
      path.push(name);
    }
  }
  const search = mark === -1 ? "" : whole.slice(mark);
  const query = mark === -1 ? NO_QUERY : new URLSearchParams(search);
  return { kind: "target", target: { written: rawPath, path, isFolder, query, search } };
}

/** The path of a URL for these names; a folder's ends in a slash. */
export function pathOf(names: readonly string[], isFolder: boolean): string {
  const joined = names.map((name) => `/${encodeURIComponent(name)}`).join("");
  return isFolder ? `${joined}/` : joined;
}

export function withoutHost(url: string): string {
  const scheme = url.startsWith("http") ? url.indexOf("://") : -1;
  if (scheme === -1) return url;
  const path = url.indexOf("/", scheme + 3);
  return path === -1 ? "/" : url.slice(path);
}

/** Null for what is not percent-encoded UTF-8, or has a NUL, which no system takes in a name. */
function decoded(segment: string): string | null {
  if (!segment.includes("%")) return segment;
  try {
    const name = decodeURIComponent(segment);
    return name.includes("\0") ? null : name;
  } catch {
    return null;
  }
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !UNNAMEABLE.test(name);
}
