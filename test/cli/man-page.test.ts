import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { manPage } from "../../scripts/man-page.ts";
import { COMMANDS as TYPED } from "../../src/chat/commands.ts";
import { bashScript } from "../../src/cli/completion/bash.ts";
import { fishScript } from "../../src/cli/completion/fish.ts";
import { zshScript } from "../../src/cli/completion/zsh.ts";
import { PAGES } from "../../src/cli/help-pages.ts";
import { helpText } from "../../src/cli/help.ts";
import { optionsOf, PAGE_NAMES, type PageName } from "../../src/cli/option-table.ts";
import { newFolder } from "../harness/folder.ts";
import { testWith } from "../harness/peer-programs.ts";
import { root, run, runCharla } from "../harness/program.ts";

const page = manPage("1.2.3", new Date(Date.UTC(2026, 10, 28)));
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(join(root, "src", path), "utf8"));

function found(patterns: readonly RegExp[]): string[] {
  const names = sources.flatMap((text) =>
    patterns.flatMap((pattern) => Array.from(text.matchAll(pattern), ([, name = ""]) => name)),
  );
  return [...new Set(names)].toSorted();
}

describe("the man page and --help are of the one table", () => {
  test.each(PAGE_NAMES)(
    "the help of %s has each of its options but rare ones, in one form at least",
    (name) => {
      // What has no row of its own stands in the list of commands: --server, and where an invitation is read from.
      const help = helpText(name);
      const missing = optionsOf(name).filter(([option, { short, rare }]) => {
        if (rare === true) return false;
        const forms = short === undefined ? `--${option}` : `(?:--${option}|-${short})`;
        return !new RegExp(`(?<![\\w-])${forms.replaceAll(".", "\\.")}(?![\\w-])`).test(help);
      });
      expect(missing.map(([option]) => option)).toEqual([]);
    },
  );

  test.each(PAGE_NAMES)("the man page has each option of %s, in all its forms", (name) => {
    const section = sectionOf(name);
    const missing = optionsOf(name).filter(([option, { short }]) => {
      const head = short === undefined ? `.It Fl -${option}` : `.It Fl ${short} , Fl -${option}`;
      return !section.some((line) => line === head || line.startsWith(`${head} `));
    });
    expect(missing.map(([option]) => option)).toEqual([]);
  });

  test("the man page has every command, and in a conversation every command that is typed", () => {
    for (const name of PAGE_NAMES) expect(sectionOf(name).length).toBeGreaterThan(3);
    const written = page.match(/^\.It Ic \/\w+/gm) ?? [];
    expect([...written]).toEqual(TYPED.map(({ name }) => `.It Ic /${name}`));
  });

  test("charla --help lists every command", () => {
    const list = helpText("chat");
    for (const name of PAGE_NAMES) {
      for (const [written] of PAGES[name].listed) expect(list).toContain(`charla ${written}`);
    }
  });
});

/** The lines of a command's part of the man page. */
function sectionOf(name: PageName): string[] {
  const title = name === "chat" ? "charla" : `charla ${name === "server" ? "\\-\\-server" : name}`;
  const [, rest = ""] = page.split(`\n.Ss ${title}\n`);
  return rest.split(/^\.S[sh] /m, 1)[0]?.split("\n") ?? [];
}

test("the man page has every environment variable that the program reads", () => {
  const variables = found([
    /\b(?:env|environment)\["([A-Z_]+)"\]/g,
    /"((?:XDG|CHARLA)_[A-Z_]+)"/g,
    // The list in the manual of a set of variables, such as those of terminals.
    /"([A-Z]+(?:_[A-Z]+)*_(?:ID|PANE|DIR|SESSION|VERSION))"/g,
  ]);
  const destructured = sources
    .flatMap(
      (text) =>
        text.match(/\{[^{}]*\}(?=:? ?(?:=\s*)?(?:TerminalEnvironment|environment;))/g) ?? [],
    )
    .flatMap((names) => names.match(/\b[A-Z][A-Z_]{3,}\b/g) ?? []);
  const all = new Set([...variables, ...destructured]);
  // Set by charla for a program that it starts itself.
  all.delete("CHARLA_DETACHED");
  // The names of error codes that look like one.
  all.delete("OTHER_VERSION");
  expect(all.size).toBeGreaterThan(20);
  const described = new Set(page.match(/^\.It Ev .*$/gm)?.flatMap((line) => line.split(/[ ,]+/)));
  expect([...all].filter((name) => !described.has(name))).toEqual([]);
});

test("the man page has every file that the program leaves in its folders", () => {
  const names = found([
    /^(?:export )?const (?:FILE_NAME|STORE|LOCK|LOG|INVITATION_FOR_OTHERS) = "([a-z.-]+)";/gm,
    /\bjoin\((?:folder|\w+Folder\([\w.]*\)), "([a-z.-]+)"\)/g,
  ]).filter((name) => name !== "message.txt");
  expect(names).toContain("known-servers");
  expect(names).toContain("widths.json");
  expect(names.length).toBeGreaterThan(10);
  const files = page.slice(page.indexOf(".Sh FILES"), page.indexOf(".Sh EXIT STATUS"));
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(files))).toEqual([]);
});

test("the keys of the man page are those of docs/terminal.md", () => {
  const documented = readFileSync(join(root, "docs", "terminal.md"), "utf8").replaceAll("\\", "");
  const table = Array.from(documented.matchAll(/^\| ([^|]+?) +\|/gm), ([, keys = ""]) => keys);
  const section = page.slice(page.indexOf(".Sh KEYS"), page.indexOf(".Sh ENVIRONMENT"));
  const keys = Array.from(section.matchAll(/^\.It Sy (.*)$/gm), ([, names = ""]) =>
    names.split(" , "),
  );
  expect(keys.length).toBeGreaterThan(10);
  const isDocumented = (key: string) => table.some((names) => names.split(", ").includes(key));
  expect(keys.flat().filter((key) => !isDocumented(key))).toEqual([]);
});

test("the man page has the exit statuses of docs/errors.md", () => {
  const errors = readFileSync(join(root, "docs", "errors.md"), "utf8");
  const statuses = Array.from(errors.matchAll(/^\| (\d+) +\|/gm), ([, status]) => `.It ${status}`);
  expect(statuses.length).toBeGreaterThanOrEqual(5);
  const section = page.slice(page.indexOf(".Sh EXIT STATUS"), page.indexOf(".Sh EXAMPLES"));
  expect([...(section.match(/^\.It \d+$/gm) ?? [])]).toEqual(statuses);
});

test("the man page has the version and the day it is given, and nothing of this machine", () => {
  expect(page).toContain('\n.Dd November 28, 2026\n.Dt CHARLA 1\n.Os "charla 1.2.3"\n');
  expect(page).not.toContain(root);
  expect(page).not.toContain("undefined");
});

testWith(["mandoc"], "mandoc finds nothing to warn of in the man page", async () => {
  using folder = newFolder();
  folder.write("charla.1", page);
  const { stdout, stderr } = await run(
    ["mandoc", "-Tlint", "-Wwarning", join(folder.path, "charla.1")],
    { env: { LC_ALL: "C.UTF-8" } },
  );
  // What it says on stderr is of the machine's other manuals.
  expect(stdout).toBe("");
  expect(stderr).not.toContain("charla.1");
});

testWith(["mandoc"], "the man page fits a terminal of 80 columns", async () => {
  using folder = newFolder();
  folder.write("charla.1", page);
  const options = ["-Tascii", "-Owidth=78,indent=5", join(folder.path, "charla.1")];
  const { stdout } = await run(["mandoc", ...options]);
  // Bold and italics are written as overstrikes.
  const lines = stdout.replaceAll(/.[\b]/g, "").split("\n");
  expect(lines.length).toBeGreaterThan(300);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines).toContain("     -p, --port N");
  expect(lines).toContain("     --reply[=TEXT]");
});

test("scripts/man-page.ts writes the page, and the scripts that charla completion prints", async () => {
  using folder = newFolder();
  const manual = join(folder.path, "manual");
  const script = join(root, "scripts", "man-page.ts");
  const { stderr, status } = await run([process.execPath, script, manual, "1795824000"]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(readFileSync(join(manual, "charla.1"), "utf8")).toContain("\n.Dd November 28, 2026\n");
  const scripts = { bash: bashScript(), zsh: zshScript(), fish: fishScript() };
  const names = { bash: "charla.bash", zsh: "_charla", fish: "charla.fish" };
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const written = readFileSync(join(manual, "completions", names[shell]), "utf8");
    expect(written).toBe(scripts[shell]);
    const printed = await runCharla(["completion", shell]);
    expect(printed).toEqual({ stdout: written, stderr: "", status: 0 });
  }
});
