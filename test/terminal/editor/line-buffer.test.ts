import { describe, expect, test } from "bun:test";

import {
  atEnd,
  cut,
  EMPTY,
  insert,
  type LineBuffer,
  moveBlankWordLeft,
  moveLeft,
  moveRight,
  moveToEnd,
  moveToStart,
  moveWordLeft,
  moveWordRight,
  transpose,
} from "../../../src/terminal/editor/line-buffer.ts";
import { splitGraphemes } from "../../../src/terminal/graphemes.ts";
import { seeded, someOf } from "../../harness/random.ts";

const BAR = "|";

/** A line written with a bar where its cursor is: "ab|c". */
function at(text: string): LineBuffer {
  const cursor = text.indexOf(BAR);
  return { text: text.replace(BAR, ""), cursor };
}

/** The same, back. */
function written({ text, cursor }: LineBuffer): string {
  return text.slice(0, cursor) + BAR + text.slice(cursor);
}

/** One user-perceived character each, of more than one code point or UTF-16 unit. */
const GRAPHEMES: [what: string, grapheme: string][] = [
  ["é in two code points", "e\u0301"],
  ["a family of three", "👩‍👩‍👧"],
  ["a flag", "🇩🇪"],
  ["a hand with its colour", "👍🏽"],
  ["a heart made an emoji", "❤️"],
  ["a key cap", "1️⃣"],
  ["a wide letter", "日"],
  ["a syllable of three jamo", "\u1112\u1161\u11ab"],
  ["a letter past the first plane", "𝒳"],
];

test("an empty line has its cursor at its only place", () => {
  expect(EMPTY).toEqual({ text: "", cursor: 0 });
});

test("a recalled line has its cursor at the end", () => {
  expect(written(atEnd("ab日"))).toBe("ab日|");
});

test("text is split into user-perceived characters (UAX #29 s. 3)", () => {
  expect(splitGraphemes("e\u0301日👩‍👩‍👧🇩🇪🇫🇷a")).toEqual(["e\u0301", "日", "👩‍👩‍👧", "🇩🇪", "🇫🇷", "a"]);
  expect(splitGraphemes("")).toEqual([]);
});

describe("insert", () => {
  test.each([
    ["|", "a", "a|"],
    ["ab|", "c", "abc|"],
    ["a|c", "b", "ab|c"],
    ["|bc", "a", "a|bc"],
    ["a|d", "bc", "abc|d"],
    ["日|語", "本", "日本|語"],
    ["a|", "\n", "a\n|"],
  ])("into %p of %p makes %p", (before, added, line) => {
    expect(written(insert(at(before), added))).toBe(line);
  });

  test.each([
    ["an accent, onto the letter before the cursor", "e|x", "\u0301", "e\u0301|x"],
    ["the second half of a flag", "🇩|", "🇪", "🇩🇪|"],
    ["a skin colour", "👍|!", "🏽", "👍🏽|!"],
    ["a joiner that ties both its neighbours into one", "👩|👧", "\u200d", "👩‍👧|"],
    ["the first half of a flag before a second", "|🇪", "🇩", "🇩🇪|"],
  ])("%s, leaves the cursor after what it became (UAX #29)", (_what, before, added, line) => {
    expect(written(insert(at(before), added))).toBe(line);
  });
});

describe.each(GRAPHEMES)("%s", (_what, grapheme) => {
  test("is passed in one step to either side (UAX #29)", () => {
    expect(written(moveLeft(at(`a${grapheme}|b`)))).toBe(`a|${grapheme}b`);
    expect(written(moveRight(at(`a|${grapheme}b`)))).toBe(`a${grapheme}|b`);
  });

  test("is cut in one piece to either side", () => {
    expect(cut(at(`a${grapheme}|b`), moveLeft)).toEqual({ line: at("a|b"), piece: grapheme });
    expect(cut(at(`a|${grapheme}b`), moveRight)).toEqual({ line: at("a|b"), piece: grapheme });
  });

  test("is transposed in one piece", () => {
    expect(written(transpose(at(`a${grapheme}|`)))).toBe(`${grapheme}a|`);
    expect(written(transpose(at(`${grapheme}|ab`)))).toBe(`a${grapheme}|b`);
  });
});

describe("a move", () => {
  test("left stops at the start, right at the end", () => {
    expect(written(moveLeft(at("|ab")))).toBe("|ab");
    expect(written(moveRight(at("ab|")))).toBe("ab|");
    expect(written(moveLeft(at("|")))).toBe("|");
    expect(written(moveRight(at("|")))).toBe("|");
  });

  test("to the start or the end goes there from anywhere", () => {
    for (const line of ["|ab cd", "ab| cd", "ab cd|"]) {
      expect(written(moveToStart(at(line)))).toBe("|ab cd");
      expect(written(moveToEnd(at(line)))).toBe("ab cd|");
    }
  });

  test.each([
    ["ab cd|", "ab |cd"],
    ["ab cd  |", "ab |cd  "],
    ["ab c|d", "ab |cd"],
    ["ab |cd", "|ab cd"],
    ["|ab", "|ab"],
    ["  |ab", "|  ab"],
    ["a.b/c_d1|", "a.b/|c_d1"],
    ["día año|", "día |año"],
    ["e\u0301te\u0301|", "|e\u0301te\u0301"],
    ["один два|", "один |два"],
    ["ab\ncd|", "ab\n|cd"],
  ])("a word to the left takes %p to %p, as in readline", (before, after) => {
    expect(written(moveWordLeft(at(before)))).toBe(after);
  });

  test.each([
    ["|ab cd", "ab| cd"],
    ["|  ab cd", "  ab| cd"],
    ["a|b cd", "ab| cd"],
    ["ab| cd", "ab cd|"],
    ["ab|", "ab|"],
    ["ab|  ", "ab  |"],
    ["|c_d1.e", "c_d1|.e"],
    ["|año", "año|"],
    ["|👩‍👩‍👧 ab cd", "👩‍👩‍👧 ab| cd"],
  ])("a word to the right takes %p to %p, as in readline", (before, after) => {
    expect(written(moveWordRight(at(before)))).toBe(after);
  });

  test.each([
    ["ab c.d-e|", "ab |c.d-e"],
    ["ab cd  |", "ab |cd  "],
    ["ab|", "|ab"],
    ["|ab", "|ab"],
    ["ab\tcd|", "ab\t|cd"],
    ["ab 👩‍👩‍👧|", "ab |👩‍👩‍👧"],
  ])("a blank-separated word to the left takes %p to %p, as Ctrl-W does", (before, after) => {
    expect(written(moveBlankWordLeft(at(before)))).toBe(after);
  });
});

describe("a cut", () => {
  test("takes what lies between the cursor and where the move leads", () => {
    expect(cut(at("ab cd| ef"), moveToStart)).toEqual({ line: at("| ef"), piece: "ab cd" });
    expect(cut(at("ab cd| ef"), moveToEnd)).toEqual({ line: at("ab cd|"), piece: " ef" });
    expect(cut(at("ab cd| ef"), moveWordLeft)).toEqual({ line: at("ab | ef"), piece: "cd" });
    expect(cut(at("ab |cd ef"), moveWordRight)).toEqual({ line: at("ab | ef"), piece: "cd" });
    expect(cut(at("ab c.d | ef"), moveBlankWordLeft)).toEqual({
      line: at("ab | ef"),
      piece: "c.d ",
    });
  });

  test("takes nothing where the move leads nowhere", () => {
    expect(cut(at("|ab"), moveLeft)).toEqual({ line: at("|ab"), piece: "" });
    expect(cut(at("ab|"), moveRight)).toEqual({ line: at("ab|"), piece: "" });
  });
});

describe("transpose", () => {
  test.each([
    ["ab|", "ba|"],
    ["a|b", "ba|"],
    ["ab|cd", "acb|d"],
    ["abc|", "acb|"],
  ])("takes %p to %p, as Ctrl-T does in readline", (before, after) => {
    expect(written(transpose(at(before)))).toBe(after);
  });

  test.each(["|ab", "a|", "|a", "|"])("has nothing to exchange in %p", (line) => {
    expect(written(transpose(at(line)))).toBe(line);
  });
});

const MOVES = [
  moveLeft,
  moveRight,
  moveWordLeft,
  moveWordRight,
  moveToStart,
  moveToEnd,
  moveBlankWordLeft,
];

/** The places between graphemes, both ends of the text included (UAX #29), by the platform. */
function boundaries(text: string): number[] {
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
  return [...Array.from(segmenter.segment(text), ({ index }) => index), text.length];
}

/** A line after so many random keys, and whether its cursor was ever inside a grapheme. */
function strays(seed: number, alphabet: readonly string[]): string | null {
  const random = seeded(seed);
  let line = EMPTY;
  for (let step = 0; step < 60; step += 1) {
    const move = MOVES[random(MOVES.length)] ?? moveLeft;
    const before = written(line);
    const key = random(4);
    if (key <= 1) line = insert(line, someOf(random, alphabet, 1 + random(2)).join(""));
    else if (key === 2) line = random(3) === 0 ? transpose(line) : move(line);
    else line = cut(line, move).line;
    if (!boundaries(line.text).includes(line.cursor)) return `${before} became ${written(line)}`;
  }
  return null;
}

describe("whatever keys are pressed, in 200 random sessions, the cursor is between graphemes", () => {
  test("in text of letters, accents, wide letters and emoji that neither join nor vary", () => {
    const alphabet = ["a", "b", " ", ".", "é", "e\u0301", "日", "한", "😀", "𝒳", "👍🏽", "\n"];
    for (let seed = 1; seed <= 200; seed += 1) expect(strays(seed, alphabet)).toBeNull();
  });

  // Words end inside emoji (a variation selector is \p{M}), and what `cut` or `transpose` brings
  // together may become one grapheme around the cursor.
  test("in any text", () => {
    const alphabet = ["a", " ", "\u0301", "❤️", "👩‍👩‍👧", "👁️‍🗨️", "🇩", "🇪", "1️⃣", "\u200d"];
    for (let seed = 1; seed <= 200; seed += 1) expect(strays(seed, alphabet)).toBeNull();
  });
});

describe("the cursor never stands inside a grapheme (UAX #29)", () => {
  test("a word to the left, before an emoji with a variation selector", () => {
    expect(["|ab ❤️", "ab |❤️"]).toContain(written(moveWordLeft(at("ab ❤️|"))));
  });

  test("a word to the right, at an emoji with a variation selector and more", () => {
    expect(["👁️‍🗨️ ab|", "👁️‍🗨️| ab"]).toContain(written(moveWordRight(at("|👁️‍🗨️ ab"))));
  });

  test("a blank-separated word to the left, at an accent that stands on the blank", () => {
    expect(written(moveBlankWordLeft(at("ab \u0301|")))).toBe("ab| \u0301");
  });

  test("a cut of what held the halves of a flag apart", () => {
    const { line } = cut(at("🇩x|🇪"), moveLeft);
    expect(line.text).toBe("🇩🇪");
    expect([0, 4]).toContain(line.cursor);
  });
});
