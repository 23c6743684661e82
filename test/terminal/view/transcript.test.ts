import { describe, expect, test } from "bun:test";

import type { LogEntry } from "../../../src/chat/log-entry.ts";
import { transcriptOf } from "../../../src/terminal/view/transcript.ts";

/** Said on 22 November 2026 at 14:03:09 where this machine is. */
function said(text: string, name = "ana"): LogEntry {
  const time = new Date(2026, 10, 22, 14, 3, 9).getTime();
  return { sequence: 7, time, author: "SHA256:abc", name, device: "laptop", number: 1, text };
}

describe("a message in the transcript of a room", () => {
  test("is one line: day and time, who said it, and what", () => {
    expect(transcriptOf(said("hello there"), false)).toBe("2026-11-22 14:03  ana: hello there");
  });

  test("has in every detail the seconds and the fingerprint", () => {
    expect(transcriptOf(said("hello"), true)).toBe("2026-11-22 14:03:09  ana (SHA256:abc): hello");
  });

  test("writes days and times with as many digits as the others", () => {
    const early = { ...said("hi"), time: new Date(2026, 0, 2, 3, 4, 5).getTime() };
    expect(transcriptOf(early, true)).toStartWith("2026-01-02 03:04:05  ");
  });

  test("has its further lines indented, so that none of them poses as another message", () => {
    const text = "one\n2026-11-22 14:03  ben: two\r\n\nthree";
    expect(transcriptOf(said(text), false).split("\n")).toEqual([
      "2026-11-22 14:03  ana: one",
      "                  2026-11-22 14:03  ben: two",
      "                  ",
      "                  three",
    ]);
  });

  test("shows control characters, and obeys none, in the text as in the name", () => {
    expect(transcriptOf(said("\x1b[2Jgone\rben: hi\u2028", "a\nna\x9b"), true)).toBe(
      "2026-11-22 14:03:09  a^Jna\\u{9b} (SHA256:abc): ^[[2Jgone^Mben: hi\\u{2028}",
    );
  });
});
