// `charla history` as people run it: the messages of a room of a server on this machine, while that server runs,
// in a pipe, and each error.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openLocalLog } from "../../src/client/local-log.ts";
import type { Log } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { MAIN, run } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";
import { draft } from "../log/drafts.ts";

/** Noon of 22 November 2026 in UTC; 7 in the morning in the time zone of these tests. */
const NOON = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const BOGOTA = { TZ: "America/Bogota" };

// A command that runs in this process has its time zone: it can't be given as an option.
const zone = process.env["TZ"];
beforeAll(() => {
  process.env["TZ"] = BOGOTA.TZ;
});
afterAll(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

/** A person whose server has stored these texts in a room, one a minute from noon on. */
async function ownerOf(texts: readonly string[], room = "main"): Promise<Person> {
  const person = newPerson();
  let time = NOON - MINUTE;
  await using log = await openSqliteLog({ folder: person.data, now: () => (time += MINUTE) });
  for (const [index, text] of texts.entries()) await log.append(room, draft(index, { text }));
  return person;
}

/** Appends `message 1` to `message N`, all at once. */
async function fill(log: Log, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) => log.append("main", draft(index + 1))),
  );
}

async function ownerOfMany(count: number): Promise<Person> {
  const person = newPerson();
  await using log = await openSqliteLog({ folder: person.data, now: () => NOON });
  await fill(log, count);
  return person;
}

function history(person: Person, ...args: string[]) {
  return runCharla(["history", ...args], { as: person });
}

const TALK = ["the cat sat", "a dog", "where is the cat?", "two\nlines"];
const LINES = [
  "2026-11-22 07:00  Ann: the cat sat\n",
  "2026-11-22 07:01  Ann: a dog\n",
  "2026-11-22 07:02  Ann: where is the cat?\n",
  "2026-11-22 07:03  Ann: two\n                  lines\n",
];

describe("charla history", () => {
  test("history prints one message a line, oldest first, with local time and name", async () => {
    using ann = await ownerOf(TALK);
    expect(await history(ann)).toEqual({ stdout: LINES.join(""), stderr: "", status: 0 });
    const { stdout } = await history(ann, "main", "-v");
    expect(stdout).toStartWith("2026-11-22 07:00:00  Ann (key of Ann): the cat sat\n");
  });

  test("history prints the room that is named", async () => {
    using ann = await ownerOf(["hello roses"], "garden");
    expect(await history(ann, "garden")).toEqual({
      stdout: "2026-11-22 07:00  Ann: hello roses\n",
      stderr: "",
      status: 0,
    });
  });

  test("history finds a room in any spelling, as /join does, and deletes from it", async () => {
    using ann = await ownerOf(["hello"], "ünïcode");
    expect((await history(ann, "ÜNÏCODE")).stdout).toBe("2026-11-22 07:00  Ann: hello\n");
    expect(await history(ann, "Ünïcode", "--delete-before", "2")).toMatchObject({
      stderr: "deleted 1 message of ünïcode; 0 are left\n",
      status: 0,
    });
  });

  test("history --json prints one object a line: a message event and its room", async () => {
    using ann = await ownerOf(TALK.slice(2));
    const { stdout, stderr, status } = await history(ann, "--json");
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout).toBe(
      '{"type":"message","room":"main","sequence":1,"time":1795348800000,' +
        '"from":"Ann","fingerprint":"key of Ann","text":"where is the cat?"}\n' +
        '{"type":"message","room":"main","sequence":2,"time":1795348860000,' +
        '"from":"Ann","fingerprint":"key of Ann","text":"two\\nlines"}\n',
    );
  });

  test("history makes control characters visible", async () => {
    using ann = await ownerOf(["\x1b[2J\x9b\u202eevil"]);
    expect((await history(ann)).stdout).toBe("2026-11-22 07:00  Ann: ^[[2J\\u{9b}\\u{202e}evil\n");
  });

  test("history --data reads another folder", async () => {
    using ann = await ownerOf(TALK.slice(0, 1));
    using ben = newPerson();
    expect((await history(ben, "--data", ann.data)).stdout).toBe(LINES.slice(0, 1).join(""));
    expect(existsSync(ben.data)).toBe(false);
  });

  test("history reads a running server's log up to what is on its disk, and changes nothing", async () => {
    using ann = newPerson();
    await using log = await openSqliteLog({ folder: ann.data, now: () => NOON });
    expect(await history(ann)).toEqual({
      stdout: "",
      stderr: "nothing was said in main yet\n",
      status: 0,
    });
    for (const number of [1, 2]) {
      await log.append("main", draft(number));
      expect((await history(ann)).stdout).toEndWith(`: message ${number}\n`);
    }
    await log[Symbol.asyncDispose]();
    const file = join(ann.data, "log.sqlite");
    const before = readFileSync(file);
    expect((await history(ann)).stdout).toEndWith("message 1\n2026-11-22 07:00  Ann: message 2\n");
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

describe("charla history with a selection", () => {
  test("history prints the last 100 messages and that there are more, --all all, --last N the last N", async () => {
    using ann = await ownerOfMany(250);
    const latest = await history(ann);
    const lines = latest.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(100);
    expect(lines[0]).toBe("2026-11-22 07:00  Ann: message 151");
    expect(lines[99]).toBe("2026-11-22 07:00  Ann: message 250");
    expect(latest.stderr).toBe("the last 100 of 250 messages; --all shows all of them\n");
    expect(await history(ann, "-q")).toEqual({ ...latest, stderr: "" });
    const all = await history(ann, "--all");
    expect(all.stdout.trimEnd().split("\n")).toHaveLength(250);
    expect(all.stderr).toBe("");
    expect(await history(ann, "--last", "1")).toEqual({
      stdout: "2026-11-22 07:00  Ann: message 250\n",
      stderr: "",
      status: 0,
    });
  });

  test("history --since takes a local time, a time in UTC, or a duration", async () => {
    using ann = await ownerOf(TALK);
    const since = async (when: string) => (await history(ann, "--since", when)).stdout;
    expect(await since("2026-11-22T07:02")).toBe(LINES.slice(2).join(""));
    expect(await since("2026-11-22 07:02:01")).toBe(LINES.slice(3).join(""));
    expect(await since("2026-11-22T12:02Z")).toBe(LINES.slice(2).join(""));
    expect(await since("2026-11-22")).toBe(LINES.join(""));
    expect(await since("3650d")).toBe(LINES.join(""));
  });

  test("history --since 30m prints a message of now, and not one of an hour ago", async () => {
    using ann = newPerson();
    {
      const times = [Date.now() - 60 * MINUTE, Date.now()];
      await using log = await openSqliteLog({ folder: ann.data, now: () => times.shift() ?? 0 });
      for (const number of [1, 2]) await log.append("main", draft(number));
    }
    const { stdout } = await history(ann, "--since", "30m");
    expect(stdout).toEndWith(": message 2\n");
    expect(stdout).not.toContain("message 1");
  });

  test("history --search finds messages with all of the words, or with words that begin with them", async () => {
    using ann = await ownerOf(TALK);
    const search = async (...args: string[]) => (await history(ann, "--search", ...args)).stdout;
    const [first = "", , third = ""] = LINES;
    expect(await search("CAT")).toBe(first + third);
    expect(await search("cat the")).toBe(first + third);
    expect(await search("wher")).toBe(third);
    expect(await search("cat", "--last", "1")).toBe(third);
    expect(await search("cat", "--since", "2026-11-22T07:01")).toBe(third);
    expect((await history(ann, "--search=-cat")).stdout).toBe(first + third);
  });

  test("history reports that no message matches", async () => {
    using ann = await ownerOf(TALK);
    const nothing = {
      stdout: "",
      stderr: "none of the 4 messages in main matches\n",
      status: 0,
    };
    expect(await history(ann, "--search", "elephant")).toEqual(nothing);
    expect(await history(ann, "--since", "2030-01-01")).toEqual(nothing);
    expect(await history(ann, "--since", "2030-01-01", "-q")).toEqual({ ...nothing, stderr: "" });
  });
});

describe("charla history in a pipe", () => {
  const program = `"$0" "$1" history --all`;

  test.each(["", " --json", " --search message"])(
    "history --all%s ends quietly, with status 0, when its reader has seen enough",
    async (args) => {
      using ann = await ownerOfMany(20_000);
      const script = `{ ${program}${args}; echo "status $?" >&2; } | head -n 1`;
      const { stdout, stderr } = await run(["sh", "-c", script, process.execPath, MAIN], {
        as: ann,
        env: BOGOTA,
      });
      expect(stdout).toEndWith(args === " --json" ? '"text":"message 1"}\n' : "Ann: message 1\n");
      expect(stderr).toBe("status 0\n");
    },
    END_TO_END_TIMEOUT,
  );

  test(
    "history waits for a slow reader, which gets everything once",
    async () => {
      using ann = await ownerOfMany(20_000);
      const script = `${program} | { sleep 0.5; cat; }`;
      const { stdout } = await run(["sh", "-c", script, process.execPath, MAIN], { as: ann });
      const numbers = stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.replace(/^.* /, ""));
      expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, index) => `${index + 1}`));
    },
    END_TO_END_TIMEOUT,
  );

  test.skipIf(!existsSync("/dev/full"))("says so when what it prints has no place", async () => {
    using ann = await ownerOf(TALK);
    const script = `${program} > /dev/full`;
    const { stderr, status } = await run(["sh", "-c", script, process.execPath, MAIN], { as: ann });
    expect(stderr).toStartWith("charla: cannot write to stdout: ");
    expect(status).toBe(1);
  });
});

describe("errors of charla history", () => {
  test.each([
    ["gardn", "did you mean garden?"],
    ["elsewhere", "the rooms here are garden"],
    ["main", "the rooms here are garden"],
  ])("history of the room %s, which doesn't exist, is an error with a hint", async (room, hint) => {
    using ann = await ownerOf(["hello"], "garden");
    expect(await history(ann, room)).toEqual({
      stdout: "",
      stderr: `charla: there is no room ${room}\nhint: ${hint}\n`,
      status: 1,
    });
  });

  test("the hint for an unknown room names at most ten rooms", async () => {
    using ann = newPerson();
    await using log = await openSqliteLog({ folder: ann.data, now: () => NOON });
    expect((await history(ann, "garden")).stderr).toBe(
      "charla: there is no room garden\nhint: there are no rooms here yet\n",
    );
    for (let number = 1; number <= 12; number += 1) await log.append(`room-${number}`, draft(1));
    const { stdout } = await history(ann, "elsewhere", "--json");
    expect(JSON.parse(stdout)).toEqual({
      type: "error",
      code: "NO_SUCH_ROOM",
      message: "there is no room elsewhere",
      hint:
        "the rooms here are room-1, room-2, room-3, room-4, room-5, room-6, room-7, room-8, " +
        "room-9, room-10 and 2 more",
    });
  });

  test("history where no server has ever run is an error, and creates nothing", async () => {
    using ann = newPerson();
    expect(await history(ann)).toEqual({
      stdout: "",
      stderr:
        `charla: there is no conversation in ${ann.data}\n` +
        "hint: start charla --server on this machine first, or name its folder with --data; charla history HOST/ROOM shows one that you have joined\n",
      status: 1,
    });
    expect(existsSync(ann.data)).toBe(false);
    mkdirSync(ann.data, { recursive: true });
    expect((await history(ann)).status).toBe(1);
    expect(readdirSync(ann.data)).toEqual([]);
  });

  test("history of a store that a newer charla wrote is an error, and the store is not changed", async () => {
    using ann = await ownerOf(TALK);
    const file = join(ann.data, "log.sqlite");
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(7, 60); // the user version (SQLite, "Database File Format", 1.3)
    writeFileSync(file, bytes);
    const { stdout, stderr, status } = await history(ann);
    expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
    expect(stderr).toStartWith(`charla: ${file} was written by a newer charla: `);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test.each([
    [["main", "garden"], "history shows one room, not 2", "quote several words to search for"],
    [["--last", "0"], '--last takes a number of messages from 1, not "0"', null],
    [["--last", "ten"], '--last takes a number of messages from 1, not "ten"', null],
    [
      ["--last", "1", "--all"],
      "--last shows some messages, and --all shows all",
      "leave one of them out",
    ],
    [
      ["--delete-before", "2d", "--all"],
      "--delete-before deletes messages, and shows none",
      "leave the other options out",
    ],
    [
      ["--delete-before", "soon"],
      '"soon" is not a time',
      "write 30m, 1h or 2d for so long ago, a day such as 2026-11-22, or a time such as 2026-11-22T10:00",
    ],
    [
      ["--delete-before", "2d", "localhost/main"],
      "--delete-before is for a room of a server on this machine",
      null,
    ],
    [["--search", "?!"], '"?!" contains no word of two letters or more', null],
    [["--search", "a b"], '"a b" contains no word of two letters or more', null],
    [
      ["--since", "yesterday"],
      '"yesterday" is not a time',
      "write 30m, 1h or 2d for so long ago, a day such as 2026-11-22, or a time such as 2026-11-22T10:00",
    ],
  ])("history with %j is a usage error", async (args, message, hint) => {
    using ann = newPerson();
    expect(await history(ann, ...args)).toEqual({
      stdout: "",
      stderr: `charla: ${message}\nhint: ${hint ?? "see charla history --help"}\n`,
      status: 2,
    });
  });
});

describe("history --delete-before", () => {
  test("deletes the messages before a number or a time, and gives their space back", async () => {
    using ann = await ownerOf(TALK);
    const deleted = await history(ann, "--delete-before", "2");
    expect(deleted).toEqual({
      stdout: "",
      stderr: "deleted 1 message of main; 3 are left\n",
      status: 0,
    });
    expect((await history(ann)).stdout).toBe(LINES.slice(1).join(""));
    const { stderr } = await history(ann, "main", "--delete-before", "2026-11-22T07:03", "-v");
    expect(stderr).toBe("deleted 2 messages of main; 1 is left\n");
    expect((await history(ann)).stdout).toBe(LINES[3] ?? "");
    expect(await history(ann, "--delete-before", "2026-11-21")).toMatchObject({
      stderr: "deleted no messages of main; 1 is left\n",
      status: 0,
    });
    using file = new Database(join(ann.data, "log.sqlite"), { readonly: true });
    expect(file.query("SELECT sequence FROM entries").all()).toEqual([{ sequence: 4 }]);
  });

  test("deletes them also while the server runs, which goes on with the number after the last", async () => {
    using ann = newPerson();
    await using log = await openSqliteLog({ folder: ann.data, now: () => NOON });
    await fill(log, 300);
    const { stderr, status } = await history(ann, "--delete-before", "301", "--quiet");
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(await log.read("main", 0, 10)).toEqual([]);
    expect([await log.first("main"), await log.last("main")]).toEqual([301, 300]);
    // The server has not read it again since: a message that was deleted is a new one there, too.
    expect((await log.append("main", draft(7))).sequence).toBe(301);
    using file = new Database(join(ann.data, "log.sqlite"), { readonly: true });
    const entries = file.query("SELECT sequence FROM entries");
    await until("the rows are removed", () => entries.all().length === 1);
    expect(entries.all()).toEqual([{ sequence: 301 }]);
    expect(await log.search({ words: "message", limit: 10 })).toHaveLength(1);
  });

  test("takes no number beyond the end of the room, such as a day without hyphens", async () => {
    using ann = await ownerOf(TALK);
    expect(await history(ann, "--delete-before", "20261122")).toMatchObject({
      status: 2,
      stderr: `charla: main has no message 20261122: its last one is 4
hint: write 5 to delete all of them, or a day such as 2026-11-22
`,
    });
    const { stderr } = await history(ann, "--delete-before", "5");
    expect(stderr).toBe("deleted 4 messages of main; 0 are left\n");
    expect((await history(ann)).stderr).toBe("no messages of main are kept here\n");
  });

  test("says which room does not exist, and deletes nothing", async () => {
    using ann = await ownerOf(TALK);
    expect(await history(ann, "garden", "--delete-before", "9")).toMatchObject({
      stderr: "charla: there is no room garden\nhint: the rooms here are main\n",
      status: 1,
    });
    expect((await history(ann)).stdout).toBe(LINES.join(""));
  });
});

describe("history of a room that one has joined", () => {
  test("is that of the last conversation there, and says that there were others", async () => {
    using ben = newPerson();
    const serverKey = new Uint8Array(32).fill(7);
    const where = "192.0.2.1:12345";
    const log = openLocalLog({ folder: join(ben.data, "rooms"), serverKey, where, room: "main" });
    const entry = { author: "SHA256:a", device: "", number: 1 };
    for (const [id, time, text] of [
      ["one", 1_000, "first"],
      ["two", 2_000, "second"],
      ["copy.two", 3_000, "third"],
    ] as const) {
      log.keep(id, { ...entry, sequence: 1, time, name: "ana", text });
    }
    log[Symbol.dispose]();
    const invitation = `charla://${where}/main#${Buffer.from(serverKey).toString("base64url")}`;
    const latest = await history(ben, invitation);
    expect(texts(latest.stdout)).toEqual(["second", "third"]);
    expect(latest.stderr).toBe(
      "1 message of an earlier conversation in that room left out; --all shows them too\n",
    );
    const all = await history(ben, "--all", invitation);
    expect(texts(all.stdout)).toEqual(["first", "second", "third"]);
    expect(all.stderr).toBe("there were 2 conversations in that room, one after the other\n");
  });

  test(
    "does not say that nothing was said when nothing was shown here",
    async () => {
      using ben = newPerson();
      await using server = await startSealedServer(["--bind", "127.0.0.1"]);
      server.type("before ben came\n");
      await server.until("stderr", "you are ");
      const { invitation } = server;
      const joined = await runCharla([invitation, "-n", "ben", "--history", "0"], {
        as: ben,
        input: "",
      });
      expect(joined.status).toBe(0);
      const env = { CHARLA_INVITATION: invitation };
      expect(await runCharla(["history"], { as: ben, env })).toEqual({
        stdout: "",
        stderr: "no messages of main are kept here\n",
        status: 0,
      });
    },
    END_TO_END_TIMEOUT,
  );

  test(
    "is what was shown of it, without the server",
    async () => {
      using ben = newPerson();
      const server = await startSealedServer(["--bind", "127.0.0.1"]);
      const { invitation, port } = server;
      {
        await using client = charla([invitation, "-n", "ben", "-v"], { as: ben });
        client.type("hello ana\n");
        await client.until("stderr", "delivered: hello ana\n");
        server.type("/me waves\nhello ben\n");
        await client.until("stdout", "hello ben\n");
      }
      await server[Symbol.asyncDispose]();
      const lines = ["ben: hello ana", "* ana waves", "ana: hello ben"];
      for (const where of [invitation, `127.0.0.1:${port}/main`, "127.0.0.1/main"]) {
        const { stdout, stderr, status } = await history(ben, where);
        expect(
          stdout
            .replaceAll(/^[-\d]+ [:\d]+ {2}/gm, "")
            .trimEnd()
            .split("\n"),
        ).toEqual(lines);
        expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
      }
      const found = await history(ben, "--search", "waves", "--json", `127.0.0.1:${port}/main`);
      expect(JSON.parse(found.stdout)).toMatchObject({
        type: "message",
        room: "main",
        from: "ana",
        text: "/me waves",
        sequence: 2,
      });
      expect((await history(ben, "--last", "1", invitation)).stdout).toEndWith("ana: hello ben\n");
    },
    END_TO_END_TIMEOUT,
  );

  test(
    "is not kept with --no-log, and then there is none",
    async () => {
      using ben = newPerson();
      await using server = await startSealedServer(["--bind", "127.0.0.1"]);
      const joining = [server.invitation, "-n", "ben", "--no-log"];
      await runCharla(joining, { as: ben, input: "hello\n" });
      for (const where of [
        server.invitation,
        `127.0.0.1:${server.port}/main`,
        "127.0.0.1:9/main",
      ]) {
        expect(await history(ben, where)).toEqual({
          stdout: "",
          stderr:
            "charla: no messages of main at that server are kept here\n" +
            "hint: charla keeps those that it has shown, unless it was started with --no-log\n",
          status: 1,
        });
      }
    },
    END_TO_END_TIMEOUT,
  );
});

function texts(stdout: string): (string | undefined)[] {
  return Array.from(stdout.matchAll(/ana: (.*)/g), ([, text]) => text);
}
