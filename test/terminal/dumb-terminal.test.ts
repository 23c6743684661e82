// A terminal that understands nothing, or of which nothing is known, gets no escape sequence.

import { expect, test } from "bun:test";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { openVirtualStage } from "./stage.ts";

const entered: ConversationEvent = {
  type: "entered",
  room: "main",
  name: "ben",
  owner: false,
  last: 0,
  members: [{ name: "ana", fingerprint: "a", away: false }],
};
const hello: ConversationEvent = {
  type: "message",
  from: "ana",
  text: "hello \x1b[31m ben",
  sequence: 1,
  time: 1_000,
  fingerprint: "key of ana",
};

for (const [what, name] of [
  ["has no name", ""],
  ["is called dumb", "dumb"],
  ["has a name that nobody knows", "nobody-knows"],
] as const) {
  test(`a terminal that ${what} gets text only, and is not set to raw mode`, async () => {
    await using stage = openVirtualStage({ env: { TERM: name }, styled: true, room: true });
    stage.emit(entered, hello);
    await stage.until("the message", (rows) => rows.some((row) => row.includes("hello")));
    expect(stage.isRaw()).toBe(false);
    // The terminal itself makes a newline of Enter.
    stage.type("/who\none\n");
    await stage.received(1);
    expect(stage.sent).toContain("one");
    stage.type("bye\n");
    await stage.exited;
    expect(stage.written()).not.toMatch(/(?![\n\r\t])\p{Cc}/u);
  });
}

test("a terminal to which a program in a pipe writes too gets text only: nothing is drawn there", async () => {
  await using stage = openVirtualStage({ piped: true, room: true });
  stage.emit(entered, hello);
  await stage.until("the message", (rows) => rows.some((row) => row.includes("ana: hello")));
  expect(stage.isRaw()).toBe(false);
  stage.type("one\n");
  await stage.received(1);
  expect(stage.sent).toContain("one");
  stage.type("bye\n");
  await stage.exited;
  expect(stage.written()).not.toMatch(/(?![\n\r\t])\p{Cc}/u);
});

test.each([
  ["in a room", true],
  ["on the plain wire", false],
])("Enter alone, and a line of blanks, is no message %s", async (_, isRoom) => {
  await using stage = openVirtualStage({ env: { TERM: "dumb" }, room: isRoom });
  stage.emit(isRoom ? entered : { type: "joined", peer: "ana", fingerprint: "" });
  stage.type("\n   \n\u3000\none\n");
  await stage.received(1);
  expect(stage.sent).toEqual(["one"]);
});

test("what is not sent into another conversation is named, and the notice alone says why", async () => {
  await using stage = openVirtualStage({ env: { TERM: "dumb" }, room: true });
  stage.emit(entered);
  const lines = ["for another conversation 1", "for another conversation 2"];
  stage.type(`${lines.join("\n")}\none\n`);
  await stage.received(1);
  const message = "this is a new conversation";
  stage.emit({ type: "notice", code: "OTHER_CONVERSATION", message });
  stage.type("bye\n");
  await stage.exited;
  for (const line of lines) expect(stage.written().split(`not sent: ${line}`)).toHaveLength(2);
  expect(stage.written().split(message)).toHaveLength(2);
});

test("with --json what is typed is a command all the same, and its answer stands on stderr alone", async () => {
  await using stage = openVirtualStage({ room: true, options: { json: true } });
  stage.emit(entered);
  await stage.until("the room", (rows) => rows.some((row) => row.includes('"type":"entered"')));
  expect(stage.isRaw()).toBe(false);
  stage.type("/who\n/quti\none\n");
  await stage.received(1);
  expect(stage.sent).not.toContain("/who");
  expect(stage.sent).not.toContain("/quti");
  expect(stage.sent.at(-1)).toBe("one");
  const shows = (text: string) =>
    stage.until(text, (rows) => rows.some((row) => row.includes(text)));
  await shows("日本太郎   away");
  await shows("charla: there is no command /quti");
  stage.type("bye\n");
  await stage.exited;
  expect(stage.written()).toContain('{"type":"ended"');
});

test("a terminal that is known gets some", async () => {
  await using stage = openVirtualStage({ env: { TERM: "vt100" }, styled: true, room: true });
  stage.emit(entered);
  await stage.until("the room", (rows) => rows.length > 1);
  expect(stage.isRaw()).toBe(true);
  expect(stage.written()).toContain("\x1b[");
});
