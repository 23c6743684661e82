// Which keys the sequences are that terminals send for them.

import { describe, expect, test } from "bun:test";

import { decoded, LONG, utf8 } from "./decoding.ts";

describe("text", () => {
  test("is one key for each character, in lower case with what it types", () => {
    expect(decoded(["aB1 -"])).toEqual(["a", "shift+b=B", "1", "space= ", "-"]);
    expect(decoded([utf8("éÉ日👍")])).toEqual(["é", "shift+é=É", "日", "👍"]);
  });

  test("types nothing with Alt, which is ESC before it", () => {
    expect(decoded(["\x1ba\x1bB\x1b \x1b<", utf8("\x1bé")])).toEqual([
      "meta+a",
      "meta+shift+b",
      "meta+space",
      "meta+<",
      "meta+é",
    ]);
  });

  test("of a keypad in application mode is typed", () => {
    expect(decoded(["\x1bOp\x1bOy\x1bOn\x1bOk\x1bOm\x1bOo\x1bOj\x1bOX\x1bO "])).toEqual(
      ["0", "9", ".", "+", "-", "/", "*", "=", "space= "], //
    );
    expect(decoded(["\x1bOM\x1bOI"])).toEqual(["return", "tab"]);
  });
});

describe("control characters", () => {
  test("are Ctrl and a letter", () => {
    expect(decoded(["\x01\x03\x04\x1a"])).toEqual(["ctrl+a", "ctrl+c", "ctrl+d", "ctrl+z"]);
    expect(decoded(["\0\x1c\x1d\x1e\x1f"])).toEqual([
      "ctrl+space",
      "ctrl+\\",
      "ctrl+]",
      "ctrl+^",
      "ctrl+_",
    ]);
  });

  test("with keys of their own have their names", () => {
    expect(decoded(["\r\n\t\b\x7f"])).toEqual([
      "return",
      "return",
      "tab",
      "backspace",
      "backspace",
    ]);
  });

  test("may have Alt", () => {
    expect(decoded(["\x1b\r\x1b\t\x1b\x7f\x1b\x05"])).toEqual([
      "meta+return",
      "meta+tab",
      "meta+backspace",
      "ctrl+meta+e",
    ]);
  });
});

describe("escape sequences", () => {
  test.each([
    ["xterm, tmux, kitty", "\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "up down right left home end"],
    ["cursor keys in application mode", "\x1bOA\x1bOD\x1bOH\x1bOF", "up left home end"],
    [
      "modifiers of xterm",
      "\x1b[1;2A\x1b[1;3D\x1b[1;5C\x1b[1;6H",
      "shift+up meta+left ctrl+right ctrl+shift+home",
    ],
    ["Meta of xterm", "\x1b[1;9A\x1b[1;13B", "meta+up ctrl+meta+down"],
    ["modifiers without the 1", "\x1b[5C\x1bO5D\x1bO2P", "ctrl+right ctrl+left shift+f1"],
    [
      "editing keys",
      "\x1b[2~\x1b[3~\x1b[5~\x1b[6~\x1b[3;5~",
      "insert delete pageup pagedown ctrl+delete",
    ],
    ["Linux console, screen and rxvt", "\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "home end home end"],
    [
      "F1 to F4 of xterm",
      "\x1bOP\x1bOQ\x1bOR\x1bOS\x1b[1;5P\x1b[1;2R",
      "f1 f2 f3 f4 ctrl+f1 shift+f3",
    ],
    ["F1 to F5 of the Linux console", "\x1b[[A\x1b[[B\x1b[[C\x1b[[D\x1b[[E", "f1 f2 f3 f4 f5"],
    [
      "F1 to F12 of a VT220",
      "\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~",
      "f1 f5 f6 f10 f11 f12",
    ],
    ["PuTTY", "\x1b[[5~\x1b[[6~", "pageup pagedown"],
    [
      "rxvt with Shift",
      "\x1b[a\x1b[d\x1b[7$\x1b[3$",
      "shift+up shift+left shift+home shift+delete",
    ],
    [
      "rxvt with Ctrl",
      "\x1bOa\x1bOc\x1b[8^\x1b[5@",
      "ctrl+up ctrl+right ctrl+end ctrl+shift+pageup",
    ],
    ["Shift-Tab", "\x1b[Z", "shift+tab"],
    [
      "Alt as a second ESC",
      "\x1b\x1b[A\x1b\x1bOD\x1b\x1b[3~\x1b\x1b[[A",
      "meta+up meta+left meta+delete meta+f1",
    ],
    ["a 7-bit sequence as 8-bit controls", "\x9bA\x8fP\x9b3~", "up f1 delete"],
    ["F3 while no cursor is expected", "\x1b[1;5R\x1b[R", "ctrl+f3 f3"],
  ])("%s", (_terminal, sent, keys) => {
    expect(decoded([sent])).toEqual(keys.split(" "));
  });

  test("that are unknown or cut off type nothing, and the text after them is typed", () => {
    for (const unknown of [
      "\x1b[99z",
      "\x1b[?1;2;3h",
      "\x1b[1;2;3;4;5q",
      "\x1b[12;13W",
      "\x1bOh",
    ]) {
      expect(decoded([`${unknown}ab`])).toEqual(["a", "b"]);
    }
    expect(decoded(["\x1b[12\rab"])).toEqual(["return", "a", "b"]);
    expect(decoded(["\x1b[1;\x1b[Aa"])).toEqual(["up", "a"]);
    expect(decoded([utf8("\x1b[1;éa")])).toEqual(["é", "a"]);
  });

  test("of any length are dropped as a whole", () => {
    expect(decoded([`\x1b[${"1;".repeat(100_000)}Aab`])).toEqual(["a", "b"]);
  });
});

describe("the kitty keyboard protocol", () => {
  test.each([
    [
      "named keys",
      "\x1b[27u\x1b[13u\x1b[9u\x1b[127u\x1b[32;5u",
      "escape return tab backspace ctrl+space",
    ],
    [
      "Enter with modifiers",
      "\x1b[13;2u\x1b[13;3u\x1b[13;5u\x1b[27;5;13~",
      "shift+return meta+return ctrl+return ctrl+return",
    ],
    ["letters with Ctrl and Alt", "\x1b[99;5u\x1b[98;3u\x1b[99;6u", "ctrl+c meta+b ctrl+shift+c"],
    [
      "letters that Ctrl makes a named key of elsewhere",
      "\x1b[109;5u\x1b[106;5u\x1b[105;5u\x1b[104;5u\x1b[91;5u",
      "return return tab backspace escape",
    ],
    ["Ctrl-slash and Ctrl-underscore", "\x1b[47;5u\x1b[45:95;6u", "ctrl+_ ctrl+shift+_"],
    ["a Cyrillic letter by the key that it is on", "\x1b[1089::99;5u", "ctrl+c"],
    [
      "presses and repeats, but no releases",
      "\x1b[97;5:1u\x1b[97;5:2u\x1b[97;5:3u\x1b[1;1:3A\x1b[3;1:3~\x1b[1;1:2A",
      "ctrl+a ctrl+a up",
    ],
    ["locks", "\x1b[99;69u\x1b[99;133u", "ctrl+c ctrl+c"],
    [
      "text of all keys",
      "\x1b[97u\x1b[97;2u\x1b[97:65;2u\x1b[97;65u\x1b[97;66u",
      "a shift+a=A shift+a=A a=A shift+a",
    ],
    ["associated text", "\x1b[97;;229u\x1b[0;;26085:26412u\x1b[54:38;2;38u", "a=å =日本 shift+6=&"],
    [
      "the keypad",
      "\x1b[57399u\x1b[57414u\x1b[57419u\x1b[57426u\x1b[57413u",
      "0 return up delete +",
    ],
  ])("%s", (_what, sent, keys) => {
    expect(decoded([sent])).toEqual(keys.split(" "));
  });

  test("has keys that type nothing here: Super, modifiers alone, media, control characters", () => {
    const sent =
      "\x1b[97;9u\x1b[57441;2u\x1b[57428u\x1b[57358u\x1b[97;17u\x1b[u\x1b[128u\x1b[1114112u";
    expect(decoded([`${sent}\x1b[55296ux`])).toEqual(["x"]);
    expect(decoded(["\x1b[97;;7:27u"])).toEqual(["a"]);
  });
});

describe("a lone ESC", () => {
  test("is Escape after 50 ms", () => {
    expect(decoded(["\x1b", 49])).toEqual([]);
    expect(decoded(["\x1b", 50])).toEqual(["escape"]);
    expect(decoded(["\x1b", 50, "a"])).toEqual(["escape", "a"]);
    expect(decoded(["\x1b\x1b", 50])).toEqual(["meta+escape"]);
    expect(decoded(["\x1b\x1b\x1b", 50])).toEqual(["escape", "meta+escape"]);
  });

  test("is Alt if a character follows before", () => {
    expect(decoded(["\x1b", 49, "a"])).toEqual(["meta+a"]);
  });

  test("begins a sequence that may come byte by byte", () => {
    expect(decoded(["\x1b", 40, "[", 400, "D", 400, "a"])).toEqual(["left", "a"]);
    expect(decoded(["\x1b", 40, "[", 400, "1", 400, ";", 400, "5", 400, "D"])).toEqual([
      "ctrl+left",
    ]);
    expect(decoded(["\x1b", 40, "O", 400, "D"])).toEqual(["left"]);
  });

  test("is Escape and a key if the rest of the sequence comes later than that, on a slow line", () => {
    expect(decoded(["\x1b", 200, "[D", 10, "a"])).toEqual(["escape", "left", "a"]);
    expect(decoded(["\x1b", 400, "[", 400, "1;5", 400, "C"])).toEqual(["escape", "ctrl+right"]);
  });

  test("is Escape, and what is typed after it is typed, also if it begins like a sequence", () => {
    expect(decoded(["\x1b", 500, "[D"])).toEqual(["escape", "[", "shift+d=D"]);
    expect(decoded(["\x1b", 200, "[x"])).toEqual(["escape", "[", "x"]);
    expect(decoded(["\x1b", 200, "[", 500, "D"])).toEqual(["escape", "[", "shift+d=D"]);
    expect(decoded(["\x1b", 200, "[1\r"])).toEqual(["escape", "[", "1", "return"]);
    expect(decoded(["\x1b", 200, "Ok"])).toEqual(["escape", "shift+o=O", "k"]);
    expect(decoded(["\x1b", 200, "]P_M"])).toEqual(["escape", "]", "shift+p=P", "_", "shift+m=M"]);
    expect(decoded(["\x1b", 200, "[Ma"])).toEqual(["escape", "[", "shift+m=M", "a"]);
    expect(decoded(["\x1b", 200, "\x1b[A"])).toEqual(["escape", "up"]);
  });

  test("with a bracket, and nothing after it for 500 ms, is Alt and the bracket", () => {
    expect(decoded(["\x1b[", 500, "a"])).toEqual(["meta+[", "a"]);
    expect(decoded(["\x1bO", 500, "a"])).toEqual(["meta+shift+o", "a"]);
  });
});

describe("Alt and a character that begins a string (ECMA-48 s. 5.6)", () => {
  const PRESSED: readonly (readonly [sent: string, key: string])[] = [
    ["\x1b_", "meta+_"],
    ["\x1b]", "meta+]"],
    ["\x1bP", "meta+shift+p"],
    ["\x1b^", "meta+^"],
    ["\x1bX", "meta+shift+x"],
  ];

  test.each(PRESSED)("%j is a key after 50 ms, if nothing follows", (sent, key) => {
    expect(decoded([sent, 50])).toEqual([key]);
    expect(decoded([sent, LONG])).toEqual([key]);
  });

  test.each(PRESSED)("%j is a key at once, if other keys follow", (sent, key) => {
    expect(decoded([`${sent}hi\r`])).toEqual([key, "h", "i", "return"]);
    expect(decoded([`${sent}let`])).toEqual([key, "l", "e", "t"]);
    expect(decoded([sent, utf8("éa")])).toEqual([key, "é", "a"]);
    expect(decoded([sent, "\x1b[A"])).toEqual([key, "up"]);
    expect(decoded([sent, "\x1bb"])).toEqual([key, "meta+b"]);
    expect(decoded([`${sent}${sent}`, 50])).toEqual([key, key]);
    expect(decoded([sent, "\x1b", 50])).toEqual([key, "escape"]);
    expect(decoded([sent, "\x03"])).toEqual([key, "ctrl+c"]);
  });

  test.each(PRESSED)("%j swallows no text that begins like an answer", (sent, key) => {
    for (const text of ["let", "list", "10 of 20", "1$", "200~", "goal", "!", "g=1", ">"]) {
      expect(decoded([sent, 60, text, 500])).toEqual([key, ...decoded([text])]);
      expect(decoded([sent, 60, ...Array.from(text, (typed) => [typed, 90]).flat(), 500])).toEqual([
        key,
        ...decoded([text]),
      ]);
    }
  });

  test("is a string also where a slow line splits it", () => {
    const background = 'answer {"type":"background","red":1,"green":1,"blue":1}';
    const colour = "11;rgb:ffff/ffff/ffff\x1b\\";
    for (let at = 0; at < colour.length; at += 1) {
      const reads = [`\x1b]${colour.slice(0, at)}`, 49, colour.slice(at), LONG, "a"];
      expect(decoded(reads)).toEqual([background, "a"]);
    }
    expect(decoded(["\x1b]1", 400, "1", 400, ";rgb:f/", 400, "f/f\x07a"])).toEqual([
      background,
      "a",
    ]);
    // Too late to know that it is no key, which does nothing; the answer is not typed.
    expect(decoded(["\x1b]", 400, colour, "a"])).toEqual(["meta+]", background, "a"]);
    expect(decoded(["\x1bP", 400, ">|tmux 3.3a\x1b\\a"])).toEqual([
      "meta+shift+p",
      'answer {"type":"version","text":"tmux 3.3a"}',
      "a",
    ]);
    expect(decoded(["\x1b_", 400, "G", 400, "i=31;OK\x1b\\a"])).toEqual(["meta+_", "a"]);
  });

  test("is a key, and its string dropped, if the answer stops after it was known to be one", () => {
    expect(decoded(["\x1b]", 400, "11;rgb:ff", 500, "a"])).toEqual(["meta+]", "a"]);
    expect(decoded(["\x1b]", 400, "11;rgb:ff\x03a"])).toEqual(["meta+]", "ctrl+c", "a"]);
  });
});

test("an unfinished sequence is dropped after 500 ms, and what follows is typed", () => {
  for (const unfinished of [
    "\x1b[1;5",
    "\x1b[<0;1",
    "\x1b]11;rgb:ff",
    "\x1bP>|tmu",
    "\x1b_Gi=1",
    "\x1b[M !",
  ]) {
    expect(decoded([unfinished, 499, 1, "ab"])).toEqual(["a", "b"]);
    expect(decoded([unfinished, LONG])).toEqual([]);
  }
});

test("Ctrl-C counts inside of every unfinished sequence", () => {
  for (const unfinished of [
    "\x1b[1;5",
    "\x1b]11;rgb:ff",
    "\x1bP>|tmu",
    "\x1b_Gi=1",
    "\x1b[M ",
    "\x1bO",
    "\x1b[<",
  ]) {
    expect(decoded([unfinished, "\x03a"])).toEqual(["ctrl+c", "a"]);
  }
});
