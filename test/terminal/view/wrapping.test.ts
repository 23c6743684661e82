import { describe, expect, test } from "bun:test";

import { displayWidth as width } from "../../../src/terminal/display-width.ts";
import { rowText, span } from "../../../src/terminal/rows.ts";
import { clip, wrap } from "../../../src/terminal/view/wrapping.ts";
import { cpuTime } from "../../harness/cpu-time.ts";

const rows = (text: string, columns: number) =>
  wrap([span(text)], { columns, width }).map((row) => rowText(row));

/** Pieces of each row, with the addresses that they lead to. */
const linked = (text: string, columns: number) =>
  wrap([span(text)], { columns, width }).map((row) =>
    row.map((piece) => (piece.link === undefined ? piece.text : { [piece.link]: piece.text })),
  );

describe("a row ends", () => {
  test.each<[text: string, columns: number, expected: string[]]>([
    ["one two three", 7, ["one two", "three"]],
    ["one two three", 13, ["one two three"]],
    ["one two three", 12, ["one two", "three"]],
    ["one  two", 5, ["one", "two"]],
    ["one two   ", 7, ["one two"]],
    ["well-known words", 8, ["well-", "known", "words"]],
    ["minus -1 and --option", 10, ["minus -1", "and", "--option"]],
    ["2026-03-01 today", 9, ["2026-03-0", "1 today"]],
    ["wait… what?", 8, ["wait…", "what?"]],
    ["这是一个测试", 6, ["这是一", "个测试"]],
    ["这是一个测试", 7, ["这是一", "个测试"]],
    // Punctuation stays with the word that it follows, or that follows it.
    ["测试一。二", 6, ["测试", "一。二"]],
    ["测试「一」", 6, ["测试", "「一」"]],
    ["ああちょっと", 6, ["ああ", "ちょっ", "と"]],
    ["one\u00a0two three", 9, ["one\u00a0two", "three"]],
    ["日本語abc", 8, ["日本語", "abc"]],
    ["👍👍👍", 4, ["👍👍", "👍"]],
    ["สวัสดีชาวโลก", 7, ["สวัสดีชาว", "โลก"]],
  ])("in %j at %d columns", (text, columns, expected) => {
    expect(rows(text, columns)).toEqual(expected);
  });

  test("where the text has a newline, and nowhere within a grapheme", () => {
    expect(rows("one\n\ntwo", 10)).toEqual(["one", "", "two"]);
    expect(rows("e\u0301e\u0301e\u0301", 2)).toEqual(["e\u0301e\u0301", "e\u0301"]);
    expect(rows("👩‍👩‍👧👩‍👩‍👧", 3)).toEqual(["👩‍👩‍👧", "👩‍👩‍👧"]);
  });

  test("in the middle of a word only if that is wider than a row", () => {
    expect(rows("a abcdefghij b", 4)).toEqual(["a", "abcd", "efgh", "ij b"]);
  });
});

describe("the indentation of a line", () => {
  test("stays, and is that of its further rows", () => {
    expect(rows("if\n  one two three\nend", 9)).toEqual(["if", "  one two", "  three", "end"]);
    expect(rows("\tone two", 8)).toEqual(["    one", "    two"]);
  });

  test("takes no more than half of a row that has to be broken", () => {
    expect(rows(`${" ".repeat(9)}x`, 10)).toEqual([`${" ".repeat(9)}x`]);
    expect(rows(`${" ".repeat(73)}ana: I agree`, 20)).toEqual([
      `${" ".repeat(10)}ana: I`,
      `${" ".repeat(10)}agree`,
    ]);
  });

  test("of nothing is nothing", () => {
    expect(rows("    ", 2)).toEqual([""]);
    expect(rows("", 2)).toEqual([""]);
  });
});

test("what is wider than a row is shown as a question mark", () => {
  expect(rows("a日b", 1)).toEqual(["a", "?", "b"]);
});

describe("an address", () => {
  const link = "https://example.org/a";
  test("goes to the next row whole if it fits there", () => {
    expect(linked(`see ${link}, ok`, 22)).toEqual([["see"], [{ [link]: link }, ","], ["ok"]]);
  });

  test("is broken if it is wider than a row, and all its pieces lead to it", () => {
    expect(linked(`see ${link}, ok`, 10)).toEqual([
      ["see"],
      [{ [link]: "https://ex" }],
      [{ [link]: "ample.org/" }],
      [{ [link]: "a" }, ", ok"],
    ]);
  });

  test("is not broken at its hyphens, nor where what stands beside it is too wide with it", () => {
    const hyphens = "https://ab-cd-ef.org";
    expect(linked(`x ${hyphens}`, 20)).toEqual([["x"], [{ [hyphens]: hyphens }]]);
    expect(linked(`(${hyphens})`, 20)).toEqual([["("], [{ [hyphens]: hyphens }], [")"]]);
  });

  test("is treated like a path, which is not broken at its hyphens either", () => {
    expect(rows("remove it from /home/ana/known-servers", 36)).toEqual([
      "remove it from",
      "/home/ana/known-servers",
    ]);
    expect(rows('see "~/.config/a-b/known-servers" or-else', 31)).toEqual([
      "see",
      '"~/.config/a-b/known-servers"',
      "or-else",
    ]);
    expect(rows("and/or well-known", 12)).toEqual(["and/or well-", "known"]);
  });

  test("keeps the style that it has", () => {
    const [row] = wrap([span(`see ${link}`, "dim")], { columns: 80, width });
    expect(row).toEqual([
      { text: "see ", style: "dim" },
      { text: link, style: "dim", link },
    ]);
  });
});

describe("text from right to left", () => {
  test("is isolated in each of its rows", () => {
    expect(rows("שלום לכולם", 6)).toEqual(["\u2068שלום\u2069", "\u2068לכולם\u2069"]);
  });

  test("that is isolated already stays so when it is broken", () => {
    expect(rows("\u2068שלום לכולם\u2069 joined", 6)).toEqual([
      "\u2068שלום\u2069",
      "\u2068לכולם\u2069",
      "joined",
    ]);
  });

  test("has less room on a terminal that draws the marks of direction", () => {
    const window = { columns: 12, width: (text: string) => text.length };
    const lengths = wrap([span("שלום לכולם שלום")], window).map((row) => rowText(row).length);
    expect(lengths).toEqual([6, 7, 6]);
  });
});

test("spans keep their styles where rows are broken", () => {
  const spans = [span("ana", { person: 1 }), span(" waves and leaves")];
  expect(wrap(spans, { columns: 9, width })).toEqual([
    [span("ana", { person: 1 }), span(" waves")],
    [span("and")],
    [span("leaves")],
  ]);
});

describe("a grapheme that is wider than a row", () => {
  test.each([
    ["leading consonants of Hangul", "\u1100".repeat(100)],
    ["joined consonants", "क्".repeat(100)],
  ])("is shown as a question mark: %s", (_, text) => {
    expect(rows(`one ${text} two`, 40)).toEqual(["one ? two"]);
  });
});

test("a text of addresses is broken in time that grows as it does", () => {
  const start = cpuTime();
  const broken = rows("https://example.org/ ".repeat(40_000), 40);
  expect(broken).toHaveLength(40_000);
  // A second on a slow machine; a minute where each row looks at all addresses.
  expect(cpuTime() - start).toBeLessThan(8_000);
});

describe("a text that is clipped", () => {
  test.each([
    ["hello", 5, "hello"],
    ["hello", 4, "hel…"],
    ["hello", 1, "…"],
    ["hello", 0, ""],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["👩‍👩‍👧 family", 3, "👩‍👩‍👧…"],
  ])("%j at %d columns", (text, columns, expected) => {
    expect(clip(text, { columns, width })).toBe(expected);
  });
});
