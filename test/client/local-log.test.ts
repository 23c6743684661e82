// A member's own log of a room, on its disk: written by several programs, bounded, and read without a server.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { roomFolder } from "../../src/client/device-file.ts";
import { listLocalLogs, openLocalLog, readLocalLog } from "../../src/client/local-log.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "charla-local-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const serverKey = new Uint8Array(32).fill(1);
const where = "192.0.2.1:12345";
const isServer = (other: string) => other === where;
const open = (room = "main", maxBytes?: number) =>
  openLocalLog({
    folder,
    serverKey,
    where,
    room,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
const entry = (sequence: number, text = `text ${sequence}`) => ({
  sequence,
  time: 1_000 * sequence,
  author: "key of Ann",
  name: "Ann",
  device: "device",
  number: sequence,
  text,
});
const kept = (sequence: number, log = "log") => {
  const { time, author, name, text } = entry(sequence);
  return { log, sequence, time, author, name, text };
};
const read = (room = "main") => readLocalLog(folder, { room, serverKey })?.flat();
/** The files of the one room. */
const files = () => readdirSync(folder).map((name) => join(folder, name));

test("what two programs keep of a room is read once, in its order, and the next start goes on", () => {
  {
    using one = open();
    using other = open();
    for (const sequence of [1, 2, 3]) one.keep("log", entry(sequence));
    for (const sequence of [2, 3, 4]) other.keep("log", entry(sequence));
    expect(read()).toEqual([kept(1), kept(2), kept(3), kept(4)]);
  }
  using again = open();
  again.keep("log", entry(5));
  expect(read()).toEqual([1, 2, 3, 4, 5].map((sequence) => kept(sequence)));
});

test("a room is listed once a message of it was shown, though not at its first start", () => {
  for (let start = 0; start < 3; start += 1) open()[Symbol.dispose]();
  expect(listLocalLogs(folder)).toEqual([]);
  {
    using log = open();
    log.keep("log", entry(1));
  }
  expect(listLocalLogs(folder)).toEqual([{ room: "main", where }]);
});

test("a full file that can't be moved away is reported, and is closed only once", () => {
  const log = open("main", 1);
  mkdirSync(
    join(roomFolder({ folder, serverKey, room: "main" }), "history-older.jsonl", "in the way"),
    {
      recursive: true,
    },
  );
  for (const sequence of [1, 2]) {
    expect(() => log.keep("log", entry(sequence))).toThrow(
      expect.objectContaining({ code: "FOLDER_NOT_WRITABLE" }),
    );
  }
  expect(() => log[Symbol.dispose]()).not.toThrow();
});

test.skipIf(!existsSync("/dev/full"))(
  "a log that can't be begun on a full disk leaves no file open",
  () => {
    const room = roomFolder({ folder, serverKey, room: "main" });
    mkdirSync(room, { recursive: true });
    symlinkSync("/dev/full", join(room, "history.jsonl"));
    const before = readdirSync("/dev/fd").length;
    for (let count = 0; count < 10; count += 1) {
      expect(() => open()).toThrow(expect.objectContaining({ code: "FOLDER_NOT_WRITABLE" }));
    }
    expect(readdirSync("/dev/fd")).toHaveLength(before);
  },
);

test("it is found by the server's key, and by its address, for the room only", () => {
  using log = open();
  log.keep("log", entry(1));
  using _cellar = open("cellar");
  expect(readLocalLog(folder, { room: "main", isServer })).toEqual([[kept(1)]]);
  expect(readLocalLog(folder, { room: "cellar", isServer })).toEqual([]);
  expect(readLocalLog(folder, { room: "attic", isServer })).toBeNull();
  expect(readLocalLog(folder, { room: "main", isServer: () => false })).toBeNull();
  expect(readLocalLog(folder, { room: "main", serverKey: new Uint8Array(32) })).toBeNull();
  expect(readLocalLog(join(folder, "missing"), { room: "main", isServer })).toBeNull();
});

test("it is found in any spelling of the room, and what was joined in two is one conversation", () => {
  using one = open("Füße");
  using other = open("FÜßE");
  one.keep("log", entry(1));
  other.keep("log", entry(2));
  for (const room of ["füße", "FÜßE"]) {
    expect(read(room)).toEqual([kept(1), kept(2)]);
    expect(readLocalLog(folder, { room, isServer })).toEqual([[kept(1), kept(2)]]);
  }
  expect(readLocalLog(folder, { room: "füße", serverKey: new Uint8Array(32) })).toBeNull();
});

test("a log that replaced another one is another conversation, which follows that one's", () => {
  using log = open();
  log.keep("old", entry(1));
  log.keep("old", entry(2));
  log.keep("new", { ...entry(1), time: 9_000 });
  expect(readLocalLog(folder, { room: "main", serverKey })).toEqual([
    [kept(1, "old"), kept(2, "old")],
    [{ ...kept(1, "new"), time: 9_000 }],
  ]);
});

test("a copy of a log goes on with its conversation", () => {
  using log = open();
  log.keep("first", entry(1));
  log.keep("copy.first", { ...entry(2), time: 9_000 });
  expect(readLocalLog(folder, { room: "main", serverKey })).toEqual([
    [kept(1, "first"), { ...kept(2, "copy.first"), time: 9_000 }],
  ]);
});

test("only the owner may read it", () => {
  using log = open();
  log.keep("log", entry(1));
  const [room = ""] = files();
  expect(statSync(join(room, "history.jsonl")).mode & 0o777).toBe(0o600);
  expect(statSync(room).mode & 0o777).toBe(0o700);
});

test("a line that was cut by a kill is left out, and the next one is whole", () => {
  {
    using log = open();
    log.keep("log", entry(1));
  }
  const [room = ""] = files();
  appendFileSync(join(room, "history.jsonl"), '{"log":"log","sequence":2,"ti');
  using log = open();
  log.keep("log", entry(3));
  expect(read()).toEqual([kept(1), kept(3)]);
});

test("it has a bound: two files, of which the older is replaced", () => {
  const size = 2_000;
  using log = open("main", size);
  // Another program goes on with the file that was put aside.
  using other = open("main", size);
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    log.keep("log", entry(sequence));
    other.keep("log", entry(sequence));
  }
  const [room = ""] = files();
  const names = readdirSync(room).toSorted();
  expect(names).toEqual(["history-older.jsonl", "history.jsonl"]);
  for (const name of names) expect(statSync(join(room, name)).size).toBeLessThan(3 * size);
  const sequences = read()?.map(({ sequence }) => sequence) ?? [];
  expect(sequences.at(-1)).toBe(200);
  expect(sequences.length).toBeGreaterThan(10);
  expect(sequences.length).toBeLessThan(100);
});
