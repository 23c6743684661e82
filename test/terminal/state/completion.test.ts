import { describe, expect, test } from "bun:test";

import { COMMANDS } from "../../../src/chat/commands.ts";
import { completeInRoom, wordsToAskFor } from "../../../src/terminal/state/completion.ts";
import { cpuTime } from "../../harness/cpu-time.ts";

const PEOPLE = ["ana", "Ana María", "Anselm", "Ben", "日本太郎", "日本次郎", "émile"];
const PEOPLE_SORTED = ["ana", "Ana María", "Anselm", "Ben", "émile", "日本太郎", "日本次郎"];
const ROOMS = ["main", "lunch-time", "lunch-place"];

/** A line written "ab|c". */
const written = (line: string) => ({ text: line.replace("|", ""), cursor: line.indexOf("|") });

/** The line after Tab, and the candidates. */
function tab(line: string): [line: string, ...candidates: string[]] {
  const { line: next, candidates } = completeInRoom(written(line), {
    commands: COMMANDS.map(({ name }) => name),
    people: PEOPLE,
    asked: ROOMS,
  });
  return [`${next.text.slice(0, next.cursor)}|${next.text.slice(next.cursor)}`, ...candidates];
}

describe("a command at the beginning of the line", () => {
  test("is completed, with a blank after it", () => {
    expect(tab("/j|")).toEqual(["/join |", "/join"]);
    expect(tab("/he|")).toEqual(["/help |", "/help"]);
    expect(tab("/he| me")).toEqual(["/help| me", "/help"]);
  });

  test("that could be several stays as it is", () => {
    expect(tab("/h|")).toEqual(["/h|", "/help", "/history"]);
    expect(tab("/|")).toEqual([
      "/|",
      "/ban",
      "/bans",
      "/close",
      "/copy",
      "/delete",
      "/deop",
      "/help",
      "/history",
      "/invite",
      "/invites",
      "/join",
      "/kick",
      "/lock",
      "/me",
      "/mute",
      "/name",
      "/op",
      "/quit",
      "/revoke",
      "/rooms",
      "/search",
      "/unban",
      "/unlock",
      "/unmute",
      "/way",
      "/who",
    ]);
  });

  test("is not completed elsewhere in the line, nor after two slashes", () => {
    expect(tab("//he|")).toEqual(["//he|"]);
    expect(tab("see /he|")).toEqual(["see /he|"]);
    expect(tab("/x|")).toEqual(["/x|"]);
  });
});

describe("a person's name", () => {
  test("at the beginning of the line is followed by a colon", () => {
    expect(tab("be|")).toEqual(["Ben: |", "Ben"]);
    expect(tab("be|: yes")).toEqual(["Ben|: yes", "Ben"]);
  });

  test("elsewhere is followed by a blank", () => {
    expect(tab("is be|")).toEqual(["is Ben |", "Ben"]);
    expect(tab("is be| there")).toEqual(["is Ben| there", "Ben"]);
    expect(tab("/kick be|")).toEqual(["/kick Ben |", "Ben"]);
  });

  test("that could be several is completed as far as they agree, in upper or lower case", () => {
    expect(tab("日|")).toEqual(["日本|", "日本太郎", "日本次郎"]);
    expect(tab("an|")).toEqual(["an|", "ana", "Ana María", "Anselm"]);
    expect(tab("ans|")).toEqual(["Anselm: |", "Anselm"]);
  });

  test("may contain a blank", () => {
    expect(tab("ana m|")).toEqual(["Ana María: |", "Ana María"]);
    expect(tab("ask ana m|")).toEqual(["ask Ana María |", "Ana María"]);
    expect(tab("ana b|")).toEqual(["ana Ben |", "Ben"]);
  });

  test("is found however its letters are composed", () => {
    expect(tab("e\u0301m|")).toEqual(["émile: |", "émile"]);
  });

  test("is not guessed if nothing of it is typed", () => {
    expect(tab("|")).toEqual(["|"]);
    expect(tab("hello |")).toEqual(["hello |"]);
    expect(tab("x|")).toEqual(["x|"]);
  });
});

describe("a person's name after an @", () => {
  test("is followed by a blank, also at the beginning of the line", () => {
    expect(tab("@be|")).toEqual(["@Ben |", "@Ben"]);
    expect(tab("is @be|")).toEqual(["is @Ben |", "@Ben"]);
    expect(tab("@be| there")).toEqual(["@Ben| there", "@Ben"]);
  });

  test("may contain a blank", () => {
    expect(tab("ask @ana m|")).toEqual(["ask @Ana María |", "@Ana María"]);
    expect(tab("@ana b|")).toEqual(["@ana Ben |", "Ben"]);
  });

  test("that could be several is completed as far as they agree", () => {
    expect(tab("@日|")).toEqual(["@日本|", "@日本太郎", "@日本次郎"]);
    expect(tab("@an|")).toEqual(["@an|", "@ana", "@Ana María", "@Anselm"]);
  });

  test("may be that of anybody if nothing of it is typed", () => {
    expect(tab("hello @|")).toEqual(["hello @|", ...PEOPLE_SORTED.map((name) => `@${name}`)]);
  });

  test("is none within a word", () => {
    expect(tab("ana@be|")).toEqual(["ana@be|"]);
    expect(tab("@x|")).toEqual(["@x|"]);
  });
});

describe("a room's name", () => {
  test("is completed after /join, as far as the rooms agree", () => {
    expect(tab("/join m|")).toEqual(["/join main |", "main"]);
    expect(tab("/join l|")).toEqual(["/join lunch-|", "lunch-place", "lunch-time"]);
    expect(tab("/join |")).toEqual(["/join |", "lunch-place", "lunch-time", "main"]);
    expect(tab("/join ben|")).toEqual(["/join ben|"]);
  });

  test("is asked for there and nowhere else", () => {
    expect(wordsToAskFor(written("/join l|"))).toBe("rooms");
    expect(wordsToAskFor(written("/join |"))).toBe("rooms");
    for (const line of ["/join|", "/jo|in x", "/join a b|", "x /join a|"]) {
      expect(wordsToAskFor(written(line))).toBeNull();
    }
  });
});

describe("behind a command that takes a name, without a letter,", () => {
  test.each(["kick", "ban", "mute", "op"])("/%s offers everybody in the room", (command) => {
    expect(wordsToAskFor(written(`/${command} |`))).toBeNull();
    expect(tab(`/${command} |`)).toEqual([`/${command} |`, ...PEOPLE_SORTED]);
  });

  test.each([
    ["/deop |", "operators"],
    ["/unmute |", "muted"],
    ["/unban |", "banned"],
    ["/revoke |", "invitations"],
    ["/join |", "rooms"],
    ["/delete |", "rooms"],
  ] as const)("%s asks the server for its %s, and offers all of them", (line, words) => {
    expect(wordsToAskFor(written(line))).toBe(words);
    expect(tab(line)).toEqual([line, "lunch-place", "lunch-time", "main"]);
  });

  test("the only one is completed at once", () => {
    const known = { commands: [], people: ["eva"], asked: [] };
    expect(completeInRoom(written("/kick |"), known).line.text).toBe("/kick eva ");
    expect(completeInRoom(written("/kick @|"), known).line.text).toBe("/kick @eva ");
    expect(completeInRoom(written("/kick |"), { ...known, people: [] }).candidates).toEqual([]);
  });

  test("/help offers the commands, and /invite its options", () => {
    expect(tab("/help |")).toEqual(["/help |", ...COMMANDS.map(({ name }) => name).toSorted()]);
    expect(tab("/help ki|")).toEqual(["/help kick |", "kick"]);
    expect(tab("/help /ki|")).toEqual(["/help /kick |", "kick"]);
    expect(tab("/invite |")).toEqual(["/invite --|", "--for", "--renew", "--uses"]);
    expect(tab("/invite --u|")).toEqual(["/invite --uses |", "--uses"]);
    expect(tab("/invite --uses |")).toEqual(["/invite --uses |"]);
    expect(tab("/invite --uses 2 |")).toEqual(["/invite --uses 2 --for |", "--for"]);
    expect(tab("/invite --renew |")).toEqual(["/invite --renew |"]);
  });
});

test("a name behind a command may have an @ before it, and blanks in it", () => {
  expect(tab("/kick @be|")).toEqual(["/kick @Ben |", "Ben"]);
  expect(tab("/kick ana m|")).toEqual(["/kick Ana María |", "Ana María"]);
  expect(tab("/mute @ana m|")).toEqual(["/mute @Ana María |", "Ana María"]);
});

test("Tab takes no time to speak of behind a text of 200,000 words", () => {
  const start = cpuTime();
  expect(tab(`${"word ".repeat(200_000)}ans|`)[0]).toEndWith(" Anselm |");
  // Minutes where each word is tried with all that follows.
  expect(cpuTime() - start).toBeLessThan(5_000);
});
