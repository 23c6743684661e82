import { describe, expect, test } from "bun:test";

import { displayWidth as width } from "../../../src/terminal/display-width.ts";
import { type Row, rowText, span } from "../../../src/terminal/rows.ts";
import type { MessageItem } from "../../../src/terminal/state/transcript.ts";
import { messageRows, nameColumnWidth } from "../../../src/terminal/view/message-rows.ts";
import { seeded, someOf } from "../../harness/random.ts";

const TIME = new Date(2026, 2, 1, 14, 3).getTime();

function message(text: string, more: Partial<MessageItem> = {}): MessageItem {
  return {
    type: "message",
    time: TIME,
    name: "ana",
    colour: 3,
    text,
    mentions: false,
    follows: false,
    ...more,
  };
}

const rowsOf = (item: MessageItem, columns: number, nameColumns = 9): Row[] =>
  messageRows(item, { columns, nameColumns, width });
const lines = (item: MessageItem, columns: number, nameColumns = 9) =>
  rowsOf(item, columns, nameColumns).map(rowText);

describe("a message", () => {
  test("has its time, its author in a column, and its text under a hanging indent", () => {
    const text =
      "hello, this is a longer text that wraps at whole words and stands under its own beginning";
    expect(lines(message(text, { name: "Ana María" }), 60)).toEqual([
      "14:03 Ana María hello, this is a longer text that wraps at",
      "                whole words and stands under its own",
      "                beginning",
    ]);
    expect(lines(message("hello"), 60)).toEqual(["14:03       ana hello"]);
  });

  test("keeps its own lines and their indentation", () => {
    expect(lines(message("see:\n  if (x)\n\n\tgo"), 60)).toEqual([
      "14:03       ana see:",
      "                  if (x)",
      "",
      "                    go",
    ]);
  });

  test("has the name in its author's colour, and the time dim", () => {
    expect(rowsOf(message("hello"), 60, 3)).toEqual([
      [span("14:03", "dim"), span(" "), span("ana", { person: 3 }), span(" "), span("hello")],
    ]);
  });

  test("that is an action has its mark where names stand, and its author in the text", () => {
    expect(lines(message("/me waves"), 60)).toEqual(["14:03         * ana waves"]);
    expect(lines(message("/me waves", { name: "Ana María" }), 60)).toEqual([
      '14:03         * "Ana María" waves',
    ]);
    expect(rowsOf(message("/me waves"), 60, 1).at(0)?.at(-2)).toEqual(span("ana", { person: 3 }));
  });

  test("on its way is dim, with an ellipsis for its time", () => {
    expect(lines(message("hello", { time: null }), 60)).toEqual(["  …         ana hello"]);
    const [row = []] = rowsOf(message("hello", { time: null }), 60);
    const styles = row.filter(({ text }) => text.trim() !== "").map(({ style }) => style);
    expect(styles).toEqual(["dim", "dim", "dim"]);
  });

  test("that names this person has a mark behind its time, also where there are no styles", () => {
    expect(rowsOf(message("ben?", { mentions: true }), 60, 3)[0]?.[0]).toEqual(
      span("14:03!", "mention"),
    );
    expect(lines(message("ben?", { mentions: true }), 60)).toEqual(["14:03!      ana ben?"]);
    expect(lines(message("ben?", { mentions: true }), 42)[0]).toBe("14:03!ana");
  });

  test("of the plain wire has a mark in place of a name", () => {
    const plain = { name: "<", colour: null };
    expect(lines(message("hello", plain), 80, 1)).toEqual(["14:03 < hello"]);
    expect(lines(message("hello there", plain), 16, 1)).toEqual(["14:03 < hello", "        there"]);
  });
});

describe("a name", () => {
  test("wider than its column is cut between two letters", () => {
    expect(lines(message("hi", { name: "a-very-long-name-indeed" }), 80, 16)).toEqual([
      "14:03 a-very-long-nam… hi",
    ]);
    expect(lines(message("hi", { name: "日本太郎日本太郎日本" }), 80, 16)).toEqual([
      "14:03  日本太郎日本太… hi",
    ]);
    expect(lines(message("hi", { name: "👩‍👩‍👧👩‍👩‍👧" }), 80, 3)).toEqual(["14:03 👩‍👩‍👧… hi"]);
  });

  test("from right to left is isolated, also when it is cut", () => {
    expect(lines(message("hi", { name: "שרה" }), 80, 4)).toEqual(["14:03  \u2068שרה\u2069 hi"]);
    expect(lines(message("hi", { name: "שרהשרה" }), 80, 4)).toEqual(["14:03 \u2068שרה…\u2069 hi"]);
  });

  test("column is as wide as the widest name, at most 16", () => {
    expect(nameColumnWidth([], width)).toBe(1);
    expect(nameColumnWidth(["ana", "日本太郎"], width)).toBe(8);
    expect(nameColumnWidth(["a".repeat(40)], width)).toBe(16);
  });
});

describe("in a window of less than 60 columns", () => {
  test("a name has a row of its own when the speaker changes", () => {
    expect(lines(message("hello there", { name: "Ana María" }), 59)).toEqual([
      "14:03 Ana María",
      "        hello there",
    ]);
    expect(lines(message("and more", { follows: true }), 59)).toEqual(["14:03   and more"]);
    expect(lines(message("/me waves", { follows: true }), 59)).toEqual(["14:03 * ana waves"]);
  });

  test("no text stands where a name does", () => {
    const forged = message("x\nana\n14:03 ana", { follows: true });
    expect(lines(forged, 42)).toEqual(["14:03   x", "        ana", "        14:03 ana"]);
  });

  test("even a very narrow one, every row fits", () => {
    const item = message("hello 日本 there", { name: "Ana María" });
    expect(lines(item, 20)).toEqual(["14:03 Ana María", "        hello 日本", "        there"]);
    expect(lines(item, 10)).toEqual(["14:03", " Ana María", "   hello", "   日本", "   there"]);
    expect(lines(item, 4)).toEqual([
      "14:…",
      "Ana…",
      ..."he ll o 日 本 th er e".split(" ").map((part) => `  ${part}`),
    ]);
    expect(lines(message("日本", { name: "b" }), 1)).toEqual(["…", "b", "?", "?"]);
  });
});

describe("no message shows a line that another one could be", () => {
  test("not after 73 blanks", () => {
    const text = `hm${" ".repeat(73)}ana: I agree`;
    expect(lines(message(text, { name: "eve" }), 80, 3)).toEqual([
      "14:03 eve hm",
      "          ana: I agree",
    ]);
  });

  const PIECES = [
    "a",
    "hello ",
    " ",
    " ".repeat(73),
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u001b[2J",
    "\u001b[1;1H",
    "\u009b1;1H",
    "\u0007",
    "\u0000",
    "\u202e",
    "\u2066",
    "\u2068",
    "\u2069",
    "\u200b",
    "\u200d",
    "\u00ad",
    "e\u0301",
    "\u0301".repeat(5),
    "日本語",
    "👩‍👩‍👧",
    "👍🏽",
    "שלום",
    "سلام ",
    "สวัสดี",
    "क्षि",
    "\ud800",
    "-- ",
    "!! ",
    "14:03 ana ",
    "https://example.org/",
    "/me ",
    "-",
    "(",
    "」",
    "…",
    "\u3000",
    "\u00a0",
  ];

  // oxlint-disable-next-line no-control-regex
  const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u202e\u2066]/;
  /** What rows begin with: charla's own columns and blanks. */
  const HEAD = /^(?:\d\d:\d\d[ !]| {2}… {3})/;

  test.each([1, 2, 3, 5, 10, 15, 16, 20, 42, 59, 60, 80, 200])(
    "whatever names and texts are, at %d columns",
    (columns) => {
      const random = seeded(columns);
      for (let round = 0; round < 300; round += 1) {
        const name = someOf(random, PIECES, 1 + random(4)).join("");
        const item = message(
          (random(8) === 0 ? "/me " : "") + someOf(random, PIECES, random(30)).join(""),
          {
            name,
            ...[{ time: null }, { mentions: true }, {}][random(3)],
            follows: random(2) === 0,
          },
        );
        const nameColumns = 1 + random(16);
        const shown = lines(item, columns, nameColumns);
        expect(shown.filter((line) => width(line) > columns)).toEqual([]);
        expect(shown.filter((line) => UNSAFE.test(line))).toEqual([]);
        if (columns < 16) continue;
        const [first = "", ...others] = shown;
        expect(first).toMatch(HEAD);
        const indent = " ".repeat(columns < 60 ? 8 : 6 + nameColumns + 1);
        expect(others.filter((line) => line !== "" && !line.startsWith(indent))).toEqual([]);
      }
    },
  );
});

test("a terminal that says an ellipsis is twelve columns wide gets a message on its way too", () => {
  const layout = { columns: 60, nameColumns: 9, width: (text: string) => 12 * text.length };
  expect(() => messageRows(message("hello", { time: null }), layout)).not.toThrow();
});
