// The tables of a store and their versions. To change the tables, add a migration at the end of the list:
// those before it have been run on people's stores, and stay as they are.

import { foldName, nameKeys } from "../../chat/name-keys.ts";
import { CharlaError } from "../../errors.ts";
import { ACTIVITY_STEP } from "../log.ts";
import { prepareTransaction } from "./database.ts";
import type { Connection } from "./sqlite-connection.ts";

type Migration = string | ((database: Connection) => void);

/** "chla": tells a store from other SQLite databases (PRAGMA application_id). */
export const APPLICATION_ID = 0x63_68_6c_61;

/** What an entry counts for beside its text, in bytes: its other columns, and what the indexes hold of it. */
export const ENTRY_BYTES = 100;

/**
 * The migrations from each version to the next, from 0, an empty file. Version 1:
 *
 *   rooms    <-- entries --> senders     each text with the ids of its room and its sender, whose names are long
 *     ^             ^
 *     |             +------- words       FTS5, by the id of the entry: which words are in which texts
 *   names                                who first claimed a name in a room
 *   store                                one row: the id of this store
 *
 * Version 2: rooms and their entries can be deleted. That takes effect at once, and their rows are removed later, a few
 * at a time: `rooms.deleted` is the sequence number up to which they do not count any more, and a deleted room
 * has no name. `store.deleted` is the newest sequence number of all deleted rooms, after which new rooms begin:
 * none is used twice. `rooms.active` is when somebody last entered or spoke, `entries.total` how many bytes the
 * room's entries took up to this one, from the first that it had.
 *
 * Version 3: a name is held by its keys (chat/name-keys.ts), so that another one that looks like it is taken; `name` is
 * as it was first claimed.
 *
 * Version 4: `names.used` is when a name was claimed last, up to an hour too early, ms since 1970; no two names of one
 * author have the same, but for those from before. An author's last name is found without reading all.
 *
 * `words` holds no text (content='', detail=none, columnsize=0: 12 bytes an entry, where a copy takes 120), and
 * is given the words that text-matching.ts has split, so that its tokenizer only splits at spaces.
 */
export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE senders (
    id INTEGER PRIMARY KEY,
    author TEXT NOT NULL,
    device TEXT NOT NULL,
    UNIQUE (author, device)
  ) STRICT;
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (room, sequence),
    UNIQUE (room, sender, number)
  ) STRICT;
  CREATE TABLE names (
    room INTEGER NOT NULL,
    folded TEXT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (room, folded)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE store (id TEXT NOT NULL) STRICT;
  INSERT INTO store VALUES (lower(hex(randomblob(16))));
  CREATE VIRTUAL TABLE words USING fts5 (
    list, content='', detail=none, columnsize=0, tokenize='ascii'
  );
  `,
  `
  CREATE TABLE new_rooms (
    id INTEGER PRIMARY KEY,
    name TEXT UNIQUE,
    deleted INTEGER NOT NULL,
    active INTEGER NOT NULL
  ) STRICT;
  INSERT INTO new_rooms SELECT id, name, 0, min(1000 * unixepoch(), coalesce(
    (SELECT time FROM entries WHERE room = rooms.id ORDER BY sequence DESC LIMIT 1), 1000 * unixepoch()
  )) FROM rooms;
  DROP TABLE rooms;
  ALTER TABLE new_rooms RENAME TO rooms;
  ALTER TABLE store ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE entries ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
  UPDATE entries SET total = sums.total FROM (
    SELECT id, sum(octet_length(text) + ${ENTRY_BYTES}) OVER (PARTITION BY room ORDER BY sequence) AS total
    FROM entries
  ) AS sums WHERE sums.id = entries.id;
  `,
  (database) => {
    database.run(`
      ALTER TABLE names RENAME TO old_names;
      CREATE TABLE names (
        room INTEGER NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        author TEXT NOT NULL,
        PRIMARY KEY (room, key)
      ) STRICT, WITHOUT ROWID;
    `);
    const insert = database.prepare<null, [number, string, string, string]>(
      "INSERT OR IGNORE INTO names (room, key, name, author) VALUES (?, ?, ?, ?)",
    );
    for (const { room, name, spellings, author } of oldClaims(database)) {
      for (const key of new Set(spellings.flatMap(nameKeys))) insert.run(room, key, name, author);
    }
    database.run("DROP TABLE old_names");
  },
  `
  ALTER TABLE names ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
  UPDATE names SET used = 1000 * unixepoch() - ${ACTIVITY_STEP};
  CREATE INDEX names_by_author ON names (room, author, used);
  `,
];

/**
 * The claims of version 2, the first one first: where two names look alike, that one holds. When a name was claimed is
 * not stored, but when it first spoke is.
 */
function oldClaims(database: Connection) {
  const spoken = database
    .prepare<{ room: number; author: string; name: string; first: number }, []>(
      `SELECT room, author, name, min(entries.id) AS first
       FROM entries CROSS JOIN senders ON senders.id = sender GROUP BY room, author, name`,
    )
    .all();
  const bySpelling = Map.groupBy(spoken, ({ room, author, name }) =>
    JSON.stringify([room, author, foldName(name)]),
  );
  return database
    .prepare<{ room: number; folded: string; author: string }, []>("SELECT * FROM old_names")
    .all()
    .map(({ room, folded, author }) => {
      const uses = bySpelling.get(JSON.stringify([room, author, folded])) ?? [];
      return {
        room,
        name: folded,
        spellings: [folded, ...uses.map(({ name }) => name)],
        author,
        first: Math.min(...uses.map(({ first }) => first)),
      };
    })
    .toSorted((one, other) => one.first - other.first || 0);
}

/**
 * The version of a store, 0 for an empty file.
 *
 * @throws {CharlaError} STORE_TOO_NEW; STORE_DAMAGED when it is a database of something else
 */
export function readVersion(
  database: Connection,
  path: string,
  newest = MIGRATIONS.length,
): number {
  // How often the tables were changed, too: 0 for an empty file.
  const header = database
    .prepare<{ version: number; application: number; changes: number }, []>(
      `SELECT user_version AS version, application_id AS application, schema_version AS changes
       FROM pragma_user_version, pragma_application_id, pragma_schema_version`,
    )
    .get();
  if (header === null) throw new Error("a database without a version");
  const { version, application, changes } = header;
  const isEmpty = version === 0 && changes === 0;
  if (application !== APPLICATION_ID && !isEmpty) {
    throw new CharlaError(
      "STORE_DAMAGED",
      `${path} is the database of another program`,
      "move it away, or name another folder with --data",
    );
  }
  if (version > newest) {
    throw new CharlaError(
      "STORE_TOO_NEW",
      `${path} was written by a newer charla: it has version ${version}, and this one knows up to ${newest}`,
      "use the newer charla, or name another folder with --data",
    );
  }
  return version;
}

/** Brings a store to the newest version, in one transaction. */
export function migrate(database: Connection, path: string, migrations = MIGRATIONS): void {
  const version = readVersion(database, path, migrations.length);
  if (version === migrations.length) return;
  prepareTransaction(database)(() => {
    for (const migration of migrations.slice(version)) {
      if (typeof migration === "string") database.run(migration);
      else migration(database);
    }
    database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.run(`PRAGMA user_version = ${migrations.length}`);
  });
}
