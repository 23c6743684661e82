import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { helpText } from "../../src/cli/help.ts";
import { PAGE_NAMES } from "../../src/cli/option-table.ts";
import { root } from "../harness/program.ts";

test.each(PAGE_NAMES)("the help of %s fits a screen of 80 by 24 (VT100)", (page) => {
  const lines = helpText(page).split("\n");
  // One row of the 24 is the shell's prompt.
  expect(lines.length).toBeLessThanOrEqual(23);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test("charla --version loads no table, and only --help, the manual and completions load the texts", () => {
  expect(loadedBy("main.ts")).toEqual(["cli/main.ts", "cli/version.ts"]);
  const loaded = loadedBy("process.ts");
  expect(loaded).toContain("cli/option-table.ts");
  expect(loaded.filter((name) => /help|completion|printer/.test(name))).toEqual([]);
});

/** What a file of cli/ imports, and what that imports, by statements that are not for types only. */
function loadedBy(name: string): string[] {
  const loaded = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const imports = readFileSync(path, "utf8").matchAll(
      /^(?:import|export) (?!type )[^;]*?"(\.[^"]+\.ts)"/gm,
    );
    for (const [, specifier = ""] of imports) load(join(dirname(path), specifier));
  };
  load(join(root, "src", "cli", name));
  return Array.from(loaded, (path) => relative(join(root, "src"), path));
}
