import { describe, expect, test } from "bun:test";

import {
  actionText,
  type Command,
  COMMANDS,
  commandUsage,
  parseLine,
} from "../../src/chat/commands.ts";
import { CharlaError } from "../../src/errors.ts";

function mistake(line: string): CharlaError {
  try {
    parseLine(line);
  } catch (error) {
    if (error instanceof CharlaError) return error;
  }
  throw new Error(`nothing is wrong with ${line}`);
}

describe("a line is sent as a message", () => {
  test.each([
    "hello",
    " /usr/bin",
    " /foo",
    " //who",
    "a/b",
    "",
    "what is /who?",
    "/who\n/quit",
    "//a\n//b",
    "\n/who",
  ])("%j", (text) => {
    expect(parseLine(text)).toEqual({ type: "say", text });
  });
});

test("bye alone on its line is a command where it is typed, and part of a message elsewhere", () => {
  for (const line of ["bye", " bye", "bye ", "\tbye\u00A0 "]) {
    expect(parseLine(line)).toEqual({ type: "command", command: { type: "bye" } });
  }
  for (const text of ["bye!", "bye.", "bye bye", "Bye", "BYE", "bye\nbye", "one\nbye", "\nbye"]) {
    expect(parseLine(text)).toEqual({ type: "say", text });
  }
});

test("a line that begins with two slashes is sent with one", () => {
  expect(parseLine("//etc/hosts is it")).toEqual({ type: "say", text: "/etc/hosts is it" });
  expect(parseLine("//")).toEqual({ type: "say", text: "/" });
  expect(parseLine("///")).toEqual({ type: "say", text: "//" });
});

test("a line that begins with //me is a text that reads like an action, and is none", () => {
  const quoted = parseLine("//me is a text");
  expect(quoted).toEqual({ type: "say", text: "/me\u00a0is a text" });
  expect(actionText("/me\u00a0is a text")).toBeNull();
  for (const text of ["/me", "/me ", "/meet me"]) {
    expect(parseLine(`/${text}`)).toEqual({ type: "say", text });
  }
});

describe("a command is parsed with its arguments", () => {
  test.each([
    ["/help", { type: "help" }],
    ["/help kick", { type: "help", about: "kick" }],
    ["/help  /kick ", { type: "help", about: "kick" }],
    ["/help bye", { type: "help", about: "bye" }],
    ["/help /bye", { type: "help", about: "bye" }],
    ["/help //", { type: "help", about: "//" }],
    ["/help //TEXT", { type: "help", about: "//" }],
    ["/help //etc/hosts", { type: "help", about: "//" }],
    ["/who", { type: "who" }],
    ["/who  ", { type: "who" }],
    ["/rooms", { type: "rooms" }],
    ["/way", { type: "way" }],
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
    ["/ban Bob Ross", { type: "ban", name: "Bob Ross" }],
    ["/unban Bob Ross", { type: "unban", name: "Bob Ross" }],
    ["/op Bob Ross", { type: "op", name: "Bob Ross", operator: true }],
    ["/deop Bob Ross", { type: "op", name: "Bob Ross", operator: false }],
    ["/bans", { type: "bans" }],
    ["/invites", { type: "invites" }],
    ["/revoke 12", { type: "revoke", number: 12 }],
    ["/invite --renew", { type: "invite", renew: true }],
    ["/lock", { type: "lock", locked: true }],
    ["/unlock", { type: "lock", locked: false }],
    ["/delete lunch", { type: "delete", room: "lunch" }],
    ["/invite", { type: "invite" }],
    ["/invite --uses 3", { type: "invite", uses: 3 }],
    ["/invite --for 1h30m", { type: "invite", seconds: 5_400 }],
    ["/invite --for=2d  --uses=1", { type: "invite", uses: 1, seconds: 172_800 }],
  ] satisfies [string, Command][])("%s", (line, command) => {
    expect(parseLine(line)).toEqual({ type: "command", command });
  });
});

test.each(["kick", "ban", "unban", "mute", "unmute", "op", "deop"])(
  "/%s takes a name behind an @, as a mention has it",
  (command) => {
    for (const name of ["eva", "Ana María", "SHA256:abc"]) {
      expect(parseLine(`/${command} @${name}`)).toEqual(parseLine(`/${command} ${name}`));
    }
    // A person who is called so at a server of an earlier version.
    expect(parseLine(`/${command} @@eva`)).toMatchObject({ command: { name: "@eva" } });
    expect(mistake(`/${command} @`)).toMatchObject({
      message: `/${command} needs an argument: NAME`,
    });
  },
);

test("help of a command that does not exist is a mistake, with a suggestion", () => {
  expect(mistake("/help kik")).toMatchObject({
    message: "there is no command /kik",
    hint: "did you mean /help kick?",
  });
  expect(mistake("/help /nick")).toMatchObject({ hint: "did you mean /help name?" });
  expect(mistake("/help weather")).toMatchObject({ hint: "/help lists them" });
  expect(mistake("/help msg")).toMatchObject({
    hint: "there are no private messages: everybody in the room reads what you write",
  });
  expect(mistake("/help kick eva")).toMatchObject({
    message: "/help takes one topic",
    hint: "usage: /help [TOPIC]; to send it as a message: //help kick eva",
  });
});

test("blanks before a command that exists do not make it a message", () => {
  expect(parseLine(" /who")).toEqual({ type: "command", command: { type: "who" } });
  expect(parseLine("  /join lunch")).toEqual({
    type: "command",
    command: { type: "join", room: "lunch" },
  });
  expect(parseLine(" /me waves")).toEqual({ type: "say", text: "/me waves" });
});

test("an action is a message that begins with /me", () => {
  expect(parseLine("/me  waves ")).toEqual({ type: "say", text: "/me waves" });
  expect(actionText("/me waves")).toBe("waves");
  expect(actionText("/me is\nhere")).toBe("is\nhere");
  for (const text of ["/me", "/me ", "/me  \n", "/mean", "waves", " /me waves", "//me waves"]) {
    expect(actionText(text)).toBeNull();
  }
});

describe("an unknown command is a mistake, with a suggestion", () => {
  test.each([
    [
      "/hisory",
      "there is no command /hisory",
      "did you mean /history? //hisory sends it as a message",
    ],
    ["/WHO", "there is no command /WHO", "did you mean /who? //WHO sends it as a message"],
    ["/nick eva", "there is no command /nick", "did you mean /name? //nick sends it as a message"],
    ["/q", "there is no command /q", "did you mean /quit? //q sends it as a message"],
    [
      "/clear",
      "there is no command /clear",
      "Ctrl-L clears the screen; //clear sends it as a message",
    ],
    ["/j lunch", "there is no command /j", "did you mean /join? //j sends it as a message"],
    ...["msg", "query", "whisper", "dm"].map((word) => [
      `/${word} ben lunch?`,
      `there is no command /${word}`,
      `there are no private messages: everybody in the room reads what you write; //${word} sends it as a message`,
    ]),
    ["/away", "there is no command /away", "/help lists them; //away sends it as a message"],
    ["/foo", "there is no command /foo", "/help lists them; //foo sends it as a message"],
    ["/exit", "there is no command /exit", "did you mean /quit? //exit sends it as a message"],
    [
      "/toString",
      "there is no command /toString",
      "/help lists them; //toString sends it as a message",
    ],
    [
      "/etc/hosts is it",
      "there is no command /etc",
      "/help lists them; //etc/hosts sends it as a message",
    ],
    ["/", "there is no command /", "/help lists them; // sends it as a message"],
    ["/ who", "there is no command /", "/help lists them; // sends it as a message"],
  ])("%s", (line, message, hint) => {
    expect(mistake(line)).toMatchObject({ code: "USAGE", message, hint });
  });
});

describe("a command with too few or too many arguments shows its usage", () => {
  test.each([
    ["/join", "/join needs an argument: ROOM", "usage: /join ROOM"],
    ["/name ", "/name needs an argument: NAME", "usage: /name NAME"],
    ["/me", "/me needs an argument: TEXT", "usage: /me TEXT"],
    ["/search", "/search needs an argument: WORDS", "usage: /search WORDS"],
    ["/kick", "/kick needs an argument: NAME", "usage: /kick NAME"],
    ["/who is it?", "/who takes no argument", "usage: /who; to send it as a message: //who is it?"],
    [
      "/join two rooms",
      '"two rooms" is not a valid room name',
      'a room name has up to 40 letters, digits, "_", "." and "-"',
    ],
    [
      `/name ${"a".repeat(41)}`,
      `"${"a".repeat(41)}" is not a valid name`,
      "a name has 1 to 40 characters",
    ],
    ["/history 0", '"0" is not a number from 1 to 100', "usage: /history [N]"],
    ["/history 101", '"101" is not a number from 1 to 100', "usage: /history [N]"],
    ["/history all", '"all" is not a number from 1 to 100', "usage: /history [N]"],
  ])("%s", (line, message, hint) => {
    expect(mistake(line)).toMatchObject({ code: "USAGE", message, hint });
  });

  test.each([
    ["/invite 3", "3"],
    ["/invite --uses", "--uses"],
    ["/invite --uses 0", "--uses 0"],
    ["/invite --uses 1001", "--uses 1001"],
    ["/invite --for 3651d", "--for 3651d"],
    ["/invite --uses --for", "--uses --for"],
    ["/invite --for 1w", "--for 1w"],
    ["/invite --for", "--for"],
    ["/invite --until 1h", "--until 1h"],
    ["/invite --uses 3 ana", "ana"],
  ])("%s", (line, what) => {
    expect(mistake(line)).toMatchObject({
      code: "USAGE",
      message: `invalid option of /invite: "${what}"`,
      hint: "usage: /invite [--uses N] [--for 1h] | --renew; N is from 1 to 1000, and durations are such as 30s, 10m, 1h30m or 2d, up to 3650d",
    });
  });
});

test("an invitation is revoked by its number", () => {
  expect(() => parseLine("/revoke x")).toThrow(
    expect.objectContaining({
      message: '"x" is not the number of an invitation',
      hint: "usage: /revoke N; /invites lists them",
    }),
  );
});

test("every listed command can be parsed, and fits forty columns in two lines", () => {
  for (const command of COMMANDS) {
    const line = commandUsage(command)
      .replace("[N]", "")
      .replace("[TOPIC]", "")
      .replace(" N", " 7")
      .replace(/ \[--.*/, "");
    expect(() => parseLine(line)).not.toThrow();
    expect(commandUsage(command).length).toBeLessThanOrEqual(40);
    expect(command.does.length).toBeLessThanOrEqual(38);
  }
});

test("/invite --renew goes with nothing else, and the usage says so", () => {
  for (const line of ["/invite --renew --uses 2", "/invite --uses 2 --renew"]) {
    expect(mistake(line)).toMatchObject({
      message: "--renew goes with no other option",
      hint: "usage: /invite [--uses N] [--for 1h] | --renew",
    });
  }
});
