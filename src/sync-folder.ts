// Makes the names in a folder survive a power cut: after a file was renamed, linked or made there, its content may be
// on the disk and its name not yet (fsync(2)).

import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";

import { systemCode } from "./errors.ts";

/**
 * Where a folder can't be opened or flushed like a file: on Windows, on some network disks, and without the permission
 * to list it. Its names are as durable then as the system makes them.
 */
const CANNOT_SYNC: ReadonlySet<string> = new Set([
  "EISDIR",
  "EPERM",
  "EACCES",
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
]);

/** @throws what the system reports of a disk that fails */
export function syncFolderSync(path: string): void {
  try {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!CANNOT_SYNC.has(systemCode(error))) throw error;
  }
}

/** @throws what the system reports of a disk that fails */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, "r");
    await folder.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has(systemCode(error))) throw error;
  }
}
