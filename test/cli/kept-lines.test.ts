// The lines that a person has typed, kept in files for the next start.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { keptLines, openKeptLines } from "../../src/cli/kept-lines.ts";
import { readCommandLine } from "../../src/cli/options.ts";

let base: string;
let count = 0;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "charla-lines-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const newFolder = () => join(base, `${(count += 1)}`);
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** The lines of a folder, and what was reported. */
function openIn(folder: string) {
  const failures: string[] = [];
  return { ...openKeptLines(folder, ({ message }) => failures.push(message)), failures };
}

describe("lines that were typed", () => {
  test("are there at the next start, in their order, with the newlines in them", () => {
    const folder = newFolder();
    const { lines, keep } = openIn(folder);
    expect(lines).toEqual([]);
    for (const line of ["one", "two\nlines", 'quoted "日本" \u0007', "one"]) keep(line);
    expect(openIn(folder)).toMatchObject({
      lines: ["one", "two\nlines", 'quoted "日本" \u0007', "one"],
      failures: [],
    });
  });

  test("can be read by nobody else", () => {
    const folder = newFolder();
    openIn(folder).keep("one");
    expect(modeOf(folder)).toBe("700");
    expect(modeOf(join(folder, "1.jsonl"))).toBe("600");
    chmodSync(join(folder, "1.jsonl"), 0o644);
    openIn(folder);
    expect(modeOf(join(folder, "1.jsonl"))).toBe("600");
  });

  test("of several windows at once are all kept", () => {
    const folder = newFolder();
    const [one, other] = [openIn(folder), openIn(folder)];
    for (let number = 0; number < 20; number += 1) {
      one.keep(`one ${number}`);
      other.keep(`other ${number}`);
    }
    const { lines } = openIn(folder);
    expect(lines).toHaveLength(40);
    expect(lines.slice(0, 3)).toEqual(["one 0", "other 0", "one 1"]);
  });

  test("are bounded: the newest 1,000 come back, and files stay small", () => {
    const folder = newFolder();
    const { keep } = openIn(folder);
    for (let number = 0; number < 1_200; number += 1) keep(`line ${number}`);
    const { lines } = openIn(folder);
    expect(lines).toHaveLength(1_000);
    expect(lines[0]).toBe("line 200");
    const long = "x".repeat(60_000);
    for (let number = 0; number < 40; number += 1) keep(`${number} ${long}`);
    keep("y".repeat(100_000));
    const names = readdirSync(folder).toSorted();
    expect(names).toHaveLength(2);
    const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThan(1_250_000);
    const after = openIn(folder);
    expect(after.failures).toEqual([]);
    expect(after.lines.at(-1)).toStartWith("39 xxx");
    expect(after.lines.length).toBeGreaterThan(8);
  });

  test("are kept by windows that find the file full at the same time", () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, "1.jsonl"), `${JSON.stringify("x".repeat(50_000))}\n`.repeat(11));
    const [one, other] = [openIn(folder), openIn(folder)];
    one.keep("one");
    other.keep("other");
    one.keep("two");
    expect(openIn(folder).lines.slice(-4)).toEqual(["x".repeat(50_000), "one", "other", "two"]);
    expect(readFileSync(join(folder, "2.jsonl"), "utf8")).toBe('"one"\n"other"\n"two"\n');
  });
});

describe("a file", () => {
  test("with a damaged line gives the others", () => {
    const folder = newFolder();
    openIn(folder).keep("one");
    appendFileSync(join(folder, "1.jsonl"), '"cut o');
    openIn(folder).keep("two");
    expect(openIn(folder)).toMatchObject({ lines: ["one", "two"], failures: [] });
  });

  test.each([
    ["that holds something else", (path: string) => writeFileSync(path, "one\ntwo\n")],
    ["that is a folder", (path: string) => mkdirSync(path)],
    ["that is far too long", (path: string) => writeFileSync(path, "x".repeat(2_000_000))],
  ])("%s is reported once, and left alone", (_what, damage) => {
    const folder = newFolder();
    mkdirSync(folder);
    const path = join(folder, "1.jsonl");
    damage(path);
    const size = statSync(path).size;
    const { lines, keep, failures } = openIn(folder);
    expect(lines).toEqual([]);
    keep("one");
    keep("two");
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(path);
    expect(failures[0]).toEndWith("lines that you type are not kept");
    expect(statSync(path).size).toBe(size);
  });

  test("that can't be written is reported once, and typing goes on", () => {
    const folder = newFolder();
    writeFileSync(folder, "a file in the way");
    const { lines, keep, failures } = openIn(folder);
    expect(lines).toEqual([]);
    expect(failures).toEqual([]);
    keep("one");
    keep("two");
    expect(failures).toHaveLength(1);
    expect(failures[0]).toStartWith(`cannot write to ${folder}`);
  });
});

function isKept(args: readonly string[], { isTTY }: { isTTY: boolean }): boolean {
  const io = { stdin: Object.assign(new PassThrough(), { isTTY }), env: { XDG_DATA_HOME: base } };
  return keptLines(readCommandLine(args), io, () => {}) !== undefined;
}

describe("no lines are kept", () => {
  test.each(["--no-line-history", "--no-log", "--ephemeral", "--json"])("with %s", (option) => {
    expect(isKept([option], { isTTY: true })).toBe(false);
  });

  test("in a pipe", () => {
    expect(isKept([], { isTTY: false })).toBe(false);
    expect(isKept([], { isTTY: true })).toBe(true);
  });
});
