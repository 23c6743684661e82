import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { knownValues, unquote } from "../../../src/cli/completion/known-values.ts";
import { openSqliteLog } from "../../../src/log/sqlite-log.ts";
import { newPerson, type Person } from "../../harness/person.ts";

/** Names that a peer, or an editor, can get into the files, and that would do harm on a command line. */
const HOSTILE = [
  "$(touch /tmp/x)",
  "`touch /tmp/x`",
  "a;touch /tmp/x",
  "a b",
  "a\nb",
  "a\tb",
  "a\u001b[2Jb",
  "a'b",
  'a"b',
  "a\\b",
  "a|b",
  "a&b",
  "a>b",
  "a<b",
  "a*b",
  "a?b",
  "{a,b}",
  "~root",
  "!!",
  "#a",
  "--data",
  "-n",
  "",
  "\u202ecba",
];

function writeKnownServers({ config }: Person, text: string): void {
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "known-servers"), text);
}

function writeLocalLog(
  { data }: Person,
  folder: string,
  header: unknown,
  entries = '{"half":',
): void {
  const path = join(data, "rooms", folder);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "history.jsonl"), `${JSON.stringify(header)}\n${entries}`);
}

async function writeStore({ data }: Person, rooms: readonly string[]): Promise<void> {
  await using log = await openSqliteLog({ folder: data, now: () => 1_000 });
  for (const room of rooms) {
    const entry = { author: "SHA256:a", name: "ana", device: "d", number: 1, text: "hello" };
    await log.append(room, entry);
  }
}

test("the rooms are those of the own server and those that were joined, each once", async () => {
  using ana = newPerson();
  await writeStore(ana, ["main", "garden"]);
  writeLocalLog(ana, "1", { room: "kitchen", where: "example.org:12345" });
  writeLocalLog(ana, "2", { room: "garden", where: "[2001:db8::1]:80" });
  expect(await knownValues("room", ana.env)).toEqual(["garden", "kitchen", "main"]);
  expect(await knownValues("room-or-joined", ana.env)).toEqual([
    "[2001:db8::1]:80/garden",
    "example.org:12345/kitchen",
    "garden",
    "main",
  ]);
});

test("the rooms of another folder are those of that folder only", async () => {
  using ana = newPerson();
  using ben = newPerson();
  await writeStore(ana, ["main"]);
  await writeStore(ben, ["garden"]);
  writeLocalLog(ben, "1", { room: "kitchen", where: "example.org:12345" });
  expect(await knownValues("room", ana.env, ben.data)).toEqual(["garden", "kitchen"]);
});

test.each([
  ["~/data", "/home/ana/data"],
  ["~", "/home/ana"],
  ["~ben/data", "~ben/data"],
  [String.raw`my\ data`, "my data"],
  [`'a "b" $c'/d`, `a "b" $c/d`],
  [String.raw`"a \"b\" 'c' \$d \e"`, String.raw`a "b" 'c' $d \e`],
  ["'~'/data", "~/data"],
  ["$(touch /tmp/x)", "$(touch /tmp/x)"],
])("%s on a command line is the folder %s", (word, folder) => {
  expect(unquote(word, "/home/ana")).toBe(folder);
});

test("an address where nothing was joined, for it was mistyped or refused, is no value", async () => {
  using ana = newPerson();
  writeLocalLog(ana, "1", { room: "main", where: "example.org:12345" });
  writeLocalLog(ana, "2", { room: "main", where: "exmaple.org:12345" }, "");
  expect(await knownValues("server", ana.env)).toEqual(["example.org:12345"]);
  expect(await knownValues("room-or-joined", ana.env)).toEqual(["example.org:12345/main"]);
});

test("the servers are those of known-servers and those where a room was joined", async () => {
  using ana = newPerson();
  writeKnownServers(ana, "# mine\nexample.org:12345 KEY\n\n[::1]:80 KEY a note\nhalf\n");
  writeLocalLog(ana, "1", { room: "main", where: "example.org:12345" });
  writeLocalLog(ana, "2", { room: "main", where: "localhost:9" });
  expect(await knownValues("server", ana.env)).toEqual([
    "[::1]:80",
    "example.org:12345",
    "localhost:9",
  ]);
});

test("a name that a shell would expand, or that could be an option, is not offered", async () => {
  using ana = newPerson();
  await writeStore(ana, ["fine", ...HOSTILE]);
  HOSTILE.forEach((name, index) => {
    writeLocalLog(ana, `r${index}`, { room: name, where: "example.org:1" });
    writeLocalLog(ana, `w${index}`, { room: "fine", where: name });
  });
  writeKnownServers(ana, `example.org:1 KEY\n${HOSTILE.map((name) => `${name} KEY`).join("\n")}\n`);
  expect(await knownValues("room", ana.env)).toEqual(["fine"]);
  // What follows a line break or a blank in the file is a line or a note of its own.
  expect(await knownValues("server", ana.env)).toEqual(["a", "b", "example.org:1"]);
  expect(await knownValues("room-or-joined", ana.env)).toEqual(["fine"]);
});

test("a person without any files is offered nothing, and gets none made", async () => {
  using ana = newPerson();
  for (const kind of ["room", "server", "room-or-joined"] as const) {
    expect(await knownValues(kind, ana.env)).toEqual([]);
  }
  expect(Array.from(new Bun.Glob("**/*").scanSync(join(ana.config, "../..")))).toEqual([]);
});

test("files that are damaged, or are no files, are passed over", async () => {
  using ana = newPerson();
  mkdirSync(join(ana.config, "known-servers"), { recursive: true });
  mkdirSync(join(ana.data, "rooms", "1", "history.jsonl"), { recursive: true });
  writeLocalLog(ana, "2", { room: 7 });
  writeLocalLog(ana, "3", { room: "main", where: "example.org:1" });
  writeFileSync(join(ana.data, "log.sqlite"), "not a database");
  expect(await knownValues("server", ana.env)).toEqual(["example.org:1"]);
  expect(await knownValues("room", ana.env)).toEqual(["main"]);
});

test("at most 500 values are offered", async () => {
  using ana = newPerson();
  const servers = Array.from({ length: 2_000 }, (_, index) => `host${index}:1 KEY`);
  writeKnownServers(ana, servers.join("\n"));
  expect(await knownValues("server", ana.env)).toHaveLength(500);
});
