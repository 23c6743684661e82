// Contents of files that were just read, so that who asks next costs one look at the file and not the opening,
// reading and closing of it, and so that a large one goes to several from the same memory. Nothing is given out that is not in the folder at that moment: the path still means the
// very file that was opened beneath the folder, and nothing of it has changed since, or it is opened anew. A moment is
// a turn of the event loop, some 0.1 ms: those who are answered in it had asked before it began, or just then.

import type { Folder, OpenedFile } from "./folder.ts";
import { changedAt, type Identity, inodeOf, type PathText, pathText } from "./linux-calls.ts";

export interface KeptFile {
  /** Small ones as bytes, of which each answer has a copy; a Blob is the same memory for all. */
  readonly body: Uint8Array<ArrayBuffer> | Blob;
  readonly size: number;
  /** Of the answer to who asks for nothing but the file. */
  readonly headers: Headers;
  /** Whether others, who accept a coding, get another answer. */
  readonly varies: boolean;
}

interface Kept extends KeptFile {
  readonly path: PathText;
  readonly identity: Identity;
  /** When it was read (performance.now). */
  readonly since: number;
  /** In which turn the path was last seen to mean it. */
  seen: number;
}

/** Bytes of all together, and how many. */
const MAX_BYTES = 33_554_432;
const MAX_FILES = 4_096;
/** So long (ms) one is kept: who writes to memory that is mapped changes a file without its time, for a while. */
const KEPT_FOR = 1_000;
/**
 * A file that was changed so shortly ago (ms) may be changed again without another time: the clock of a file system
 * ticks every 4 ms on Linux, and every 2 s on FAT.
 */
const MAY_CHANGE_UNSEEN = 3_000;

export interface KeptFiles {
  /** Whether it was asked for already, `KEPT_FOR` ago at most; and notes that it is now. */
  isAskedAgain(written: string): boolean;
  /** @param written the path as the request has it */
  recall(folder: Folder, written: string): KeptFile | null;
  keep(
    folder: Folder,
    written: string,
    path: readonly string[],
    file: OpenedFile,
    content: KeptFile,
  ): void;
}

export function keptFiles(): KeptFiles {
  /** Those that were read longest ago first. */
  const files = new Map<string, Kept>();
  let bytes = 0;
  /** When each was asked for last (performance.now); those that were asked for longest ago first. */
  const asked = new Map<string, number>();
  let turn = 0;
  let isTurnCounted = false;

  function endTurn(): void {
    turn++;
    isTurnCounted = false;
  }

  function isThere(folder: Folder, file: Kept): boolean {
    if (file.seen === turn) return true;
    if (performance.now() - file.since >= KEPT_FOR) return false;
    if (!folder.isStill(file.path, file.identity)) return false;
    file.seen = turn;
    if (!isTurnCounted) setImmediate(endTurn);
    isTurnCounted = true;
    return true;
  }

  function forget(written: string, file: Kept): void {
    files.delete(written);
    bytes -= file.size;
  }

  return {
    isAskedAgain(written) {
      const now = performance.now();
      const before = asked.get(written);
      asked.delete(written);
      asked.set(written, now);
      const [oldest] = asked.keys();
      if (asked.size > MAX_FILES && oldest !== undefined) asked.delete(oldest);
      return before !== undefined && now - before < KEPT_FOR;
    },
    recall(folder, written) {
      const file = files.get(written);
      if (file === undefined) return null;
      if (isThere(folder, file)) return file;
      forget(written, file);
      return null;
    },
    keep(folder, written, path, file, content) {
      const text = pathText(path);
      const identity = folder.identify(text);
      // What was read is what the path means, and the whole of it.
      if (identity === null || inodeOf(identity) !== file.inode) return;
      if (content.size !== file.size) return;
      if (changedAt(identity) > Date.now() - MAY_CHANGE_UNSEEN) return;
      const before = files.get(written);
      if (before !== undefined) forget(written, before);
      files.set(written, { ...content, path: text, identity, since: performance.now(), seen: -1 });
      bytes += content.size;
      for (const [oldest, its] of files) {
        if (bytes <= MAX_BYTES && files.size <= MAX_FILES) break;
        forget(oldest, its);
      }
    },
  };
}
