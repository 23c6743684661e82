// A log on the disk, in one SQLite file of a folder: what was appended survives any crash. One program
// writes; others may read at the same time. Knows what the parts in sqlite/ do, and no SQL.

import { CharlaError } from "../errors.ts";
import { checkDraft, checkLabels } from "./log.ts";
import type { Log, LogReader } from "./log.ts";
import { allowVacuum, checkpoint, hasMoved, storeError, storeGone } from "./sqlite/database.ts";
import { createGroupCommit } from "./sqlite/group-commit.ts";
import { prepareReads, type Reads } from "./sqlite/reads.ts";
import { migrate, MIGRATIONS, readVersion } from "./sqlite/schema.ts";
import { createSearcher } from "./sqlite/searcher.ts";
import {
  cannotRead,
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
/** After a failure, such as a full disk, ms. */
const REMOVAL_RETRY = 60_000;

export { STORE };

interface SqliteLogOptions {
  /** The folder of `log.sqlite`; created if it is missing. */
  readonly folder: string;
  /** ms since 1970. */
  readonly now: () => number;
  /** Bytes of the disk that it may take; without it, any number. */
  readonly quota?: number | undefined;
}

/**
 * Opens the log of a folder for the one program that writes it; creates both if they are missing.
 *
 * @throws {CharlaError} STORE_LOCKED, STORE_TOO_NEW, STORE_DAMAGED, STORE_NOT_WRITABLE, STORE_FULL, STORE_FAILED
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<Log> {
  const { folder, now, quota = Number.POSITIVE_INFINITY } = options;
  const files = openStoreToWrite(folder, (opened, at) => {
    migrate(opened, at);
    allowVacuum(opened);
    return {
      writes: prepareWrites(opened, quota),
      reads: prepareReads(opened),
      begin: opened.prepare("BEGIN IMMEDIATE"),
      commit: opened.prepare("COMMIT"),
      rollback: opened.prepare("ROLLBACK"),
    };
  });
  const { path, database } = files;
  const { writes, reads, begin, commit, rollback } = files.prepared;
  let open = true;
  const explain = (cause: unknown) => storeError(cause, path);
  const reader = createReader(reads, explain, () => open);
  const subscribers = createSubscribers();
  const searcher = createSearcher(folder);

  const group = createGroupCommit((body) => {
    try {
      begin.run();
      writes.begin(now());
      body();
      // A file that was removed still takes all that is written, and loses it.
      if (hasMoved(database)) throw storeGone(path);
      commit.run();
    } catch (error) {
      // Some failures have ended the transaction already.
      if (database.inTransaction) rollback.run();
      writes.rolledBack();
      throw storeError(error, path);
    }
    // It was moved during the commit: what that has written is there again if the file comes back.
    if (hasMoved(database)) throw storeGone(path);
    for (const [room, entries] of writes.appended()) subscribers.notify(room, entries);
  });

  function checkOpen(): void {
    if (!open) throw new Error("the log is closed");
  }

  /** What was deleted is removed little by little, also what an earlier program had not finished. */
  let removing: NodeJS.Timeout | null = null;
  function removeSoon(delay = REMOVAL_PAUSE): void {
    removing ??= setTimeout(() => void removeSome(), delay).unref();
  }
  async function removeSome(): Promise<void> {
    let delay: number | null = REMOVAL_RETRY;
    try {
      delay = (await group.add(() => writes.removeSome(sliceEnd()))) ? REMOVAL_PAUSE : null;
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
    }
    removing = null;
    if (!open) return;
    if (delay !== null) removeSoon(delay);
    // The file shrinks when what was written last is moved into it.
    else checkpoint(database);
  }
  removeSoon();

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
      if (open) removeSoon();
      return existed;
    },
    async deleteBefore(room, sequence) {
      checkOpen();
      checkLabels(room);
      const count = await group.add(() => writes.deleteBefore(room, sequence));
      if (open) removeSoon();
      return count;
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      group.flush();
      open = false;
      if (removing !== null) clearTimeout(removing);
      subscribers.close();
      // Last: whoever closes the last connection removes SQLite's own files.
      await searcher[Symbol.asyncDispose]();
      files[Symbol.dispose]();
    },
  };
}

/**
 * Opens the log of a folder for reading, also while a server writes it.
 *
 * @throws {CharlaError} STORE_MISSING, STORE_TOO_NEW, STORE_DAMAGED, FILE_NOT_READABLE, STORE_FAILED
 */
export async function openSqliteReader(folder: string): Promise<LogReader> {
  const files = openStoreToRead(folder, (database, path) => {
    // A server has created the file, and ended before it created the tables.
    if (readVersion(database, path) < MIGRATIONS.length) throw storeMissing(folder);
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
