import { describe, expect, test } from "bun:test";

import type { LineBuffer } from "../../../src/terminal/editor/line-buffer.ts";
import {
  type Layout,
  layOutEditor,
  layOutEntered,
  layOutLine,
  layOutPending,
  rowsAboveCursor,
} from "../../../src/terminal/editor/renderer-layout.ts";
import { seeded, someOf } from "../../harness/random.ts";

/** A line written with a bar where its cursor is. */
function at(text: string): LineBuffer {
  return { text: text.replace("|", ""), cursor: text.indexOf("|") };
}

/** Lays out after the prompt "> " in a window high enough for anything. */
const lay = (line: string, columns: number) => layOutLine("> ", at(line), columns, 1_000);

const layout = (rows: string[], cursorRow: number, cursorColumn: number): Layout => ({
  rows,
  cursorRow,
  cursorColumn,
});

describe("a line that fits its row", () => {
  test("stands after the prompt, and its cursor where it is", () => {
    expect(lay("|", 10)).toEqual(layout(["> "], 0, 2));
    expect(lay("abc|", 10)).toEqual(layout(["> abc"], 0, 5));
    expect(lay("a|bc", 10)).toEqual(layout(["> abc"], 0, 3));
    expect(lay("|abc", 10)).toEqual(layout(["> abc"], 0, 2));
  });

  test("stands at the edge without a prompt", () => {
    expect(layOutLine("", at("ab|c"), 10, 10)).toEqual(layout(["abc"], 0, 2));
  });

  test("takes a column for a narrow character, two for a wide one, none for an accent (UAX #11)", () => {
    expect(lay("日本|", 10)).toEqual(layout(["> 日本"], 0, 6));
    expect(lay("e\u0301|x", 10)).toEqual(layout(["> e\u0301x"], 0, 3));
  });

  test("takes two columns for an emoji, of however many code points (UTS #51)", () => {
    expect(lay("👩‍👩‍👧|", 10)).toEqual(layout(["> 👩‍👩‍👧"], 0, 4));
    expect(lay("🇩🇪|", 10)).toEqual(layout(["> 🇩🇪"], 0, 4));
    expect(lay("👍🏽|", 10)).toEqual(layout(["> 👍🏽"], 0, 4));
  });

  test("shows a tab as four columns, wherever it stands", () => {
    expect(lay("\t|a", 10)).toEqual(layout([">     a"], 0, 6));
    expect(lay("a\t|", 10)).toEqual(layout(["> a    "], 0, 7));
  });

  test("shows control characters by their names, as wide as these are", () => {
    expect(lay("a\u001b|b", 10)).toEqual(layout(["> a^[b"], 0, 5));
    expect(lay("\u202e|", 12)).toEqual(layout(["> \\u{202e}"], 0, 10));
  });
});

describe("a line longer than its row", () => {
  test("is broken at the last column, and the cursor at its end has a row of its own", () => {
    expect(lay("abcd|", 7)).toEqual(layout(["> abcd"], 0, 6));
    expect(lay("abcde|", 7)).toEqual(layout(["> abcde", ""], 1, 0));
    expect(lay("abcdef|", 7)).toEqual(layout(["> abcde", "f"], 1, 1));
    expect(lay("abcdefghijkl|", 7)).toEqual(layout(["> abcde", "fghijkl", ""], 2, 0));
  });

  test("has its cursor before the first character of the next row, not after the last of this", () => {
    expect(lay("abcde|f", 7)).toEqual(layout(["> abcde", "f"], 1, 0));
    expect(lay("abcd|ef", 7)).toEqual(layout(["> abcde", "f"], 0, 6));
  });

  test("is broken before a wide character that has one column left", () => {
    expect(lay("abc日|", 7)).toEqual(layout(["> abc日", ""], 1, 0));
    expect(lay("abcd日|", 7)).toEqual(layout(["> abcd", "日"], 1, 2));
    expect(lay("abcd|日", 7)).toEqual(layout(["> abcd", "日"], 1, 0));
  });

  test("is not broken inside an emoji, nor between a letter and its accent", () => {
    expect(lay("abcd👩‍👩‍👧|", 7)).toEqual(layout(["> abcd", "👩‍👩‍👧"], 1, 2));
    expect(lay("abcde\u0301|", 7)).toEqual(layout(["> abcde\u0301", ""], 1, 0));
  });

  test("is broken before a tab, or a control character's name, that does not fit", () => {
    expect(lay("ab\t|", 7)).toEqual(layout(["> ab", "    "], 1, 4));
    expect(lay("abcd\u001b|", 7)).toEqual(layout(["> abcd", "^["], 1, 2));
  });

  test("is broken the same wherever its cursor is", () => {
    for (const line of ["|abcdefgh", "abc|defgh", "abcdefgh|"]) {
      expect(lay(line, 7).rows).toEqual(["> abcde", "fgh"]);
    }
  });
});

describe("a newline, from a paste,", () => {
  test("begins a row", () => {
    expect(lay("ab\ncd|", 10)).toEqual(layout(["> ab", "cd"], 1, 2));
    expect(lay("ab\n\ncd|", 10)).toEqual(layout(["> ab", "", "cd"], 2, 2));
    expect(lay("ab\n|", 10)).toEqual(layout(["> ab", ""], 1, 0));
  });

  test("has the cursor before it at the end of its row, and after it at the start of the next", () => {
    expect(lay("ab|\ncd", 10)).toEqual(layout(["> ab", "cd"], 0, 4));
    expect(lay("ab\n|cd", 10)).toEqual(layout(["> ab", "cd"], 1, 0));
  });
});

describe("a line of more rows than the window has", () => {
  const LINE = "one\ntwo\nthree\nfour\nfive";
  const window = (cursor: number, maxRows: number) =>
    layOutLine("> ", { text: LINE, cursor }, 10, maxRows);

  test("shows those down to the cursor's when it is at the end", () => {
    expect(window(LINE.length, 3)).toEqual(layout(["three", "four", "five"], 2, 4));
  });

  test("shows the first when the cursor is there", () => {
    expect(window(0, 3)).toEqual(layout(["> one", "two", "three"], 0, 2));
    expect(window(8, 3)).toEqual(layout(["> one", "two", "three"], 2, 0));
  });

  test("moves along with the cursor", () => {
    expect(window(14, 3)).toEqual(layout(["two", "three", "four"], 2, 0));
    expect(window(14, 1)).toEqual(layout(["four"], 0, 0));
  });

  test("shows all of it in a window that just has the rows", () => {
    expect(window(0, 5)).toEqual(layout(["> one", "two", "three", "four", "five"], 0, 2));
    expect(window(LINE.length, 5).rows).toHaveLength(5);
  });
});

describe("the rows above the cursor's", () => {
  test("are those of the layout while the window keeps its width", () => {
    expect(rowsAboveCursor(lay("abc|", 10), 10)).toBe(0);
    expect(rowsAboveCursor(lay("abcdefghijklmnop|", 7), 7)).toBe(2);
    expect(rowsAboveCursor(lay("a|bcdefghijklmnop", 7), 7)).toBe(0);
    expect(rowsAboveCursor(lay("abcde|", 7), 7)).toBe(1);
  });

  test("stay as many when the window becomes wider", () => {
    expect(rowsAboveCursor(lay("abcdefghijklmnop|", 7), 80)).toBe(2);
  });

  test("become more when the window becomes narrower, and the terminal breaks them", () => {
    // Rows of 10, 10 and 2 columns: in 4 columns the first two take 3 rows each.
    const { rows, ...cursor } = lay("abcdefghijklmnopqr01|", 10);
    expect(rows).toEqual(["> abcdefgh", "ijklmnopqr", "01"]);
    expect(rowsAboveCursor({ rows, ...cursor }, 4)).toBe(6);
    expect(rowsAboveCursor({ rows, ...cursor }, 5)).toBe(4);
    expect(rowsAboveCursor({ rows, ...cursor }, 9)).toBe(4);
  });

  test("count those that the cursor's own row was broken into before it", () => {
    expect(rowsAboveCursor(lay("abcdef|gh", 20), 4)).toBe(2);
    expect(rowsAboveCursor(lay("abcdef|gh", 20), 9)).toBe(0);
    expect(rowsAboveCursor(lay("abcdef|gh", 20), 8)).toBe(1);
  });

  test("count an empty row as one", () => {
    expect(rowsAboveCursor(lay("\n\nab|", 10), 4)).toBe(2);
  });

  test("count a wide letter's two columns", () => {
    expect(rowsAboveCursor(lay("日本日本\n|", 20), 6)).toBe(2);
  });

  // A terminal doesn't break a wide letter: "> 日本日本", of 10 columns, takes three rows of 5, "> 日",
  // "本日" and "本".
  test("count the column that a wide letter leaves free at a narrow window's edge", () => {
    expect(rowsAboveCursor(lay("日本日本\n|", 20), 5)).toBe(3);
  });
});

/** What a character of the alphabet is shown as. */
const shown = (piece: string) =>
  piece === "\t" ? "    " : piece === "\u001b" ? "^[" : piece === "\n" ? "" : piece;

describe("whatever is typed, in 300 random lines,", () => {
  const ALPHABET = ["a", "b", " ", "日", "e\u0301", "👩‍👩‍👧", "🇩🇪", "\t", "\n", "\u001b", "é"];
  const WIDTHS = new Map([
    ["日", 2],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["e\u0301", 1],
    ["\t", 4],
    ["\n", 0],
    ["\u001b", 2],
  ]);
  const cases = Array.from({ length: 300 }, (_, seed) => {
    const random = seeded(seed);
    const pieces = someOf(random, ALPHABET, random(40));
    const before = random(pieces.length + 1);
    const line = { text: pieces.join(""), cursor: pieces.slice(0, before).join("").length };
    return { pieces, before, line, columns: 6 + random(20) };
  });

  /** Columns of a row made of the alphabet, by the table above. */
  function columnsOf(row: string): number {
    const wide = row.match(/日|👩‍👩‍👧|🇩🇪/gu) ?? [];
    const rest = row.replaceAll(/日|👩‍👩‍👧|🇩🇪|\u0301/gu, "");
    return wide.reduce((sum, letter) => sum + (WIDTHS.get(letter) ?? 1), rest.length);
  }

  test("no row is wider than the window", () => {
    for (const { line, columns } of cases) {
      for (const row of layOutLine("> ", line, columns, 1_000).rows) {
        expect(columnsOf(row)).toBeLessThanOrEqual(columns);
      }
    }
  });

  test("the rows together are the prompt and the line, once and in order", () => {
    for (const { pieces, line, columns } of cases) {
      const { rows } = layOutLine("> ", line, columns, 1_000);
      expect(rows.join("")).toBe(`> ${pieces.map(shown).join("")}`);
    }
  });

  test("what stands before the cursor on the screen is what stands before it in the line", () => {
    for (const { pieces, before, line, columns } of cases) {
      const { rows, cursorRow, cursorColumn } = layOutLine("> ", line, columns, 1_000);
      const shownBefore = `> ${pieces.slice(0, before).map(shown).join("")}`;
      const above = rows.slice(0, cursorRow).join("");
      expect(shownBefore.startsWith(above)).toBe(true);
      expect(cursorColumn).toBe(columnsOf(shownBefore.slice(above.length)));
      expect(cursorColumn).toBeLessThan(columns);
    }
  });

  test("a low window shows as many rows as it has, the cursor's among them", () => {
    for (const { line, columns } of cases) {
      const whole = layOutLine("> ", line, columns, 1_000);
      const low = layOutLine("> ", line, columns, 3);
      expect(low.rows).toHaveLength(Math.min(3, whole.rows.length));
      expect(low.cursorColumn).toBe(whole.cursorColumn);
      expect(low.rows.at(low.cursorRow)).toBe(whole.rows.at(whole.cursorRow) ?? "");
    }
  });
});

describe("in a window too narrow for what cannot be broken", () => {
  test("no row is wider than the window: the prompt", () => {
    const { rows } = layOutLine("(their turn) > ", at("abc|"), 10, 1_000);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(10);
  });

  test("no row is wider than the window: a control character's name", () => {
    const { rows } = layOutLine("> ", at("\u202e|"), 6, 1_000);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(6);
  });
});

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

describe("lines on their way", () => {
  test("stand in their order, each after its prompt", () => {
    expect(layOutPending("> ", ["one", "two"], 20, 10)).toEqual(["> one", "> two"]);
    expect(layOutPending("(on its way) > ", ["one"], 20, 10)).toEqual(["(on its way) > one"]);
    expect(layOutPending("> ", [], 20, 10)).toEqual([]);
  });

  test("take as many rows as they need, and none for a cursor", () => {
    expect(layOutPending("> ", ["abcdefgh", "日本日本日"], 7, 10)).toEqual([
      "> abcde",
      "fgh",
      "> 日本",
      "日本日",
    ]);
    expect(layOutPending("> ", ["abcde", "x"], 7, 10)).toEqual(["> abcde", "> x"]);
  });

  test("that just fit are all shown", () => {
    expect(layOutPending("> ", numbered(3), 30, 3)).toEqual(["> line 0", "> line 1", "> line 2"]);
  });

  test("that do not fit are counted, the oldest ones", () => {
    expect(layOutPending("> ", numbered(4), 30, 3)).toEqual([
      "… 2 more on their way",
      "> line 2",
      "> line 3",
    ]);
    expect(layOutPending("> ", numbered(1_000), 30, 2)).toEqual([
      "… 999 more on their way",
      "> line 999",
    ]);
    expect(layOutPending("> ", numbered(7), 30, 1)).toEqual(["… 7 more on their way"]);
  });

  test("are not shown in part, except one that is longer than all the space", () => {
    expect(layOutPending("> ", ["one", "abcdefghijkl", "x"], 7, 3)).toEqual(["… 2 mor", "> x"]);
    expect(layOutPending("> ", ["abcdefghijklmnopq"], 7, 2)).toEqual(["> abcde", "fghijkl"]);
    expect(layOutPending("> ", ["abcdefgh", "abcdefghijklmnopq"], 7, 3)).toEqual([
      "… 1 mor",
      "> abcde",
      "fghijkl",
    ]);
  });

  test("are not shown if there is no space at all", () => {
    expect(layOutPending("> ", numbered(3), 30, 0)).toEqual([]);
  });
});

describe("a line that is no longer edited", () => {
  test("is laid out whole, however long, without a row for the cursor", () => {
    expect(layOutEntered("> ", "abcde", 7)).toEqual(["> abcde"]);
    expect(layOutEntered("> ", "abcdefghijkl", 7)).toEqual(["> abcde", "fghijkl"]);
    expect(layOutEntered("> ", "x".repeat(6_999), 7)).toHaveLength(1_001);
  });

  test("shows a newline within as a row, and control characters by their names", () => {
    expect(layOutEntered("> ", "one\n\u001b[2J", 20)).toEqual(["> one", "^[[2J"]);
  });

  test("keeps an empty prompt's one row", () => {
    expect(layOutEntered("", "", 20)).toEqual([""]);
  });
});

describe("the editor at the bottom of the screen", () => {
  const line = { text: "typing", cursor: 3 };
  const typing = { prompt: "> ", line };

  test("is the line being typed, when nothing is on its way", () => {
    expect(layOutEditor({ ...typing, pending: [] }, "> ", 20, 10)).toEqual({
      ...layOutLine("> ", line, 20, 10),
      pendingRows: 0,
    });
  });

  test("is the lines on their way, and below them the one being typed with the cursor", () => {
    expect(layOutEditor({ ...typing, pending: ["one", "two"] }, "> ", 20, 10)).toEqual({
      rows: ["> one", "> two", "> typing"],
      cursorRow: 2,
      cursorColumn: 5,
      pendingRows: 2,
    });
  });

  test("leaves half of the window to the line being typed", () => {
    const layout = layOutEditor({ ...typing, pending: numbered(50) }, "> ", 30, 9);
    expect(layout.rows).toEqual([
      "… 47 more on their way",
      "> line 47",
      "> line 48",
      "> line 49",
      "> typing",
    ]);
    expect(layout.pendingRows).toBe(4);
  });

  test("is only the line being typed in a window of one row", () => {
    expect(layOutEditor({ ...typing, pending: numbered(2) }, "> ", 30, 1).rows).toEqual([
      "> typing",
    ]);
  });

  test("fits its window, whatever is on its way or being typed: 300 random ones", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = seeded(seed);
      const text = (most: number) => someOf(random, ["a", " ", "日", "👩‍👩‍👧"], random(most)).join("");
      const pending = Array.from({ length: random(12) }, () => text(60));
      const typed = text(200);
      const columns = 6 + random(40);
      const rows = 1 + random(20);
      const layout = layOutEditor(
        { ...typing, pending, line: { text: typed, cursor: typed.length } },
        "> ",
        columns,
        rows,
      );
      expect(layout.rows.length).toBeLessThanOrEqual(rows);
      expect(layout.pendingRows).toBeLessThanOrEqual(rows / 2);
      expect(layout.cursorRow).toBeGreaterThanOrEqual(layout.pendingRows);
      expect(layout.cursorRow).toBeLessThan(layout.rows.length);
      for (const row of layout.rows) expect(Bun.stringWidth(row)).toBeLessThanOrEqual(columns);
    }
  });
});
