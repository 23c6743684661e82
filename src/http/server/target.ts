// The target of a request: its path and query, parsed exactly once. Pure; whether there is such a file is folder.ts.

import { sep } from "node:path";

export interface Target {
  /** The path as it is in the request. */
  readonly written: string;
  /** Decoded names; none is empty, "." or "..", or contains a separator or NUL. */
  readonly path: readonly string[];
  /** It ends in a slash: only a folder is meant. */
  readonly isFolder: boolean;
  readonly query: URLSearchParams;
  /** The query as it is in the request, with its "?"; empty if there is none. */
  readonly search: string;
}

export type ParsedTarget =
  | { readonly kind: "target"; readonly target: Target }
  /** Well-formed, but no file can have such a name. */
  | { readonly kind: "impossible" }
  | { readonly kind: "malformed" };

/** Characters of an encoded path: the kernel's limit (PATH_MAX) in bytes, each of which takes up to three. */
const MAX_WRITTEN = 3 * 4_096;
/** On Windows the backslash separates, too, and ":" names a stream of a file. */
const SEPARATOR = sep === "\\" ? /[/\\:]/ : /\//;

const NO_QUERY = new URLSearchParams();
const MALFORMED: ParsedTarget = { kind: "malformed" };
const IMPOSSIBLE: ParsedTarget = { kind: "impossible" };

/** Targets that are cached, and their length in characters. */
const MAX_CACHED = 1_000;
const MAX_CACHED_LENGTH = 200;
const cache = new Map<string, ParsedTarget>();

/** @param written a path with its query, or "*" for the server as a whole */
export function parseTarget(written: string): ParsedTarget {
  const cached = cache.get(written);
  if (cached !== undefined) return cached;
  const parsed = parse(written === "*" ? "/" : written);
  if (written.length <= MAX_CACHED_LENGTH) {
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(written, parsed);
  }
  return parsed;
}

function parse(written: string): ParsedTarget {
  if (!written.startsWith("/")) return MALFORMED;
  const fragment = written.indexOf("#");
  const whole = fragment === -1 ? written : written.slice(0, fragment);
  const mark = whole.indexOf("?");
  const rawPath = mark === -1 ? whole : whole.slice(0, mark);
  if (rawPath.length > MAX_WRITTEN) return IMPOSSIBLE;

  const isFolder = rawPath.endsWith("/");
  const segments = rawPath === "/" ? [] : rawPath.slice(1, isFolder ? -1 : undefined).split("/");
  const path: string[] = [];
  for (const segment of segments) {
    const name = decode(segment);
    if (name === null) return MALFORMED;
    if (!isName(name)) return IMPOSSIBLE;
    path.push(name);
  }
  const search = mark === -1 ? "" : whole.slice(mark);
  const query = mark === -1 ? NO_QUERY : new URLSearchParams(search);
  return { kind: "target", target: { written: rawPath, path, isFolder, query, search } };
}

/** The path of a URL; a folder's ends in a slash. */
export function formatPath(names: readonly string[], isFolder: boolean): string {
  const joined = names.map((name) => `/${encodeURIComponent(name)}`).join("");
  return isFolder ? `${joined}/` : joined;
}

/** Null for what is not percent-encoded UTF-8, or contains a NUL, which no system allows in a name. */
function decode(segment: string): string | null {
  if (!segment.includes("%")) return segment;
  try {
    const name = decodeURIComponent(segment);
    return name.includes("\0") ? null : name;
  } catch {
    return null;
  }
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !SEPARATOR.test(name);
}
