// A room in a pipe, and on a terminal on which nothing can be drawn.

import { expect, test } from "bun:test";

import type { RoomEvent } from "../../src/chat/events.ts";
import { testWith } from "../harness/peer-programs.ts";
import { openScreen } from "../harness/screen.ts";
import { openScript, startPipedTalk } from "./script.ts";

const says = (text: string, sequence: number): RoomEvent => ({
  type: "message",
  from: "ana",
  text,
  time: 1_000,
  sequence,
  fingerprint: "SHA256:ana",
});
const entered = {
  type: "entered",
  room: "main",
  name: "ben",
  owner: false,
  last: 0,
  members: [{ name: "ana", fingerprint: "SHA256:ana", away: false }],
} as const;

test("in a pipe only messages are on stdout, each with its sender, and a line with a slash is sent as a message", async () => {
  const talk = startPipedTalk({ room: true, options: { bell: true }, input: "/who\n//two\n" });
  talk.emit(entered, says("ben, two\nlines", 1), says("/me waves", 2));
  await talk.received(2);
  talk.emit(
    { type: "delivered", text: "/who", sequence: 1, time: Date.now() },
    { type: "delivered", text: "//two", sequence: 1, time: Date.now() },
  );
  expect(await talk.exited).toBe(0);
  expect(talk.sent).toEqual(["/who", "//two"]);
  expect(talk.stdout).toBe("ana: ben, two\n  lines\n* ana waves\n");
  expect(talk.stderr).toBe("you are ben in main, with ana\nyou left\n");
});

testWith(["tmux"], "on a dumb terminal messages have names, and commands work", async () => {
  using script = await openScript({}, true);
  await using screen = await openScreen(80, 30);
  screen.type(`clear; TERM=dumb ${script.command.map((word) => `'${word}'`).join(" ")}`);
  screen.press("Enter");
  script.emit(entered, says("hello", 1), says("/me waves", 2));
  await screen.until("an action", (rows) => rows.at(-1) === "* ana waves");
  screen.type("/rooms");
  screen.press("Enter");
  await screen.until("the rooms", (rows) => rows.at(-1) === "      lunch-place  10      5");
  screen.type("//rooms");
  screen.press("Enter");
  await script.received(1);
  expect(script.sent).toEqual(["/rooms"]);
  script.emit({ type: "delivered", text: "/rooms", sequence: 1, time: Date.now() });
  screen.type("/join lunch-time");
  screen.press("Enter");
  await script.received(2);
  screen.type("soup");
  screen.press("Enter");
  await screen.until("what is held", (rows) => rows.at(-1) === "soup");
  script.emit({ ...entered, room: "lunch-time" });
  await screen.until("another room", (rows) =>
    rows.some((row) => row.startsWith("you are ben in lunch-time")),
  );
  await script.received(3);
  expect(script.sent).toEqual(["/rooms", "(asked) enter lunch-time as ben", "soup"]);
  screen.type("/join main");
  screen.press("Enter");
  await script.received(4);
  script.emit({ ...entered, room: "main" });
  await screen.until("what was lost", (rows) =>
    rows.includes("charla: may not have been delivered: soup"),
  );
  // Both at once, so that the second is there before the first has failed.
  screen.paste("/join none\nagain\n");
  await screen.until("what was not sent", (rows) => rows.at(-1) === "not sent: again");
  expect(await screen.rows()).toContain(
    "charla: cannot join none: no answer; you are still in main",
  );
  screen.type("bye");
  screen.press("Enter");
  await script.received(6);
  expect(script.sent.at(-1)).toBe("bye");
  const rows = await screen.until("the shell", (shown) => shown.at(-1) === "$");
  expect(rows).toContain("ana: hello");
  expect(rows).toContain("you left");
});
