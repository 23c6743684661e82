// The simplest scene: a line being typed, a status line, and text above them, broken at the window's edge.

import { displayWidth } from "../../../src/terminal/display-width.ts";
import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { type Row, type Size, span } from "../../../src/terminal/rows.ts";
import type { Emulator } from "../../harness/emulators.ts";
import { breakText, createRandomText } from "./random-text.ts";
import type { Scene } from "./scene.ts";

const MAX_DRAFT = 120;

export function createScribbledScene(
  emulator: Emulator,
  random: (below: number) => number,
  start: Size,
): Scene {
  const someText = createRandomText(random, emulator, false);
  // A row that fills the window is broken as soon as that becomes narrower.
  const leavesLastColumn = random(2) === 0;
  let size = start;
  let draft = "";
  let cursor = 0;
  let status = "main  ana, ben  ok";
  let unprinted: Row[] = [];

  function print(text: string): void {
    for (const row of breakText(text, size.columns)) unprinted.push([span(row)]);
  }

  function say(): void {
    print(someText(1 + random(random(8) === 0 ? 400 : 60)));
  }

  return {
    capabilities: { ...PLAIN, narrowing: emulator.narrowing },
    resize(to) {
      size = to;
    },
    frame() {
      const columns = leavesLastColumn ? size.columns - 1 : size.columns;
      const rows = breakText(`> ${draft}`, columns);
      let [row, column] = [0, 2];
      for (const [index, text] of breakText(`> ${draft.slice(0, cursor)}`, columns).entries()) {
        [row, column] = [index, displayWidth(text)];
      }
      if (column === size.columns) [row, column] = [row + 1, 0];
      if (row === rows.length) rows.push("");
      // At most the window's rows: the last ones, with the cursor.
      const bound = Math.max(1, size.rows - 1);
      const first = Math.max(0, Math.min(row, rows.length - bound));
      const live = rows.slice(first, first + bound).map((text) => [span(text)]);
      if (size.rows > 1) live.push([span(breakText(status, columns)[0] ?? "")]);
      return { settled: unprinted, live, cursor: { row: row - first, column } };
    },
    drawn() {
      unprinted = [];
    },
    step() {
      const kind = random(20);
      if (kind < 2) {
        for (let count = 1 + random(3); count > 0; count -= 1) say();
        return "messages";
      }
      if (kind === 2) {
        print(`> ${draft}`);
        [draft, cursor] = ["", 0];
        return "enter";
      }
      if (kind === 3) {
        status = `main  ${someText(random(40)).trim()}`;
        return "status";
      }
      if (kind === 4) {
        cursor = random(draft.length + 1);
        return "move";
      }
      if (kind === 5) {
        draft = draft.slice(0, Math.max(0, cursor - 1)) + draft.slice(cursor);
        cursor = Math.max(0, cursor - 1);
        return "backspace";
      }
      const added = someText(random(12) === 0 ? 40 : 1);
      if (draft.length > MAX_DRAFT) return "nothing";
      draft = draft.slice(0, cursor) + added + draft.slice(cursor);
      cursor += added.length;
      return "type";
    },
    fill() {
      for (let row = 0; row < size.rows; row += 1) unprinted.push([span(`before ${row}`)]);
    },
    say,
    beginLine(length) {
      draft = someText(length).slice(0, length);
      cursor = draft.length;
    },
    expectCursor() {},
    positions: (answers) =>
      Array.from(answers.matchAll(/\[(\d+);(\d+)R/g), ([, row, column]) => ({
        row: Number(row),
        column: Number(column),
      })),
  };
}
