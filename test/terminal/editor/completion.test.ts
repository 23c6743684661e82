import { describe, expect, test } from "bun:test";

import {
  candidateList,
  completeWord,
  startingWith,
} from "../../../src/terminal/editor/completion.ts";

/** A line written "ab|c". */
const written = (line: string) => ({ text: line.replace("|", ""), cursor: line.indexOf("|") });

describe("a word", () => {
  test("with one candidate becomes that, followed by the end, unless it stands there already", () => {
    expect(completeWord(written("see an|"), "an", ["Ana"], ": ").line).toEqual(
      written("see Ana: |"),
    );
    expect(completeWord(written("an|: x"), "an", ["Ana"], ": ").line).toEqual(written("Ana|: x"));
  });

  test("with several becomes what they have in common", () => {
    expect(completeWord(written("l|"), "l", ["lunch-a", "Lunch-b"], " ").line).toEqual(
      written("lunch-|"),
    );
  });

  test("to which nothing can be added leaves the same line", () => {
    const line = written("a|");
    expect(completeWord(line, "a", ["ab", "ac"], " ").line).toBe(line);
    expect(completeWord(line, "a", [], " ").line).toBe(line);
  });
});

test("candidates begin as the word does, in either case and however letters are composed", () => {
  expect(startingWith("AN", ["ben", "ano", "Ana"])).toEqual(["Ana", "ano"]);
  expect(startingWith("e\u0301", ["émile"])).toEqual(["émile"]);
});

test("candidates are listed on one line, made safe, and of many only how many more there are", () => {
  const line = written("|");
  expect(candidateList({ line, candidates: ["a", "b\u001b[2J"] })).toBe("a  b^[[2J");
  const many = Array.from({ length: 70 }, (_, index) => `m${index}`);
  expect(candidateList({ line, candidates: many })).toEndWith("m58  m59  and 10 more");
});
