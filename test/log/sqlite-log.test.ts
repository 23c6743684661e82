import { describe, expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { openConnection } from "#sqlite-connection";

import type { Draft } from "../../src/chat/frames.ts";
import type { Log } from "../../src/log/log.ts";
import { deleteFromStore, openSqliteLog, openSqliteReader } from "../../src/log/sqlite-log.ts";
import { openToWrite, prepareTransaction } from "../../src/log/sqlite/database.ts";
import { migrate, MIGRATIONS } from "../../src/log/sqlite/schema.ts";
import { until } from "../harness/until.ts";
import { rejection } from "../net/rejection.ts";
import { draft, entry, texts } from "./drafts.ts";
import { testLog } from "./log-suite.ts";
import { openRawStore } from "./raw-store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const now = () => 1_000;

testLog("a log on the disk", async (clock) => {
  const folder = temporaryFolder();
  const log = await openSqliteLog({ folder: folder.path, now: clock });
  return {
    ...log,
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
});

describe("a log on the disk that is opened again", () => {
  test("a log that is opened again has its entries, and goes on after them", async () => {
    using folder = temporaryFolder();
    {
      await using log = await openSqliteLog({ folder: folder.path, now: () => 2_000 });
      await log.append("main", draft(1));
      await log.append("garden", draft(1));
      await log.claimName("main", "Ann", "key of Ann");
    }
    await using log = await openSqliteLog({ folder: folder.path, now });
    expect(await log.read("main", 0, 10)).toEqual([entry(1, {}, 2_000)]);
    expect(await log.append("main", draft(1, { text: "again" }))).toEqual(entry(1, {}, 2_000));
    expect(await log.append("main", draft(2))).toEqual(entry(2, {}, 1_000));
    expect(await log.claimName("main", "Ann", "key of Bob")).toBe("taken");
    expect(await log.search({ words: "message", limit: 10 })).toHaveLength(3);
    expect(await log.rooms()).toEqual([
      { name: "main", entries: 2, time: 1_000, active: 2_000 },
      { name: "garden", entries: 1, time: 2_000, active: 2_000 },
    ]);
  });

  test("a closed log is two files with mode 600, in a folder with mode 700", async () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    const modes = () =>
      Object.fromEntries(
        readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]),
      );
    {
      await using log = await openSqliteLog({ folder, now });
      await log.append("main", draft(1));
      expect(modes()).toEqual({
        "log.lock": 0o600,
        "log.sqlite": 0o600,
        "log.sqlite-shm": 0o600,
        "log.sqlite-wal": 0o600,
      });
    }
    expect(modes()).toEqual({ "log.lock": 0o600, "log.sqlite": 0o600 });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(dirname(folder)).mode & 0o777).toBe(0o700);
  });
});

describe("the commits of a log on the disk", () => {
  test("commits wait for the disk (synchronous = FULL), and readers don't wait for commits (WAL)", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "log.sqlite");
    writeFileSync(file, "");
    using database = openToWrite(file);
    expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  });

  test("everything appended in one turn of the event loop is one commit", async () => {
    using folder = temporaryFolder();
    let commits = 0;
    // The clock is read once a commit.
    const countedNow = () => (commits += 1);
    await using log = await openSqliteLog({ folder: folder.path, now: countedNow });
    const appended = Array.from({ length: 500 }, (_, index) => log.append("main", draft(index)));
    const claimed = log.claimName("garden", "Ann", "key of Ann");
    await Promise.all([...appended, claimed]);
    expect(commits).toBe(1);
  });

  test("a commit waits a second for another program that writes, and then fails", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await log.append("main", draft(1));
    const file = join(folder.path, "log.sqlite");
    using other = openRawStore(file);
    other.run("BEGIN IMMEDIATE");
    const begun = performance.now();
    expect(await rejection(log.append("main", draft(2)))).toMatchObject({
      code: "STORE_LOCKED",
      message: `another program is writing to ${file}`,
      hint: "end that program, or wait until it is done",
    });
    expect(performance.now() - begun).toBeGreaterThan(900);
    other.run("ROLLBACK");
    expect((await log.append("main", draft(2))).sequence).toBe(2);
  });
});

test("a search in a log on the disk leaves the event loop to others until it has an answer", async () => {
  using folder = temporaryFolder();
  await using log = await openSqliteLog({ folder: folder.path, now });
  await appendAll(log, "main", 2_000);
  let turns = 0;
  let isDone = false;
  const searching = log
    .search({ words: "message 19", limit: 1_000 })
    .finally(() => (isDone = true));
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  expect(await searching).toHaveLength(111);
  // In one turn the answer would have come before any other.
  expect(turns).toBeGreaterThan(1);
});

test("a search that crashes in its thread is STORE_FAILED, and the next one is answered", async () => {
  using folder = temporaryFolder();
  await using log = await openSqliteLog({ folder: folder.path, now });
  await appendAll(log, "main", 3);
  const crashing = log.search({ words: JSON.parse("[]"), limit: 10 });
  expect(await rejection(crashing)).toMatchObject({
    code: "STORE_FAILED",
    message: expect.stringContaining(`the search in ${folder.path} failed: `),
    hint: "search for something else; if that fails as well, restart the program",
  });
  expect(await log.search({ words: "message", limit: 10 })).toHaveLength(3);
});

describe("what was deleted from a log on the disk", () => {
  test("the entries, words, names and senders of a deleted room are removed, also after a restart", async () => {
    using folder = temporaryFolder();
    {
      await using log = await openSqliteLog({ folder: folder.path, now });
      await appendAll(log, "main", 500);
      await log.append("garden", draft(1, { device: "phone" }));
      await log.claimName("main", "Ann", "key of Ann");
      expect(await log.deleteRoom("main")).toBe(true);
      // Nobody has waited for that.
      expect(countRows(folder.path).entries).toBeGreaterThan(400);
    }
    await using log = await openSqliteLog({ folder: folder.path, now });
    expect(await log.read("main", 0, 10)).toEqual([]);
    const remaining = { rooms: 1, entries: 1, words: 1, names: 0, senders: 1 };
    await until("they are removed", () => isDeepStrictEqual(countRows(folder.path), remaining));
    expect(await log.search({ words: "message", limit: 10 })).toHaveLength(1);
    expect((await log.append("main", draft(7))).sequence).toBe(501);
  });

  test("entries before a sequence number are removed, and a sender who is in another room is kept", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await appendAll(log, "main", 300);
    await log.append("garden", draft(1));
    await log.append("main", draft(1, { device: "phone" }));
    await log.deleteBefore("main", 301);
    const remaining = { rooms: 2, entries: 2, words: 2, names: 0, senders: 2 };
    await until("they are removed", () => isDeepStrictEqual(countRows(folder.path), remaining));
    await log.deleteBefore("main", 302);
    const left = { rooms: 2, entries: 1, words: 1, names: 0, senders: 1 };
    await until("the sender is removed", () => isDeepStrictEqual(countRows(folder.path), left));
    // The phone is not remembered any more, and is known again.
    await log.append("main", draft(2, { device: "phone" }));
    expect(await log.readLast("main", 1)).toMatchObject([{ device: "phone", sequence: 302 }]);
  });

  test("a log in which nothing was said or deleted since the last look is not written", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await log.append("main", draft(1));
    await log.deleteRoom("main");
    await log.removeDeleted();
    using reader = openConnection(join(folder.path, "log.sqlite"), "read");
    const version = () => reader.prepare("PRAGMA data_version").get();
    const before = version();
    await log.removeDeleted();
    expect(version()).toEqual(before);
  });

  test("a reader beside the program that deletes does not see what was deleted, before it is removed", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await appendAll(log, "main", 300);
    await using reader = await openSqliteReader(folder.path);
    await log.deleteBefore("main", 299);
    expect(texts(await reader.read("main", 0, 10))).toEqual(["message 299", "message 300"]);
    await log.deleteRoom("main");
    expect(await reader.rooms()).toEqual([]);
    expect([await reader.first("main"), await reader.last("main")]).toEqual([301, 300]);
  });
});

describe("the disk that a log takes", () => {
  const long = { text: "words of a longer message that fill some pages ".repeat(20) };

  test("the space of a deleted room is given back to the disk, and with it that of its words", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await appendAll(log, "main", 4_000, long);
    const before = log.usage().used;
    expect(before).toBeGreaterThan(4_000_000);
    await log.deleteRoom("main");
    const file = join(folder.path, "log.sqlite");
    await until("the file is small", () => statSync(file).size < before / 4);
    expect(log.usage().used).toBeLessThan(before / 10);
    expect((await log.append("main", draft(1))).sequence).toBe(4_001);
    expect(await log.search({ words: "message", limit: 9 })).toHaveLength(1);
  });

  test("the space of old entries is given back to the disk, and what is left can be found", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await appendAll(log, "main", 4_000, long);
    const before = log.usage().used;
    await log.deleteBefore("main", 3_991);
    const file = join(folder.path, "log.sqlite");
    await until("the file is small", () => statSync(file).size < before / 2);
    expect(await log.find("main", { words: "fill some pages" }, 0, 100)).toEqual(
      Array.from({ length: 10 }, (_, index) => 3_991 + index),
    );
  });

  test("a store of an earlier version can give space back once it was opened", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "log.sqlite");
    {
      using old = openRawStore(file);
      old.run("PRAGMA journal_mode = WAL");
      migrate(old, file, MIGRATIONS.slice(0, 1));
      old.run("INSERT INTO rooms (name) VALUES ('main')");
      old.run("INSERT INTO senders (author, device) VALUES ('key of Ann', 'laptop')");
      const insert = old.prepare(
        "INSERT INTO entries (room, sequence, time, sender, number, name, text) VALUES (1, ?1, 1000, 1, ?1, 'Ann', ?2)",
      );
      const index = old.prepare("INSERT INTO words (rowid, list) VALUES (?, ?)");
      prepareTransaction(old)(() => {
        for (let number = 1; number <= 3_000; number += 1) {
          insert.run(number, long.text);
          index.run(number, long.text);
        }
      });
    }
    const size = statSync(file).size;
    await using log = await openSqliteLog({ folder: folder.path, now });
    expect(await log.read("main", 2_999, 10)).toEqual([entry(3_000, long)]);
    await log.deleteRoom("main");
    await until("the file is small", () => statSync(file).size < size / 4);
  });

  test("a log that has reached its quota refuses messages, and has those that it took", async () => {
    using folder = temporaryFolder();
    const quota = 400 * 1_024;
    await using log = await openSqliteLog({ folder: folder.path, now, quota });
    let taken = 0;
    const refusal = await (async () => {
      for (;;) {
        await log.append("main", draft(taken + 1, long));
        taken += 1;
      }
    })().catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "QUOTA_REACHED",
      message: "this server keeps at most 400 KB of messages, and has them",
      hint: "ask its owner to delete old ones",
    });
    expect(taken).toBeGreaterThan(100);
    expect(log.usage()).toEqual({ used: expect.any(Number), quota });
    expect(log.usage().used).toBeGreaterThan(quota * 0.9);
    // The page that an index needed, at most some of them.
    expect(log.usage().used).toBeLessThan(quota * 1.2);
    expect(await log.last("main")).toBe(taken);
    // Who has sent what was refused is not stored either.
    const other = log.append("main", draft(1, { device: "new" }));
    expect(await other.catch((error: unknown) => error)).toMatchObject({ code: "QUOTA_REACHED" });
    expect(countRows(folder.path)).toMatchObject({ senders: 1 });
    // A message that it has is acknowledged again.
    expect((await log.append("main", draft(taken, long))).sequence).toBe(taken);
    expect(await log.claimName("main", "Ann", "key of Ann")).toBe("yours");
    await log.deleteBefore("main", taken);
    await until("there is room", () => log.usage().used < quota / 2);
    expect((await log.append("main", draft(taken + 1, long))).sequence).toBe(taken + 1);
  });

  test("a full log takes messages again as soon as another program has deleted some", async () => {
    using folder = temporaryFolder();
    const quota = 2 * 1_024 * 1_024;
    await using log = await openSqliteLog({ folder: folder.path, now, quota });
    const text = "x".repeat(2_000);
    const fill = await Promise.allSettled(
      Array.from({ length: 2_000 }, (_, index) => log.append("main", draft(index + 1, { text }))),
    );
    const taken = fill.filter(({ status }) => status === "fulfilled").length;
    expect(taken).toBeLessThan(1_100);
    expect(await deleteFromStore(folder.path, "main", taken + 1)).toBe(taken);
    // The first one already, before any row was removed; and not more than the quota.
    const again = await Promise.allSettled(
      Array.from({ length: 2_000 }, (_, index) =>
        log.append("main", draft(index + 3_000, { text })),
      ),
    );
    expect(again[0]?.status).toBe("fulfilled");
    expect(again.filter(({ status }) => status === "fulfilled").length).toBeLessThan(1_100);
  });

  test("messages of one commit fill a log to its quota, and no further", async () => {
    using folder = temporaryFolder();
    const quota = 400 * 1_024;
    await using log = await openSqliteLog({ folder: folder.path, now, quota });
    const results = await Promise.allSettled(
      Array.from({ length: 2_000 }, (_, index) => log.append("main", draft(index + 1, long))),
    );
    const taken = results.filter(({ status }) => status === "fulfilled").length;
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan(500);
    expect(await log.last("main")).toBe(taken);
  });
});

/** Appends the first `count` messages of Ann's in one commit. */
async function appendAll(
  log: Log,
  room: string,
  count: number,
  fields: Partial<Draft> = {},
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) => log.append(room, draft(index + 1, fields))),
  );
}

function countRows(folder: string) {
  using database = openConnection(join(folder, "log.sqlite"), "read");
  const counts = database
    .prepare<{ entries: number }, []>(
      `SELECT (SELECT count(*) FROM rooms) AS rooms, (SELECT count(*) FROM entries) AS entries,
         (SELECT count(*) FROM words WHERE words MATCH 'message') AS words,
         (SELECT count(*) FROM names) AS names, (SELECT count(*) FROM senders) AS senders`,
    )
    .get();
  if (counts === null) throw new Error("no counts");
  // node:sqlite gives rows no prototype.
  return { ...counts };
}

describe("a reader of a log on the disk", () => {
  test("a reader sees committed entries while the writer writes", async () => {
    using folder = temporaryFolder();
    await using log = await openSqliteLog({ folder: folder.path, now });
    await using reader = await openSqliteReader(folder.path);
    expect(await reader.rooms()).toEqual([]);
    await log.append("main", draft(1));
    expect(await reader.read("main", 0, 10)).toEqual([entry(1)]);
    const appended = log.append("main", draft(2));
    expect(await reader.last("main")).toBe(1);
    await appended;
    expect(texts(await reader.readLast("main", 1))).toEqual(["message 2"]);
    expect(texts(await reader.search({ words: "message", limit: 1 }))).toEqual(["message 2"]);
  });

  test("a reader prevents the writer neither from writing nor from closing", async () => {
    using folder = temporaryFolder();
    const log = await openSqliteLog({ folder: folder.path, now });
    await using reader = await openSqliteReader(folder.path);
    await log.append("main", draft(1));
    await reader.search({ limit: 1 });
    await log.append("main", draft(2));
    await log[Symbol.asyncDispose]();
    expect(await reader.last("main")).toBe(2);
    await using again = await openSqliteLog({ folder: folder.path, now });
    expect((await again.append("main", draft(3))).sequence).toBe(3);
    expect(await reader.last("main")).toBe(3);
  });

  test("a reader reads the store of a server that has ended", async () => {
    using folder = temporaryFolder();
    const log = await openSqliteLog({ folder: folder.path, now });
    await log.append("main", draft(1));
    await log[Symbol.asyncDispose]();
    await using reader = await openSqliteReader(folder.path);
    expect(await reader.read("main", 0, 10)).toEqual([entry(1)]);
  });
});
