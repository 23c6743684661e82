// A log on the disk, in one SQLite file of a folder: what was appended survives any crash. One program
// writes; others may read at the same time. Knows what the parts in sqlite/ do, and no SQL.

import { CharlaError } from "../errors.ts";
import { checkDraft, checkLabels } from "./log.ts";
import type { Log, LogReader } from "./log.ts";
import {
  allowVacuum,
  checkpoint,
  prepareTransaction,
  storeError,
  storeGone,
} from "./sqlite/database.ts";
import { createGroupCommit } from "./sqlite/group-commit.ts";
import { prepareReads, type Reads } from "./sqlite/reads.ts";
import { migrate, MIGRATIONS, readVersion } from "./sqlite/schema.ts";
import { createSearcher } from "./sqlite/searcher.ts";
import type { Connection } from "./sqlite/sqlite-connection.ts";
import {
  cannotRead,
  openStoreBeside,
  openStoreToRead,
  openStoreToWrite,
  STORE,
  storeMissing,
} from "./sqlite/store-files.ts";
import { prepareWrites } from "./sqlite/writes.ts";
import { createSubscribers } from "./subscribers.ts";

/** How long removing what was deleted may take at once, and how long others have the store for themselves then, ms. */
const REMOVAL_SLICE = 8;
const REMOVAL_PAUSE = 12;
/** How often to look whether another program has deleted something, and to try again after a failure, ms. */
const REMOVAL_CHECK = 60_000;

export { STORE };

interface SqliteLogOptions {
  /** The folder of `log.sqlite`; created if it is missing. */
  readonly folder: string;
  /** ms since 1970. */
  readonly now: () => number;
  /** Bytes of the disk that it may take; without it, any number. */
  readonly quota?: number | undefined;
}

export interface SqliteLog extends Log {
  /** Closes it, as if it had not been opened: without its file, if that was missing and nothing was appended. */
  discard(): Promise<void>;
  /** Removes all that was deleted, and gives its space back; others wait for that. */
  removeDeleted(): Promise<void>;
}

/**
 * Opens the log of a folder for the one program that writes it; creates both if they are missing.
 *
 * @throws {CharlaError} STORE_LOCKED, STORE_TOO_NEW, STORE_DAMAGED, STORE_NOT_WRITABLE, STORE_FULL, STORE_FAILED
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<SqliteLog> {
  const { folder, now, quota = Number.POSITIVE_INFINITY } = options;
  const files = openStoreToWrite(folder, (opened, at) => {
    migrate(opened, at);
    allowVacuum(opened);
    return {
      writes: prepareWrites(opened, quota),
      reads: prepareReads(opened),
      transaction: prepareTransaction(opened),
    };
  });
  const { path, database } = files;
  const { writes, reads, transaction } = files.prepared;
  let open = true;
  const explain = (cause: unknown) => storeError(cause, path);
  const reader = createReader(reads, explain, () => open);
  const subscribers = createSubscribers();
  const searcher = createSearcher(folder);

  const group = createGroupCommit((body) => {
    try {
      transaction(() => {
        // It may have deleted something.
        if (writes.begin(now())) removeSoon();
        body();
        // A file that was removed still takes all that is written, and loses it.
        if (database.hasMoved()) throw storeGone(path);
      });
    } catch (error) {
      writes.rolledBack();
      throw storeError(error, path);
    }
    // It was moved during the commit: what that has written is there again if the file comes back.
    if (database.hasMoved()) throw storeGone(path);
    for (const [room, entries] of writes.appended()) subscribers.notify(room, entries);
  });

  function checkOpen(): void {
    if (!open) throw new Error("the log is closed");
  }

  /** What was deleted is removed little by little, also what an earlier program had not finished. */
  let timer: NodeJS.Timeout | undefined;
  let hasMore = true;
  function removeSoon(): void {
    hasMore = true;
    clearTimeout(timer);
    if (open) timer = setTimeout(() => void removeSome(), REMOVAL_PAUSE).unref();
  }
  async function removeSome(): Promise<void> {
    const hadMore = hasMore;
    hasMore = false;
    let delay = REMOVAL_CHECK;
    try {
      hasMore = (await group.add(() => writes.removeSome(sliceEnd()))) || hasMore;
      if (hasMore) delay = REMOVAL_PAUSE;
      // The file shrinks when what was written last is moved into it.
      else if (open && hadMore) checkpoint(database);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
    }
    clearTimeout(timer);
    if (open) timer = setTimeout(() => void removeSome(), delay).unref();
  }
  removeSoon();

  async function close(closeFiles: () => void): Promise<void> {
    if (!open) return;
    group.flush();
    open = false;
    clearTimeout(timer);
    subscribers.close();
    // The writer last: the last connection to be closed removes SQLite's own files, and a reader may not.
    await searcher[Symbol.asyncDispose]();
    closeFiles();
  }

  return {
    ...reader,
    async search(search) {
      checkOpen();
      return await searcher.search(search);
    },
    async find(...given) {
      checkOpen();
      return await searcher.find(...given);
    },
    usage: writes.usage,
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
    async deleteRoom(room) {
      checkOpen();
      checkLabels(room);
      const existed = await group.add(() => writes.deleteRoom(room));
      removeSoon();
      return existed;
    },
    async deleteBefore(room, sequence) {
      checkOpen();
      checkLabels(room);
      const count = await group.add(() => writes.deleteBefore(room, sequence));
      removeSoon();
      return count;
    },
    async removeDeleted() {
      checkOpen();
      while (await group.add(() => writes.removeSome(sliceEnd())));
      checkpoint(database);
    },
    discard() {
      const isEmpty = open && reads.rooms().length === 0;
      return close(() => (isEmpty ? files.discard() : files[Symbol.dispose]()));
    },
    [Symbol.asyncDispose]: () => close(() => files[Symbol.dispose]()),
  };
}

/**
 * Deletes the entries of a room before a sequence number, also while a server has the log: then that one removes their
 * rows within a minute. Resolves with how many they were.
 *
 * @throws {CharlaError} as openSqliteLog
 */
export async function deleteFromStore(
  folder: string,
  room: string,
  sequence: number,
): Promise<number> {
  try {
    await using log = await openSqliteLog({ folder, now: Date.now });
    const count = await log.deleteBefore(room, sequence);
    await log.removeDeleted();
    return count;
  } catch (error) {
    if (!(error instanceof CharlaError) || error.code !== "STORE_LOCKED") throw error;
  }
  using files = openStoreBeside(folder, (database, path) => {
    checkVersion(database, path);
    return prepareWrites(database);
  });
  const { database, path, prepared: writes } = files;
  try {
    return prepareTransaction(database)(() => {
      writes.begin(Date.now());
      return writes.deleteBefore(room, sequence);
    });
  } catch (error) {
    throw storeError(error, path);
  }
}

/**
 * Opens the log of a folder for reading, also while a server writes it.
 *
 * @throws {CharlaError} STORE_MISSING, STORE_TOO_NEW, STORE_TOO_OLD, STORE_DAMAGED, FILE_NOT_READABLE, STORE_FAILED
 */
export async function openSqliteReader(folder: string): Promise<LogReader> {
  const files = openStoreToRead(folder, (database, path) => {
    // A server has created the file, and ended before it created the tables.
    if (readVersion(database, path) === 0) throw storeMissing(folder);
    checkVersion(database, path);
    return prepareReads(database);
  });
  let open = true;
  const explain = (cause: unknown) => cannotRead(cause, files.path);
  return {
    ...createReader(files.prepared, explain, () => open),
    async [Symbol.asyncDispose]() {
      open = false;
      files[Symbol.dispose]();
    },
  };
}

/** @throws {CharlaError} STORE_TOO_NEW, STORE_TOO_OLD */
function checkVersion(database: Connection, path: string): void {
  if (readVersion(database, path) === MIGRATIONS.length) return;
  throw new CharlaError(
    "STORE_TOO_OLD",
    `${path} was written by an older charla`,
    "start charla --server once with this one: it brings the store up to date",
  );
}

function sliceEnd(): () => boolean {
  const end = performance.now() + REMOVAL_SLICE;
  return () => performance.now() >= end;
}

/** The queries as promises, which reject with a CharlaError. */
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
    first: reading(reads.first),
    read: reading(reads.read),
    readLast: reading(reads.readLast),
    nameHolder: reading(reads.nameHolder),
    nameOf: reading(reads.nameOf),
    marks: reading(reads.marks),
    rooms: reading(reads.rooms),
    search: reading(reads.search),
    find: reading(reads.find),
  };
}
