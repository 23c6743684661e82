import { describe, expect, test } from "bun:test";

import { type Editing, NOTHING_TYPED, startEditing } from "../../../src/terminal/editor/editing.ts";
import { press } from "../../../src/terminal/editor/line-keys.ts";
import type { Key } from "../../../src/terminal/input/input-event.ts";
import { seeded, someOf } from "../../harness/random.ts";
import { key, keys, line, pasted, pressAll, text } from "./pressing.ts";

const UNDO = key("ctrl+_");
const REDO = key("meta+/");
const times = (count: number, one: Key): Key[] => Array.from({ length: count }, () => one);

/** The lines that undo shows, one after the other, until nothing changes any more. */
function undone(all: Key[], start: Editing = NOTHING_TYPED): string[] {
  const shown: string[] = [];
  let { editing } = pressAll(all, start);
  for (;;) {
    const [next] = press(editing, UNDO);
    if (next.line === editing.line) return shown;
    editing = next;
    shown.push(line({ editing, commands: [] }));
  }
}

describe("undo", () => {
  test("takes back words that were typed, the last one first", () => {
    expect(undone(text("one two  three"))).toEqual(["one two  |", "one |", "|"]);
  });

  test("takes back at most 20 letters at once", () => {
    expect(undone(text("x".repeat(45)))).toEqual([`${"x".repeat(40)}|`, `${"x".repeat(20)}|`, "|"]);
  });

  test("brings back letters that were erased one after the other, as one step", () => {
    expect(undone([...text("one"), ...keys("backspace", "backspace")])).toEqual(["one|", "|"]);
    expect(undone([...text("one"), ...keys("home", "delete", "delete")])).toEqual(["|one", "|"]);
  });

  test("keeps apart what was typed before and after the cursor moved", () => {
    expect(undone([...text("ac"), key("left"), ...text("b")])).toEqual(["a|c", "|"]);
    expect(undone([...text("ab"), ...keys("left", "right"), ...text("c")])).toEqual(["ab|", "|"]);
  });

  test("keeps apart what was typed and erased", () => {
    expect(undone([...text("ab"), key("backspace"), ...text("c")])).toEqual(["a|", "ab|", "|"]);
  });

  test.each([
    ["ctrl+w", "one |"],
    ["ctrl+u", "|"],
    ["ctrl+t", "one tow|"],
    ["meta+t", "two one|"],
    ["meta+return", "one two\n|"],
  ])("takes back %s by itself", (chord, changed) => {
    const all = [...text("one two"), key(chord)];
    expect(line(pressAll(all))).toBe(changed);
    expect(line(pressAll([...all, UNDO]))).toBe("one two|");
  });

  test("takes back a paste as a whole", () => {
    const { editing } = pasted("one two\nthree", pressAll(text("say ")).editing);
    expect(undone([], editing)).toEqual(["say |", "|"]);
  });

  test("takes back what Ctrl-Y, Alt-Y and Alt-. brought", () => {
    const start = startEditing(["old"]);
    expect(undone([...text("a"), ...keys("ctrl+u", "ctrl+y")])).toEqual(["|", "a|", "|"]);
    expect(undone([...text("a"), key("meta+.")], start)).toEqual(["a|", "|"]);
  });

  test("goes back from an older line to the one being typed", () => {
    const start = startEditing(["old"]);
    const up = [...text("new"), key("up")];
    expect(undone(up, start)).toEqual(["new|", "|"]);
    expect(line(pressAll([...up, UNDO, ...keys("up", "down")], start))).toBe("new|");
  });

  test("brings back a line that Ctrl-C has dropped", () => {
    expect(undone([...text("one"), key("ctrl+c")])).toEqual(["one|", "|"]);
  });

  test("brings back no line that was entered", () => {
    expect(undone([...text("one two"), key("return")])).toEqual([]);
    expect(undone([...text("one two"), key("return"), ...text("three")])).toEqual(["|"]);
  });

  test("has no step for a key that changed nothing", () => {
    const idle = keys("delete", "ctrl+k", "ctrl+e", "meta+d", "meta+y", "down", "ctrl+x", "ctrl+n");
    expect(undone([...text("one"), ...idle])).toEqual(["|"]);
    expect(undone([...text("a"), key("left"), ...keys("ctrl+t", "backspace", "ctrl+u")])).toEqual([
      "|",
    ]);
  });

  test("is Ctrl-X Ctrl-U too, and Ctrl-/, where the terminal tells it from Ctrl-_", () => {
    for (const chords of [["ctrl+x", "ctrl+u"], ["ctrl+/"], ["ctrl+7"], ["ctrl+-"]]) {
      expect(line(pressAll([...text("one two"), ...keys(...chords)]))).toBe("one |");
    }
  });

  test("keeps the last 200 steps", () => {
    const steps = Array.from({ length: 300 }, () => [...text("x"), key("left")]).flat();
    const shown = undone(steps);
    expect(shown).toHaveLength(200);
    expect(shown.at(-1)).toBe(`|${"x".repeat(100)}`);
  });

  test("keeps fewer steps of a text that is very long", () => {
    const start = pasted("x".repeat(900_000)).editing;
    const steps = Array.from({ length: 10 }, () => [...text("y"), key("left")]).flat();
    expect(undone(steps, start)).toHaveLength(2);
  });
});

describe("redo", () => {
  test("brings back what was undone, step by step, and no more", () => {
    const all = [...text("one two three"), ...times(2, UNDO)];
    expect(line(pressAll(all))).toBe("one |");
    expect(line(pressAll([...all, REDO]))).toBe("one two |");
    expect(line(pressAll([...all, REDO, REDO]))).toBe("one two three|");
    expect(line(pressAll([...all, REDO, REDO, REDO]))).toBe("one two three|");
  });

  test("is Ctrl-X Ctrl-R too", () => {
    const all = [...text("one"), UNDO, ...keys("ctrl+x", "ctrl+r")];
    expect(line(pressAll(all))).toBe("one|");
  });

  test("has nothing to bring back once something else was typed", () => {
    expect(line(pressAll([...text("one two"), UNDO, ...text("x"), REDO]))).toBe("one x|");
  });

  test("still has it after the cursor has moved", () => {
    expect(line(pressAll([...text("one two"), UNDO, key("left"), REDO]))).toBe("one two|");
  });
});

const ALPHABET: readonly Key[] = [
  ...text("ab .é日"),
  ...["👩‍👩‍👧", "\u0301", "🇩", "🇪", "❤️"].map((character) => text(character).at(-1) ?? UNDO),
  ...keys("left", "right", "up", "down", "home", "end", "meta+b", "meta+f", "ctrl+left"),
  ...keys("backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+k", "meta+d", "meta+backspace"),
  ...keys("ctrl+y", "meta+y", "meta+.", "ctrl+t", "meta+t", "meta+u", "meta+l", "meta+c"),
  ...keys("meta+return", "ctrl+v", "ctrl+x", "ctrl+p", "ctrl+n", "meta+<", "meta+>", "pageup"),
  ...keys("ctrl+r", "ctrl+s", "escape", "ctrl+g", "tab", "ctrl+c", "ctrl+_", "meta+/", "return"),
];

describe("whatever keys are pressed, in 300 random sessions,", () => {
  const LINES = ["one", "two 👩‍👩‍👧\nthree", "é日 .", "e\u0301 ab", "🇩🇪🇫🇷"];
  const sessions = Array.from({ length: 300 }, (_, seed) => {
    const random = seeded(seed);
    return { seed, random, all: someOf(random, ALPHABET, 80) };
  });
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

  test("the cursor stands between two graphemes (UAX #29)", () => {
    for (const { seed, all } of sessions) {
      let editing = startEditing(LINES);
      for (const [step, each] of all.entries()) {
        [editing] = press(editing, each);
        const { text: typed, cursor } = editing.line;
        const ends = Array.from(segmenter.segment(typed), ({ index }) => index);
        expect([seed, step, [...ends, typed.length].includes(cursor)]).toEqual([seed, step, true]);
      }
    }
  });

  test("as many redos as undos bring back the line as it was", () => {
    for (const { seed, random, all } of sessions) {
      // What is still being searched or quoted is not part of the line.
      const { editing } = pressAll([...all, ...keys("escape", "left")], startEditing(LINES));
      let back = editing;
      let steps = 0;
      const most = 1 + random(10);
      while (steps < most) {
        const [next] = press(back, UNDO);
        if (next.line === back.line) break;
        back = next;
        steps += 1;
      }
      const again = pressAll(times(steps, REDO), back).editing;
      expect([seed, again.line]).toEqual([seed, editing.line]);
    }
  });

  test("a search that is given up leaves the line as it was", () => {
    for (const { seed, random, all } of sessions) {
      const before = pressAll([...all, ...keys("escape", "left")], startEditing(LINES)).editing;
      const typed = someOf(
        random,
        [...text("one a"), ...keys("ctrl+r", "ctrl+s", "backspace")],
        12,
      );
      const { editing, commands } = pressAll([key("ctrl+r"), ...typed, key("ctrl+g")], before);
      expect([seed, editing.line]).toEqual([seed, before.line]);
      expect(editing.history).toEqual(before.history);
      expect(commands).toEqual([]);
    }
  });

  test("what was typed and not entered is found again below the history, or by undo", () => {
    const browsing = keys("up", "down", "ctrl+p", "ctrl+n", "meta+<", "meta+>", "ctrl+r", "escape");
    for (const { seed, random } of sessions) {
      const keysPressed = someOf(random, browsing, 20);
      const all = [...text("draft"), ...keysPressed, ...keys("escape", "meta+>")];
      expect([seed, pressAll(all, startEditing(LINES)).editing.line.text]).toEqual([seed, "draft"]);
    }
  });
});
