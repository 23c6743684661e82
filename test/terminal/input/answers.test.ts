// What a terminal answers is never typed, and what matters of it is an event.

import { describe, expect, test } from "bun:test";

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import type { TerminalAnswer } from "../../../src/terminal/input/input-event.ts";
import { SILENT } from "./answers.ts";
import { bytesOf, decoded } from "./decoding.ts";

function answers(sent: string, cursors = 0): TerminalAnswer[] {
  const decoder = createInputDecoder();
  decoder.expectCursor(cursors);
  return decoder
    .decode(bytesOf(sent), 0)
    .flatMap((event) => (event.type === "answer" ? [event.answer] : []));
}

describe("an answer that matters is an event", () => {
  test("attributes (DA1)", () => {
    expect(answers("\x1b[?62;4;22c")).toEqual([{ type: "attributes", attributes: [62, 4, 22] }]);
    expect(answers("\x9b?6c")).toEqual([{ type: "attributes", attributes: [6] }]);
  });

  test("the version (XTVERSION)", () => {
    expect(answers("\x1bP>|tmux 3.3a\x1b\\")).toEqual([{ type: "version", text: "tmux 3.3a" }]);
  });

  test("a mode (DECRPM)", () => {
    expect(answers("\x1b[?2026;2$y")).toEqual([{ type: "mode", mode: 2026, state: 2 }]);
  });

  test("the keyboard protocol, whatever its flags", () => {
    expect(answers("\x1b[?5u")).toEqual([{ type: "keyboard" }]);
    expect(answers("\x1b[?0u")).toEqual([{ type: "keyboard" }]);
  });

  test.each([
    ["\x1b]11;rgb:ffff/8080/0000\x07", 1, 0x80 / 0xff, 0],
    ["\x1b]11;rgb:ff/80/00\x1b\\", 1, 0x80 / 0xff, 0],
    ["\x1b]11;rgba:f/0/0/f\x1b\\", 1, 0, 0],
    ["\x1b]11;#ff8000\x07", 1, 0x80 / 0xff, 0],
    ["\x9d11;#ffff80800000\x9c", 1, 0x80 / 0xff, 0],
  ])("the background %j", (sent, red, green, blue) => {
    const [answer]: unknown[] = answers(sent);
    expect(answer).toEqual({ type: "background", red, green, blue });
  });

  test("a colour that is none is dropped", () => {
    expect(
      decoded([
        "\x1b]11;blue\x07\x1b]11;#ff80\x07\x1b]11;rgb:1/2\x07\x1b]11;?\x07\x1b]10;#ff8000\x07",
      ]),
    ).toEqual([]);
  });
});

describe("the cursor's position", () => {
  test("is an answer as often as one is expected, and F3 after that", () => {
    expect(decoded(["\x1b[24;80R\x1b[1;5R\x1b[1;5R"], 2)).toEqual([
      'answer {"type":"cursor","row":24,"column":80}',
      'answer {"type":"cursor","row":1,"column":5}',
      "ctrl+f3",
    ]);
  });

  test("that comes too late is dropped", () => {
    expect(decoded(["\x1b[24;80Ra"])).toEqual(["a"]);
  });

  test("may have a page", () => {
    expect(answers("\x1b[?3;4;1R", 1)).toEqual([{ type: "cursor", row: 3, column: 4 }]);
  });
});

test("a report of the focus is an event", () => {
  expect(decoded(["\x1b[I\x1b[Oa"])).toEqual(["focus", "blur", "a"]);
});

describe("an answer that does not matter is dropped, and the text around it is typed", () => {
  test.each(SILENT)("%s", (_what, sent) => {
    expect(decoded([`a${sent}b`])).toEqual(["a", "b"]);
    expect(decoded(["a", ...Array.from(sent), "b"])).toEqual(["a", "b"]);
  });
});

test("a string that is cut off by another sequence ends there", () => {
  expect(decoded(["\x1b]11;rgb:\x1b[Aa"])).toEqual(["up", "a"]);
  expect(decoded(["\x1bP>|tmux\x1b\x1b[Aa"])).toEqual(["meta+up", "a"]);
});
