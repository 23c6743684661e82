// How wide terminals draw text, kept in a file for the next start.

import { afterAll, beforeAll, expect, test } from "bun:test";
import {
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

import { keptWidths } from "../../src/cli/kept-widths.ts";
import { PROBES } from "../../src/terminal/output/measured-width.ts";

let base: string;
let count = 0;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "charla-widths-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const FLAGS = { flags: new Set<string>() };
const WIDTHS = new Map(PROBES.map((probe) => [probe, 1]));

/** A terminal's environment with a cache folder of its own. */
function terminal(version: string, folder = join(base, `${(count += 1)}`)) {
  const env = { TERM: "xterm-256color", VTE_VERSION: version, XDG_CACHE_HOME: folder };
  const path = join(folder, "charla", "widths.json");
  return { folder, path, kept: () => keptWidths(FLAGS, { env }) };
}

test("the widths of a terminal are there at the next start, and only for that version of it", () => {
  const { folder, path, kept } = terminal("7600");
  expect(kept()?.find()).toBeNull();
  kept()?.keep(WIDTHS);
  expect(kept()?.find()).toEqual(WIDTHS);
  expect(terminal("7601", folder).kept()?.find()).toBeNull();
  expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
  expect(readdirSync(join(folder, "charla"))).toEqual(["widths.json"]);
});

test("a terminal whose version is not known has no widths kept", () => {
  expect(
    keptWidths(FLAGS, { env: { TERM: "xterm-256color", XDG_CACHE_HOME: base } }),
  ).toBeUndefined();
});

test("with --ephemeral nothing is kept", () => {
  const env = { TERM: "xterm-256color", VTE_VERSION: "7600", XDG_CACHE_HOME: base };
  expect(keptWidths({ flags: new Set(["ephemeral"]) }, { env })).toBeUndefined();
});

test("of more than 16 terminals the one that was asked first is forgotten", () => {
  const { folder, path } = terminal("0");
  for (let version = 0; version < 17; version += 1) {
    terminal(`${version}`, folder).kept()?.keep(WIDTHS);
  }
  expect(terminal("0", folder).kept()?.find()).toBeNull();
  expect(terminal("1", folder).kept()?.find()).toEqual(WIDTHS);
  expect(terminal("16", folder).kept()?.find()).toEqual(WIDTHS);
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")))).toHaveLength(16);
});

test.each([
  "",
  "not JSON",
  "null",
  "[1]",
  '"text"',
  '{"xterm-256color  7600 ": 1}',
  "x".repeat(70_000),
])("a file that holds something else is written anew: %.20s", (content) => {
  const { path, kept } = terminal("7600");
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  expect(kept()?.find()).toBeNull();
  kept()?.keep(WIDTHS);
  expect(kept()?.find()).toEqual(WIDTHS);
});

test("columns that no terminal answers, and a probe without them, make the widths unknown", () => {
  for (const wrong of [-1, 1.5, 13, 1e9, Number.NaN, "2"]) {
    const { path, kept } = terminal("7600");
    kept()?.keep(WIDTHS);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/("👍": )1/, `$1${JSON.stringify(wrong)}`));
    expect(readFileSync(path, "utf8")).not.toBe(text);
    expect(kept()?.find()).toBeNull();
  }
  const { kept } = terminal("7600");
  kept()?.keep(new Map([...WIDTHS].slice(1)));
  expect(kept()?.find()).toBeNull();
});

test("a folder that can't be made or written to is no error", () => {
  const { folder, path, kept } = terminal("7600");
  writeFileSync(folder, "a file");
  kept()?.keep(WIDTHS);
  expect(kept()?.find()).toBeNull();
  rmSync(folder);
  mkdirSync(path, { recursive: true });
  kept()?.keep(WIDTHS);
  expect(kept()?.find()).toBeNull();
});

test.skipIf(process.geteuid?.() === 0)("a file that can't be read is no error", () => {
  const { path, kept } = terminal("7600");
  kept()?.keep(WIDTHS);
  chmodSync(path, 0);
  expect(kept()?.find()).toBeNull();
});
