import { expect, test } from "bun:test";

import { layOutTable } from "../../src/terminal/display-width.ts";

test("cells are aligned by the columns they take on the screen", () => {
  expect(
    layOutTable(
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

test("a row that just fits stays whole; if one does not, what follows the first cell goes below it in every row", () => {
  expect(layOutTable([["日本", "abc"]], 9)).toEqual(["日本  abc"]);
  expect(layOutTable([["日本", "abc"]], 8)).toEqual(["日本", "  abc"]);
  expect(
    layOutTable(
      [
        ["日本", "", "abc"],
        ["a", ""],
      ],
      8,
    ),
  ).toEqual(["日本", "  abc", "a"]);
});

test("an empty table has no lines", () => {
  expect(layOutTable([], 80)).toEqual([]);
});
