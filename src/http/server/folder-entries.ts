// What is in a shared folder: its entries as a listing shows them, and everything below it as an archive holds it. Both show
// the same names.

import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { Folder } from "./folder.ts";
import type { OpenedFolder } from "./opened.ts";

export interface Entry {
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; null for a folder. */
  readonly size: number | null;
  /** ms since 1970. */
  readonly modified: number;
}

export interface Entries {
  readonly entries: readonly Entry[];
  /** Names beyond MAX_ENTRIES; some of them may be hidden. */
  readonly more: number;
}

/** A page of so many rows has about 10 MB, the most that browsers can show. */
const MAX_ENTRIES = 50_000;
/** Entries that are read before other requests have their turn: some ms. */
const ENTRIES_PER_TURN = 500;

/** @param path of the folder within the shared one */
export async function listEntries(
  folder: Folder,
  { path: openedPath }: OpenedFolder,
  path: readonly string[],
  dotfiles: boolean,
): Promise<Entries> {
  const entries: Entry[] = [];
  const names = readdirSync(openedPath);
  for (const [index, name] of names.slice(0, MAX_ENTRIES).entries()) {
    if (index % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn();
    if (!isShown(name, dotfiles)) continue;
    const entry = readEntry(folder, openedPath, path, name);
    if (entry !== null) entries.push(entry);
  }
  return { entries, more: Math.max(0, names.length - MAX_ENTRIES) };
}

/** A name that is not UTF-8 contains U+FFFD here, and cannot be requested. */
function isShown(name: string, dotfiles: boolean): boolean {
  return (dotfiles || !name.startsWith(".")) && !name.includes("\ufffd");
}

/** Null for what would not be served: links that lead out, and what is neither file nor folder. */
function readEntry(
  folder: Folder,
  openedPath: string,
  path: readonly string[],
  name: string,
): Entry | null {
  try {
    const stats = lstatSync(join(openedPath, name));
    const { size, mtimeMs: modified } = stats;
    if (stats.isFile()) return { name, kind: "file", size, modified };
    if (stats.isDirectory()) return { name, kind: "folder", size: null, modified };
    if (!stats.isSymbolicLink()) return null;
  } catch {
    // It was removed in the meantime.
    return null;
  }
  using found = folder.find([...path, name]);
  if (found.kind !== "file" && found.kind !== "folder") return null;
  const { kind, modified } = found;
  return { name, kind, size: found.kind === "file" ? found.size : null, modified };
}

export const SORTS = ["name", "size", "time"] as const;
export type Sort = (typeof SORTS)[number];

export interface Order {
  readonly sort: Sort;
  readonly descending: boolean;
}

/** By name unless the query says otherwise. */
export function parseOrder(query: URLSearchParams): Order {
  const sort = SORTS.find((each) => each === query.get("sort")) ?? "name";
  return { sort, descending: query.get("order") === "desc" };
}

const byName = new Intl.Collator("en", { numeric: true });

/** Folders first, in both directions; equal entries by name. */
export function sortEntries(entries: readonly Entry[], { sort, descending }: Order): Entry[] {
  const sign = descending ? -1 : 1;
  return entries.toSorted((one, other) => {
    if (one.kind !== other.kind) return one.kind === "folder" ? -1 : 1;
    return sign * compare(one, other, sort) || byName.compare(one.name, other.name);
  });
}

function compare(one: Entry, other: Entry, sort: Sort): number {
  if (sort === "name") return byName.compare(one.name, other.name);
  if (sort === "time") return one.modified - other.modified;
  return (one.size ?? 0) - (other.size ?? 0);
}

export interface ArchiveEntry {
  /** Separated by slashes; a folder's ends in one. */
  readonly name: string;
  /** ms since 1970. */
  readonly modified: number;
  readonly isExecutable: boolean;
  /** Null for a folder. */
  readonly content: ArchiveContent | null;
}

export interface ArchiveContent {
  /** Bytes when it was opened. */
  readonly size: number;
  /** To be read to the end before the next entry. Throws if the file is cut in the meantime. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Unix permissions, after the bits for a file or a folder (stat.h). */
export function unixMode({ content, isExecutable }: ArchiveEntry): number {
  if (content === null) return 0o040755;
  return isExecutable ? 0o100755 : 0o100644;
}

export interface WalkOptions {
  readonly folder: Folder;
  /** Where to start in it. */
  readonly path: readonly string[];
  /** The first part of every name, without a slash: an archive unpacks into one folder. */
  readonly root: string;
  readonly dotfiles: boolean;
}

/** Levels of folders: more than a path can have (PATH_MAX), as each takes a character and a slash. */
const MAX_DEPTH = 2_048;

/**
 * Everything below a folder, ordered by name and opened as files are when they are served. What may not be read is left
 * out.
 *
 * @throws if the system has no descriptors left: files must not be missing from an archive silently
 */
export async function* walkFolder(options: WalkOptions): AsyncGenerator<ArchiveEntry, void, void> {
  const { folder, path, root, dotfiles } = options;
  /** Folders already visited: links may lead to one several times, even in a circle. */
  const visited = new Set<string>();

  async function* walk(
    names: readonly string[],
    entryName: string,
  ): AsyncGenerator<ArchiveEntry, void, void> {
    using found = folder.find(names);
    const { kind } = found;
    if (kind === "busy") throw new Error("no descriptor left for a file of the archive");
    if (kind !== "file" && kind !== "folder") return;
    const { modified } = found;
    if (found.kind === "file") {
      const content = { size: found.size, chunks: found.pieces() };
      yield { name: entryName, modified, isExecutable: found.isExecutable(), content };
      return;
    }
    const identity = found.identity();
    if (visited.has(identity) || names.length > MAX_DEPTH) return;
    visited.add(identity);
    yield { name: `${entryName}/`, modified, isExecutable: true, content: null };
    for (const name of readdirSync(found.path).toSorted()) {
      if (!isShown(name, dotfiles)) continue;
      yield* walk([...names, name], `${entryName}/${name}`);
    }
  }

  yield* walk(path, root);
}
