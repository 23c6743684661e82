// A file that comes over the network: written under a name that nobody sees, and given its own once it is
// whole. So what has the name is never a part, and what is interrupted leaves nothing.

import { randomBytes } from "node:crypto";
import { lstatSync, unlinkSync } from "node:fs";
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";

import { systemCode } from "../../../errors.ts";

export type Received =
  | { readonly kind: "made" | "replaced" }
  /** The name is another file's, which is not to be replaced; or a folder's, which never is. */
  | { readonly kind: "exists" }
  | { readonly kind: "too large" }
  | { readonly kind: "full" }
  /** The folder takes no files from this user. */
  | { readonly kind: "forbidden" };

export interface NewFile {
  /** A folder that stays what it is: a path by a descriptor, where the system has such. */
  readonly folder: string;
  readonly name: string;
  readonly overwrite: boolean;
  /** Bytes; what is more is not taken. */
  readonly limit: number;
}

/** With a dot, so that it is neither listed nor served. */
const PREFIX = ".charla-upload-";

/** What is being written: removed when the program ends in the middle. */
const unfinished = new Set<string>();

/** @throws what `chunks` throws, when the client goes; nothing is left then */
export async function receiveFile(
  chunks: AsyncIterable<Uint8Array>,
  { folder, name, overwrite, limit }: NewFile,
): Promise<Received> {
  const path = join(folder, name);
  const standing = standingAt(path);
  if (standing === "folder" || (standing === "file" && !overwrite)) return { kind: "exists" };

  const temporary = join(folder, PREFIX + randomBytes(12).toString("hex"));
  if (unfinished.size === 0) process.once("exit", removeUnfinished);
  unfinished.add(temporary);
  try {
    await using handle = await open(temporary, "wx", 0o666);
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > limit) return { kind: "too large" };
      await writeWhole(handle, chunk);
    }
    // Or a power cut after the answer leaves a name without its content.
    await handle.sync();
    if (overwrite) {
      await rename(temporary, path);
      return { kind: standing === "file" ? "replaced" : "made" };
    }
    await giveName(temporary, path);
    return { kind: "made" };
  } catch (error) {
    const refused = refusalOf(error);
    if (refused === null) throw error;
    return refused;
  } finally {
    await unlink(temporary).catch(isGone);
    unfinished.delete(temporary);
    if (unfinished.size === 0) process.off("exit", removeUnfinished);
  }
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}

/** A second name: the system refuses one that is taken, however close two come. */
async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!WITHOUT_LINKS.has(systemCode(error))) throw error;
    // FAT has one name to a file: an empty one takes the name, and is replaced at once.
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

function standingAt(path: string): "file" | "folder" | null {
  try {
    return lstatSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}

const REFUSALS: Readonly<Record<string, Received>> = {
  EEXIST: { kind: "exists" },
  EISDIR: { kind: "exists" },
  ENOTEMPTY: { kind: "exists" },
  EFBIG: { kind: "too large" },
  ENOSPC: { kind: "full" },
  EDQUOT: { kind: "full" },
  EACCES: { kind: "forbidden" },
  EPERM: { kind: "forbidden" },
  EROFS: { kind: "forbidden" },
};

function refusalOf(error: unknown): Received | null {
  const code = systemCode(error);
  return Object.hasOwn(REFUSALS, code) ? (REFUSALS[code] ?? null) : null;
}

/** It has its own name now, or was never made. */
function isGone(error: unknown): void {
  if (systemCode(error) !== "ENOENT") throw error;
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
