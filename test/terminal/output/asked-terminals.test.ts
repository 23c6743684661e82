// What tmux and screen answer, and whether text is as wide there as their answers say.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Terminal } from "@xterm/headless";

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import { answered, ask } from "../../../src/terminal/output/questions.ts";
import { newFolder } from "../../harness/folder.ts";
import { testWith } from "../../harness/peer-programs.ts";
import { newPerson } from "../../harness/person.ts";
import { openScreen } from "../../harness/screen.ts";

const TEXTS = 1_500;

/** Asks the terminal that `around` opens in tmux; returns its report, and what the screen shows in the end. */
async function reportFrom(around: (command: string) => string, seed: number) {
  using folder = newFolder();
  await using screen = await openScreen(80, 12);
  const program = `'${process.execPath}' '${import.meta.dir}/ask-and-draw.ts' '${folder.path}/report'`;
  screen.type(around(`${program} ${TEXTS} ${seed}`));
  screen.press("Enter");
  await screen.until("the report", () => folder.list().includes("report"));
  const rows = await screen.until("the shell's prompt", (shown) => shown.at(-1) === "$");
  const report: unknown = JSON.parse(folder.read("report"));
  return { report, rows: rows.slice(-2) };
}

testWith(
  ["tmux"],
  "tmux answers, shows nothing of the questions, and draws text as wide as its answers say",
  async () => {
    const { report, rows } = await reportFrom((command) => `clear; ${command}`, 1);
    expect(report).toEqual({
      capabilities: {
        background: null,
        colours: 0,
        styles: false,
        synchronized: false,
        graphemes: false,
        keyboard: false,
        hyperlinks: false,
        title: true,
        clipboard: true,
        notification: null,
        multiplexer: "tmux",
        narrowing: "reflow",
      },
      version: expect.stringMatching(/^tmux /),
      isMeasured: true,
      strays: [],
      wrong: [],
    });
    expect(rows).toEqual(["$"]);
  },
);

testWith(
  ["tmux", "screen"],
  "screen answers what it is asked, and draws text as wide as its answers say",
  async () => {
    const { report, rows } = await reportFrom(
      (command) => `clear; screen -U -c /dev/null sh -c "${command}"; clear`,
      2,
    );
    expect(report).toMatchObject({
      capabilities: { title: true, clipboard: false, multiplexer: "screen", narrowing: "reflow" },
      version: null,
      isMeasured: true,
      strays: [],
      wrong: [],
    });
    expect(rows).toEqual(["$"]);
  },
);

test("xterm.js answers at once what it knows, and shows nothing of the questions", async () => {
  const terminal = new Terminal({ cols: 80, rows: 4, allowProposedApi: true });
  const decoder = createInputDecoder();
  let inquiry = ask({ TERM: "xterm-256color" }, { columns: 80, rows: 4 }, null, 0);
  decoder.expectCursor(inquiry.cursorReports);
  const strays: unknown[] = [];
  terminal.onData((data) => {
    for (const event of decoder.decode(Buffer.from(data), 0)) {
      if (event.type === "answer") inquiry = answered(inquiry, event.answer);
      else strays.push(event);
    }
  });
  await new Promise<void>((resolve) => terminal.write(`$ charla\r\n${inquiry.sequence}`, resolve));
  expect(strays).toEqual([]);
  expect(inquiry).toMatchObject({ open: false, capabilities: { synchronized: true } });
  expect(inquiry.widths?.get("👍🏽")).toBe(2);
  expect(inquiry.widths?.get("❤\ufe0f")).toBe(1);
  const { active } = terminal.buffer;
  const rows = [0, 1, 2, 3].map((row) => active.getLine(row)?.translateToString(true));
  expect(rows).toEqual(["$ charla", "", "", ""]);
  expect([active.cursorX, active.cursorY]).toEqual([0, 1]);
});

test("at 40 columns no key that follows 25 emoji with a skin tone leaves another row", async () => {
  using ana = newPerson();
  await using screen = await openScreen(40, 15, { as: ana });
  const thumb = "👍🏽";
  screen.type("clear; charla --server --port 0 --bind 127.0.0.1");
  screen.press("Enter");
  await screen.until("the room", (rows) => / ok(?: |$)/.test(rows.at(-1) ?? ""));
  screen.paste(thumb.repeat(25));
  // tmux draws each four columns wide; the prompt and the indent take two.
  const typed = [`> ${thumb.repeat(9)}`, `  ${thumb.repeat(9)}`, `  ${thumb.repeat(7)}`];
  const pasted = await screen.until("the emoji", (rows) => rows.at(-2) === typed[2]);
  expect(pasted.slice(-4, -1)).toEqual(typed);
  for (const key of "abcdefgh") screen.type(key);
  const after = await screen.until(
    "the keys",
    (rows) => rows.at(-2)?.endsWith("abcdefgh") === true,
  );
  expect(after).toEqual([...pasted.slice(0, -2), `${typed[2]}abcdefgh`, ...pasted.slice(-1)]);
  expect((await screen.cursor()).column).toBe(2 + 7 * 4 + 8);
  // tmux says its version, so it is asked only once.
  const kept: unknown = JSON.parse(
    readFileSync(join(ana.env.XDG_CACHE_HOME, "charla", "widths.json"), "utf8"),
  );
  expect(Object.values(kept ?? {})).toEqual([
    expect.objectContaining({ [thumb]: 4, "❤\ufe0f": 1 }),
  ]);
});
