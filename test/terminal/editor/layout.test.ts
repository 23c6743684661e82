import { describe, expect, test } from "bun:test";

import { displayWidth } from "../../../src/terminal/display-width.ts";
import { type Editing, NOTHING_TYPED, startEditing } from "../../../src/terminal/editor/editing.ts";
import { type EditorLayout, layOutEditor } from "../../../src/terminal/editor/layout.ts";
import type { LineBuffer } from "../../../src/terminal/editor/line-buffer.ts";
import { press } from "../../../src/terminal/editor/line-keys.ts";
import { type Row, rowText, span } from "../../../src/terminal/rows.ts";
import { seeded, someOf } from "../../harness/random.ts";

/** A line written with a bar where its cursor is. */
function at(text: string): LineBuffer {
  return { text: text.replace("|", ""), cursor: text.indexOf("|") };
}

const PROMPT: Row = [span("> ")];

/** Lays out in a window high enough for anything, unless it is said how high. */
function lay(
  line: string | LineBuffer,
  columns: number,
  { prompt = PROMPT, maxRows = 1_000, width = displayWidth } = {},
): EditorLayout {
  const typed = typeof line === "string" ? at(line) : line;
  return layOutEditor({ line: typed, search: null }, { prompt, columns, maxRows, width });
}

/** The text of the rows, and where the cursor is. */
function shown({ rows, cursorRow, cursorColumn }: EditorLayout) {
  return [rows.map(rowText), cursorRow, cursorColumn] as const;
}

/** tmux 3.3a draws a hand with its colour in four columns, and a heart made an emoji in one. */
function tmuxWidth(text: string): number {
  return text === "👍🏽" ? 4 : text === "❤️" ? 1 : displayWidth(text);
}

describe("a line that fits its row", () => {
  test("stands after the prompt, and its cursor where it is", () => {
    expect(shown(lay("|", 10))).toEqual([["> "], 0, 2]);
    expect(shown(lay("abc|", 10))).toEqual([["> abc"], 0, 5]);
    expect(shown(lay("a|bc", 10))).toEqual([["> abc"], 0, 3]);
    expect(shown(lay("|abc", 10))).toEqual([["> abc"], 0, 2]);
  });

  test("stands at the edge without a prompt", () => {
    expect(shown(lay("ab|c", 10, { prompt: [] }))).toEqual([["abc"], 0, 2]);
  });

  test("keeps the styles of the prompt, and is plain itself", () => {
    const prompt: Row = [span("(their turn)", "dim"), span(" > ")];
    expect(lay("abc|", 40, { prompt }).rows).toEqual([
      [span("(their turn)", "dim"), span(" > abc")],
    ]);
  });

  test("takes a column for a narrow character, two for a wide one, none for an accent (UAX #11)", () => {
    expect(shown(lay("日本|", 10))).toEqual([["> 日本"], 0, 6]);
    expect(shown(lay("e\u0301|x", 10))).toEqual([["> e\u0301x"], 0, 3]);
  });

  test("takes two columns for an emoji, of however many code points (UTS #51)", () => {
    expect(shown(lay("👩‍👩‍👧|", 10))).toEqual([["> 👩‍👩‍👧"], 0, 4]);
    expect(shown(lay("🇩🇪|", 10))).toEqual([["> 🇩🇪"], 0, 4]);
    expect(shown(lay("👍🏽|", 10))).toEqual([["> 👍🏽"], 0, 4]);
  });

  test("takes as many columns as this terminal draws, for each grapheme", () => {
    const width = tmuxWidth;
    expect(shown(lay("👍🏽a|", 20, { width }))).toEqual([["> 👍🏽a"], 0, 7]);
    expect(shown(lay("❤️a|", 20, { width }))).toEqual([["> ❤️a"], 0, 4]);
    expect(shown(lay("👍🏽👍🏽|", 9, { width }))).toEqual([["> 👍🏽", "  👍🏽"], 1, 6]);
  });

  test("shows a tab as four columns, wherever it stands", () => {
    expect(shown(lay("\t|a", 10))).toEqual([[">     a"], 0, 6]);
    expect(shown(lay("a\t|", 10))).toEqual([["> a    "], 0, 7]);
  });

  test("shows control characters by their names, as wide as these are", () => {
    expect(shown(lay("a\u001b|b", 10))).toEqual([["> a^[b"], 0, 5]);
    expect(shown(lay("\u202e|", 12))).toEqual([["> \\u{202e}"], 0, 10]);
  });

  test("has its cursor by the logical order of right-to-left letters", () => {
    expect(shown(lay("שלום| a", 20))).toEqual([["> שלום a"], 0, 6]);
    expect(shown(lay("ש|לום", 20))).toEqual([["> שלום"], 0, 3]);
  });
});

describe("a line longer than its row", () => {
  test("is broken at the last column and goes on below its beginning; a cursor at its end has a row", () => {
    expect(shown(lay("abcd|", 7))).toEqual([["> abcd"], 0, 6]);
    expect(shown(lay("abcde|", 7))).toEqual([["> abcde", "  "], 1, 2]);
    expect(shown(lay("abcdef|", 7))).toEqual([["> abcde", "  f"], 1, 3]);
    expect(shown(lay("abcdefghij|", 7))).toEqual([["> abcde", "  fghij", "  "], 2, 2]);
  });

  test("has its cursor before the first character of the next row, not after the last of this", () => {
    expect(shown(lay("abcde|f", 7))).toEqual([["> abcde", "  f"], 1, 2]);
    expect(shown(lay("abcd|ef", 7))).toEqual([["> abcde", "  f"], 0, 6]);
  });

  test("is broken before a wide character that has one column left", () => {
    expect(shown(lay("abc日|", 7))).toEqual([["> abc日", "  "], 1, 2]);
    expect(shown(lay("abcd日|", 7))).toEqual([["> abcd", "  日"], 1, 4]);
    expect(shown(lay("abcd|日", 7))).toEqual([["> abcd", "  日"], 1, 2]);
  });

  test("is not broken inside an emoji, nor between a letter and its accent", () => {
    expect(shown(lay("abcd👩‍👩‍👧|", 7))).toEqual([["> abcd", "  👩‍👩‍👧"], 1, 4]);
    expect(shown(lay("abcde\u0301|", 7))).toEqual([["> abcde\u0301", "  "], 1, 2]);
    expect(shown(lay("abcdefghijklmnopqrste\u0301|", 23))).toEqual([
      ["> abcdefghijklmnopqrste\u0301", "  "],
      1,
      2,
    ]);
  });

  test("is broken before a tab, or a control character's name, that does not fit", () => {
    expect(shown(lay("ab\t|", 7))).toEqual([["> ab", "      "], 1, 6]);
    expect(shown(lay("abcd\u001b|", 7))).toEqual([["> abcd", "  ^["], 1, 4]);
  });

  test("is broken the same wherever its cursor is", () => {
    for (const line of ["|abcdefgh", "abc|defgh", "abcdefgh|"]) {
      expect(lay(line, 7).rows.map(rowText)).toEqual(["> abcde", "  fgh"]);
    }
  });

  test("goes on at the edge, where the prompt would leave less than half of the row", () => {
    const prompt: Row = [span("(their turn) > ")];
    expect(shown(lay("abcdefgh|", 20, { prompt }))).toEqual([
      ["(their turn) > abcde", "fgh"],
      1,
      3,
    ]);
    expect(shown(lay("abcdefgh\ni|", 30, { prompt }))).toEqual([
      ["(their turn) > abcdefgh", "               i"],
      1,
      16,
    ]);
  });
});

describe("a newline", () => {
  test("begins a row below the beginning of the line", () => {
    expect(shown(lay("ab\ncd|", 10))).toEqual([["> ab", "  cd"], 1, 4]);
    expect(shown(lay("ab\n\ncd|", 10))).toEqual([["> ab", "  ", "  cd"], 2, 4]);
    expect(shown(lay("ab\n|", 10))).toEqual([["> ab", "  "], 1, 2]);
  });

  test("has the cursor before it at the end of its row, and after it at the start of the next", () => {
    expect(shown(lay("ab|\ncd", 10))).toEqual([["> ab", "  cd"], 0, 4]);
    expect(shown(lay("ab\n|cd", 10))).toEqual([["> ab", "  cd"], 1, 2]);
  });
});

describe("a line of more rows than the window has", () => {
  const LINE = "one\ntwo\nthree\nfour\nfive";
  const window = (cursor: number, maxRows: number) =>
    shown(lay({ text: LINE, cursor }, 10, { maxRows }));

  test("shows those down to the cursor's when it is at the end", () => {
    expect(window(LINE.length, 3)).toEqual([["  three", "  four", "  five"], 2, 6]);
  });

  test("shows the first when the cursor is there", () => {
    expect(window(0, 3)).toEqual([["> one", "  two", "  three"], 0, 2]);
    expect(window(8, 3)).toEqual([["> one", "  two", "  three"], 2, 2]);
  });

  test("moves along with the cursor", () => {
    expect(window(14, 3)).toEqual([["  two", "  three", "  four"], 2, 2]);
    expect(window(14, 1)).toEqual([["  four"], 0, 2]);
  });

  test("shows all of it in a window that just has the rows", () => {
    expect(window(0, 5)).toEqual([["> one", "  two", "  three", "  four", "  five"], 0, 2]);
    expect(window(LINE.length, 5)[0]).toHaveLength(5);
  });

  test("shows the cursor's row even if it is allowed none", () => {
    expect(window(14, 0)).toEqual([["  four"], 0, 2]);
  });
});

/** Many letters of one column each, which are laid out together. */
const LONG = "the quick brown fox jumps over it";

describe("whatever is typed, in 300 random lines,", () => {
  const ALPHABET = [
    "a",
    "b",
    " ",
    "日",
    "e\u0301",
    "👩‍👩‍👧",
    "🇩🇪",
    "\t",
    "\n",
    "\u001b",
    "é",
    "ש",
    LONG,
  ];
  const cases = Array.from({ length: 300 }, (_, seed) => {
    const random = seeded(seed);
    const pieces = someOf(random, ALPHABET, random(40));
    const before = random(pieces.length + 1);
    const line = { text: pieces.join(""), cursor: pieces.slice(0, before).join("").length };
    return { pieces, before, line, columns: 1 + random(25), maxRows: 1 + random(6) };
  });

  test("no row is wider than the window, and the cursor has a column in it", () => {
    for (const { line, columns } of cases) {
      const { rows, cursorColumn } = lay(line, columns);
      for (const row of rows) expect(displayWidth(rowText(row))).toBeLessThanOrEqual(columns);
      expect(cursorColumn).toBeLessThan(columns);
    }
  });

  test("all of it is shown, in order", () => {
    for (const { pieces, line, columns } of cases) {
      if (columns < 6) continue;
      const visible = pieces.map((piece) => (piece === "\u001b" ? "^[" : piece)).join("");
      const rows = lay(line, columns).rows.map(rowText);
      expect(rows[0]).toStartWith("> ");
      expect(
        rows
          .map((row) => row.slice(2))
          .join("")
          .replaceAll(/\s/g, ""),
      ).toBe(visible.replaceAll(/\s/g, ""));
    }
  });

  test("the cursor stands where the text before it ends", () => {
    for (const { line, columns } of cases) {
      if (columns < 6) continue;
      const whole = lay(line, columns);
      const before = line.text.slice(0, line.cursor);
      const part = lay({ text: before, cursor: line.cursor }, columns);
      const isAtEdge = part.cursorColumn !== whole.cursorColumn;
      if (!isAtEdge) expect(part.cursorRow).toBe(whole.cursorRow);
      // What follows did not fit behind what is before it.
      else expect([whole.cursorRow, whole.cursorColumn]).toEqual([part.cursorRow + 1, 2]);
    }
  });

  test("a low window shows the rows around the cursor, as a high one has them", () => {
    for (const { line, columns, maxRows } of cases) {
      const whole = lay(line, columns);
      const low = lay(line, columns, { maxRows });
      expect(low.rows.length).toBe(Math.min(maxRows, whole.rows.length));
      expect(low.cursorColumn).toBe(whole.cursorColumn);
      expect(low.rows[low.cursorRow]).toEqual(whole.rows[whole.cursorRow] ?? []);
    }
  });
});

describe("in a window too narrow for what cannot be broken", () => {
  test("no row is wider than the window: the prompt", () => {
    const { rows } = lay("abc|", 10, { prompt: [span("(their turn) > ")] });
    expect(rows.map(rowText)).toEqual(["(their tur", "n) > abc"]);
  });

  test("no row is wider than the window: a control character's name", () => {
    expect(shown(lay("\u202e|", 6))).toEqual([["> ", "  \\u{2", "  02e}", "  "], 3, 2]);
  });

  test("a wide letter is shown as a question mark where there is one column", () => {
    expect(shown(lay("日|", 1, { prompt: [] }))).toEqual([["?", ""], 1, 0]);
  });
});

describe("a search", () => {
  const NO_KEY = { name: "", text: "", ctrl: false, meta: false, shift: false };
  /** The editing state once that was searched in these lines. */
  function searching(lines: readonly string[], term: string): Editing {
    const start = lines.length === 0 ? NOTHING_TYPED : startEditing(lines);
    const [first] = press(start, { ...NO_KEY, name: "r", ctrl: true });
    return Array.from(term).reduce(
      (editing, text) => press(editing, { ...NO_KEY, name: text, text })[0],
      first,
    );
  }
  const search = (lines: readonly string[], term: string) =>
    layOutEditor(searching(lines, term), {
      prompt: PROMPT,
      columns: 40,
      maxRows: 10,
      width: displayWidth,
    });

  test("has its term before the line that was found, the match marked and the cursor at it", () => {
    expect(search(["say abcd"], "abc")).toEqual({
      rows: [[span("(search) 'abc': say "), span("abc", "match"), span("d")]],
      cursorRow: 0,
      cursorColumn: 20,
    });
  });

  test("that fails says so, beside the last line that was found", () => {
    expect(shown(search(["say abcd"], "abx"))).toEqual([
      ["(failed search) 'abx': say abcd"],
      0,
      27,
    ]);
    expect(shown(search([], "x"))).toEqual([["(failed search) 'x': "], 0, 21]);
  });

  test("shows control characters in its term by their names", () => {
    expect(shown(search([], "\u202e"))[0]).toEqual(["(failed search) '\\u{202e}': "]);
  });
});

describe("a text of a million characters", () => {
  const MILLION = 1_000_000;
  const ideographs = Array.from({ length: MILLION }, (_, index) =>
    String.fromCharCode(0x4e00 + ((index * 7_919) % 20_000)),
  ).join("");
  const TEXTS: readonly (readonly [what: string, text: string])[] = [
    ["in one row", ideographs],
    ["in very many rows", ideographs.replaceAll(/..../g, "$&\n")],
    ["of emoji", "👩‍👩‍👧👍🏽🇩🇪".repeat(MILLION / 20)],
    ["of letters with many marks", `e${"\u0301".repeat(49)}`.repeat(MILLION / 50)],
  ];

  for (const [what, text] of TEXTS) {
    test(`${what} is measured only near the cursor`, () => {
      let measured = 0;
      const width = (part: string) => {
        measured += part.length;
        return 2;
      };
      for (const cursor of [0, MILLION / 2, text.length]) {
        measured = 0;
        const { rows, cursorRow } = lay({ text, cursor }, 80, { maxRows: 16, width });
        expect(rows[cursorRow]).toBeDefined();
        expect(measured).toBeLessThan(30_000);
      }
    });
  }

  test("shows the same rows wherever the cursor is in them", () => {
    const text = ideographs.slice(0, 20_000);
    const rowsAt = (cursor: number) =>
      lay({ text, cursor }, 80, { maxRows: 16 }).rows.map(rowText).join("\n");
    // Nothing of the text is lost where its pieces meet.
    for (let cursor = 0; cursor <= text.length; cursor += 97) {
      const rows = rowsAt(cursor).replaceAll(/[\s>]/g, "");
      expect(text).toContain(rows);
      const end = text.indexOf(rows) + rows.length;
      expect(end).toBeGreaterThanOrEqual(cursor);
    }
  });

  test("is broken behind 4,096 characters of a row, and between two emoji", () => {
    const emoji = "👩‍👩‍👧".repeat(1_000);
    const { rows } = lay({ text: emoji, cursor: emoji.length }, 80);
    expect(rows.map(rowText).join("").replaceAll(/[\s>]/g, "")).toBe(emoji);
    const short = rows.slice(1, -1).filter((row) => rowText(row).length < 2 + 38 * 8);
    expect(short).toHaveLength(1);
  });
});
