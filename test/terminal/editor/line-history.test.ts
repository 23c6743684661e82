import { describe, expect, test } from "bun:test";

import {
  historyOf,
  type LineHistory,
  NO_HISTORY,
  recall,
  remember,
} from "../../../src/terminal/editor/line-history.ts";

function entered(...lines: string[]): LineHistory {
  return lines.reduce(remember, NO_HISTORY);
}

/** The lines shown by steps back (-1) and forward (1) from `typed`; null where there was none. */
function walk(start: LineHistory, typed: string, ...steps: (-1 | 1)[]): (string | null)[] {
  let history = start;
  let shown = typed;
  return steps.map((step) => {
    const found = recall(history, shown, step);
    if (found === null) return null;
    ({ history, line: shown } = found);
    return shown;
  });
}

test("lines come back from the newest to the oldest, and no further", () => {
  expect(walk(entered("one", "two", "three"), "", -1, -1, -1, -1)).toEqual([
    "three",
    "two",
    "one",
    null,
  ]);
});

test("going forward shows the same lines up to the one being typed, and no further", () => {
  expect(walk(entered("one", "two"), "dra", -1, -1, 1, 1, 1)).toEqual([
    "two",
    "one",
    "two",
    "dra",
    null,
  ]);
});

test("without lines there is nothing to recall", () => {
  expect(walk(NO_HISTORY, "typed", -1, 1)).toEqual([null, null]);
});

describe("an entered line is remembered", () => {
  test("but not when it is empty", () => {
    expect(entered("one", "").lines).toEqual(["one"]);
  });

  test("but not when it repeats the last one", () => {
    expect(entered("one", "one", "two", "one").lines).toEqual(["one", "two", "one"]);
  });

  test("and the line being typed is shown again, wherever an older one was", () => {
    const found = recall(entered("one", "two"), "draft", -1);
    const again = recall(found?.history ?? NO_HISTORY, "two", -1);
    const history = remember(again?.history ?? NO_HISTORY, "three");
    expect(walk(history, "", -1, -1)).toEqual(["three", "two"]);
  });

  test("and a draft that was being typed is not", () => {
    const found = recall(entered("one"), "draft", -1);
    const history = remember(found?.history ?? NO_HISTORY, "one");
    expect(walk(history, "new", -1, 1)).toEqual(["one", "new"]);
  });
});

test("an older line that was edited stays so until a line is entered", () => {
  const older = recall(entered("one", "two"), "", -1);
  const oldest = recall(older?.history ?? NO_HISTORY, "two, edited", -1);
  expect(walk(oldest?.history ?? NO_HISTORY, "one", 1, 1, -1)).toEqual([
    "two, edited",
    "",
    "two, edited",
  ]);
  expect(walk(remember(oldest?.history ?? NO_HISTORY, "one"), "", -1, -1)).toEqual(["one", "two"]);
});

test("lines of earlier runs are recalled like those of this one, the newest 1,000", () => {
  expect(walk(remember(historyOf(["one", "two"]), "three"), "", -1, -1, -1, -1)).toEqual([
    "three",
    "two",
    "one",
    null,
  ]);
  const many = Array.from({ length: 1_001 }, (_, index) => `line ${index}`);
  expect(historyOf(many).lines).toEqual(many.slice(1));
});

test("1,000 lines are kept; the oldest goes first", () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
  const full = entered(...lines);
  expect(full.lines).toHaveLength(1_000);
  expect(full.lines.at(0)).toBe("line 0");

  const next = remember(full, "one more");
  expect(next.lines).toHaveLength(1_000);
  expect(next.lines.at(0)).toBe("line 1");
  expect(next.lines.at(-1)).toBe("one more");
  expect(walk(next, "", -1, -1)).toEqual(["one more", "line 999"]);
});
