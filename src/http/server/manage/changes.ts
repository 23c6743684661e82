// Changes to the shared folder: folders are made, and what is in it is moved, copied and deleted, which means that it is moved to
// `.trash`. Each is made from folders that were opened beneath the shared one. Knows no HTTP.

import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import { systemCode } from "../../../errors.ts";
import { type Folder, UNFINISHED } from "../folder.ts";
import { allEntries } from "../listing/entries.ts";
import type { OpenedFile, OpenedFolder } from "../opened.ts";
import { writeAll } from "../upload/new-file.ts";

/** A folder at the top of the shared one: what was deleted or replaced is in it, in a folder for each time, with its path. */
export const TRASH = ".trash";

export type ChangeResult =
  | "done"
  /** There is nothing of this name. */
  | "missing"
  /** The folder around it is missing, or is a file. */
  | "no parent"
  /** The name is taken. */
  | "exists"
  /** It is inside of what it is moved to, or the other way round. */
  | "inside"
  /** It is on another file system, from which nothing can be moved. */
  | "elsewhere"
  | "forbidden"
  | "full";

type Path = readonly string[];

export function makeFolder(folder: Folder, path: Path): ChangeResult {
  using parent = folder.find(path.slice(0, -1));
  if (parent.kind !== "folder") return "no parent";
  return attempt(() => mkdirSync(join(parent.path, path.at(-1) ?? "")));
}

export function moveEntry(folder: Folder, from: Path, to: Path): ChangeResult {
  if (isWithin(from, to) || isWithin(to, from)) return "inside";
  using source = folder.find(from.slice(0, -1));
  using target = folder.find(to.slice(0, -1));
  if (source.kind !== "folder") return "missing";
  if (target.kind !== "folder") return "no parent";
  const [oldName, newName] = [from.at(-1) ?? "", to.at(-1) ?? ""];
  // rename(2) would replace a file. It may be the same one in another case.
  const existing = folder.entryStatus(target, newName);
  if (existing !== null && existing.inode !== folder.entryStatus(source, oldName)?.inode) {
    return "exists";
  }
  return attempt(() => renameSync(join(source.path, oldName), join(target.path, newName)));
}

/** @param isDeep with what is in a folder */
export async function copyEntry(
  folder: Folder,
  from: Path,
  to: Path,
  isDeep: boolean,
  dotfiles: boolean,
): Promise<ChangeResult> {
  if (isWithin(from, to) || isWithin(to, from)) return "inside";
  using source = folder.find(from);
  if (source.kind !== "file" && source.kind !== "folder") return "missing";
  using target = folder.find(to.slice(0, -1));
  if (target.kind !== "folder") return "no parent";
  if (folder.entryStatus(target, to.at(-1) ?? "") !== null) return "exists";
  // It gets its name when it is complete.
  const copy = join(target.path, UNFINISHED + randomBytes(12).toString("hex"));
  try {
    if (source.kind === "file") await copyFile(source, copy);
    else await copyFolder(folder, source, from, copy, isDeep, dotfiles);
    renameSync(copy, join(target.path, to.at(-1) ?? ""));
    return "done";
  } catch (error) {
    return resultOf(error);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function copyFile(source: OpenedFile, path: string): Promise<void> {
  await using handle = await open(path, "wx", source.isExecutable() ? 0o777 : 0o666);
  for await (const piece of source.pieces()) await writeAll(handle, piece);
  await handle.sync();
}

async function copyFolder(
  folder: Folder,
  source: OpenedFolder,
  from: Path,
  path: string,
  isDeep: boolean,
  dotfiles: boolean,
): Promise<void> {
  mkdirSync(path);
  if (!isDeep) return;
  for await (const { name } of allEntries(folder, source, from, dotfiles)) {
    using entry = folder.find([...from, name]);
    const copy = join(path, name);
    if (entry.kind === "file") await copyFile(entry, copy);
    else if (entry.kind === "folder") {
      await copyFolder(folder, entry, [...from, name], copy, isDeep, dotfiles);
    }
  }
}

/** What is in the trash is deleted for good. @param now ms since 1970 */
export function deleteEntry(folder: Folder, path: Path, now: number): ChangeResult {
  if (path[0] !== TRASH) return putInTrash(folder, path, now, renameSync);
  using parent = folder.find(path.slice(0, -1));
  if (parent.kind !== "folder") return "missing";
  const place = join(parent.path, path.at(-1) ?? "");
  return attempt(() => rmSync(place, { recursive: true }));
}

/** A file that is to be replaced is in the trash, too: under both names until it is. @param now ms since 1970 */
export function keepEntry(folder: Folder, path: Path, now: number): ChangeResult {
  return putInTrash(folder, path, now, (from, to) => {
    try {
      linkSync(from, to);
    } catch {
      // FAT has no links.
      renameSync(from, to);
    }
  });
}

function putInTrash(
  folder: Folder,
  path: Path,
  now: number,
  put: (from: string, to: string) => void,
): ChangeResult {
  using parent = folder.find(path.slice(0, -1));
  const name = path.at(-1) ?? "";
  if (parent.kind !== "folder" || folder.entryStatus(parent, name) === null) return "missing";
  const from = join(parent.path, name);
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(":", "-");
  for (let count = 1; count <= MAX_SAME_TIME; count++) {
    const result = putAt([TRASH, count === 1 ? time : `${time} (${count})`, ...path]);
    if (result !== "exists") return result;
  }
  return "exists";

  function putAt(place: Path): ChangeResult {
    for (let depth = 1; depth < place.length; depth++) {
      using above = folder.findHidden(place.slice(0, depth - 1));
      if (above.kind !== "folder") return depth > 3 ? "exists" : "forbidden";
      const made = attempt(() => mkdirSync(join(above.path, place[depth - 1] ?? "")));
      if (made !== "done" && made !== "exists") return made;
    }
    using target = folder.findHidden(place.slice(0, -1));
    if (target.kind !== "folder") return "exists";
    if (folder.entryStatus(target, name) !== null) return "exists";
    return attempt(() => put(from, join(target.path, name)));
  }
}

/** How often the same name may be deleted in a second. */
const MAX_SAME_TIME = 1_000;

function isWithin(path: Path, folder: Path): boolean {
  return folder.length <= path.length && folder.every((name, at) => name === path[at]);
}

function attempt(change: () => void): ChangeResult {
  try {
    change();
    return "done";
  } catch (error) {
    return resultOf(error);
  }
}

const RESULTS = new Map<string, ChangeResult>([
  ["ENOENT", "missing"],
  ["ENOTDIR", "no parent"],
  ["EEXIST", "exists"],
  ["ENOTEMPTY", "exists"],
  ["EINVAL", "inside"],
  ["EXDEV", "elsewhere"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
  ["EROFS", "forbidden"],
  ["EBUSY", "forbidden"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
]);

function resultOf(error: unknown): ChangeResult {
  const result = RESULTS.get(systemCode(error));
  if (result === undefined) throw error;
  return result;
}
