// What tmux and screen answer, and whether text is as wide there as their answers say.

import { expect, test } from "bun:test";

import { newFolder } from "../../harness/folder.ts";
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

test("tmux answers, shows nothing of the questions, and draws text as wide as its answers say", async () => {
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
});

test.skipIf(Bun.which("screen") === null)(
  "screen answers what it is asked, and draws text as wide as its answers say",
  async () => {
    const { report, rows } = await reportFrom(
      (command) => `clear; screen -U -c /dev/null sh -c "${command}"; clear`,
      2,
    );
    expect(report).toMatchObject({
      capabilities: { title: true, clipboard: false, multiplexer: "screen", narrowing: "cut" },
      version: null,
      isMeasured: true,
      strays: [],
      wrong: [],
    });
    expect(rows).toEqual(["$"]);
  },
);
