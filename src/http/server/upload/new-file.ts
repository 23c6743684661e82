// Receiving a new file: written under a hidden temporary name, and given its own when it is complete. So a file is never seen
// incomplete, and an interrupted upload leaves nothing.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { lstatSync, unlinkSync } from "node:fs";
import { type FileHandle, link, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { systemCode } from "../../../errors.ts";
import { syncFolder } from "../../../sync-folder.ts";
import { isHidden, UNFINISHED } from "../folder.ts";

/** What becomes of a file whose name is taken. */
export const ON_CONFLICT = ["refuse", "rename", "replace"] as const;
export type OnConflict = (typeof ON_CONFLICT)[number];

/** Where a file is to be. */
export interface Destination {
  /** On Linux a path of a descriptor, which always means the same folder. */
  readonly folder: string;
  readonly name: string;
  readonly onConflict: OnConflict;
  /** Keeps the file that is to be replaced elsewhere, and says whether that went well; null if nobody wants it any more. */
  readonly keep: (() => boolean) | null;
}

export interface Stored {
  readonly kind: "created" | "replaced";
  /** Another one than that of the destination if that was taken. */
  readonly name: string;
}

export interface NotStored {
  /**
   * "exists": there is a file of this name, which may not be replaced, or a folder, which never may; "forbidden": this process
   * may not write to the folder.
   */
  readonly kind: "exists" | "too large" | "full" | "forbidden";
}

export type StoreResult = Stored | NotStored;

/** Temporary files, which are removed if the program ends. */
const unfinished = new Set<string>();

/**
 * @param limit bytes; a longer file is refused
 * @throws what `chunks` throws when the client disconnects; nothing is left then
 */
export async function receiveFile(
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  destination: Destination,
  limit: number,
): Promise<StoreResult> {
  if (planName(destination) === null) return { kind: "exists" };
  const temporary = join(destination.folder, UNFINISHED + randomBytes(12).toString("hex"));
  if (unfinished.size === 0) process.once("exit", removeUnfinished);
  unfinished.add(temporary);
  try {
    await using handle = await open(temporary, "wx", 0o666);
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > limit) return { kind: "too large" };
      await writeAll(handle, chunk);
    }
    return await storeFile(handle, temporary, destination);
  } catch (error) {
    return refusalFor(error);
  } finally {
    // It was renamed, or never created, if it is missing.
    await rm(temporary, { force: true });
    unfinished.delete(temporary);
    if (unfinished.size === 0) process.off("exit", removeUnfinished);
  }
}

/** The name that a file would get now; null if it would be refused. */
export function planName({ folder, name, onConflict }: Destination): string | null {
  const existing = findExisting(join(folder, name));
  if (existing === null) return name;
  switch (onConflict) {
    case "refuse":
      return null;
    case "replace":
      return existing === "file" ? name : null;
    case "rename":
      return otherNames(name).find((other) => findExisting(join(folder, other)) === null) ?? null;
  }
}

/** Other names that are tried. */
const MAX_OTHERS = 1_000;

/** `a (1).txt`, `a (2).txt`, ...; `.tar.gz` stays together. */
function otherNames(name: string): string[] {
  const [, stem = name, extension = ""] = /^(.+?)((?:\.tar)?\.[^.]+)?$/.exec(name) ?? [];
  return Array.from({ length: MAX_OTHERS }, (_, at) => `${stem} (${at + 1})${extension}`);
}

/**
 * Gives a complete file its name. It is gone from its temporary one then, or is left for the caller to remove.
 *
 * @throws a system error that is none of the results
 */
export async function storeFile(
  handle: FileHandle,
  temporary: string,
  destination: Destination,
): Promise<StoreResult> {
  const { folder, name, onConflict, keep } = destination;
  // Otherwise a power cut after the response could leave the name without its content.
  await handle.sync();
  const path = join(folder, name);
  if (onConflict === "replace") {
    const existing = findExisting(path);
    if (existing === "folder") return { kind: "exists" };
    if (existing === "file" && keep?.() === false) return { kind: "forbidden" };
    await rename(temporary, path);
    await syncFolder(folder);
    return { kind: existing === "file" ? "replaced" : "created", name };
  }
  for (const each of onConflict === "rename" ? [name, ...otherNames(name)] : [name]) {
    if (!(await linkExclusively(temporary, join(folder, each)))) continue;
    await syncFolder(folder);
    return { kind: "created", name: each };
  }
  return { kind: "exists" };
}

export async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}

/** False if the name is taken, even by an upload at the same moment: link(2) says so. */
async function linkExclusively(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    if (!WITHOUT_LINKS.has(systemCode(error))) throw error;
  }
  // FAT has no links: an empty file reserves the name, and is replaced at once.
  try {
    await using _taken = await open(path, "wx", 0o666);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  await rename(temporary, path);
  return true;
}

const WITHOUT_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

function findExisting(path: string): "file" | "folder" | null {
  try {
    return lstatSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}

const REFUSALS = new Map<string, NotStored["kind"]>([
  ["EEXIST", "exists"],
  ["EISDIR", "exists"],
  ["ENOTEMPTY", "exists"],
  ["EFBIG", "too large"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
  ["EROFS", "forbidden"],
]);

/** @throws the error if it is no refusal */
export function refusalFor(error: unknown): NotStored {
  const kind = REFUSALS.get(systemCode(error));
  if (kind === undefined) throw error;
  return { kind };
}

function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      unlinkSync(path);
    } catch {
      continue;
    }
  }
}

/** Bytes of a name (NAME_MAX). */
const MAX_NAME_BYTES = 255;

/** Separators of every system, control characters, and the replacement for bytes that are not UTF-8. */
const FORBIDDEN_IN_NAMES = /[/\\\p{Cc}\ufffd]/u;
/** What Windows does not allow; a colon names a stream of a file there. */
const FORBIDDEN_ON_WINDOWS = /[<>:"|?*]|[. ]$/;

/** Whether a new file may have this name. @param dotfiles whether names with a dot are served */
export function isFileName(name: string, dotfiles: boolean): boolean {
  if (name === "" || name === "." || name === "..") return false;
  if (isHidden(name, dotfiles)) return false;
  if (FORBIDDEN_IN_NAMES.test(name) || !name.isWellFormed()) return false;
  if (process.platform === "win32" && FORBIDDEN_ON_WINDOWS.test(name)) return false;
  return Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/** Without the path on the client's machine, which some clients send. */
export function baseName(written: string): string {
  return written.split(/[/\\]/).at(-1) ?? "";
}
