// A slot for each of several programs of one person on one machine: a program holds its slot of a folder while it runs,
// and one that was killed holds none. Knows nothing of what is kept in the folder.
//
// A slot is held by a lock, a file with the process id of its holder. The limits of that: when another process has got
// the same id, the slot looks taken, and another one is used; and programs that do not see each other's processes (on two
// machines, in two containers) must not share the folder.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { CharlaError, systemCode } from "../errors.ts";
import { createFile, readSmallFile } from "../identity/atomic-file.ts";

/** Programs that run at once. */
const MAX_SLOTS = 100;
/** Longer than any process id. */
const MAX_LOCK_BYTES = 32;

/**
 * Takes the first slot, from 1, that no running program holds; makes the folder where it is missing.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE, FILE_NOT_READABLE
 */
export function takeSlot(folder: string): Disposable & { readonly number: number } {
  for (let number = 1; number <= MAX_SLOTS; number += 1) {
    const path = lock(folder, number);
    if (path !== null) return { number, [Symbol.dispose]: () => rmSync(path, { force: true }) };
  }
  throw new CharlaError(
    "FOLDER_NOT_WRITABLE",
    `${MAX_SLOTS} programs use ${folder} already`,
    "end some of them",
  );
}

/**
 * A program that takes over from one that was killed makes the lock of the next generation, which only one program can,
 * and then looks again for a lock made meanwhile. Returns the path of the lock; null when the slot is taken.
 */
function lock(folder: string, slot: number): string | null {
  const dead = readLocks(folder, slot);
  if (dead.some(({ isHeld }) => isHeld)) return null;
  const generation = 1 + Math.max(0, ...dead.map((old) => old.generation));
  const path = join(folder, `device-${slot}.lock-${generation}`);
  if (!createFile(path, `${process.pid}\n`)) return null;
  if (readLocks(folder, slot).some((other) => other.path !== path && other.isHeld)) {
    rmSync(path, { force: true });
    return null;
  }
  for (const old of dead) rmSync(old.path, { force: true });
  return path;
}

function readLocks(folder: string, slot: number) {
  const prefix = `device-${slot}.lock-`;
  return fileNames(folder).flatMap((name) => {
    const generation = Number(name.slice(prefix.length));
    if (!name.startsWith(prefix) || !Number.isSafeInteger(generation)) return [];
    const path = join(folder, name);
    return [{ path, generation, isHeld: isHeld(path) }];
  });
}

function fileNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It is made with the lock, or making that says why it cannot be.
    return [];
  }
}

function isHeld(path: string): boolean {
  const file = readSmallFile(path, MAX_LOCK_BYTES);
  const holder = typeof file === "object" ? Number(file?.text) : 0;
  if (!Number.isSafeInteger(holder) || holder <= 0) return false;
  try {
    process.kill(holder, 0);
    return true;
  } catch (cause) {
    // The process exists, and is another user's.
    return systemCode(cause) === "EPERM";
  }
}
