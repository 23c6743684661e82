import { describe, expect, test } from "bun:test";

import type { LineBuffer } from "../../../src/terminal/editor/line-buffer.ts";
import { type Layout, layOut, rowsAboveCursor } from "../../../src/terminal/editor/line-layout.ts";
import { seeded, someOf } from "../random.ts";

/** A line written with a bar where its cursor is. */
function at(text: string): LineBuffer {
  return { text: text.replace("|", ""), cursor: text.indexOf("|") };
}

/** Lays out after the prompt "> " in a window high enough for anything. */
const lay = (line: string, columns: number) => layOut("> ", at(line), columns, 1_000);

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
    expect(layOut("", at("ab|c"), 10, 10)).toEqual(layout(["abc"], 0, 2));
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
    layOut("> ", { text: LINE, cursor }, 10, maxRows);

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

  // `rowsAboveCursor` divides columns, but a terminal does not break a wide letter: "> 日本日本", of 10
  // columns, takes three rows of 5, "> 日", "本日" and "本".
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
      for (const row of layOut("> ", line, columns, 1_000).rows) {
        expect(columnsOf(row)).toBeLessThanOrEqual(columns);
      }
    }
  });

  test("the rows together are the prompt and the line, once and in order", () => {
    for (const { pieces, line, columns } of cases) {
      const { rows } = layOut("> ", line, columns, 1_000);
      expect(rows.join("")).toBe(`> ${pieces.map(shown).join("")}`);
    }
  });

  test("what stands before the cursor on the screen is what stands before it in the line", () => {
    for (const { pieces, before, line, columns } of cases) {
      const { rows, cursorRow, cursorColumn } = layOut("> ", line, columns, 1_000);
      const shownBefore = `> ${pieces.slice(0, before).map(shown).join("")}`;
      const above = rows.slice(0, cursorRow).join("");
      expect(shownBefore.startsWith(above)).toBe(true);
      expect(cursorColumn).toBe(columnsOf(shownBefore.slice(above.length)));
      expect(cursorColumn).toBeLessThan(columns);
    }
  });

  test("a low window shows as many rows as it has, the cursor's among them", () => {
    for (const { line, columns } of cases) {
      const whole = layOut("> ", line, columns, 1_000);
      const low = layOut("> ", line, columns, 3);
      expect(low.rows).toHaveLength(Math.min(3, whole.rows.length));
      expect(low.cursorColumn).toBe(whole.cursorColumn);
      expect(low.rows.at(low.cursorRow)).toBe(whole.rows.at(whole.cursorRow) ?? "");
    }
  });
});

describe("in a window too narrow for what cannot be broken", () => {
  // `layOut` breaks neither the prompt nor the name of a control character.
  test("no row is wider than the window: the prompt", () => {
    const { rows } = layOut("(their turn) > ", at("abc|"), 10, 1_000);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(10);
  });

  test("no row is wider than the window: a control character's name", () => {
    const { rows } = layOut("> ", at("\u202e|"), 6, 1_000);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(6);
  });
});
