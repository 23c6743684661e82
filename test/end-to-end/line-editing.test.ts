// What only a real terminal shows of the line being typed: Ctrl-S in spite of flow control, an editor of the person's own,
// and lines that are there at the next start.

import { expect } from "bun:test";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { openScreen, type Screen } from "../harness/screen.ts";

const COLUMNS = 100;
const CHARLA = "charla --server --port 0 --bind 127.0.0.1 -n ana";

function enter(screen: Screen, line: string): void {
  screen.type(line);
  screen.press("Enter");
}

/** Waits until the line being typed, with its prompt, is this. */
async function lineIs(screen: Screen, line: string): Promise<void> {
  await screen.until(line, (rows) => rows.some((row) => row.trimEnd() === line));
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

testWith(
  ["tmux"],
  "lines are searched with Ctrl-R and Ctrl-S, kept for the next start where only their owner can read them, or not kept",
  async () => {
    using ana = newPerson();
    await using screen = await openScreen(COLUMNS, 20, { as: ana });
    enter(screen, `clear; ${CHARLA}; echo status=$?`);
    await lineIs(screen, ">");
    expect(await screen.settings()).toContain("-ixon");
    for (const line of ["first line", "second line", " not kept"]) enter(screen, line);
    await screen.until("the last line", (rows) => rows.some((row) => row.endsWith("not kept")));

    screen.press("C-r");
    screen.type("line");
    await lineIs(screen, "(search) 'line': second line");
    screen.press("C-r");
    await lineIs(screen, "(search) 'line': first line");
    screen.press("C-s");
    await lineIs(screen, "(search forward) 'line': second line");
    screen.press("C-g");
    await lineIs(screen, ">");
    // tmux sends it as ESC and the character, which begins an APC too.
    screen.press("M-_");
    screen.type(" and on");
    await lineIs(screen, "> kept and on");
    screen.press("C-c", "C-d");
    await screen.until("the end", (rows) => rows.includes("status=0"));

    const kept = join(ana.data, "typed-lines");
    expect(modeOf(kept)).toBe("700");
    expect(readdirSync(kept).map((name) => [name, modeOf(join(kept, name))])).toEqual([
      ["1.jsonl", "600"],
    ]);

    enter(screen, `clear; ${CHARLA}; echo status=$?`);
    await lineIs(screen, ">");
    screen.press("Up");
    await lineIs(screen, "> second line");
    screen.press("Up");
    await lineIs(screen, "> first line");
    screen.press("C-c", "C-d");
    await screen.until("the end", (rows) => rows.includes("status=0"));

    enter(screen, `clear; ${CHARLA} --no-line-history; echo status=$?`);
    await lineIs(screen, ">");
    screen.press("Up");
    screen.type("none");
    await lineIs(screen, "> none");
    screen.press("C-c", "C-d");
    await screen.until("the end", (rows) => rows.includes("status=0"));
  },
);

testWith(
  ["tmux"],
  "Ctrl-X Ctrl-E opens an editor on the terminal as it was, and the text it leaves is edited on and sent",
  async () => {
    using ana = newPerson();
    await using screen = await openScreen(COLUMNS, 24, { as: ana });
    const editor = join(ana.config, "editor");
    mkdirSync(ana.config, { recursive: true });
    writeFileSync(
      editor,
      [
        "#!/bin/sh",
        'stty -a | grep -q -- "-icanon" && echo raw || echo "in lines"',
        'stat -c "mode %a" "$1"; sed "s/^/was: /" "$1"',
        "read answer",
        'printf "%s\\nand more\\n" "$answer" > "$1"',
      ].join("\n"),
      { mode: 0o755 },
    );
    enter(
      screen,
      `clear; export EDITOR='${editor}' TMPDIR='${ana.config}'; unset VISUAL; ${CHARLA}; echo status=$?`,
    );
    await lineIs(screen, ">");
    screen.type("draft");
    screen.press("C-x", "C-e");
    await screen.until("the editor", (rows) => rows.includes("was: draft"));
    expect(await screen.rows()).toContain("in lines");
    expect(await screen.rows()).toContain("mode 600");
    enter(screen, "from the editor");
    await screen.until("the text", (rows) => rows.includes("> from the editor"));
    await lineIs(screen, "  and more");
    enter(screen, "!");
    await screen.until("the message", (rows) =>
      rows.some((row) => row.endsWith("ana from the editor")),
    );
    await screen.until("its second row", (rows) =>
      rows.some((row) => /^ {6,}and more!$/.test(row)),
    );

    // In the editor Ctrl-C is the editor's.
    screen.type("kept");
    screen.press("C-x", "C-e");
    await screen.until("the editor", (rows) => rows.includes("was: kept"));
    screen.press("C-c");
    // On one row or two: the editor's path may be long.
    await screen.until("what failed", (rows) => /failed\s+\(SIGINT\)/.test(rows.join("\n")));
    await lineIs(screen, "> kept");
    screen.press("C-c", "C-d");
    await screen.until("the end", (rows) => rows.includes("status=0"));
    expect(readdirSync(ana.config).filter((name) => name.startsWith("charla-edit-"))).toEqual([]);
  },
);
