import { expect, test } from "bun:test";

import type { TerminalAnswer } from "../../../src/terminal/input/input-event.ts";
import { PROBES } from "../../../src/terminal/output/measured-width.ts";
import {
  answered,
  ask,
  expectsReport,
  type Inquiry,
} from "../../../src/terminal/output/questions.ts";

const SIZE = { columns: 80, rows: 24 };
const XTERM = { TERM: "xterm-256color" };

function answers(inquiry: Inquiry, ...given: readonly TerminalAnswer[]): Inquiry {
  return given.reduce(answered, inquiry);
}

const ATTRIBUTES: TerminalAnswer = { type: "attributes", attributes: [62, 22] };

// eslint-disable-next-line no-control-regex -- escape sequences are what it looks for
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|.)/g;

/** Reports of a terminal that draws every probe `columns` wide, on one row. */
function reports(columns: number): TerminalAnswer[] {
  const drawn = [2, ...PROBES.map(() => columns), 4];
  return drawn.map((width) => ({ type: "cursor", row: 24, column: width + 1 }));
}

/** F3 with a modifier looks like a report. */
function key(row: number, column: number): TerminalAnswer {
  return { type: "cursor", row, column };
}

test("everything is asked in one write, which shows nothing and ends with the question for the attributes", () => {
  const { sequence, cursorReports } = ask(XTERM, SIZE, null, 0);
  expect(sequence).toStartWith(
    "\x1b]11;?\x1b\\\x1b[>0q\x1b[?u\x1b[?2026$p\x1b[?2027$p\x1b[?2027h" +
      "\x1b[?2026h\r\x1b[K\x1b[8mab\x1b[6n\r\x1b[K",
  );
  expect(sequence).toEndWith("\x1b[6n\r\x1b[K\x1b[0m\x1b[?2026l\x1b[c");
  expect(sequence.split("\x1b[6n")).toHaveLength(PROBES.length + 3);
  expect(cursorReports).toBe(PROBES.length + 2);
});

test("a terminal whose widths are known, and a window too narrow for the probes, is asked without them", () => {
  const rest =
    "\x1b]11;?\x1b\\\x1b[>0q\x1b[?u\x1b[?2026$p\x1b[?2027$p\x1b[?2027h\x1b[?2026h\r\x1b[K\x1b[?2026l\x1b[c";
  const known = ask(XTERM, SIZE, new Map([["👍🏽", 4]]), 0);
  expect(known).toMatchObject({ sequence: rest, cursorReports: 0 });
  expect(known.capabilities.width("👍🏽")).toBe(4);
  const narrow = ask(XTERM, { columns: 12, rows: 24 }, null, 0);
  expect(narrow).toMatchObject({ sequence: rest, cursorReports: 0 });
});

test.each(["linux", "screen", "screen.xterm-256color", "vt100", "vt220", "cygwin"])(
  "TERM=%s is asked only for the cursor's position and the attributes",
  (TERM) => {
    const { sequence } = ask({ TERM, STY: "1234.pts-0" }, SIZE, null, 0);
    const sequences = new Set(Array.from(sequence.matchAll(SEQUENCES), ([found]) => found));
    expect([...sequences]).toEqual(["\x1b[K", "\x1b[8m", "\x1b[6n", "\x1b[0m", "\x1b[c"]);
    expect(sequence).toStartWith("\r\x1b[K\x1b[8mab\x1b[6n");
    expect(sequence).toEndWith("\r\x1b[K\x1b[0m\x1b[c");
  },
);

test.each([{}, { TERM: "" }, { TERM: "dumb" }, { TERM: "unknown" }])(
  "nothing is asked of the dumb terminal %j, and nothing awaited",
  (environment) => {
    expect(ask(environment, SIZE, null, 70)).toMatchObject({
      sequence: "",
      cursorReports: 0,
      deadline: 70,
      open: false,
      capabilities: { colours: 0, styles: false, title: false, hyperlinks: false },
    });
  },
);

test("Terminal.app, which would show a part of them, is not asked for modes", () => {
  const { sequence } = ask({ ...XTERM, TERM_PROGRAM: "Apple_Terminal" }, SIZE, null, 0);
  expect(sequence).toStartWith("\x1b]11;?\x1b\\\r\x1b[K\x1b[8mab");
  expect(sequence).not.toContain("$p");
  expect(sequence).toEndWith("\x1b[0m\x1b[c");
});

test("the program draws after 200 ms at the latest, and a later answer still improves what is known", () => {
  const inquiry = ask(XTERM, SIZE, null, 1_000);
  expect(inquiry).toMatchObject({ deadline: 1_200, open: true });
  expect(inquiry.capabilities).toMatchObject({ synchronized: false, background: null });
  expect(inquiry.capabilities.width("❤️")).toBe(2);
  const later = answers(
    inquiry,
    { type: "background", red: 1, green: 1, blue: 0.9 },
    { type: "mode", mode: 2026, state: 2 },
    ...reports(1),
    ATTRIBUTES,
  );
  expect(later).toMatchObject({ open: false });
  expect(later.capabilities).toMatchObject({ synchronized: true, background: "light" });
  expect(later.capabilities.width("❤️")).toBe(1);
  expect(answers(later, { type: "version", text: "foot(1.20.2)" }).capabilities).toMatchObject({
    hyperlinks: true,
    notification: "osc777",
  });
});

test("a terminal that has no answer but the attributes is measured by the runtime's widths", () => {
  const inquiry = answers(ask(XTERM, SIZE, null, 0), ATTRIBUTES);
  expect(inquiry).toMatchObject({ open: false, widths: null });
  expect(inquiry.capabilities.width("❤️")).toBe(2);
});

test("reports that are missing, or on several rows, or are keys, teach nothing", () => {
  const inquiry = ask(XTERM, SIZE, null, 0);
  for (const given of [
    reports(1).slice(1),
    reports(1).slice(0, -1),
    [...reports(1).slice(0, -1), key(23, 5)],
    [key(24, 2), ...reports(1)],
    [key(24, 3), ...reports(1)],
    [...reports(1).slice(0, 20), key(24, 3), ...reports(1).slice(20)],
  ]) {
    expect(answers(inquiry, ...given, ATTRIBUTES).widths).toBeNull();
  }
  expect(answers(inquiry, ...reports(1), ATTRIBUTES).widths?.get("👍")).toBe(1);
});

test("reports that no terminal gives teach nothing", () => {
  const inquiry = ask(XTERM, SIZE, null, 0);
  expect(answers(inquiry, ...reports(-1), ATTRIBUTES).widths).toBeNull();
  expect(answers(inquiry, ...reports(13), ATTRIBUTES).widths).toBeNull();
  expect(answers(inquiry, ...reports(12), ATTRIBUTES).widths?.get("👍")).toBe(12);
});

test("reports beyond those that were asked for, and after the attributes, are somebody else's", () => {
  const inquiry = answers(ask(XTERM, SIZE, null, 0), ...reports(1));
  expect(expectsReport(inquiry)).toBe(false);
  expect(answered(inquiry, { type: "cursor", row: 3, column: 9 })).toBe(inquiry);
  expect(answers(inquiry, { type: "cursor", row: 3, column: 9 }, ATTRIBUTES).widths).toEqual(
    new Map(PROBES.map((probe) => [probe, 1])),
  );
});

test("a report after the attributes is somebody else's", () => {
  const done = answers(ask(XTERM, SIZE, null, 0), ...reports(2), ATTRIBUTES);
  expect(answered(done, { type: "cursor", row: 3, column: 9 })).toBe(done);
  expect(answers(done, ...reports(1), ATTRIBUTES).widths).toBe(done.widths);
});
