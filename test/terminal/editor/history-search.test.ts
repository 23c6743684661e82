import { describe, expect, test } from "bun:test";

import { startEditing } from "../../../src/terminal/editor/editing.ts";
import { searchPrompt } from "../../../src/terminal/editor/history-search.ts";
import { paste } from "../../../src/terminal/editor/line-keys.ts";
import type { Key } from "../../../src/terminal/input/input-event.ts";
import { key, keys, line, pressAll, text } from "./pressing.ts";

const LINES = ["make one", "say hello", "look up", "say hello", "Say Good Bye", "make two"];
const start = startEditing(LINES);

/** The prompt of the search and the line, with the cursor as "|". */
function shown(...all: Key[]): string {
  const pressed = pressAll(all, start);
  const { search } = pressed.editing;
  return `${search === null ? "> " : searchPrompt(search)}${line(pressed)}`;
}

const R = key("ctrl+r");
const S = key("ctrl+s");

describe("Ctrl-R", () => {
  test("finds the last line that has what is typed, with the cursor where it begins", () => {
    expect(shown(R)).toBe("(search) '': |");
    expect(shown(R, ...text("ma"))).toBe("(search) 'ma': |make two");
    expect(shown(R, ...text("hel"))).toBe("(search) 'hel': say |hello");
  });

  test("goes on from there with each letter", () => {
    expect(shown(R, ...text("make "))).toBe("(search) 'make ': |make two");
    expect(shown(R, ...text("make o"))).toBe("(search) 'make o': |make one");
  });

  test("again finds the one before, and passes over lines that repeat the one shown", () => {
    expect(shown(R, ...text("make"), R)).toBe("(search) 'make': |make one");
    expect(shown(R, ...text("hello"), R)).toBe("(failed search) 'hello': say |hello");
  });

  test("again finds the one before in the same line first", () => {
    expect(shown(R, ...text("o"))).toBe("(search) 'o': make tw|o");
    expect(shown(R, ...text("o"), R)).toBe("(search) 'o': Say Go|od Bye");
    expect(shown(R, ...text("o"), R, R)).toBe("(search) 'o': Say G|ood Bye");
  });

  test("says that it failed, and keeps the last line that was found", () => {
    expect(shown(R, ...text("makex"))).toBe("(failed search) 'makex': |make two");
    expect(shown(R, ...text("make"), R, R)).toBe("(failed search) 'make': |make one");
    expect(shown(R, ...text("zzz"))).toBe("(failed search) 'zzz': |");
  });

  test("finds capitals with small letters, and only capitals with capitals", () => {
    expect(shown(R, ...text("say"))).toBe("(search) 'say': |Say Good Bye");
    expect(shown(R, ...text("say g"))).toBe("(search) 'say g': |Say Good Bye");
    expect(shown(R, ...text("Say"), R)).toBe("(failed search) 'Say': |Say Good Bye");
  });

  test("twice searches what was searched last", () => {
    const before = [R, ...text("look"), key("ctrl+g")];
    expect(shown(...before, R, R)).toBe("(search) 'look': |look up");
    expect(shown(R, R)).toBe("(search) '': |");
  });

  test("finds what stands in the line being typed, before the cursor", () => {
    expect(shown(...text("one two one"), R, ...text("one"))).toBe("(search) 'one': one two |one");
    expect(shown(...text("one two one"), R, ...text("one"), R)).toBe(
      "(search) 'one': |one two one",
    );
    expect(shown(...text("one"), R, ...text("one"), R)).toBe("(search) 'one': make |one");
  });

  test("finds a part of an emoji, and puts the cursor before the whole", () => {
    const emoji = startEditing(["a 👩‍👩‍👧 b"]);
    expect(line(pressAll([R, ...text("👧")], emoji))).toBe("a |👩‍👩‍👧 b");
  });
});

describe("Ctrl-S", () => {
  test("finds newer lines, up to the one being typed", () => {
    expect(shown(...text("two"), key("meta+<"), S, ...text("mak"))).toBe(
      "(search forward) 'mak': |make two",
    );
    expect(shown(...text("two"), ...keys("meta+<"), S, ...text("two"), S)).toBe(
      "(search forward) 'two': |two",
    );
  });

  test("turns a search round, and Ctrl-R turns it back", () => {
    expect(shown(R, ...text("make"), R, S)).toBe("(search forward) 'make': |make two");
    expect(shown(R, ...text("make"), R, S, R)).toBe("(search) 'make': |make one");
  });

  test("says that it failed", () => {
    expect(shown(S, ...text("make"))).toBe("(failed search forward) 'make': |");
  });
});

describe("Backspace", () => {
  test("takes back the last letter, and goes back to what was found without it", () => {
    expect(shown(R, ...text("make o"), key("backspace"))).toBe("(search) 'make ': |make two");
    expect(shown(R, ...text("mx"), key("backspace"))).toBe("(search) 'm': |make two");
  });

  test("does nothing once the term is empty", () => {
    expect(shown(...text("ab"), R, ...text("m"), ...keys("backspace", "backspace"))).toBe(
      "(search) '': ab|",
    );
  });
});

describe("a search ends", () => {
  test("with Enter, which enters the line that was found", () => {
    const { commands, editing } = pressAll([R, ...text("look"), key("return")], start);
    expect(commands).toEqual([{ type: "enter", text: "look up" }]);
    expect(editing.line.text).toBe("");
    expect(editing.search).toBeNull();
    expect(line(pressAll(keys("up"), editing))).toBe("look up|");
  });

  test("with Escape, which leaves the line that was found to be edited", () => {
    expect(shown(R, ...text("up"), key("escape"))).toBe("> look |up");
    expect(shown(R, ...text("up"), key("escape"), ...text("a"))).toBe("> look a|up");
  });

  test.each([
    ["left", "> look| up"],
    ["ctrl+a", "> |look up"],
    ["end", "> look up|"],
    ["up", "> say hello|"],
    ["down", "> say hello|"],
    ["ctrl+k", "> look |"],
    ["meta+f", "> look up|"],
  ])("with %s, which does to the line that was found what it always does", (chord, after) => {
    expect(shown(R, ...text("up"), key(chord))).toBe(after);
  });

  test.each(["ctrl+g", "ctrl+c"])("with %s, which gives back the line that was typed", (chord) => {
    const all = [...text("dra"), key("left"), R, ...text("make"), R, key(chord)];
    expect(shown(...all)).toBe("> dr|a");
    expect(pressAll(all, start).commands).toEqual([]);
    expect(shown(...all, key("up"))).toBe("> make two|");
  });

  test("with Ctrl-D, which does not leave, even if nothing was found", () => {
    const { commands, editing } = pressAll([R, ...text("zzz"), key("ctrl+d")], start);
    expect(commands).toEqual([]);
    expect(editing.search).toBeNull();
  });

  test("not with a key that means nothing", () => {
    for (const chord of ["f5", "pageup", "insert", "meta+x"]) {
      expect(shown(R, ...text("up"), key(chord))).toBe("(search) 'up': look |up");
    }
  });

  test("and undo brings back the line that was typed", () => {
    expect(shown(...text("dra"), R, ...text("make"), ...keys("escape", "ctrl+_"))).toBe("> dra|");
  });
});

test("a paste is added to the term", () => {
  const editing = paste(pressAll([R, ...text("m")], start).editing, "ake o");
  expect(line({ editing, commands: [] })).toBe("|make one");
});
