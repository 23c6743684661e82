import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";

import { APPLICATION_ID, migrate, MIGRATIONS, readVersion } from "../../src/log/sqlite/schema.ts";

const first = "CREATE TABLE talks (text TEXT); INSERT INTO talks VALUES ('kept');";
const second = "ALTER TABLE talks ADD COLUMN time INTEGER NOT NULL DEFAULT 0;";

describe("a store's schema", () => {
  test("a migrated store has the newest version and charla's application id", () => {
    using database = new Database(":memory:");
    expect(readVersion(database, "log.sqlite")).toBe(0);
    migrate(database, "log.sqlite");
    expect(readVersion(database, "log.sqlite")).toBe(1);
    expect(MIGRATIONS).toHaveLength(1);
    expect(database.query("PRAGMA application_id").get()).toEqual({ application_id: 0x63686c61 });
  });

  test("a store is migrated from an older version step by step, and keeps its content", () => {
    using database = new Database(":memory:");
    migrate(database, "log.sqlite", [first]);
    migrate(database, "log.sqlite", [first, second]);
    expect(readVersion(database, "log.sqlite", 2)).toBe(2);
    expect(database.query("SELECT * FROM talks").all()).toEqual([{ text: "kept", time: 0 }]);
    migrate(database, "log.sqlite", [first, second]);
    expect(database.query("SELECT * FROM talks").all()).toHaveLength(1);
  });

  test("a store is unchanged when its migration fails", () => {
    using database = new Database(":memory:");
    migrate(database, "log.sqlite", [first]);
    const failing = [first, second, "INSERT INTO nowhere VALUES (1)"];
    expect(() => migrate(database, "log.sqlite", failing)).toThrow("no such table: nowhere");
    expect(readVersion(database, "log.sqlite", 3)).toBe(1);
    expect(database.query("SELECT * FROM talks").all()).toEqual([{ text: "kept" }]);
  });

  test("a store of a newer charla is not changed", () => {
    using database = new Database(":memory:");
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
    using database = new Database(":memory:");
    database.run(sql);
    expect(() => migrate(database, "/data/log.sqlite")).toThrow(
      expect.objectContaining({
        code: "STORE_DAMAGED",
        message: "/data/log.sqlite is the database of another program",
        hint: "move it away, or name another folder with --data",
      }),
    );
    expect(database.query("SELECT name FROM sqlite_schema WHERE name = 'rooms'").all()).toEqual([]);
  });
});
