import { describe, expect, test } from "bun:test";

import {
  type Command,
  type Editing,
  NOTHING_TYPED,
  startEditing,
} from "../../../src/terminal/editor/editing.ts";
import { atEnd } from "../../../src/terminal/editor/line-buffer.ts";
import { complete, paste, press } from "../../../src/terminal/editor/line-keys.ts";
import type { Key } from "../../../src/terminal/input/input-event.ts";

const NO_KEY: Key = { name: "", text: "", ctrl: false, meta: false, shift: false };

/** Printable characters. */
const text = (written: string): Key[] =>
  Array.from(written, (character) => ({ ...NO_KEY, name: character, text: character }));

/** A key written "ctrl+a", "meta+b", "left". */
function key(chord: string): Key {
  const parts = chord.split("+");
  return {
    name: parts.at(-1) ?? "",
    text: "",
    ctrl: parts.includes("ctrl"),
    meta: parts.includes("meta"),
    shift: parts.includes("shift"),
  };
}
const keys = (...chords: string[]): Key[] => chords.map(key);

interface Pressed {
  editing: Editing;
  commands: Command[];
}

function pressAll(all: Key[], start: Editing = NOTHING_TYPED): Pressed {
  const commands: Command[] = [];
  let editing = start;
  for (const each of all) {
    const [next, command] = press(editing, each);
    editing = next;
    if (command !== null) commands.push(command);
  }
  return { editing, commands };
}

/** The line and its cursor, written "ab|c". */
function line({ editing }: Pressed): string {
  const { text: typed, cursor } = editing.line;
  return `${typed.slice(0, cursor)}|${typed.slice(cursor)}`;
}

/** What a line "ab|c" is after these keys. */
function edited(before: string, ...chords: string[]): string {
  const cursor = before.indexOf("|");
  const start = { ...NOTHING_TYPED, line: { text: before.replace("|", ""), cursor } };
  return line(pressAll(keys(...chords), start));
}

describe("a character", () => {
  test("is typed where the cursor is", () => {
    expect(line(pressAll([...text("ac"), ...keys("left"), ...text("b")]))).toBe("ab|c");
  });

  test.each(["a", "A", " ", "é", "日", "👩‍👩‍👧", "😀", "\u0301", "\u00a0"])(
    "%p is typed",
    (character) => {
      expect(pressAll([{ ...NO_KEY, text: character }]).editing.line).toEqual(atEnd(character));
    },
  );

  test("is typed by its text, whatever the key is called", () => {
    expect(
      line(
        pressAll([
          { ...NO_KEY, name: "a", text: "A", shift: true },
          { ...NO_KEY, name: "space", text: " " },
        ]),
      ),
    ).toBe("A |");
  });

  test.each([
    ["that controls", { name: "g", ctrl: true }],
    ["with Alt that means nothing", { name: "x", meta: true }],
    ["with Alt and a digit", { name: "5", meta: true }],
    ["that is held with Ctrl", { name: "i", ctrl: true, meta: true, text: "i" }],
    ["that is held with Alt", { name: "i", meta: true, text: "i" }],
    ["of a key that means nothing", { name: "f5" }],
    ["of a key that turns pages", { name: "pageup" }],
    ["of a key that turns pages back", { name: "pagedown" }],
    ["of Insert", { name: "insert" }],
    ["of Escape", { name: "escape" }],
    ["of Tab with Shift", { name: "tab", shift: true }],
    ["of an unknown sequence", {}],
    ["of the C1 controls", { text: "\u009b" }],
    ["that is none", { name: "clear" }],
  ])("%s is not", (_what, other: Partial<Key>) => {
    expect(pressAll([...text("ab"), { ...NO_KEY, ...other }])).toEqual(pressAll(text("ab")));
  });
});

describe("a key that moves", () => {
  test.each([
    ["left", "ab cd|", "ab c|d"],
    ["ctrl+b", "ab cd|", "ab c|d"],
    ["right", "|ab cd", "a|b cd"],
    ["ctrl+f", "|ab cd", "a|b cd"],
    ["meta+b", "ab cd|", "ab |cd"],
    ["meta+left", "ab cd|", "ab |cd"],
    ["ctrl+left", "ab cd|", "ab |cd"],
    ["meta+f", "|ab cd", "ab| cd"],
    ["meta+right", "|ab cd", "ab| cd"],
    ["ctrl+right", "|ab cd", "ab| cd"],
    ["home", "ab| cd", "|ab cd"],
    ["ctrl+a", "ab| cd", "|ab cd"],
    ["end", "ab| cd", "ab cd|"],
    ["ctrl+e", "ab| cd", "ab cd|"],
  ])("%s takes %p to %p", (chord, before, after) => {
    expect(edited(before, chord)).toBe(after);
  });
});

describe("a key that edits", () => {
  test.each([
    ["backspace", "ab|c", "a|c"],
    ["ctrl+h", "ab|c", "a|c"],
    ["backspace", "👩‍👩‍👧|", "|"],
    ["backspace", "|ab", "|ab"],
    ["delete", "a|bc", "a|c"],
    ["ctrl+d", "a|bc", "a|c"],
    ["delete", "ab|", "ab|"],
    ["ctrl+d", "ab|", "ab|"],
    ["ctrl+t", "ab|", "ba|"],
    ["ctrl+u", "ab| cd", "| cd"],
    ["ctrl+k", "ab| cd", "ab|"],
    ["ctrl+w", "ab c.d|", "ab |"],
    ["meta+backspace", "ab c.d|", "ab c.|"],
    ["meta+d", "ab| cd ef", "ab| ef"],
  ])("%s takes %p to %p", (chord, before, after) => {
    expect(edited(before, chord)).toBe(after);
  });
});

describe("Ctrl-Y brings back the last piece that was cut", () => {
  test.each([
    ["ctrl+u", "ab| cd", "ab| cd"],
    ["ctrl+k", "ab| cd", "ab cd|"],
    ["ctrl+w", "ab c.d|", "ab c.d|"],
    ["meta+backspace", "ab c.d|", "ab c.d|"],
    ["meta+d", "ab| cd ef", "ab cd| ef"],
  ])("by %s", (chord, before, after) => {
    expect(edited(before, chord, "ctrl+y")).toBe(after);
  });

  test("as often as it is asked to, and anywhere", () => {
    expect(edited("ab|", "ctrl+u", "ctrl+y", "home", "ctrl+y")).toBe("ab|ab");
  });

  test("also when a cut in between found nothing to take", () => {
    expect(edited("ab|", "ctrl+u", "ctrl+u", "ctrl+k", "ctrl+y")).toBe("ab|");
  });

  test("but not what was erased letter by letter", () => {
    expect(edited("ab|", "backspace", "ctrl+y")).toBe("a|");
    expect(edited("|ab", "delete", "ctrl+y")).toBe("|b");
  });

  test("also on the next line", () => {
    const all = [...text("ab"), ...keys("ctrl+u", "return", "ctrl+y")];
    expect(line(pressAll(all))).toBe("ab|");
  });
});

describe("a key that commands", () => {
  test.each(["return", "ctrl+j", "ctrl+m"])(
    "%s enters the line and begins an empty one",
    (chord) => {
      const pressed = pressAll([...text("ab"), ...keys("left", chord)]);
      expect(pressed.commands).toEqual([{ type: "enter", text: "ab" }]);
      expect(line(pressed)).toBe("|");
    },
  );

  test("Ctrl-C drops the line, and does not remember it", () => {
    const pressed = pressAll([...text("ab"), ...keys("ctrl+c", "up")]);
    expect(pressed.commands).toEqual([{ type: "interrupt", text: "ab" }]);
    expect(line(pressed)).toBe("|");
  });

  test("Ctrl-C returns from an older line to the one being typed", () => {
    const all = [...text("one"), ...keys("return"), ...text("two"), ...keys("return")];
    const pressed = pressAll([...all, ...keys("up", "up", "ctrl+c", "up")]);
    expect(line(pressed)).toBe("two|");
  });

  test("Ctrl-D ends the input on an empty line only", () => {
    expect(pressAll(keys("ctrl+d")).commands).toEqual([{ type: "end" }]);
    expect(pressAll([...text("a"), ...keys("ctrl+d")]).commands).toEqual([]);
    expect(pressAll([...text("a"), ...keys("backspace", "ctrl+d")]).commands).toEqual([
      { type: "end" },
    ]);
  });

  test("Ctrl-Z suspends and Ctrl-L clears the screen; neither touches the line", () => {
    const pressed = pressAll([...text("ab"), ...keys("left", "ctrl+z", "ctrl+l")]);
    expect(pressed.commands).toEqual([{ type: "suspend" }, { type: "clear-screen" }]);
    expect(line(pressed)).toBe("a|b");
  });
});

describe("lines entered before", () => {
  const entered = [...text("one"), ...keys("return"), ...text("two"), ...keys("return")];

  test.each([
    ["up", "down"],
    ["ctrl+p", "ctrl+n"],
  ])("come back with %s and go with %s, and the line being typed is kept", (back, forth) => {
    const typing = [...entered, ...text("dra")];
    expect(line(pressAll([...typing, ...keys(back)]))).toBe("two|");
    expect(line(pressAll([...typing, ...keys(back, back)]))).toBe("one|");
    expect(line(pressAll([...typing, ...keys(back, back, back)]))).toBe("one|");
    expect(line(pressAll([...typing, ...keys(back, back, forth)]))).toBe("two|");
    expect(line(pressAll([...typing, ...keys(back, back, forth, forth)]))).toBe("dra|");
    expect(line(pressAll([...typing, ...keys(back, forth, forth)]))).toBe("dra|");
  });

  test("can be edited and entered again", () => {
    const pressed = pressAll([...entered, ...keys("up", "up"), ...text("!"), ...keys("return")]);
    expect(pressed.commands).toHaveLength(3);
    expect(line(pressAll(keys("up"), pressed.editing))).toBe("one!|");
    expect(line(pressAll(keys("up", "up"), pressed.editing))).toBe("two|");
  });
});

/** What is typed after a paste. */
function pasted(written: string, start: Editing = NOTHING_TYPED): Pressed {
  return { editing: paste(start, written), commands: [] };
}

describe("a paste", () => {
  test("is typed as a whole where the cursor is", () => {
    const { editing } = pressAll([...text("ad"), ...keys("left")]);
    expect(line(pasted("bc", editing))).toBe("abc|d");
  });

  test("keeps its lines: its newlines enter nothing, and its control characters are no keys", () => {
    expect(line(pasted("one\ntwo\n"))).toBe("one\ntwo\n|");
  });

  test("may end its lines as any system does", () => {
    expect(line(pasted("one\r\ntwo\rthree\nfour"))).toBe("one\ntwo\nthree\nfour|");
  });

  test("may have tabs and control characters: they are text in it", () => {
    expect(line(pasted("\t\u0003\u0004\u001b[A"))).toBe("\t\u0003\u0004\u001b[A|");
  });

  test("is entered with the lines it has, and comes back with them", () => {
    const pressed = pressAll(keys("return"), paste(NOTHING_TYPED, "one\ntwo"));
    expect(pressed.commands).toEqual([{ type: "enter", text: "one\ntwo" }]);
    expect(line(pressAll(keys("up"), pressed.editing))).toBe("one\ntwo|");
  });

  test("of nothing changes nothing", () => {
    const { editing } = pressAll(text("ab"));
    expect(paste(editing, "")).toEqual(editing);
  });
});

test("Tab asks for a completion, and leaves the line as it is", () => {
  const { editing, commands } = pressAll([...text("an"), key("tab")]);
  expect(line({ editing, commands })).toBe("an|");
  expect(commands).toEqual([{ type: "complete", line: { text: "an", cursor: 2 } }]);
});

describe("the answer to Tab", () => {
  const { editing } = pressAll([...text("an"), key("tab")]);
  const asked = editing.line;
  const ana = { line: atEnd("ana: "), candidates: ["ana"] };
  const several = { line: asked, candidates: ["ana", "anselm"] };

  test("is taken into the line, and can be undone", () => {
    const [completed, shown] = complete(editing, asked, ana);
    expect(line({ editing: completed, commands: [] })).toBe("ana: |");
    expect(shown).toBeNull();
    expect(line(pressAll(keys("ctrl+_"), completed))).toBe("an|");
  });

  test("is shown as a choice the second time, if there is one", () => {
    expect(complete(editing, asked, several)).toEqual([editing, null]);
    const again = pressAll(keys("tab"), editing).editing;
    expect(complete(again, again.line, { ...several, line: again.line })[1]).toBe("ana  anselm");
    expect(complete(again, again.line, { line: again.line, candidates: ["an"] })[1]).toBeNull();
  });

  test("counts for nothing if another key was pressed since", () => {
    const moved = pressAll([...text("x"), key("backspace")], editing).editing;
    expect(complete(moved, asked, ana)).toEqual([moved, null]);
  });
});

test("lines of earlier runs come back as those of this one", () => {
  expect(line(pressAll(keys("up", "up"), startEditing(["one", "two"])))).toBe("one|");
});
