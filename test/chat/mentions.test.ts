// Which texts mention a person by name.

import { describe, expect, test } from "bun:test";

import { mentionsName, NameIndex } from "../../src/chat/mentions.ts";
import { cpuTime } from "../harness/cpu-time.ts";

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
    expect(find(text, name)).toEqual([0]);
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
    expect(find(text, name)).toEqual([]);
  });
});

/** Each person is the place of their name. */
function indexOf(names: readonly string[]): NameIndex<number> {
  const index = new NameIndex<number>();
  for (const [place, name] of names.entries()) index.add(name, place);
  return index;
}

const find = (text: string, ...names: string[]) => [...indexOf(names).find(text)];

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

  test("those that were removed are not found any more, and the others are", () => {
    const index = indexOf(["ben", "Ben", "bench", "ana maría"]);
    index.delete("BEN", 0);
    index.delete("nobody", 7);
    expect([...index.find("ben, bench")]).toEqual([1, 2]);
    index.delete("ben", 1);
    index.delete("bench", 7);
    expect([...index.find("ben, bench, ana maría")]).toEqual([2, 3]);
    index.delete("bench", 2);
    index.delete("ana maría", 3);
    expect([...index.find("ben, bench, ana maría")]).toEqual([]);
    index.add("ben", 0);
    expect([...index.find("ben, bench")]).toEqual([0]);
  });

  test("10,000 are looked for in the longest text with half a second of a processor", () => {
    const names = Array.from(
      { length: 10_000 },
      (_, place) => `a ${"a ".repeat(place % 18)}${place}`,
    );
    const index = indexOf(names);
    const text = "a ".repeat(5_000);
    const start = cpuTime();
    expect(index.find(text).size).toBe(0);
    expect(cpuTime() - start).toBeLessThan(500);
  });
});
