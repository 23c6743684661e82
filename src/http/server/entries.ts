// What is in a folder that is shared: names, sizes, times, in the order asked for.

import { closeSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { Folder, OpenedFolder } from "./folder.ts";

export interface Entry {
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; null for a folder. */
  readonly size: number | null;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export interface Entries {
  readonly entries: readonly Entry[];
  /** In the folder beyond MAX_ENTRIES; hidden ones and what nobody can ask for may be among them. */
  readonly more: number;
}

/** A page of so many rows is some 10 MB: browsers can just about show it. */
export const MAX_ENTRIES = 50_000;
/** So many are looked at (some ms) before others have their turn. */
const AT_ONCE = 500;

/** @param path of the folder in the one that is shared */
export async function entriesOf(
  folder: Folder,
  { path: openedPath }: OpenedFolder,
  path: readonly string[],
  dotfiles: boolean,
): Promise<Entries> {
  const entries: Entry[] = [];
  const names = readdirSync(openedPath);
  for (const [index, name] of names.slice(0, MAX_ENTRIES).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
    if (!isShown(name, dotfiles)) continue;
    const entry = entryOf(folder, openedPath, path, name);
    if (entry !== null) entries.push(entry);
  }
  return { entries, more: Math.max(0, names.length - MAX_ENTRIES) };
}

/** A name that is not UTF-8 was replaced, and nobody can ask for it. */
export function isShown(name: string, dotfiles: boolean): boolean {
  return (dotfiles || !name.startsWith(".")) && !name.includes("\ufffd");
}

/** Null for what would not be served: links that lead out, and what is neither file nor folder. */
function entryOf(
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
    // Gone meanwhile.
    return null;
  }
  const found = folder.find([...path, name]);
  if (!("descriptor" in found)) return null;
  closeSync(found.descriptor);
  const { kind, modified } = found;
  return { name, kind, size: found.kind === "file" ? found.size : null, modified };
}

export const SORTS = ["name", "size", "time"] as const;
export type Sort = (typeof SORTS)[number];

export interface Order {
  readonly sort: Sort;
  readonly descending: boolean;
}

/** By name where the query says nothing, or nothing that is known. */
export function readOrder(query: URLSearchParams): Order {
  const sort = SORTS.find((one) => one === query.get("sort")) ?? "name";
  return { sort, descending: query.get("order") === "desc" };
}

const byName = new Intl.Collator("en", { numeric: true });

/** Folders first, in either direction; equal ones by name. */
export function sorted(entries: readonly Entry[], { sort, descending }: Order): Entry[] {
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
