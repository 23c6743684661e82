import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { NOTHING_TYPED, replaceText, startEditing } from "../../../src/terminal/editor/editing.ts";
import { atEnd } from "../../../src/terminal/editor/line-buffer.ts";
import { complete, paste } from "../../../src/terminal/editor/line-keys.ts";
import type { Key } from "../../../src/terminal/input/input-event.ts";
import { cpuTime } from "../../harness/cpu-time.ts";
import { root } from "../../harness/program.ts";
import { decoded } from "../input/decoding.ts";
import { edited, key, keys, line, NO_KEY, pasted, pressAll, text } from "./pressing.ts";

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
    ["home", "ab\ncd| ef\ng", "ab\n|cd ef\ng"],
    ["ctrl+a", "ab\ncd| ef\ng", "ab\n|cd ef\ng"],
    ["end", "ab\n|cd ef\ng", "ab\ncd ef|\ng"],
    ["ctrl+e", "ab\n|cd ef\ng", "ab\ncd ef|\ng"],
    ["ctrl+home", "ab\ncd| ef\ng", "|ab\ncd ef\ng"],
    ["ctrl+end", "ab\ncd| ef\ng", "ab\ncd ef\ng|"],
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
    ["ctrl+backspace", "ab c.d|", "ab c.|"],
    ["ctrl+delete", "ab| cd ef", "ab| ef"],
    ["meta+delete", "ab| cd ef", "ab| ef"],
    ["meta+t", "ab cd|", "cd ab|"],
    ["meta+t", "ab| cd ef", "cd ab| ef"],
    ["meta+t", "ab c|d ef", "cd ab| ef"],
    ["meta+t", "|ab cd", "|ab cd"],
    ["meta+t", "ab|", "ab|"],
    ["meta+u", "ab| cd ef", "ab CD| ef"],
    ["meta+u", "|straße", "STRASSE|"],
    ["meta+l", "|ÄB CD", "äb| CD"],
    ["meta+c", "|ab cd", "Ab| cd"],
    ["meta+c", "ab| ÉLAN", "ab Élan|"],
    ["meta+c", "a|BC", "aBc|"],
    ["meta+return", "ab|cd", "ab\n|cd"],
    ["shift+return", "ab|cd", "ab\n|cd"],
    ["ctrl+u", "ab\ncd| e", "ab\n| e"],
    ["ctrl+u", "ab\n|cd", "ab|cd"],
    ["ctrl+k", "a|b\ncd", "a|\ncd"],
    ["ctrl+k", "ab|\ncd", "ab|cd"],
  ])("%s takes %p to %p", (chord, before, after) => {
    expect(edited(before, chord)).toBe(after);
  });

  test("Ctrl-X Backspace cuts back to the beginning of the row", () => {
    expect(edited("ab cd| e", "ctrl+x", "backspace")).toBe("| e");
    expect(edited("ab cd| e", "ctrl+x", "backspace", "ctrl+y")).toBe("ab cd| e");
  });

  test("Ctrl-X and a key that means nothing behind it change nothing", () => {
    const typed = pressAll(text("ab"));
    for (const other of [...text("x"), ...keys("ctrl+a", "ctrl+g", "up", "return", "tab")]) {
      const { editing, commands } = pressAll([key("ctrl+x"), other], typed.editing);
      expect({ line: editing.line, commands }).toEqual({ line: atEnd("ab"), commands: [] });
    }
    expect(line(pressAll([...keys("ctrl+x", "ctrl+g"), ...text("c")], typed.editing))).toBe("abc|");
  });

  test("Ctrl-C works behind Ctrl-X too", () => {
    const { commands } = pressAll([...text("ab"), ...keys("ctrl+x", "ctrl+c")]);
    expect(commands).toEqual([{ type: "interrupt", text: "ab" }]);
  });
});

describe("Ctrl-V and Ctrl-Q type the next key, whatever it means", () => {
  test.each([
    ["ctrl+a", "\u0001"],
    ["ctrl+c", "\u0003"],
    ["ctrl+[", "\u001b"],
    ["ctrl+_", "\u001f"],
    ["escape", "\u001b"],
    ["tab", "\t"],
    ["return", "\n"],
    ["backspace", "\u007f"],
  ])("%s is %p", (chord, typed) => {
    for (const quote of ["ctrl+v", "ctrl+q"]) {
      const { editing, commands } = pressAll(keys(quote, chord));
      expect(editing.line).toEqual(atEnd(typed));
      expect(commands).toEqual([]);
    }
  });

  test("a letter is itself, and the key after it is a key again", () => {
    expect(line(pressAll([key("ctrl+v"), ...text("ab"), key("backspace")]))).toBe("a|");
  });

  test.each(["up", "f5", "insert", "meta+x", "ctrl+left"])("%s types nothing", (chord) => {
    expect(line(pressAll([...text("ab"), ...keys("ctrl+v", chord)]))).toBe("ab|");
  });

  test("a paste is not quoted: it is text anyway", () => {
    const { editing } = pressAll(keys("ctrl+v"));
    expect(line(pressAll(keys("left"), paste(editing, "ab")))).toBe("a|b");
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

  test("with what was cut just before it, in the order in which it stood", () => {
    expect(edited("one two three|", "ctrl+w", "ctrl+w", "ctrl+y")).toBe("one two three|");
    expect(edited("|one two", "meta+d", "meta+d", "ctrl+y")).toBe("one two|");
    expect(edited("one |two", "ctrl+w", "ctrl+k", "ctrl+y")).toBe("one two|");
    expect(edited("one two|", "ctrl+w", "left", "ctrl+w", "ctrl+y")).toBe("one| ");
  });
});

describe("Alt-Y takes the piece cut before instead", () => {
  const cutTwice = ["ctrl+w", "left", "ctrl+w", "end"];

  test("after Ctrl-Y, one further back each time, and then the last one again", () => {
    expect(edited("one two|", ...cutTwice, "ctrl+y")).toBe(" one|");
    expect(edited("one two|", ...cutTwice, "ctrl+y", "meta+y")).toBe(" two|");
    expect(edited("one two|", ...cutTwice, "ctrl+y", "meta+y", "meta+y")).toBe(" one|");
  });

  test("and does nothing after any other key", () => {
    expect(edited("one two|", ...cutTwice, "meta+y")).toBe(" |");
    expect(edited("one two|", ...cutTwice, "ctrl+y", "left", "meta+y")).toBe(" on|e");
  });

  test("of at most 10 pieces", () => {
    const pieces = Array.from({ length: 12 }, (_, number) => `${number}`);
    const cuts = pieces.flatMap((piece) => text(piece).concat(keys("ctrl+u", "left")));
    const older = Array.from({ length: 9 }, () => key("meta+y"));
    expect(line(pressAll([...cuts, key("ctrl+y")]))).toBe("11|");
    expect(line(pressAll([...cuts, key("ctrl+y"), ...older]))).toBe("2|");
    expect(line(pressAll([...cuts, key("ctrl+y"), ...older, key("meta+y")]))).toBe("11|");
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

  test("Ctrl-X Ctrl-E asks for an editor, and leaves the line as it is", () => {
    const pressed = pressAll([...text("ab"), ...keys("left", "ctrl+x", "ctrl+e")]);
    expect(pressed.commands).toEqual([{ type: "edit", text: "ab" }]);
    expect(line(pressed)).toBe("a|b");
    const taken = replaceText(pressed.editing, "new\ntext");
    expect(line({ editing: taken, commands: [] })).toBe("new\ntext|");
    expect(line(pressAll(keys("ctrl+_"), taken))).toBe("a|b");
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

describe("Alt-. adds the last word of the line before", () => {
  const start = startEditing(["say one", "  ", "look at  https://example.org/a  ", "two"]);
  const after = (...chords: string[]) => line(pressAll([...text("x "), ...keys(...chords)], start));

  test("and again, that of an older one instead; lines without words are passed over", () => {
    expect(after("meta+.")).toBe("x two|");
    expect(after("meta+.", "meta+.")).toBe("x https://example.org/a|");
    expect(after("meta+.", "meta+.", "meta+.")).toBe("x one|");
    expect(after("meta+.", "meta+.", "meta+.", "meta+.")).toBe("x one|");
  });

  test("anew after another key", () => {
    expect(after("meta+.", "meta+.", "left", "right", "meta+.")).toBe(
      "x https://example.org/atwo|",
    );
    expect(line(pressAll(keys("meta+.")))).toBe("|");
  });
});

describe("up and down in a line of several rows", () => {
  const start = startEditing(["old", "of two\nrows"]);
  const draft = pressAll([...text("abcd"), key("meta+return"), ...text("ef")], start).editing;
  const after = (...chords: string[]) => line(pressAll(keys(...chords), draft));

  test("go from row to row, and then to other lines", () => {
    expect(after("up")).toBe("ab|cd\nef");
    expect(after("up", "up")).toBe("of two\nrows|");
    expect(after("up", "up", "up")).toBe("of t|wo\nrows");
    expect(after("up", "up", "up", "up")).toBe("old|");
    expect(after("up", "down")).toBe("abcd\nef|");
    expect(after("up", "down", "down")).toBe("abcd\nef|");
    expect(after("up", "up", "down")).toBe("abcd\nef|");
  });

  test("keep the column over shorter rows", () => {
    const rows = { ...draft, line: { text: "abcd\n\nef\nghij", cursor: 3 } };
    const moved = (...chords: string[]) => line(pressAll(keys(...chords), rows));
    expect(moved("down")).toBe("abcd\n|\nef\nghij");
    expect(moved("down", "down")).toBe("abcd\n\nef|\nghij");
    expect(moved("down", "down", "down")).toBe("abcd\n\nef\nghi|j");
    expect(moved("down", "down", "left", "down")).toBe("abcd\n\nef\ng|hij");
  });

  test("count columns in graphemes", () => {
    const rows = { ...draft, line: { text: "👩‍👩‍👧e\u0301x\nabcd", cursor: 10 } };
    expect(line(pressAll(keys("down"), rows))).toBe("👩‍👩‍👧e\u0301x\nab|cd");
  });

  test("Ctrl-P and Ctrl-N go to other lines at once", () => {
    expect(after("ctrl+p")).toBe("of two\nrows|");
    expect(after("ctrl+p", "ctrl+p", "ctrl+n", "ctrl+n")).toBe("abcd\nef|");
  });

  test("Alt-< and Alt-> go to the oldest line and back", () => {
    expect(after("meta+<")).toBe("old|");
    expect(after("meta+<", "meta+>")).toBe("abcd\nef|");
  });

  test("what was edited in another line is still there when it comes back", () => {
    const edits = [...keys("ctrl+p"), ...text("!"), ...keys("ctrl+p", "ctrl+n")];
    expect(line(pressAll(edits, draft))).toBe("of two\nrows!|");
  });
});

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

  test("is shown once where Tab is pressed twice before it comes, and again with the next Tab", () => {
    const again = pressAll(keys("tab"), editing).editing;
    const answer = { ...several, line: again.line };
    const [first, shown] = complete(again, again.line, answer);
    expect(shown).toBe("ana  anselm");
    const [second, shownAgain] = complete(first, first.line, answer);
    expect(shownAgain).toBeNull();
    const third = pressAll(keys("tab"), second).editing;
    expect(complete(third, third.line, answer)[1]).toBe("ana  anselm");
  });

  test("counts for nothing if another key was pressed since", () => {
    const moved = pressAll([...text("x"), key("backspace")], editing).editing;
    expect(complete(moved, asked, ana)).toEqual([moved, null]);
  });
});

test("lines of earlier runs come back as those of this one", () => {
  expect(line(pressAll(keys("up", "up"), startEditing(["one", "two"])))).toBe("one|");
});

test("keys that move by words take no time to speak of in a line without any", () => {
  const long = `${"a".repeat(200_000)} b c`;
  const start = cpuTime();
  for (const chord of ["ctrl+w", "meta+b", "meta+backspace"]) {
    pressAll(keys(chord), pasted(long).editing);
  }
  const blanks = " ".repeat(200_000);
  pressAll(keys("return", "meta+."), pasted(`${blanks}b${blanks}`).editing);
  // Minutes where each letter is tried as the beginning.
  expect(cpuTime() - start).toBeLessThan(5_000);
});

test("Alt-. takes the last word of a line that ends with blanks", () => {
  expect(edited("one tw\u{1f600}  |", "return", "meta+.")).toBe("tw\u{1f600}|");
});

describe("docs/terminal.md", () => {
  const page = readFileSync(join(root, "docs", "terminal.md"), "utf8").replaceAll("\\", "");
  const table = page.slice(page.indexOf("## Keys"), page.indexOf("In a room, the first Ctrl-C"));
  const documented = new Set(
    Array.from(table.matchAll(/^\| ([^|]+?) +\|/gm), ([, names = ""]) =>
      names.split(/, (?:then )?| or /),
    ).flat(),
  );

  test("has every key that does something", () => {
    const source = readFileSync(join(root, "src", "terminal", "editor", "line-keys.ts"), "utf8");
    const tables = source.slice(source.indexOf("const KEYS"), source.indexOf("const ACTIONS"));
    const prefixed = tables.indexOf("const PREFIXED");
    const chords = Array.from(tables.matchAll(/^ +\[?"([^"]+)",/gm), ({ index, 1: written = "" }) =>
      written.split(" ").map((chord) => (index > prefixed ? `ctrl+x ${chord}` : chord)),
    ).flat();
    expect(chords.length).toBeGreaterThan(50);
    const names = chords.map((chord) =>
      chord
        .replaceAll("ctrl+", "Ctrl-")
        .replaceAll("meta+", "Alt-")
        .replaceAll("shift+", "Shift-")
        .replace("return", "Enter")
        .replaceAll(/(?<=^|[ -])[a-z]/g, (letter) => letter.toUpperCase()),
    );
    // These send the same as Enter, Tab and Ctrl-_ on most terminals.
    const others = ["Ctrl-M", "Ctrl-I", "Ctrl--", "Ctrl-7", "Ctrl-X"];
    expect(names.filter((name) => !documented.has(name))).toEqual(others);
  });

  test("names keys with Alt that a terminal sends as ESC and a character, and the text after them is typed", () => {
    const pressed = [...documented].flatMap((name) => /^Alt-(.)$/.exec(name)?.[1] ?? []);
    expect(pressed).toContain("_");
    expect(pressed.length).toBeGreaterThan(10);
    for (const character of pressed.map((written) => written.toLowerCase())) {
      for (const reads of [[`\x1b${character}hi`], [`\x1b${character}`, 300, "h", 300, "i"]]) {
        expect(decoded(reads)).toEqual([`meta+${character}`, "h", "i"]);
      }
    }
  });

  test("names the keys of readline that do nothing here", () => {
    expect(table).toContain("no counts (Alt-3), no\nsearch for a character (Ctrl-])");
    const start = pressAll(text("one two")).editing;
    const lineAfter = (...chords: string[]) => pressAll(keys(...chords), start).editing.line;
    for (const chord of ["meta+3", "meta+-", "ctrl+]", "ctrl+@", "ctrl+space"]) {
      expect(lineAfter(chord)).toEqual(start.line);
    }
    expect(lineAfter("ctrl+x", "(")).toEqual(start.line);
  });
});
