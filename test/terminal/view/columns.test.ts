import { expect, test } from "bun:test";

import { inColumns } from "../../../src/terminal/view/columns.ts";

test("cells stand under each other, by the columns they take", () => {
  expect(
    inColumns(
      [
        ["ana", "here", "you"],
        ["日本太郎", "away", ""],
        ["e\u0301", "", "x"],
        ["👩‍👩‍👧", "b"],
      ],
      80,
    ),
  ).toEqual(["ana       here  you", "日本太郎  away", "e\u0301               x", "👩‍👩‍👧        b"]);
});

test("a row that just fits stays whole, and of all others what follows the first cell stands below it", () => {
  expect(inColumns([["日本", "abc"]], 9)).toEqual(["日本  abc"]);
  expect(inColumns([["日本", "abc"]], 8)).toEqual(["日本", "  abc"]);
  expect(
    inColumns(
      [
        ["日本", "", "abc"],
        ["a", ""],
      ],
      8,
    ),
  ).toEqual(["日本", "  abc", "a"]);
});

test("nothing takes no lines", () => {
  expect(inColumns([], 80)).toEqual([]);
});
