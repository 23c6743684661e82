import { describe, expect, test } from "bun:test";

import { actionOf, type Command, COMMANDS, readWritten, usageOf } from "../../src/chat/commands.ts";
import { CharlaError } from "../../src/errors.ts";

function mistake(line: string): CharlaError {
  try {
    readWritten(line);
  } catch (error) {
    if (error instanceof CharlaError) return error;
  }
  throw new Error(`nothing is wrong with ${line}`);
}

describe("a line is said as it is", () => {
  test.each(["hello", " /who", "a/b", "", "what is /who?", "/who\n/quit", "//a\n//b", "\n/who"])(
    "%j",
    (text) => {
      expect(readWritten(text)).toEqual({ type: "say", text });
    },
  );
});

test("a line that begins with two slashes is said with one", () => {
  expect(readWritten("//etc/hosts is it")).toEqual({ type: "say", text: "/etc/hosts is it" });
  expect(readWritten("//")).toEqual({ type: "say", text: "/" });
  expect(readWritten("///")).toEqual({ type: "say", text: "//" });
});

describe("a command is read with what stands behind it", () => {
  test.each([
    ["/help", { type: "help" }],
    ["/who", { type: "who" }],
    ["/who  ", { type: "who" }],
    ["/rooms", { type: "rooms" }],
    ["/join lunch", { type: "join", room: "lunch" }],
    ["/join   lunch.2-a_b  ", { type: "join", room: "lunch.2-a_b" }],
    ["/join cafe\u0301", { type: "join", room: "café" }],
    ["/name Ana María", { type: "name", name: "Ana María" }],
    ["/name Ana Mari\u0301a", { type: "name", name: "Ana María" }],
    ["/history", { type: "history", count: 20 }],
    ["/history 1", { type: "history", count: 1 }],
    ["/history 100", { type: "history", count: 100 }],
    ["/search fish  and chips", { type: "search", words: "fish  and chips" }],
    ["/quit", { type: "quit" }],
    ["/kick Ana María", { type: "kick", name: "Ana María" }],
    ["/mute ana", { type: "mute", name: "ana", muted: true }],
    ["/unmute ana", { type: "mute", name: "ana", muted: false }],
    ["/lock", { type: "lock", locked: true }],
    ["/unlock", { type: "lock", locked: false }],
    ["/invite", { type: "invite" }],
    ["/invite --uses 3", { type: "invite", uses: 3 }],
    ["/invite --for 1h30m", { type: "invite", seconds: 5_400 }],
    ["/invite --for=2d  --uses=1", { type: "invite", uses: 1, seconds: 172_800 }],
  ] satisfies [string, Command][])("%s", (line, command) => {
    expect(readWritten(line)).toEqual({ type: "command", command });
  });
});

test("what somebody does is a message that begins with /me", () => {
  expect(readWritten("/me  waves ")).toEqual({ type: "say", text: "/me waves" });
  expect(actionOf("/me waves")).toBe("waves");
  expect(actionOf("/me is\nhere")).toBe("is\nhere");
  for (const text of ["/me", "/me ", "/me  \n", "/mean", "waves", " /me waves", "//me waves"]) {
    expect(actionOf(text)).toBeNull();
  }
});

describe("what is no command is a mistake, with what may have been meant", () => {
  test.each([
    ["/hisory", "there is no command /hisory", "did you mean /history? //hisory says it as it is"],
    ["/WHO", "there is no command /WHO", "/help lists them; //WHO says it as it is"],
    [
      "/etc/hosts is it",
      "there is no command /etc",
      "/help lists them; //etc/hosts says it as it is",
    ],
    ["/", "there is no command /", "/help lists them; // says it as it is"],
    ["/ who", "there is no command /", "/help lists them; // says it as it is"],
  ])("%s", (line, message, hint) => {
    expect(mistake(line)).toMatchObject({ code: "USAGE", message, hint });
  });
});

describe("a command that lacks something, or has too much, says how it is written", () => {
  test.each([
    ["/join", "/join needs ROOM behind it", "write: /join ROOM"],
    ["/name ", "/name needs NAME behind it", "write: /name NAME"],
    ["/me", "/me needs TEXT behind it", "write: /me TEXT"],
    ["/search", "/search needs WORDS behind it", "write: /search WORDS"],
    ["/kick", "/kick needs NAME behind it", "write: /kick NAME"],
    [
      "/who is it?",
      "/who takes nothing behind it",
      "write: /who; to say a line that begins with a slash: //who is it?",
    ],
    [
      "/join two rooms",
      'a room cannot be called "two rooms"',
      'a room\'s name has up to 40 letters, digits, "_", "." and "-"',
    ],
    [
      `/name ${"a".repeat(41)}`,
      `nobody can be called "${"a".repeat(41)}"`,
      "a name has up to 40 characters, all of them visible",
    ],
    ["/history 0", '"0" is no number of messages', "/history [N], from 1 to 100"],
    ["/history 101", '"101" is no number of messages', "/history [N], from 1 to 100"],
    ["/history all", '"all" is no number of messages', "/history [N], from 1 to 100"],
  ])("%s", (line, message, hint) => {
    expect(mistake(line)).toMatchObject({ code: "USAGE", message, hint });
  });

  test.each([
    ["/invite 3", "3"],
    ["/invite --uses", "--uses"],
    ["/invite --uses 0", "--uses 0"],
    ["/invite --uses 1000001", "--uses 1000001"],
    ["/invite --uses --for", "--uses --for"],
    ["/invite --for 1w", "--for 1w"],
    ["/invite --for", "--for"],
    ["/invite --until 1h", "--until 1h"],
    ["/invite --uses 3 ana", "ana"],
  ])("%s", (line, what) => {
    expect(mistake(line)).toMatchObject({
      code: "USAGE",
      message: `/invite does not know "${what}"`,
      hint: "/invite [--uses N] [--for 1h]; for how long is 30s, 10m, 1h30m or 2d",
    });
  });
});

test("every command of the list is one, and fits forty columns in two lines", () => {
  for (const its of COMMANDS) {
    const line = usageOf(its)
      .replace("[N]", "")
      .replace(/ \[--.*/, "");
    expect(() => readWritten(line)).not.toThrow();
    expect(usageOf(its).length).toBeLessThanOrEqual(40);
    expect(its.does.length + ("owner" in its ? 8 : 0)).toBeLessThanOrEqual(38);
  }
});
