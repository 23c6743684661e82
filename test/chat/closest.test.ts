import { describe, expect, test } from "bun:test";

import { closest } from "../../src/chat/closest.ts";

const KNOWN = ["--server", "--plain", "--turns", "--quiet"];

describe("a mistyped word is taken for the known one that is nearest", () => {
  test.each([
    ["with no slip", "--plain", "--plain"],
    ["with a letter too few", "--plan", "--plain"],
    ["with a letter too many", "--plainn", "--plain"],
    ["with a wrong letter", "--plaim", "--plain"],
    ["with two letters exchanged: one slip", "--sevrer", "--server"],
    ["with two letters missing", "--srvr", "--server"],
    ["with a hyphen missing", "-turns", "--turns"],
  ])("%s", (_what, written, known) => {
    expect(closest(written, KNOWN)).toBe(known);
  });

  test("the one with fewer slips, wherever it stands", () => {
    expect(closest("abcx", ["abyy", "abcd"])).toBe("abcd");
    expect(closest("abcx", ["abcd", "abyy"])).toBe("abcd");
  });

  test("the first of two that are as near", () => {
    expect(closest("ab", ["ax", "bb"])).toBe("ax");
  });
});

test("the word of which the first half or more is written", () => {
  expect(closest("hist", ["history", "get"])).toBe("history");
  expect(closest("doc", ["doctor"])).toBe("doctor");
  expect(closest("do", ["doctor"])).toBeNull();
  expect(closest("tory", ["history"])).toBeNull();
  expect(closest("", [""])).toBeNull();
});

test("at most so many slips away as may be", () => {
  expect(closest("sned", ["send"], 1)).toBe("send");
  expect(closest("sedn", ["send"], 1)).toBe("send");
  expect(closest("tom", ["stop"])).toBe("stop");
  expect(closest("tom", ["stop"], 1)).toBeNull();
  expect(closest("hist", ["history"], 1)).toBe("history");
});

test("a word three slips away is none of them", () => {
  expect(closest("--srv", KNOWN)).toBeNull();
  expect(closest("abcd", ["axyz"])).toBeNull();
  expect(closest("", ["abc"])).toBeNull();
  expect(closest("abc", [""])).toBeNull();
});

test("a word that shares no letter with it is not what was meant", () => {
  expect(closest("db", ["id"])).toBeNull();
  expect(closest("x", ["id"])).toBeNull();
  expect(closest("ib", ["id"])).toBe("id");
});

test("a short word of which fewer than half of the letters are right is not what was meant", () => {
  expect(closest("foo", ["who"])).toBeNull();
  expect(closest("wo", ["who"])).toBe("who");
});

test("where nothing is known, nothing is near", () => {
  expect(closest("--plain", [])).toBeNull();
});

test("letters are counted, not UTF-16 units", () => {
  expect(closest("😀bc", ["abc"])).toBe("abc");
  expect(closest("😀😀cd", ["abcd"])).toBe("abcd");
  expect(closest("😀😀😀", ["abc"])).toBeNull();
});
