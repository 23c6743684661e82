// Which names are refused: by property over all of Unicode, by shape, and by charla's own words.

import { describe, expect, test } from "bun:test";

import {
  describeNameProblem,
  isMemberName,
  isRoomName,
  MAX_NAME,
  ROOM_NAME_RULE,
  withSuffix,
} from "../../src/chat/names.ts";
import { CharlaError } from "../../src/errors.ts";
import { describeError, describeEvent } from "../../src/terminal/state/event-text.ts";
import { en } from "../../web/words/en.ts";
import { es } from "../../web/words/es.ts";

/** All code points with a property. */
function charactersOf(property: RegExp): string[] {
  const characters: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code);
    if (property.test(character)) characters.push(character);
  }
  return characters;
}

describe("a member's name", () => {
  test.each(
    [
      "ana",
      "Ana María",
      "日本太郎",
      "שרה",
      "कृष्णा",
      "Nguyễn Thị Ế",
      "မြို့",
      "O'Neil: no",
      "a:b",
      "C++",
      "ana-2",
      "ana (work)",
      "ana (owners' club)",
      "ana (оwners' club)", // Cyrillic о
      "Олег (Киев)",
      "Μαρία and 3 cats",
      "محمد علي",
      "ノブ (東京)",
      "1,000 years",
      "Smith,John",
      "क्षेत्रज्ञ",
      "ខ្មែរ",
      "สมชาย ใจดี",
      "தமிழ்",
      "أحمدُ",
      "שָׂרָה",
      "ཀརྨ",
      "ɔ\u0300kɛ\u0301",
      "ж\u0301ук",
      "か\u309a",
      "q\u0307\u0323",
      "1\u20e3",
      "🦜",
      "👩‍💻",
      "👩🏽‍🚀 lee",
      "charlatan",
      "leftie",
      "x".repeat(40),
    ].filter((name) => !name.includes(": ")),
  )("may be %p", (name) => {
    expect(describeNameProblem(name)).toBeNull();
  });

  test("has no character that Unicode says may be ignored: they are not shown", () => {
    const ignorable = charactersOf(/\p{Default_Ignorable_Code_Point}/u);
    expect(ignorable.length).toBeGreaterThan(4_000);
    for (const known of "\u034f\ufe0f\u{e0100}\u17b4\u180b\u3164\u200b\u200d\u00ad\u{e0041}") {
      expect(ignorable).toContain(known);
    }
    const allowed = ignorable.filter((character) => isMemberName(`an${character}a`));
    expect(allowed.map((character) => character.codePointAt(0)?.toString(16))).toEqual([]);
  });

  test("has a joiner only between the pictures of one emoji", () => {
    expect(isMemberName("👩‍👩‍👧")).toBe(true);
    for (const name of [
      "an\u200da",
      "👩\u200d",
      "\u200d👩",
      "👩\u200da",
      "a\u200d👩",
      "👩\u200d\u200d👧",
    ]) {
      expect(isMemberName(name)).toBe(false);
    }
  });

  test("has no blank but U+0020, and neither controls nor unassigned characters", () => {
    for (const character of charactersOf(/[\p{Z}\p{C}]/u)) {
      if (character !== " " && isMemberName(`an${character}a`)) {
        throw new Error(`U+${character.codePointAt(0)?.toString(16)} is allowed`);
      }
    }
  });

  test.each([
    ["", "1 to 40 characters"],
    ["x".repeat(41), "1 to 40 characters"],
    ["\ufdfa".repeat(5), "fewer ligatures"],
    ["\ufb03".repeat(27), "fewer ligatures"],
    [" ana", "no blanks at either end"],
    ["ana ", "no blanks at either end"],
    ["an\na", "only characters that are drawn"],
    ["\u0301ana", "no accent at the beginning"],
    ["\u2800", "only characters that are drawn"],
    ["a\u0301\u0302\u0303na", "at most two accents on a letter"],
    ["\u1ec7\u0301", "at most two accents on a letter"],
    ["ก็็็", "at most two accents on a letter"],
    ["မ\u103c\u102d\u102f\u1037\u1037", "at most two accents on a letter"],
    ["ana: hello", "no colon before a blank or at the end"],
    ["ana:", "no colon before a blank or at the end"],
    ["ana： hello", "no colon before a blank or at the end"],
    ["ana∶", "no colon before a blank or at the end"],
    ["ana  ben", "one blank at a time"],
    ["ana  PJITR3nmkt50…", "one blank at a time"],
    ["ana, ben", "no comma before a blank or at the end"],
    ["ana， ben", "no comma before a blank or at the end"],
    ["ana‚", "no comma before a blank or at the end"],
    ["ana\u{2d7f}", "no accents of other scripts"],
    ["ana\u{1107f}", "no accents of other scripts"],
    ["ana\u{10a3f}", "no accents of other scripts"],
    ["ana\u{16fe4}", "no accents of other scripts"],
    ["ana\u{17d2}", "no accents of other scripts"],
    ["ana\u{13440}", "no accents of other scripts"],
    ["an 1\u{17d2}", "no accents of other scripts"],
    ["क\u0301\u17d2", "no accents of other scripts"],
    ["ana\u{1d159}", "only characters that are drawn"],
    ["ana\u{fffc}", "only characters that are drawn"],
    ["ana\u{13441}", "only characters that are drawn"],
    ["boss (owner)", "no words of charla's own"],
    ["boss ( Operator )", "no words of charla's own"],
    ["boss（owner）", "no words of charla's own"],
    ["boss ❨owner❩", "no words of charla's own"],
    ["boss [owner]", "no words of charla's own"],
    ["ana (SHA256:PJITR3nmkt50)", "no words of charla's own"],
    ["ana joined", "no words of charla's own"],
    ["ana is away", "no words of charla's own"],
    ["ana and 3 more", "no words of charla's own"],
    ["SHA256:abc", 'no "SHA256:" at the beginning, as a fingerprint has'],
    ["ｓｈａ256:PJITR3nmkt50", 'no "SHA256:" at the beginning, as a fingerprint has'],
    ["* ana", 'none of * > - # @ and "/" at the beginning'],
    ["> ana", 'none of * > - # @ and "/" at the beginning'],
    ["-- earlier --", 'none of * > - # @ and "/" at the beginning'],
    ["–ana", 'none of * > - # @ and "/" at the beginning'],
    ["#ana", 'none of * > - # @ and "/" at the beginning'],
    ["/ana", 'none of * > - # @ and "/" at the beginning'],
    ["@ana", 'none of * > - # @ and "/" at the beginning'],
    ["＠ana", 'none of * > - # @ and "/" at the beginning'],
    ["＊ana", 'none of * > - # @ and "/" at the beginning'],
    ["charla", "no words of charla's own"],
    ["Hint", "no words of charla's own"],
    ["ＳＥＲＶＥＲ", "no words of charla's own"],
    ["ben left", "no words of charla's own"],
    ["14:05 ben", "no time of day at the beginning"],
    // Look-alikes, as of UTS #39: Cyrillic, Greek, Cherokee, small capitals, and letters for digits.
    ["ben (оwner)", "no words of charla's own"],
    ["ben (оwnеr)", "no words of charla's own"],
    ["ben (ΟWΝΕR)", "no words of charla's own"],
    ["ben (ᴏᴡɴᴇʀ)", "no words of charla's own"],
    ["ben (οреrаtоr)", "no words of charla's own"],
    ["ben (уоu)", "no words of charla's own"],
    ["ben (rnuted)", "no words of charla's own"],
    ["ben (ЅНА256)", "no words of charla's own"],
    ["ben ﴾owner﴿", "no words of charla's own"],
    ["ben ❲owner❳", "no words of charla's own"],
    ["ben 〔owner〕", "no words of charla's own"],
    ["ben lеft", "no words of charla's own"],
    ["ben leſt", "no words of charla's own"],
    ["ben Ieft", "no words of charla's own"],
    ["ben joіned", "no words of charla's own"],
    ["ben JΟΙΝED", "no words of charla's own"],
    ["ben JOIΝED", "no words of charla's own"],
    ["ben is аway", "no words of charla's own"],
    ["ben іs bасk", "no words of charla's own"],
    ["ben and З more", "no words of charla's own"],
    ["ben and l2 morе", "no words of charla's own"],
    ["l4:O5 ben", "no time of day at the beginning"],
    ["14∶05 ben", "no time of day at the beginning"],
    ["ЅHA256:PJITR3nmkt50", 'no "SHA256:" at the beginning, as a fingerprint has'],
    ["SНА256∶PJITR3nmkt50", 'no "SHA256:" at the beginning, as a fingerprint has'],
  ])("is not %p", (name, problem) => {
    expect(describeNameProblem(name)).toBe(problem);
  });

  test("is not what a line of charla's own begins with, before a colon", () => {
    const error = new CharlaError("NO_ANSWER", "no answer", "look for it");
    const lines = [
      describeError(error),
      ...(
        [
          { type: "invitation", invitation: "charla:x" },
          { type: "joined", peer: "ben", fingerprint: "SHA256:x" },
          { type: "left", peer: "ben", reason: "kicked by ana" },
          { type: "said", text: "x" },
          { type: "delivered", text: "x", sequence: 1, time: Date.now() },
          { type: "waiting", for: "server", text: "x" },
          { type: "waiting", for: "peer", text: "x" },
          { type: "waiting", for: "turn", text: "x" },
          { type: "notice", code: "X", message: "open: anyone can join", hint: "none" },
          { type: "ended", reason: "left", unsaid: ["x"] },
        ] as const
      ).flatMap((event) => [
        describeEvent(event, true, "shown") ?? "",
        describeEvent(event, true, "unknown") ?? "",
      ]),
    ];
    const beginnings = lines
      .flatMap((line) => line.split("\n"))
      .flatMap((line) => /^(.+?): /.exec(line)?.[1] ?? []);
    expect(new Set(beginnings).size).toBeGreaterThan(12);
    expect(beginnings.filter(isMemberName)).toEqual([]);
  });
});

test("a name is measured in NFC, however long it is as it was written", () => {
  // Each of these is one unit as it is written, and three in NFC.
  expect(isMemberName("\ufb2c".repeat(13))).toBe(true);
  expect(isMemberName("\ufb2c".repeat(14))).toBe(false);
  expect(isMemberName("e\u0301".repeat(40))).toBe(true);
  expect(isMemberName("e\u0301".repeat(41))).toBe(false);
  expect(isRoomName("\ufb2c".repeat(40))).toBe(false);
  expect(isMemberName("a".repeat(2 ** 24))).toBe(false);
});

test("ligatures that make up to 80 characters in NFKC may be in a name", () => {
  for (const name of ["\ufdfa".repeat(4), "\ufb03".repeat(26), "\uff41".repeat(40)]) {
    expect(describeNameProblem(name)).toBeNull();
  }
});

test("a number behind a name makes a name, also behind the longest", () => {
  expect(withSuffix("ana", 2)).toBe("ana-2");
  for (const name of [
    "x".repeat(40),
    "🦜".repeat(20),
    "\ufb2c".repeat(13),
    `${"x".repeat(36)} yyy`,
  ]) {
    const numbered = withSuffix(name.normalize("NFC"), 100);
    expect([isMemberName(numbered), numbered.endsWith("-100")]).toEqual([true, true]);
  }
});

test.each([
  ["main", true],
  ["Küche_2.b-c", true],
  ["日本", true],
  ["", false],
  ["a b", false],
  ["a/b", false],
  ["ㅤ", false],
  ["x".repeat(41), false],
])("%p as a room's name: %p", (name, isValid) => {
  expect(isRoomName(name)).toBe(isValid);
});

test("a room's name may be as long as the sentences about it say", () => {
  expect([MAX_NAME, MAX_NAME + 1].map((length) => isRoomName("x".repeat(length)))).toEqual([
    true,
    false,
  ]);
  for (const rule of [ROOM_NAME_RULE, en.invalidRoom, es.invalidRoom]) {
    expect(rule).toContain(` ${MAX_NAME} `);
  }
});
