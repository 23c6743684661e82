import { describe, expect, test } from "bun:test";

import { complete, isRoomTyped, listed } from "../../../src/terminal/editor/completion.ts";

const KNOWN = {
  commands: ["help", "history", "join", "kick", "me"],
  people: ["ana", "Ana María", "Anselm", "Ben", "日本太郎", "日本次郎", "émile"],
  rooms: ["main", "lunch-time", "lunch-place"],
};

/** A line written "ab|c". */
const written = (line: string) => ({ text: line.replace("|", ""), cursor: line.indexOf("|") });

/** What Tab makes of it, and what it may be meant to be. */
function tab(line: string): [line: string, ...candidates: string[]] {
  const { line: next, candidates } = complete(written(line), KNOWN);
  return [`${next.text.slice(0, next.cursor)}|${next.text.slice(next.cursor)}`, ...candidates];
}

describe("a command at the beginning of the line", () => {
  test("is finished, with a blank behind it", () => {
    expect(tab("/j|")).toEqual(["/join |", "/join"]);
    expect(tab("/he|")).toEqual(["/help |", "/help"]);
    expect(tab("/he| me")).toEqual(["/help| me", "/help"]);
  });

  test("that may be several stays, and they are told", () => {
    expect(tab("/h|")).toEqual(["/h|", "/help", "/history"]);
    expect(tab("/|")).toEqual(["/|", "/help", "/history", "/join", "/kick", "/me"]);
  });

  test("is none elsewhere, nor behind two slashes", () => {
    expect(tab("//he|")).toEqual(["//he|"]);
    expect(tab("see /he|")).toEqual(["see /he|"]);
    expect(tab("/x|")).toEqual(["/x|"]);
  });
});

describe("a person's name", () => {
  test("at the beginning of the line is followed by a colon", () => {
    expect(tab("be|")).toEqual(["Ben: |", "Ben"]);
    expect(tab("be|: yes")).toEqual(["Ben|: yes", "Ben"]);
  });

  test("elsewhere is followed by a blank", () => {
    expect(tab("is be|")).toEqual(["is Ben |", "Ben"]);
    expect(tab("is be| there")).toEqual(["is Ben| there", "Ben"]);
    expect(tab("/kick be|")).toEqual(["/kick Ben |", "Ben"]);
  });

  test("that may be several is written as far as they agree, in large letters or small", () => {
    expect(tab("日|")).toEqual(["日本|", "日本太郎", "日本次郎"]);
    expect(tab("an|")).toEqual(["an|", "ana", "Ana María", "Anselm"]);
    expect(tab("ans|")).toEqual(["Anselm: |", "Anselm"]);
  });

  test("may have a blank in it", () => {
    expect(tab("ana m|")).toEqual(["Ana María: |", "Ana María"]);
    expect(tab("ask ana m|")).toEqual(["ask Ana María |", "Ana María"]);
    expect(tab("ana b|")).toEqual(["ana Ben |", "Ben"]);
  });

  test("is found however its letters are composed", () => {
    expect(tab("e\u0301m|")).toEqual(["émile: |", "émile"]);
  });

  test("is not guessed from nothing", () => {
    expect(tab("|")).toEqual(["|"]);
    expect(tab("hello |")).toEqual(["hello |"]);
    expect(tab("x|")).toEqual(["x|"]);
  });
});

describe("a room's name", () => {
  test("is finished behind /join, as far as the rooms agree", () => {
    expect(tab("/join m|")).toEqual(["/join main |", "main"]);
    expect(tab("/join l|")).toEqual(["/join lunch-|", "lunch-place", "lunch-time"]);
    expect(tab("/join |")).toEqual(["/join |", "lunch-place", "lunch-time", "main"]);
    expect(tab("/join ben|")).toEqual(["/join ben|"]);
  });

  test("is what is typed there and nowhere else", () => {
    expect(isRoomTyped(written("/join l|"))).toBe(true);
    expect(isRoomTyped(written("/join |"))).toBe(true);
    for (const line of ["/join|", "/jo|in x", "/join a b|", "x /join a|"]) {
      expect(isRoomTyped(written(line))).toBe(false);
    }
  });
});

test("candidates are told in one line, made safe, and of many how many more there are", () => {
  const line = written("|");
  expect(listed({ line, candidates: ["a", "b\u001b[2J"] })).toBe("a  b^[[2J");
  const many = Array.from({ length: 70 }, (_, index) => `m${index}`);
  expect(listed({ line, candidates: many })).toEndWith("m58  m59  and 10 more");
});
