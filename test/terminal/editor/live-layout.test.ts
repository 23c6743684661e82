import { describe, expect, test } from "bun:test";

import { layOut } from "../../../src/terminal/editor/line-layout.ts";
import {
  layOutEntered,
  layOutLive,
  layOutPending,
} from "../../../src/terminal/editor/live-layout.ts";
import { seeded, someOf } from "../random.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

describe("lines on their way", () => {
  test("stand in their order, each after its prompt", () => {
    expect(layOutPending("> ", ["one", "two"], 20, 10)).toEqual(["> one", "> two"]);
    expect(layOutPending("(on its way) > ", ["one"], 20, 10)).toEqual(["(on its way) > one"]);
    expect(layOutPending("> ", [], 20, 10)).toEqual([]);
  });

  test("take as many rows as they need, and none for a cursor", () => {
    expect(layOutPending("> ", ["abcdefgh", "日本日本日"], 7, 10)).toEqual([
      "> abcde",
      "fgh",
      "> 日本",
      "日本日",
    ]);
    expect(layOutPending("> ", ["abcde", "x"], 7, 10)).toEqual(["> abcde", "> x"]);
  });

  test("that just fit are all shown", () => {
    expect(layOutPending("> ", numbered(3), 30, 3)).toEqual(["> line 0", "> line 1", "> line 2"]);
  });

  test("that do not fit are counted, the oldest ones", () => {
    expect(layOutPending("> ", numbered(4), 30, 3)).toEqual([
      "… 2 more on their way",
      "> line 2",
      "> line 3",
    ]);
    expect(layOutPending("> ", numbered(1_000), 30, 2)).toEqual([
      "… 999 more on their way",
      "> line 999",
    ]);
    expect(layOutPending("> ", numbered(7), 30, 1)).toEqual(["… 7 more on their way"]);
  });

  test("are not shown in part, but for one that is longer than all the room", () => {
    expect(layOutPending("> ", ["one", "abcdefghijkl", "x"], 7, 3)).toEqual(["… 2 mor", "> x"]);
    expect(layOutPending("> ", ["abcdefghijklmnopq"], 7, 2)).toEqual(["> abcde", "fghijkl"]);
    expect(layOutPending("> ", ["abcdefgh", "abcdefghijklmnopq"], 7, 3)).toEqual([
      "… 1 mor",
      "> abcde",
      "fghijkl",
    ]);
  });

  test("are not shown where there is no room at all", () => {
    expect(layOutPending("> ", numbered(3), 30, 0)).toEqual([]);
  });
});

describe("a line that is typed no more", () => {
  test("is laid out whole, however long, without a row for the cursor", () => {
    expect(layOutEntered("> ", "abcde", 7)).toEqual(["> abcde"]);
    expect(layOutEntered("> ", "abcdefghijkl", 7)).toEqual(["> abcde", "fghijkl"]);
    expect(layOutEntered("> ", "x".repeat(6_999), 7)).toHaveLength(1_001);
  });

  test("shows a newline within as a row, and control characters by their names", () => {
    expect(layOutEntered("> ", "one\n\u001b[2J", 20)).toEqual(["> one", "^[[2J"]);
  });

  test("keeps an empty prompt's one row", () => {
    expect(layOutEntered("", "", 20)).toEqual([""]);
  });
});

describe("the bottom of the screen", () => {
  const line = { text: "typing", cursor: 3 };
  const live = { pendingPrompt: "> ", prompt: "> ", line };

  test("is the line being typed, when nothing is on its way", () => {
    expect(layOutLive({ ...live, pending: [] }, 20, 10)).toEqual({
      ...layOut("> ", line, 20, 10),
      pendingRows: 0,
    });
  });

  test("is the lines on their way and below them the one being typed, with the cursor", () => {
    expect(layOutLive({ ...live, pending: ["one", "two"] }, 20, 10)).toEqual({
      rows: ["> one", "> two", "> typing"],
      cursorRow: 2,
      cursorColumn: 5,
      pendingRows: 2,
    });
  });

  test("leaves half of the window to the line being typed", () => {
    const layout = layOutLive({ ...live, pending: numbered(50) }, 30, 9);
    expect(layout.rows).toEqual([
      "… 47 more on their way",
      "> line 47",
      "> line 48",
      "> line 49",
      "> typing",
    ]);
    expect(layout.pendingRows).toBe(4);
  });

  test("is only the line being typed in a window of one row", () => {
    expect(layOutLive({ ...live, pending: numbered(2) }, 30, 1).rows).toEqual(["> typing"]);
  });

  test("fits its window, whatever is on its way or being typed: 300 random ones", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = seeded(seed);
      const text = (most: number) => someOf(random, ["a", " ", "日", "👩‍👩‍👧"], random(most)).join("");
      const pending = Array.from({ length: random(12) }, () => text(60));
      const typed = text(200);
      const columns = 6 + random(40);
      const rows = 1 + random(20);
      const layout = layOutLive(
        { ...live, pending, line: { text: typed, cursor: typed.length } },
        columns,
        rows,
      );
      expect(layout.rows.length).toBeLessThanOrEqual(rows);
      expect(layout.pendingRows).toBeLessThanOrEqual(rows / 2);
      expect(layout.cursorRow).toBeGreaterThanOrEqual(layout.pendingRows);
      expect(layout.cursorRow).toBeLessThan(layout.rows.length);
      for (const row of layout.rows) expect(Bun.stringWidth(row)).toBeLessThanOrEqual(columns);
    }
  });
});
