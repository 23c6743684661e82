// An invitation that is wider than the window is one line of the terminal, and so is copied as one.

import { expect, test } from "bun:test";

import { displayWidth as width } from "../../../src/terminal/display-width.ts";
import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { createTheme } from "../../../src/terminal/output/theme.ts";
import { createWriter } from "../../../src/terminal/output/writer.ts";
import { span } from "../../../src/terminal/rows.ts";
import { itemRows } from "../../../src/terminal/view/item-rows.ts";
import { type Emulator, openTmux, openXterm } from "../../harness/emulators.ts";
import { testWith } from "../../harness/peer-programs.ts";

const invitation = `charla://192.0.2.1:12345/main#${"K".repeat(43)}.${"S".repeat(23)}`;
/** Letters of what is copied: an even number. */
const LENGTH = `charla ${invitation}`.length;

async function printOn(emulator: Emulator, columns: number, rows: number): Promise<void> {
  const capabilities = { ...PLAIN, colours: 256, styles: true, hyperlinks: true } as const;
  const size = { columns, rows };
  const terminal = {
    write: (text: string) => emulator.write(text),
    size: () => size,
    askCursor() {},
  };
  const writer = createWriter(terminal, createTheme(capabilities), () => capabilities);
  const item = { type: "invitation", invitation, page: null, code: "none" } as const;
  const settled = itemRows(item, { columns, rows, nameColumns: 1, width, drawsCodes: false });
  const live = [[span("> typing")], [span(" main ")]];
  const cursor = { row: 0, column: 8 };
  writer.draw({ settled: [], live, cursor }, size, 0);
  writer.draw({ settled, live, cursor }, size, 0);
  await emulator.settle();
}

const expected = ["-- invite with:", `charla ${invitation}`, "> typing", " main"];

// Also where the line fills its rows.
test.each([LENGTH, LENGTH / 2, 80, 42, 20])("in xterm.js of %d columns", async (columns) => {
  const size = { columns, rows: 12 };
  await using emulator = openXterm({ ...size, onAnswer() {} }, "above-cursor");
  await printOn(emulator, size.columns, size.rows);
  const { lines } = await emulator.held();
  expect(lines.filter((line) => line !== "")).toEqual(expected);
});

testWith(["tmux", "ncat"], "in tmux of 42 columns", async () => {
  await using emulator = await openTmux({ columns: 42, rows: 12, onAnswer() {} });
  await printOn(emulator, 42, 12);
  const { lines } = await emulator.held();
  expect(lines.filter((line) => line !== "")).toEqual(expected);
});
