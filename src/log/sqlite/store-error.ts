// What SQLite and the system say of a store that fails, said to a person. Knows their codes, and no table.

import { CharlaError } from "../../errors.ts";

/** The memory that SQLite shares between programs is a file as well (-shm), and may not fit either. */
const FULL = /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC$|EDQUOT$)/;
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|CONSTRAINT|MISMATCH)/;
const LOCKED = /^SQLITE_(BUSY|LOCKED)/;
const NOT_WRITABLE =
  /^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EEXIST|EISDIR|ELOOP)$)/;
/** Not SQLITE_ERROR or SQLITE_MISUSE: those are bugs of ours. */
const OF_THE_SYSTEM = /^(SQLITE_(IOERR|NOMEM|PROTOCOL|NOLFS)|E[A-Z0-9]+$)/;

/** A failure of the store at `path`, for a person; anything else, which is a bug, as it is. */
export function storeError(cause: unknown, path: string): unknown {
  if (cause instanceof CharlaError || !(cause instanceof Error) || !("code" in cause)) return cause;
  const code = String(cause.code);
  // Of "EACCES: permission denied, mkdir '/x'" the middle.
  const why = cause.message.replace(/^E[A-Z0-9]+: ([^,]+).*$/s, "$1");
  if (FULL.test(code)) {
    return new CharlaError(
      "STORE_FULL",
      `the disk of ${path} is full`,
      "make room there; what was refused can be said again",
      { cause },
    );
  }
  if (DAMAGED.test(code)) {
    return new CharlaError(
      "STORE_DAMAGED",
      `${path} is damaged: ${why}`,
      "put it back from a copy, or move it away to begin anew; " +
        `sqlite3 ${JSON.stringify(path)} .recover shows what can be saved`,
      { cause },
    );
  }
  if (LOCKED.test(code)) {
    return new CharlaError(
      "STORE_LOCKED",
      `${path} is being written to by another program`,
      "end that program, or wait until it is done",
      { cause },
    );
  }
  if (NOT_WRITABLE.test(code)) {
    return new CharlaError(
      "STORE_NOT_WRITABLE",
      `nothing can be kept in ${path}: ${why}`,
      "make it a place that you may write to, or name another folder with --data",
      { cause },
    );
  }
  if (OF_THE_SYSTEM.test(code)) {
    return new CharlaError(
      "STORE_FAILED",
      `${path} cannot be read or written: ${why}`,
      "look at its disk and at the system's own log; what was refused can be said again",
      { cause },
    );
  }
  return cause;
}

/** What was written since is for nobody: the file has another place, or none. */
export function storeGone(path: string): CharlaError {
  return new CharlaError(
    "STORE_GONE",
    `${path} was removed or moved away while it was in use`,
    "put it back where it was, and start the server again",
  );
}
