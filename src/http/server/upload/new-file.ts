// Receiving a new file: written under a hidden temporary name, and renamed when it is complete. So a file is never seen
// incomplete, and an interrupted upload leaves nothing.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { lstatSync, unlinkSync } from "node:fs";
import { type FileHandle, link, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { systemCode } from "../../../errors.ts";
import { syncFolder } from "../../../sync-folder.ts";

export type ReceiveResult =
  | { readonly kind: "created" | "replaced" }
  /** There is a file of this name, which may not be replaced; or a folder, which never may. */
  | { readonly kind: "exists" }
  | { readonly kind: "too large" }
  | { readonly kind: "full" }
  /** This process may not write to the folder. */
  | { readonly kind: "forbidden" };

export interface NewFile {
  /** On Linux a path of a descriptor, which always means the same folder. */
  readonly folder: string;
  readonly name: string;
  readonly overwrite: boolean;
  /** Bytes; a longer file is refused. */
  readonly limit: number;
}

/** The dot hides the file: it is neither listed nor served. */
const PREFIX = ".charla-upload-";

/** Temporary files, which are removed if the program ends. */
const unfinished = new Set<string>();

/** @throws what `chunks` throws when the client disconnects; nothing is left then */
export async function receiveFile(
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  { folder, name, overwrite, limit }: NewFile,
): Promise<ReceiveResult> {
  const path = join(folder, name);
  const existing = findExisting(path);
  if (existing === "folder" || (existing === "file" && !overwrite)) return { kind: "exists" };

  const temporary = join(folder, PREFIX + randomBytes(12).toString("hex"));
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
    // Otherwise a power cut after the response could leave the name without its content.
    await handle.sync();
    if (overwrite) {
      await rename(temporary, path);
      await syncFolder(folder);
      return { kind: existing === "file" ? "replaced" : "created" };
    }
    await linkExclusively(temporary, path);
    await syncFolder(folder);
    return { kind: "created" };
  } catch (error) {
    const refusal = REFUSALS.get(systemCode(error));
    if (refusal === undefined) throw error;
    return { kind: refusal };
  } finally {
    // It was renamed, or never created, if it is missing.
    await rm(temporary, { force: true });
    unfinished.delete(temporary);
    if (unfinished.size === 0) process.off("exit", removeUnfinished);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}

/** link(2) fails if the name is taken, even by an upload at the same moment. */
async function linkExclusively(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!WITHOUT_LINKS.has(systemCode(error))) throw error;
    // FAT has no links: an empty file reserves the name, and is replaced at once.
    await using _taken = await open(path, "wx", 0o666);
    await rename(temporary, path);
  }
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

const REFUSALS = new Map<string, ReceiveResult["kind"]>([
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
  if (name.startsWith(".") && !dotfiles) return false;
  if (FORBIDDEN_IN_NAMES.test(name) || !name.isWellFormed()) return false;
  if (process.platform === "win32" && FORBIDDEN_ON_WINDOWS.test(name)) return false;
  return Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/** Without the path on the client's machine, which some clients send. */
export function baseName(written: string): string {
  return written.split(/[/\\]/).at(-1) ?? "";
}
