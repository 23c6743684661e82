// What a program keeps of a room on the disk: what survives its end, however that came, and who has which.

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import {
  type DeviceFileOptions,
  lastRead,
  openDeviceFile,
  roomFolder,
} from "../../src/client/device-file.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root, start } from "../harness/program.ts";
import { rounds } from "../harness/rounds.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { seededRandom } from "../simulator/random.ts";

const SERVER_KEY = new Uint8Array(32).fill(7);

const open = (folder: string, options: Partial<DeviceFileOptions> = {}) =>
  openDeviceFile({ folder, serverKey: SERVER_KEY, room: "main", ...options });

/** Every file in it and below. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
const journalIn = (folder: string) =>
  filesIn(folder).find((path) => path.endsWith("device-1.jsonl")) ?? "no journal";

function codeOf(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}

describe("what survives", () => {
  test("is the mark, what is not stored, in order, and the place", () => {
    using folder = temporaryFolder();
    let id = "";
    {
      using device = open(folder.path);
      ({ id } = device);
      expect(id).toMatch(/^[\w-]{22}$/);
      expect([device.unstored, device.cursor]).toEqual([[], null]);
      expect(device.say("a")).toEqual({ number: 0, text: "a" });
      device.say("two\nlines \u{1f389} \ud83e");
      device.say("c");
      device.settled(0);
      device.settled(77);
      device.shown({ log: "log", sequence: 4 });
      device.shown({ log: "log", sequence: 5 });
    }
    for (let time = 0; time < 2; time += 1) {
      using device = open(folder.path);
      expect(device.id).toBe(id);
      expect(device.unstored).toEqual([
        { number: 1, text: "two\nlines \u{1f389} \ud83e" },
        { number: 2, text: "c" },
      ]);
      expect(device.cursor).toEqual({ log: "log", sequence: 5 });
    }
  });

  test("is of which conversation a message is, or where it was to begin", () => {
    using folder = temporaryFolder();
    {
      using device = open(folder.path, { where: "a:1" });
      device.say("before the log was known");
      device.entered("log");
      device.say("in it", "log");
    }
    {
      using device = open(folder.path, { where: "b:2" });
      device.say("to b, which never let it in");
      expect(device.unstored.map(({ text, log }) => [text, log])).toEqual([
        ["before the log was known", "log"],
        ["in it", "log"],
        ["to b, which never let it in", undefined],
      ]);
    }
    {
      using device = open(folder.path, { where: "a:1" });
      device.entered("new log");
      expect(device.unstored.map(({ text, log }) => [text, log])).toEqual([
        ["before the log was known", "log"],
        ["in it", "log"],
      ]);
    }
    using device = open(folder.path, { where: "b:2" });
    device.entered("log of b");
    expect(device.unstored.at(-1)).toMatchObject({ log: "log of b" });
  });

  test("is which texts were shown that wait for another log, also once the journal is compacted", () => {
    using folder = temporaryFolder();
    {
      using device = open(folder.path);
      device.say("a", "log");
      device.say("b", "log");
      device.named(1);
      device.named(77);
    }
    for (let start = 0; start < 2; start += 1) {
      using device = open(folder.path);
      expect(device.unstored).toEqual([
        { number: 0, text: "a", log: "log" },
        { number: 1, text: "b", log: "log", isNamed: true },
      ]);
    }
    using device = open(folder.path);
    device.settled(1);
    expect(device.unstored.map(({ text }) => text)).toEqual(["a"]);
  });

  test("is a number higher than any whose line a power cut can have lost", () => {
    using folder = temporaryFolder();
    {
      using device = open(folder.path);
      device.settled(device.say("a").number);
    }
    for (const next of [1_000_001, 2_000_002]) {
      using device = open(folder.path);
      expect(device.say("b").number).toBe(next);
      device.settled(next);
    }
  });

  test("is of one room of one server", () => {
    using folder = temporaryFolder();
    using device = open(folder.path);
    device.say("a");
    using garden = open(folder.path, { room: "garden" });
    using other = open(folder.path, { serverKey: new Uint8Array(32).fill(8) });
    expect([garden.unstored, other.unstored]).toEqual([[], []]);
    expect(new Set([device.id, garden.id, other.id]).size).toBe(3);
  });

  test("is for its owner alone", () => {
    using folder = temporaryFolder();
    using device = open(join(folder.path, "rooms"));
    device.say("a");
    const files = filesIn(folder.path);
    expect(files).toHaveLength(2);
    for (const path of files) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, "rooms")).mode & 0o777).toBe(0o700);
  });

  test("is not damaged by a last line that was cut", () => {
    using folder = temporaryFolder();
    open(folder.path)[Symbol.dispose]();
    appendFileSync(journalIn(folder.path), '{"said":{"number":0,"text":"a"}}\n{"said":{"numb');
    using device = open(folder.path);
    expect(device.unstored).toEqual([{ number: 0, text: "a" }]);
    device.say("b");
    expect(readFileSync(journalIn(folder.path), "utf8")).toEndWith(
      '"text":"a"}}\n{"said":{"number":1000001,"text":"b"}}\n',
    );
  });

  test("grows by no more than a bound, however long the program runs", () => {
    using folder = temporaryFolder();
    using device = open(folder.path);
    const unstored = device.say("waits");
    for (let sequence = 1; sequence <= 40_000; sequence += 1)
      device.shown({ log: "log", sequence });
    expect(statSync(journalIn(folder.path)).size).toBeLessThan(1_100_000);
    device[Symbol.dispose]();
    using again = open(folder.path);
    expect([again.unstored, again.cursor?.sequence]).toEqual([[unstored], 40_000]);
  });
});

describe("two programs at once", () => {
  test("have each its own, and find it again", () => {
    using folder = temporaryFolder();
    const first = open(folder.path);
    const second = open(folder.path);
    const ids = [first.id, second.id];
    expect(new Set(ids).size).toBe(2);
    first[Symbol.dispose]();
    using third = open(folder.path);
    expect(third.id).toBe(first.id);
    second[Symbol.dispose]();
    using fourth = open(folder.path);
    expect(fourth.id).toBe(second.id);
  });

  test("that was killed holds nothing, nor does a lock without sense", () => {
    using folder = temporaryFolder();
    const device = open(folder.path);
    device[Symbol.dispose]();
    const place = join(journalIn(folder.path), "..");
    // No process has so large an id.
    writeFileSync(join(place, "device-1.lock-3"), "999999999\n");
    writeFileSync(join(place, "device-1.lock-4"), "");
    using again = open(folder.path);
    expect(again.id).toBe(device.id);
    expect(readdirSync(place).toSorted()).toEqual(["device-1.jsonl", "device-1.lock-5"]);
  });
});

const at = (sequence: number, log = "log") => ({ log, sequence });

describe("what a person has read in another window", () => {
  const window = { isWindow: true };

  /** Where the second window begins, after the first has shown something, and a program perhaps something else. */
  function secondBegins(folder: string, first: Partial<DeviceFileOptions>, second = window) {
    using own = open(folder, first);
    {
      using other = open(folder, second);
      other.shown(at(4));
    }
    own.shown(at(6));
    own.say("x".repeat(10_000));
    own.shown(at(7));
    own.say("x".repeat(10_000));
    using again = open(folder, second);
    return again.cursor;
  }

  test("counts as shown in this one, while that one runs", () => {
    using folder = temporaryFolder();
    expect(secondBegins(folder.path, window)).toEqual(at(7));
  });

  test("counts in a window that goes on, once it comes back to the room", () => {
    using folder = temporaryFolder();
    using own = open(folder.path, window);
    using other = open(folder.path, window);
    own.shown(at(4));
    other.shown(at(4));
    other.shown(at(6));
    expect(own.cursor).toEqual(at(4));
    own.catchUp();
    expect(own.cursor).toEqual(at(6));
    own.shown(at(7));
    own.catchUp();
    expect(own.cursor).toEqual(at(7));
  });

  test("does not count for a program, which gets everything, nor what a program has shown for a window", () => {
    for (const [first, second] of [
      [window, { isWindow: false }],
      [{}, window],
    ] as const) {
      using folder = temporaryFolder();
      expect(secondBegins(folder.path, first, second)).toEqual(at(4));
    }
  });

  test("counts after that one has ended and was started again, as what is in its journal then", () => {
    using folder = temporaryFolder();
    {
      using first = open(folder.path, window);
      using second = open(folder.path, window);
      second.shown(at(1));
      first.shown(at(9));
    }
    using _first = open(folder.path);
    using second = open(folder.path, window);
    expect(second.cursor).toEqual(at(9));
  });

  test("counts for one that is new, which begins there: in the log of the journal that was written last", () => {
    using folder = temporaryFolder();
    using program = open(folder.path);
    program.shown(at(20));
    using first = open(folder.path, window);
    expect(first.cursor).toBeNull();
    first.shown(at(9));
    using second = open(folder.path, window);
    expect(second.cursor).toEqual(at(9));
    second.shown(at(3, "other"));
    const place = roomFolder({ folder: folder.path, serverKey: SERVER_KEY, room: "main" });
    const write = (number: number, seconds: number) =>
      utimesSync(join(place, `device-${number}.jsonl`), seconds, seconds);
    write(2, 1_000);
    write(3, 2_000);
    using third = open(folder.path, window);
    expect(third.cursor).toEqual(at(3, "other"));
    third[Symbol.dispose]();
    rmSync(join(place, "device-4.jsonl"));
    write(2, 3_000);
    using again = open(folder.path, window);
    expect(again.cursor).toEqual(at(9));
    using fresh = open(folder.path);
    expect(fresh.cursor).toBeNull();
  });

  test("means nothing in another log, nor before it", () => {
    using folder = temporaryFolder();
    {
      using first = open(folder.path, window);
      using second = open(folder.path, window);
      using third = open(folder.path, window);
      first.shown(at(9));
      second.shown(at(3, "other"));
      third.shown(at(12));
    }
    using first = open(folder.path, window);
    using second = open(folder.path, window);
    using third = open(folder.path, window);
    expect([first, second, third].map(({ cursor }) => cursor)).toEqual([
      at(12),
      at(3, "other"),
      at(12),
    ]);
  });
});

test("how far a room was read is what the window with the newest entry of the log has shown", () => {
  using folder = temporaryFolder();
  const readIn = (log: string) =>
    lastRead({ folder: folder.path, serverKey: SERVER_KEY, room: "main" }, log);
  expect(readIn("log")).toBe(0);
  using first = open(folder.path, { isWindow: true });
  using second = open(folder.path, { isWindow: true });
  using program = open(folder.path);
  expect(readIn("log")).toBe(0);
  first.shown(at(9));
  second.shown(at(12));
  second.say("x".repeat(10_000));
  program.shown(at(20));
  expect(readIn("log")).toBe(12);
  second.shown(at(3, "other"));
  expect([readIn("log"), readIn("other"), readIn("unknown")]).toEqual([9, 3, 0]);
  expect(lastRead({ folder: folder.path, serverKey: SERVER_KEY, room: "lunch" }, "log")).toBe(0);
});

describe("what cannot be", () => {
  test("is a folder that is a file", () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    expect(codeOf(() => open(join(folder.path, "file")))).toMatchObject({
      code: "FOLDER_NOT_WRITABLE",
    });
  });

  test.skipIf(process.getuid?.() === 0)("is a folder that may not be written to", () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o500);
    expect(codeOf(() => open(folder.path))).toMatchObject({ code: "FOLDER_NOT_WRITABLE" });
  });

  test.each([
    ["another beginning", '{"said":{"number":0,"text":"a"}}\n', "line 1"],
    ["a line of another kind", '{"id":"abcdefghijklmnopqrstuv","next":0}\n{"x":1}\n', "line 2"],
    ["no JSON", "hello\n", "line 1"],
    ["two beginnings", '{"id":"abcdefghijklmnopqrstuv","next":0}\n'.repeat(2), "line 2"],
  ])("is a journal with %s: it stays as it is", (_, text, where) => {
    using folder = temporaryFolder();
    open(folder.path)[Symbol.dispose]();
    const path = journalIn(folder.path);
    writeFileSync(path, text);
    expect(codeOf(() => open(folder.path))).toMatchObject({
      code: "FILE_NOT_READABLE",
      message: `${path} is damaged: ${where}`,
    });
    expect(readFileSync(path, "utf8")).toBe(text);
    writeFileSync(path, "");
    // Nor was the slot kept.
    open(folder.path)[Symbol.dispose]();
  });
});

test(
  "killed again and again, a program has all that it said, once, under one mark",
  async () => {
    using folder = temporaryFolder();
    const random = seededRandom(5);
    const printed: string[] = [];
    const ids = new Set<string>();
    for (let round = 0; round < rounds(3, 10); round += 1) {
      await using program = start([
        process.execPath,
        join(root, "test/client/say-until-killed.ts"),
        folder.path,
        String(round),
      ]);
      await program.until("stdout", /\nsaid .*\n/);
      await Bun.sleep(random.between(0, 20));
      program.signal("SIGKILL");
      await program.exited;
      // The last line may have been cut.
      for (const line of program.stdout.split("\n").slice(0, -1)) {
        if (line.startsWith("said ")) printed.push(line.slice("said ".length));
      }
      using device = open(folder.path);
      ids.add(device.id);
      const kept = device.unstored.map(({ number, text }) => `${number} ${text}`);
      expect(kept.filter((text) => printed.includes(text))).toEqual(printed);
      const numbers = device.unstored.map(({ number }) => number);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
    expect(ids.size).toBe(1);
  },
  END_TO_END_TIMEOUT,
);
