// A cache of small files: a cached file costs one statx instead of opening, reading and closing. It is only used while its
// path still means that very file, opened beneath the folder, and it has not changed; this is checked once per turn of the
// event loop, about every 0.1 ms.

import type { HttpResponse } from "./exchange.ts";
import type { Folder } from "./folder.ts";
import { changeTime, type Identity, inode, type PathText, pathText } from "./linux-calls.ts";
import type { OpenedFile } from "./opened.ts";

export interface CachedFile {
  /** To a plain request; it has the content. */
  readonly response: HttpResponse;
  readonly size: number;
  /** Whether the response depends on Accept-Encoding. */
  readonly varies: boolean;
}

interface Entry extends CachedFile {
  readonly path: PathText;
  readonly identity: Identity;
  /** When it was read (performance.now). */
  readonly since: number;
  /** The turn of the event loop in which the file was checked last. */
  checkedIn: number;
}

/** Bytes of all files together, and their number. */
const MAX_BYTES = 33_554_432;
const MAX_FILES = 4_096;
/** ms that a file is cached: writing through a memory mapping changes a file without its time, for a while. */
const MAX_AGE = 1_000;
/**
 * ms for which a changed file is not cached, because a second change may not be visible in its time: the clock of a file
 * system ticks every 4 ms on Linux, and every 2 s on FAT.
 */
const SETTLE_TIME = 3_000;

export function createFileCache() {
  /** The oldest first. */
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let turn = 0;
  let isTurnCounted = false;

  function endTurn(): void {
    turn++;
    isTurnCounted = false;
  }

  function isCurrent(folder: Folder, entry: Entry): boolean {
    if (entry.checkedIn === turn) return true;
    if (performance.now() - entry.since >= MAX_AGE) return false;
    if (!folder.isUnchanged(entry.path, entry.identity)) return false;
    entry.checkedIn = turn;
    if (!isTurnCounted) setImmediate(endTurn);
    isTurnCounted = true;
    return true;
  }

  function remove(written: string, entry: Entry): void {
    entries.delete(written);
    bytes -= entry.size;
  }

  return {
    /** @param written the path as it is in the request */
    get(folder: Folder, written: string): CachedFile | null {
      const entry = entries.get(written);
      if (entry === undefined) return null;
      if (isCurrent(folder, entry)) return entry;
      remove(written, entry);
      return null;
    },
    store(
      folder: Folder,
      written: string,
      path: readonly string[],
      file: OpenedFile,
      content: CachedFile,
    ): void {
      const text = pathText(path);
      const identity = folder.identify(text);
      // The path must mean the file that was read, and all of it must have been read.
      if (identity === null || inode(identity) !== file.inode) return;
      if (content.size !== file.size) return;
      if (changeTime(identity) > Date.now() - SETTLE_TIME) return;
      const before = entries.get(written);
      if (before !== undefined) remove(written, before);
      const since = performance.now();
      entries.set(written, { ...content, path: text, identity, since, checkedIn: -1 });
      bytes += content.size;
      for (const [oldest, entry] of entries) {
        if (bytes <= MAX_BYTES && entries.size <= MAX_FILES) break;
        remove(oldest, entry);
      }
    },
  };
}
