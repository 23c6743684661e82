// A log on the disk, in one SQLite file of a folder: what was appended is there after any crash. One program
// writes; others read meanwhile. Knows what the parts in sqlite/ do, and no SQL.

import { checkDraft, checkLabels } from "./bounds.ts";
import type { Log, LogReader } from "./log.ts";
import { hasMoved } from "./sqlite/database.ts";
import { createGroupCommit } from "./sqlite/group-commit.ts";
import { prepareReads, type Reads } from "./sqlite/reads.ts";
import { migrate, MIGRATIONS, versionOf } from "./sqlite/schema.ts";
import { storeError, storeGone } from "./sqlite/store-error.ts";
import {
  cannotRead,
  openStoreToRead,
  openStoreToWrite,
  type StoreFiles,
  storeMissing,
} from "./sqlite/store-files.ts";
import { prepareWrites } from "./sqlite/writes.ts";
import { createSubscribers } from "./subscribers.ts";

export interface SqliteLogOptions {
  /** Where `log.sqlite` is, or is to be. */
  readonly folder: string;
  /** ms since 1970. */
  readonly now: () => number;
}

/**
 * Opens the log of a folder for the one program that writes it; makes both where they are missing.
 *
 * @throws {CharlaError} STORE_LOCKED, STORE_TOO_NEW, STORE_DAMAGED, STORE_NOT_WRITABLE, STORE_FULL, STORE_FAILED
 */
export async function openSqliteLog({ folder, now }: SqliteLogOptions): Promise<Log> {
  const files = openStoreToWrite(folder);
  const { path, database } = files;
  const { writes, reads, begin, commit, rollback } = orClose(files, storeError, () => {
    migrate(database, path);
    return {
      writes: prepareWrites(database),
      reads: prepareReads(database),
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      rollback: database.prepare("ROLLBACK"),
    };
  });
  let open = true;
  const reader = createReader(
    reads,
    (cause) => storeError(cause, path),
    () => open,
  );
  const subscribers = createSubscribers();

  const group = createGroupCommit((body) => {
    try {
      begin.run();
      writes.begin(now());
      body();
      // A file that was removed takes all that is written, and nobody will find it.
      if (hasMoved(database)) throw storeGone(path);
      commit.run();
    } catch (error) {
      // Some failures have ended the transaction already.
      if (database.inTransaction) rollback.run();
      writes.forget();
      throw storeError(error, path);
    }
    // It went during the commit: what that has written is there again if the file comes back.
    if (hasMoved(database)) throw storeGone(path);
    for (const [room, entries] of writes.appended()) subscribers.notify(room, entries);
  });

  function checkOpen(): void {
    if (!open) throw new Error("the log is closed");
  }

  return {
    ...reader,
    async append(room, given) {
      checkOpen();
      const draft = checkDraft(room, given);
      return group.add(() => writes.append(room, draft));
    },
    subscribe: subscribers.subscribe,
    async claimName(room, name, author) {
      checkOpen();
      checkLabels(room, name, author);
      return group.add(() => writes.claimName(room, name, author));
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      group.flush();
      open = false;
      subscribers.close();
      files[Symbol.dispose]();
    },
  };
}

/**
 * Opens the log of a folder to read what is there, also while a server writes it.
 *
 * @throws {CharlaError} STORE_MISSING, STORE_TOO_NEW, STORE_DAMAGED, FILE_NOT_READABLE, STORE_FAILED
 */
export async function openSqliteReader(folder: string): Promise<LogReader> {
  const files = openStoreToRead(folder);
  const { path, database } = files;
  const reads = orClose(files, cannotRead, () => {
    // A server has made the file, and ended before it made the tables.
    if (versionOf(database, path) < MIGRATIONS.length) throw storeMissing(folder);
    return prepareReads(database);
  });
  let open = true;
  return {
    ...createReader(
      reads,
      (cause) => cannotRead(cause, path),
      () => open,
    ),
    async [Symbol.asyncDispose]() {
      open = false;
      files[Symbol.dispose]();
    },
  };
}

/** The reads as promises, which reject with what a person understands. */
function createReader(
  reads: Reads,
  explain: (cause: unknown) => unknown,
  isOpen: () => boolean,
): Omit<LogReader, typeof Symbol.asyncDispose> {
  const reading =
    <Arguments extends unknown[], Result>(read: (...given: Arguments) => Result) =>
    async (...given: Arguments): Promise<Result> => {
      if (!isOpen()) throw new Error("the log is closed");
      try {
        return read(...given);
      } catch (cause) {
        throw explain(cause);
      }
    };
  return {
    id: reads.id,
    last: reading(reads.last),
    read: reading(reads.read),
    readLast: reading(reads.readLast),
    rooms: reading(reads.rooms),
    search: reading(reads.search),
    find: reading(reads.find),
  };
}

function orClose<Result>(
  files: StoreFiles,
  explain: (cause: unknown, path: string) => unknown,
  prepare: () => Result,
): Result {
  try {
    return prepare();
  } catch (cause) {
    files[Symbol.dispose]();
    throw explain(cause, files.path);
  }
}
