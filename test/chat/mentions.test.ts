// Which texts mention a person by name.

import { describe, expect, test } from "bun:test";

import { indexNames, mentionsName } from "../../src/chat/mentions.ts";

describe("a text mentions a name", () => {
  test.each([
    ["ben", "ben"],
    ["hello Ben!", "ben"],
    ["(BEN)", "ben"],
    ["@ben: yes", "ben"],
    ["ask Ana María.", "ana maría"],
    ["cafe\u0301", "café"],
    ["a.b", "a.b"],
    ["日本太郎 さん", "日本太郎"],
    ["ask @ben-2 and @ben.", "ben"],
    ["@ben-2: yes", "ben-2"],
    ["(@ben, see below)", "ben"],
    ["a question - ben? - ask ben's", "ben"],
    ["ana/ben: see https://example.org", "ben"],
    ["see https://example.org/u/ben ben", "ben"],
  ])("%j: %j", (text, name) => {
    expect(mentionsName(text, name)).toBe(true);
  });

  test.each([
    ["bench", "ben"],
    ["Ruben", "ben"],
    ["ben_2", "ben"],
    ["ben2", "ben"],
    ["e\u0301", "e"],
    ["axb", "a.b"],
    ["hello", ""],
    ["@ben-2: yes", "ben"],
    ["ask ana-ben", "ben"],
    ["ben.smith", "ben"],
    ["https://example.org/u/ben", "ben"],
    ["see (https://ben.example.org)", "ben"],
    ["x@ben.org", "ben"],
    ["x@ben", "ben"],
    ["ben@example.org", "ben"],
    ["www.ben.org", "ben"],
    ["ana https://example.org maría", "ana maría"],
  ])("and not here: %j: %j", (text, name) => {
    expect(mentionsName(text, name)).toBe(false);
  });
});

const find = (text: string, ...names: string[]) => [
  ...indexNames(names.map((name, place) => [name, place])).find(text),
];

describe("of many names", () => {
  test("all that a text mentions are found, each once", () => {
    const names = ["ana", "Ana María", "ben", "👩‍🚀 eva", "eva", "tom"];
    expect(find("ana maría and BEN, ben", ...names)).toEqual([0, 1, 2]);
    expect(find("for 👩‍🚀 Eva", ...names)).toEqual([3, 4]);
    expect(find("nothing", ...names)).toEqual([]);
  });

  test("those of several people who have the same are all found", () => {
    expect(find("ben?", "ben", "Ben", "bench")).toEqual([0, 1]);
  });

  test("letters with more than two forms are the same in any of them", () => {
    expect(find("ΝΊΚΟΣ, GROẞ", "νίκος", "groß")).toEqual([0, 1]);
  });

  test("10,000 are looked for in the longest text within half a second", () => {
    const names = Array.from(
      { length: 10_000 },
      (_, place) => `a ${"a ".repeat(place % 18)}${place}`,
    );
    const index = indexNames(names.map((name, place) => [name, place]));
    const text = "a ".repeat(5_000);
    const start = performance.now();
    expect(index.find(text).size).toBe(0);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
