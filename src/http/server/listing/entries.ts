// What is in a folder, as a listing shows it: its names in order, filtered, and of one page of them size and time. Names are
// sorted before anything else is asked about them, so that a page of a folder with 100,000 names takes no longer than reading
// the names.

import { type Dirent, readdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

import { type Folder, isHidden } from "../folder.ts";
import type { OpenedFile, OpenedFolder } from "../opened.ts";

export interface Entry {
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; null for a folder. */
  readonly size: number | null;
  /** ms since 1970. */
  readonly modified: number;
  readonly inode: number;
}

export interface Entries {
  /** Those of the page. */
  readonly entries: readonly Entry[];
  /** Names on all pages: those that contain what was asked for. */
  readonly total: number;
  /** Names without a filter. */
  readonly all: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** Names of links that lead out of the shared folder or nowhere, and of what is neither file nor folder. */
  readonly leftOut: number;
}

export const SORTS = ["name", "size", "time"] as const;
export type Sort = (typeof SORTS)[number];

/** What a query asks for: `?sort=size&order=desc&q=holiday&page=2`. */
export interface View {
  readonly sort: Sort;
  readonly descending: boolean;
  /** Part of the names, in any case; empty for all. */
  readonly filter: string;
  /** From 1. */
  readonly page: number;
}

/** Rows of a page: what a phone shows without delay. */
export const PAGE_SIZE = 1_000;
/** Entries that are read before other requests have their turn: some ms. */
const ENTRIES_PER_TURN = 500;

export function parseView(query: URLSearchParams): View {
  const page = Number(query.get("page") ?? 1);
  return {
    sort: SORTS.find((each) => each === query.get("sort")) ?? "name",
    descending: query.get("order") === "desc",
    filter: query.get("q")?.trim() ?? "",
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** @param path of the folder within the shared one */
export async function listEntries(
  folder: Folder,
  opened: OpenedFolder,
  path: readonly string[],
  view: View,
  dotfiles: boolean,
): Promise<Entries> {
  const { lines, leftOut } = await sortedNames(folder, opened, path, dotfiles);
  const matching = view.filter === "" ? lines : lines.filter(matcher(view.filter));
  const read = (some: readonly Line[]) => readEntries(folder, opened, path, some);
  const pages = Math.max(1, Math.ceil(matching.length / PAGE_SIZE));
  const page = Math.min(view.page, pages);
  const start = (page - 1) * PAGE_SIZE;
  const pageOf = <T>(all: readonly T[]) => all.slice(start, start + PAGE_SIZE);
  const entries =
    view.sort === "name"
      ? await read(pageOf(view.descending ? reversed(matching) : matching))
      : pageOf(sortEntries(await read(matching), view));
  return { entries, total: matching.length, all: lines.length, page, pages, leftOut };
}

/**
 * "0" for a folder and "1" for a file, the key by which it is sorted, a NUL, and the name: sorting strings as they are is many
 * times faster than comparing parts of objects.
 */
type Line = string;

const nameOf = (line: Line) => line.slice(line.indexOf("\0") + 1);

/** All of them, by name. */
export async function* allEntries(
  folder: Folder,
  opened: OpenedFolder,
  path: readonly string[],
  dotfiles: boolean,
): AsyncGenerator<Entry, void, void> {
  const { lines } = await sortedNames(folder, opened, path, dotfiles);
  for (const line of lines) {
    const entry = readEntry(folder, opened, path, nameOf(line));
    if (entry !== null) yield entry;
  }
}

interface Names {
  /** Sorted. */
  readonly lines: readonly Line[];
  readonly leftOut: number;
}

/** Names from which on they are kept, for the other pages. */
const MIN_KEPT = PAGE_SIZE;
const MAX_KEPT_FOLDERS = 4;
/** ms that they are kept: a link among them may come to lead elsewhere. */
const KEPT_FOR = 10_000;
/** ms after a change in which another may not be visible in the time of the folder. */
const SETTLE_TIME = 3_000;

/** By folder, state and what is shown; the oldest first. */
const kept = new Map<string, Names>();

async function sortedNames(
  folder: Folder,
  opened: OpenedFolder,
  path: readonly string[],
  dotfiles: boolean,
): Promise<Names> {
  const key = `${opened.identity()}:${opened.modified}:${dotfiles}:${path.join("/")}`;
  const before = kept.get(key);
  if (before !== undefined) return before;
  const read = await readNames(folder, opened, path, dotfiles);
  if (read.lines.length > MIN_KEPT && opened.modified < Date.now() - SETTLE_TIME) {
    kept.set(key, read);
    setTimeout(() => kept.delete(key), KEPT_FOR).unref();
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT_FOLDERS && oldest !== undefined) kept.delete(oldest);
  }
  return read;
}

async function readNames(
  folder: Folder,
  { path: openedPath }: OpenedFolder,
  path: readonly string[],
  dotfiles: boolean,
): Promise<Names> {
  const lines: Line[] = [];
  let leftOut = 0;
  const all = readdirSync(openedPath, { withFileTypes: true });
  for (const [index, each] of all.entries()) {
    if (index % 10_000 === 9_999) await nextTurn();
    const { name } = each;
    if (!isShown(name, dotfiles)) continue;
    const kind = kindOf(folder, path, each);
    if (kind === null) leftOut++;
    else lines.push(`${kind === "folder" ? 0 : 1}${sortKey(name)}\0${name}`);
  }
  await nextTurn();
  return { lines: lines.toSorted(), leftOut };
}

/** A name that is not UTF-8 contains U+FFFD here, and cannot be requested. */
export function isShown(name: string, dotfiles: boolean): boolean {
  return !isHidden(name, dotfiles) && !name.includes("\ufffd");
}

/** Null for what would not be served. */
function kindOf(folder: Folder, path: readonly string[], entry: Dirent): Entry["kind"] | null {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  // A link, or a file system that does not say what its entries are.
  using found = folder.find([...path, entry.name]);
  return found.kind === "file" || found.kind === "folder" ? found.kind : null;
}

const DIGITS = 16;

/** In this order people look for names: without case and accents, and numbers by their value. */
export function sortKey(name: string): string {
  const plain = /^[\x20-\x7e]*$/.test(name)
    ? name
    : name.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return plain.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(DIGITS, "0"));
}

function matcher(filter: string): (line: Line) => boolean {
  const wanted = filter.normalize("NFC").toLowerCase();
  return (line) => nameOf(line).normalize("NFC").toLowerCase().includes(wanted);
}

/** Folders stay first. */
function reversed(lines: readonly Line[]): Line[] {
  const firstFile = lines.findIndex((line) => line.startsWith("1"));
  const folders = firstFile === -1 ? lines.length : firstFile;
  return [...lines.slice(0, folders).toReversed(), ...lines.slice(folders).toReversed()];
}

/** Without those that were removed in the meantime. */
async function readEntries(
  folder: Folder,
  opened: OpenedFolder,
  path: readonly string[],
  lines: readonly Line[],
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [index, line] of lines.entries()) {
    if (index % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn();
    const entry = readEntry(folder, opened, path, nameOf(line));
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

function readEntry(
  folder: Folder,
  opened: OpenedFolder,
  path: readonly string[],
  name: string,
): Entry | null {
  const status = folder.entryStatus(opened, name);
  if (status === null) return null;
  const { kind, size, modified, inode } = status;
  if (kind === "file") return { name, kind, size, modified, inode };
  if (kind === "folder") return { name, kind, size: null, modified, inode };
  using found = folder.find([...path, name]);
  return found.kind === "file" || found.kind === "folder" ? foundEntry(found, name) : null;
}

export function foundEntry(found: OpenedFile | OpenedFolder, name: string): Entry {
  const { kind, modified, inode } = found;
  return { name, kind, size: found.kind === "file" ? found.size : null, modified, inode };
}

/** Folders first, in both directions; equal entries by name. */
function sortEntries(entries: readonly Entry[], { sort, descending }: View): Entry[] {
  const value = ({ size, modified }: Entry) => (sort === "time" ? modified : (size ?? 0));
  const sign = descending ? -1 : 1;
  // They come ordered by name, and sorting is stable.
  return entries.toSorted((one, other) => {
    if (one.kind !== other.kind) return one.kind === "folder" ? -1 : 1;
    return sign * (value(one) - value(other));
  });
}
