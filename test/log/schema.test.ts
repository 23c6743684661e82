import { describe, expect, test } from "bun:test";

import { APPLICATION_ID, migrate, MIGRATIONS, readVersion } from "../../src/log/sqlite/schema.ts";
import { prepareWrites } from "../../src/log/sqlite/writes.ts";
import { newRawStore } from "./raw-store.ts";

const first = "CREATE TABLE talks (text TEXT); INSERT INTO talks VALUES ('kept');";
const second = "ALTER TABLE talks ADD COLUMN time INTEGER NOT NULL DEFAULT 0;";

describe("a store's schema", () => {
  test("a migrated store has the newest version and charla's application id", () => {
    using database = newRawStore();
    expect(readVersion(database, "log.sqlite")).toBe(0);
    migrate(database, "log.sqlite");
    expect(readVersion(database, "log.sqlite")).toBe(4);
    expect(MIGRATIONS).toHaveLength(4);
    expect(database.prepare("PRAGMA application_id").get()).toEqual({ application_id: 0x63686c61 });
  });

  test("a store is migrated from an older version step by step, and keeps its content", () => {
    using database = newRawStore();
    migrate(database, "log.sqlite", [first]);
    migrate(database, "log.sqlite", [first, second]);
    expect(readVersion(database, "log.sqlite", 2)).toBe(2);
    expect(database.prepare("SELECT * FROM talks").all()).toEqual([{ text: "kept", time: 0 }]);
    migrate(database, "log.sqlite", [first, second]);
    expect(database.prepare("SELECT * FROM talks").all()).toHaveLength(1);
  });

  test("a store of version 1 keeps its rooms, entries, names and order when it is migrated to version 2", () => {
    using database = newRawStore();
    migrate(database, "log.sqlite", MIGRATIONS.slice(0, 1));
    const late = 4_070_908_800_000;
    database.run(`
      INSERT INTO rooms (name) VALUES ('main'), ('empty'), ('garden');
      INSERT INTO senders (author, device) VALUES ('key of Ann', 'phone');
      INSERT INTO entries (room, sequence, time, sender, number, name, text) VALUES
        (1, 1, 1000, 1, 1, 'Ann', 'é'), (3, 1, 2000, 1, 1, 'Ann', ''), (1, 2, 3000, 1, 2, 'Ann', 'two'),
        (3, 2, ${late}, 1, 2, 'Ann', 'in 2099');
      INSERT INTO names VALUES (1, 'ann', 'key of Ann');
    `);
    const before = Date.now();
    migrate(database, "log.sqlite");
    const rooms = database
      .prepare<{ id: number; name: string; deleted: number; active: number }, []>(
        "SELECT * FROM rooms",
      )
      .all();
    expect(rooms.map(({ id, name, deleted }) => [id, name, deleted])).toEqual([
      [1, "main", 0],
      [2, "empty", 0],
      [3, "garden", 0],
    ]);
    expect(rooms[0]?.active).toBe(3_000);
    // Where nothing was said, and where the clock was wrong: from now on.
    for (const { active } of rooms.slice(1)) {
      expect(active).toBeGreaterThan(before - 1_001);
      expect(active).toBeLessThanOrEqual(Date.now());
    }
    expect(
      database.prepare("SELECT room, sequence, text, total FROM entries ORDER BY id").all(),
    ).toEqual([
      { room: 1, sequence: 1, text: "é", total: 102 },
      { room: 3, sequence: 1, text: "", total: 100 },
      { room: 1, sequence: 2, text: "two", total: 205 },
      { room: 3, sequence: 2, text: "in 2099", total: 207 },
    ]);
    expect(database.prepare("SELECT * FROM names").all()).toHaveLength(1);
    expect(database.prepare("SELECT deleted FROM store").all()).toEqual([{ deleted: 0 }]);
  });

  test("a store of version 2 keeps all names when it is migrated, and of two that look alike the first that spoke", () => {
    using database = newRawStore();
    migrate(database, "log.sqlite", MIGRATIONS.slice(0, 2));
    database.run(`
      INSERT INTO rooms (name, deleted, active) VALUES ('main', 0, 0), ('garden', 0, 0);
      INSERT INTO senders (author, device) VALUES ('key of Ann', 'phone'), ('key of Eve', 'phone');
      INSERT INTO entries (room, sequence, time, sender, number, name, text) VALUES
        (1, 1, 1000, 1, 1, 'Ben', 'first'), (1, 2, 1000, 2, 1, 'Вen', 'second'),
        (2, 1, 1000, 2, 2, 'Вen', 'alone');
      INSERT INTO names VALUES
        (1, 'ana', 'key of Ann'), (1, 'ben', 'key of Ann'), (1, 'silent', 'key of Bob'), (1, 'вen', 'key of Eve'),
        (2, 'вen', 'key of Eve');
    `);
    migrate(database, "log.sqlite");
    const holders = database
      .prepare<{ room: number; key: string; author: string }, []>(
        "SELECT room, key, author FROM names ORDER BY room, key",
      )
      .all()
      .map(({ room, key, author }) => [room, key, author]);
    expect(holders).toEqual([
      [1, "ana", "key of Ann"],
      [1, "ben", "key of Ann"],
      [1, "silent", "key of Bob"],
      [2, "ben", "key of Eve"],
    ]);
    const writes = prepareWrites(database);
    writes.begin(0);
    expect(writes.claimName("main", "Ben", "key of Ann")).toBe("yours");
    expect(writes.claimName("main", "Вen", "key of Eve")).toBe("taken");
    expect(writes.claimName("garden", "Вen", "key of Eve")).toBe("yours");
    expect(writes.claimName("main", "Silent", "key of Bob")).toBe("yours");
  });

  test("a store is unchanged when its migration fails", () => {
    using database = newRawStore();
    migrate(database, "log.sqlite", [first]);
    const failing = [first, second, "INSERT INTO nowhere VALUES (1)"];
    expect(() => migrate(database, "log.sqlite", failing)).toThrow("no such table: nowhere");
    expect(readVersion(database, "log.sqlite", 3)).toBe(1);
    expect(database.prepare("SELECT * FROM talks").all()).toEqual([{ text: "kept" }]);
  });

  test("a store of a newer charla is not changed", () => {
    using database = newRawStore();
    migrate(database, "/data/log.sqlite", [first, second]);
    expect(() => migrate(database, "/data/log.sqlite", [first])).toThrow(
      expect.objectContaining({
        code: "STORE_TOO_NEW",
        message:
          "/data/log.sqlite was written by a newer charla: it has version 2, and this one knows up to 1",
        hint: "use the newer charla, or name another folder with --data",
      }),
    );
    expect(readVersion(database, "/data/log.sqlite", 2)).toBe(2);
  });

  test.each([
    ["tables but no mark", "CREATE TABLE songs (name TEXT)"],
    [
      "another mark",
      `PRAGMA application_id = ${APPLICATION_ID + 1}; CREATE TABLE songs (name TEXT)`,
    ],
    ["a version but no mark", "PRAGMA user_version = 1"],
  ])("a store of another program, with %s, is not changed", (_, sql) => {
    using database = newRawStore();
    database.run(sql);
    expect(() => migrate(database, "/data/log.sqlite")).toThrow(
      expect.objectContaining({
        code: "STORE_DAMAGED",
        message: "/data/log.sqlite is the database of another program",
        hint: "move it away, or name another folder with --data",
      }),
    );
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'rooms'").all()).toEqual(
      [],
    );
  });
});
