// A conversation in a pipe, with events that the test makes up.

import { describe, expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import { startPipedTalk } from "./script.ts";

const delivered = { type: "delivered", text: "", sequence: 1, time: Date.now() } as const;

describe("lines in a pipe", () => {
  test("are on their way 256 at once, and the end waits until all are delivered", async () => {
    const input = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join("");
    const talk = startPipedTalk({ input });
    talk.emit({ type: "joining", peer: "192.0.2.1:12345" });
    await talk.received(256);
    talk.emit(delivered, { type: "silent", seconds: 3 });
    // Events are handled in order: once this is shown, those before it are done.
    await talk.until("stderr", "no contact for 3 s\n");
    await talk.received(257);
    expect(talk.sent).toHaveLength(257);
    for (let count = 1; count < 300; count += 1) {
      await talk.received(count + 1);
      talk.emit(delivered);
    }
    expect(await talk.exited).toBe(0);
    expect(talk.sent.map((text) => `${text}\n`).join("")).toBe(input);
    expect(talk.stderr).toBe(
      'talking to 192.0.2.1:12345; "bye" ends it\nno contact for 3 s\nyou left\n',
    );
  });

  test("still pending at the end may not have been delivered, and the status says so", async () => {
    const talk = startPipedTalk({ input: "one\ntwo\nthree\n" });
    await talk.received(3);
    talk.emit(delivered, { type: "ended", reason: "heard-bye", unsaid: [] });
    expect(await talk.exited).toBe(1);
    expect(talk.stderr).toBe(
      "the conversation is over: the other end said bye\n" +
        "may not have been delivered: two\nmay not have been delivered: three\n",
    );
  });

  test("that can't be messages are errors in their place, and the status says so", async () => {
    const talk = startPipedTalk({ input: "too long to send\ntwo\n" });
    talk.emit({ type: "joining", peer: "192.0.2.1:12345" });
    await talk.received(1);
    talk.emit(delivered);
    expect(await talk.exited).toBe(1);
    expect(talk.sent).toEqual(["two"]);
    expect(talk.stderr).toBe(
      "charla: line 1 was not sent: that is too long\nhint: say less\n" +
        'talking to 192.0.2.1:12345; "bye" ends it\n' +
        "you left\n",
    );
  });

  test("that are refused for the same reason have its hint once", async () => {
    const talk = startPipedTalk({ input: "too long to send\ntoo long too\ntoo long again\n" });
    talk.emit({ type: "joining", peer: "192.0.2.1:12345" });
    expect(await talk.exited).toBe(1);
    const refused = talk.stderr.split("\n").filter((line) => /^charla:|^hint:/.test(line));
    expect(refused).toEqual([
      "charla: line 1 was not sent: that is too long",
      "hint: say less",
      "charla: line 2 was not sent: that is too long",
      "charla: line 3 was not sent: that is too long",
    ]);
  });

  test("that were read after the end are named by the number of the first, also with --quiet", async () => {
    const input = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join("");
    const talk = startPipedTalk({ input, options: { quiet: true } });
    await talk.received(256);
    talk.signal("SIGTERM");
    expect(await talk.exited).toBe(1);
    const lost = Array.from({ length: 256 }, (_, i) => `may not have been delivered: line ${i}\n`);
    expect(talk.stderr).toBe(
      "charla: the input was not sent from line 257 on\nhint: send it again from there\n" +
        lost.join(""),
    );
  });

  test("are in `unsaid` of the event `ended`: refused, pending, and all those of before", async () => {
    const talk = startPipedTalk({ input: "one\ntoo long\nbye\n", options: { json: true } });
    talk.emit({ type: "joining", peer: "192.0.2.1:12345" });
    await talk.received(2);
    talk.emit(delivered);
    await talk.until("stdout", '"delivered"');
    talk.signal("SIGTERM");
    expect(await talk.exited).toBe(1);
    const events = talk.stdout.trimEnd().split("\n");
    expect(JSON.parse(events.at(-1) ?? "")).toEqual({
      type: "ended",
      reason: "left",
      unsaid: ["too long", "bye"],
    });
  });

  test("are named on stderr where the event `ended` can be printed nowhere", async () => {
    const talk = startPipedTalk({ input: "one\ntwo\n", options: { json: true }, unread: true });
    await talk.received(2);
    talk.emit(delivered);
    expect(await talk.exited).toBe(1);
    expect(talk.stdout).toBe("");
    expect(talk.stderr).toBe("may not have been delivered: two\n");
  });

  test("are not named when a room cannot be entered: then none of them was sent", async () => {
    const talk = startPipedTalk({ input: "one\ntwo\n" });
    await talk.received(2);
    talk.fail(new CharlaError("REFUSED", "main is locked", "ask the owner"));
    expect(await talk.exited).toBe(1);
    expect(talk.stderr).toBe("charla: main is locked\nhint: ask the owner\n");
  });
});

test("a silence and its end are shown on a line each, and not with --quiet", async () => {
  for (const quiet of [false, true]) {
    const talk = startPipedTalk({ options: { quiet } });
    talk.emit(
      { type: "silent", seconds: 12 },
      { type: "heard", seconds: 31 },
      { type: "message", from: "192.0.2.1:5000", text: "hello" },
    );
    await talk.until("stdout", "hello\n");
    expect(talk.stderr).toBe(quiet ? "" : "no contact for 12 s\nin contact again after 31 s\n");
    talk.signal("SIGTERM");
    expect(await talk.exited).toBe(0);
  }
});

describe("a notice before anything happens", () => {
  test("is shown with its hint, if it has one", async () => {
    const notices = [
      { code: "OPEN", message: "anyone can join" },
      new CharlaError("FOLDER_NOT_WRITABLE", "nothing can be kept", "choose another folder"),
    ];
    const talk = startPipedTalk({ options: { notices }, input: "" });
    talk.emit({ type: "joining", peer: "192.0.2.1:12345" });
    expect(await talk.exited).toBe(0);
    expect(talk.stderr).toStartWith(
      "anyone can join\nnothing can be kept\nhint: choose another folder\n",
    );
  });

  test("is an event with --json, also if it is an error", async () => {
    const notices = [
      new CharlaError("FOLDER_NOT_WRITABLE", "nothing can be kept", "choose another"),
    ];
    const talk = startPipedTalk({ options: { notices, json: true }, input: "" });
    talk.emit({ type: "joining", peer: "192.0.2.1:12345" });
    expect(await talk.exited).toBe(0);
    expect(JSON.parse(talk.stdout.split("\n")[0] ?? "")).toEqual({
      type: "notice",
      code: "FOLDER_NOT_WRITABLE",
      message: "nothing can be kept",
      hint: "choose another",
    });
  });
});

test.each([
  ["SIGINT", 130],
  ["SIGHUP", 129],
  ["SIGTERM", 0],
] as const)("%s leaves with status %d", async (signal, status) => {
  const talk = startPipedTalk({});
  talk.signal(signal);
  expect(await talk.exited).toBe(status);
  expect(talk.stderr).toBe("you left\n");
});

test.each([true, false])(
  "in a pipe a blank line is a message, as any other (room: %p)",
  async (room) => {
    const talk = startPipedTalk({
      room,
      input: "one\n\n  \ntwo\n",
      options: { delivery: "unknown" },
    });
    if (room) {
      talk.emit({ type: "entered", room: "main", name: "ben", owner: false, last: 0, members: [] });
    } else talk.emit({ type: "joining", peer: "127.0.0.1:12345" });
    for (let count = 1; count <= 4; count += 1) {
      await talk.received(count);
      talk.emit({ type: "delivered", text: "", sequence: count, time: 0 });
    }
    expect(talk.sent).toEqual(["one", "", "  ", "two"]);
    expect(await talk.exited).toBe(0);
  },
);
