// Draws frames on a terminal: settled rows are printed once, and of the live rows below them only what has changed is written.
// A state machine: the clock is an argument, and what it waits for has a deadline. It never names a row of the screen by its
// number, because the program doesn't own the screen. Knows nothing of what the rows say.

import { fnv1a } from "../fnv1a.ts";
import { type Frame, MAX_LINK, type Row, rowText, type Size, type Span } from "../rows.ts";
import type { Capabilities } from "./capabilities.ts";
import { SYNCHRONIZED } from "./modes.ts";
import { rowsAboveCursor } from "./narrowing.ts";
import type { Theme } from "./theme.ts";

// ECMA-48 s. 8.3; modes 7 (DECAWM) and 25 (DECTCEM) of xterm's ctlseqs.
const ERASE_ROW = "\x1b[K";
/**
 * From the beginning of a row to the end of the screen. Not simply `CSI J`: tmux takes that for a cleared screen if it comes in the
 * upper left corner, and moves what was there to the scrollback.
 */
const ERASE_BELOW = `${ERASE_ROW}\x1b[C\x1b[J\r`;
const CLEAR_SCREEN = "\x1b[H\x1b[2J";
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const LINK_END = "\x1b]8;;\x1b\\";

/**
 * A window that is being resized is drawn once its size has stayed for so long, ms: with each drawing, rows that the terminal had
 * broken leave blank ones below. tmux tells a program of a new size at most every 250 ms.
 */
const SETTLED_AFTER = 80;
const SETTLED_AFTER_IN_TMUX = 300;
/** At the latest after so many ms. */
const MAX_UNSETTLED = 5_000;

/** How long an answer about the cursor is awaited at first, in ms; a terminal that took longer gets twice as long as it took. */
const PATIENCE = 100;
const MAX_PATIENCE = 1_000;

const up = (rows: number) => (rows > 0 ? `\x1b[${rows}A` : "");
const down = (rows: number) => (rows > 0 ? `\x1b[${rows}B` : "");
const right = (columns: number) => (columns > 0 ? `\x1b[${columns}C` : "");

/** What the writer has of a terminal. */
export interface WriterTerminal {
  write(text: string): void;
  /** The size of the window at this moment. */
  size(): Size;
  /** Asks for the cursor's position (DSR 6), which is answered to `cursorAt`. */
  askCursor(): void;
}

export interface Writer {
  /** When `expire` is due; null while nothing is awaited. */
  readonly deadline: number | null;
  /**
   * Draws a frame that was made for a window of `size`; returns whether it did. It does not while the cursor's position is
   * awaited after a resize, or if the window has got another size: then a new frame is due, with the same settled rows.
   */
  draw(frame: Frame, size: Size, now: number): boolean;
  /** The window may have got another size. */
  resized(now: number): void;
  /** The terminal has answered where its cursor is, counted from 1. */
  cursorAt(row: number, column: number, now: number): void;
  /** Goes on without what was awaited; with Infinity, without anything. */
  expire(now: number): void;
  /** Erases the live rows, and leaves the cursor where they began. */
  erase(): void;
  /** Another program has written to the terminal: what was drawn is not there any more. */
  forget(): void;
  /** Clears the screen, but not the scrollback. */
  clear(): void;
}

/** A row as it was drawn. */
interface DrawnRow {
  /** With its escape sequences. */
  readonly encoded: string;
  readonly text: string;
  readonly width: number;
}

interface Drawn {
  readonly rows: readonly DrawnRow[];
  readonly cursor: Frame["cursor"];
  readonly size: Size;
  /** In the window, the first of the rows; null if it isn't known. */
  readonly top: number | null;
}

interface Question {
  readonly asked: number;
  /** The size that the window had then. */
  readonly size: Size;
}

export function createWriter(
  terminal: WriterTerminal,
  theme: Theme,
  capabilities: () => Capabilities,
): Writer {
  let drawn: Drawn | null = null;
  /** In the window, where the next frame begins if nothing is drawn; null if it isn't known. */
  let begin: number | null = null;
  /** That the window has had since it was drawn. */
  let sizes: readonly Size[] = [];
  /** Asked and not answered yet, oldest first: the answers come in the same order. */
  let questions: readonly Question[] = [];
  /** What drawing waits for after a resize: that the size stays, then that the terminal says where its cursor is. */
  let awaited: { readonly what: "size" | "cursor"; readonly until: number } | null = null;
  /** When the window was first resized since it was drawn. */
  let resizedAt = 0;
  let patience = PATIENCE;

  function encode(row: Row): string {
    return trimRow(row, theme)
      .map((span) => encodeSpan(span, theme, capabilities()))
      .join("");
  }

  /** @param before the row that was drawn there */
  function liveRow(row: Row, before: DrawnRow | undefined): DrawnRow {
    const encoded = encode(row);
    if (before?.encoded === encoded) return before;
    const text = safeText(rowText(trimRow(row, theme)));
    return { encoded, text, width: capabilities().width(text) };
  }

  /** One that is copied whole is broken by the terminal. */
  function settledRow(row: Row, { columns }: Size): string {
    const isBroken = capabilities().width(safeText(rowText(row))) > columns;
    return isBroken ? `${WRAP_ON}${encode(row)}${WRAP_OFF}` : encode(row);
  }

  /** Where the live rows begin in the window, below settled ones that the terminal may break. */
  function topBelow(settled: readonly Row[], live: number, { columns, rows }: Size): number | null {
    const first = drawn === null ? begin : drawn.top;
    if (first === null) return null;
    let top = first;
    for (const row of settled) {
      if (top >= rows - live) break;
      top += Math.max(1, Math.ceil(capabilities().width(safeText(rowText(row))) / columns));
    }
    return Math.min(top, rows - live);
  }

  function write(text: string, redraws: boolean): void {
    if (!redraws) terminal.write(text);
    else if (capabilities().synchronized) {
      terminal.write(`${SYNCHRONIZED.on}${text}${SYNCHRONIZED.off}`);
    } else terminal.write(`${HIDE_CURSOR}${text}${SHOW_CURSOR}`);
  }

  /** All of it, from the beginning of the live rows. */
  function drawAll(settled: readonly Row[], next: Drawn): void {
    const text = [
      erasure(drawn?.cursor.row ?? 0),
      // What is wider than was believed, or doesn't fit in a window that is smaller than it says, is cut off: if it went on in
      // the next row, it would stand where charla's own marks do.
      WRAP_OFF,
      ...settled.map((row) => `${settledRow(row, next.size)}\r\n`),
      next.rows.map(({ encoded }) => encoded).join("\r\n"),
      WRAP_ON,
      place(next.cursor, Math.max(0, next.rows.length - 1)),
    ];
    write(text.join(""), true);
  }

  function drawChanges(last: Drawn, next: Drawn): void {
    let row = last.cursor.row;
    let text = "";
    let changes = 0;
    const goTo = (target: number) => {
      const end = last.rows.length - 1;
      text += `${up(row - target)}${down(Math.min(target, end) - row)}\r`;
      if (target > Math.max(row, end)) text += "\n".repeat(target - Math.max(row, end));
      row = target;
    };
    for (const [index, { encoded, width, text: shown }] of next.rows.entries()) {
      const before = last.rows[index];
      if (before?.encoded === encoded) continue;
      changes += 1;
      goTo(index);
      const isExact = before !== undefined && isAscii(before.text) && isAscii(shown);
      if (isExact && before.width <= width) {
        const same = samePrefix(before.encoded, encoded);
        text += right(same) + encoded.slice(same);
      } else text += ERASE_ROW + encoded;
    }
    if (next.rows.length < last.rows.length) {
      changes += 1;
      goTo(next.rows.length);
      text += ERASE_BELOW;
    }
    if (changes > 0) text = WRAP_OFF + text + WRAP_ON;
    const isMoved =
      next.cursor.row !== last.cursor.row || next.cursor.column !== last.cursor.column;
    if (changes > 0 || isMoved) write(text + place(next.cursor, row), changes > 1);
  }

  function ask(now: number): void {
    questions = [...questions, { asked: now, size: terminal.size() }];
    awaited = { what: "cursor", until: now + patience };
    terminal.askCursor();
  }

  /** Erases what the terminal has made of the live rows, and forgets them. */
  function eraseResized(answer: { row: number; column: number } | null): void {
    if (drawn === null) return;
    const { narrowing, width } = capabilities();
    const above = rowsAboveCursor(drawn, sizes, narrowing, width, answer);
    drawn = null;
    sizes = [];
    begin = answer === null ? null : answer.row - above;
    write(erasure(above), true);
  }

  function resized(now: number): void {
    if (drawn === null) return;
    const size = terminal.size();
    if (isSame(size, sizes.at(-1) ?? drawn.size)) return;
    if (awaited === null) resizedAt = now;
    sizes = [...sizes, size];
    const wait = capabilities().multiplexer === "tmux" ? SETTLED_AFTER_IN_TMUX : SETTLED_AFTER;
    awaited = { what: "size", until: Math.min(now + wait, resizedAt + MAX_UNSETTLED) };
  }

  function erase(): void {
    if (drawn === null) return;
    awaited = null;
    if (sizes.length > 0) return eraseResized(null);
    write(erasure(drawn.cursor.row), true);
    begin = drawn.top;
    drawn = null;
  }

  return {
    get deadline() {
      return awaited?.until ?? null;
    },
    draw(frame, size, now) {
      resized(now);
      if (awaited !== null || !isSame(terminal.size(), size)) return false;
      const { live, cursor } = clip(frame, size.rows);
      const rows = live.map((row, index) => liveRow(row, drawn?.rows[index]));
      const next = { rows, cursor, size, top: topBelow(frame.settled, rows.length, size) };
      if (drawn === null || frame.settled.length > 0) drawAll(frame.settled, next);
      else drawChanges(drawn, next);
      drawn = next;
      sizes = [];
      return true;
    },
    resized,
    cursorAt(row, column, now) {
      const [question, ...others] = questions;
      if (question === undefined) return;
      questions = others;
      patience = Math.max(PATIENCE, Math.min(MAX_PATIENCE, 2 * (now - question.asked)));
      if (awaited?.what !== "cursor" || others.length > 0) return;
      if (!isSame(question.size, terminal.size())) return resized(now);
      awaited = null;
      eraseResized({ row: row - 1, column: column - 1 });
    },
    expire(now) {
      if (awaited === null || now < awaited.until) return;
      if (awaited.what === "size" && now < Infinity) return ask(now);
      awaited = null;
      eraseResized(null);
    },
    erase,
    forget() {
      drawn = null;
      begin = null;
      sizes = [];
      awaited = null;
    },
    clear() {
      // What a terminal keeps of a cleared screen is the transcript.
      erase();
      write(CLEAR_SCREEN, true);
      begin = 0;
    },
  };
}

function isSame(one: Size, other: Size): boolean {
  return one.columns === other.columns && one.rows === other.rows;
}

/** Erases the live rows, and leaves the cursor at the beginning of the first. */
function erasure(rowsAboveCursor: number): string {
  return `${up(rowsAboveCursor)}\r${ERASE_BELOW}`;
}

/** Moves the cursor there from a row counted alike. */
function place({ row, column }: Frame["cursor"], from: number): string {
  return `${up(from - row)}${down(row - from)}\r${right(column)}`;
}

/** The rows around the cursor that a window of so many rows has room for. */
function clip({ live, cursor }: Frame, maxRows: number): Pick<Frame, "live" | "cursor"> {
  const first = Math.max(0, Math.min(cursor.row - maxRows + 1, live.length - maxRows));
  return {
    live: live.slice(first, first + maxRows),
    cursor: { row: cursor.row - first, column: cursor.column },
  };
}

/**
 * Without the blanks at its end that nobody sees. Some terminals count those that were written when they break a row, some don't
 * (tmux: only those that replace something).
 */
function trimRow(row: Row, theme: Theme): Row {
  const last = row.at(-1);
  if (last === undefined || !last.text.endsWith(" ") || theme(last.style).open !== "") return row;
  const text = last.text.trimEnd();
  const others = row.slice(0, -1);
  return text === "" ? trimRow(others, theme) : [...others, { ...last, text }];
}

function encodeSpan({ text, style, link }: Span, theme: Theme, can: Capabilities): string {
  const { open, close } = theme(style);
  const styled = `${open}${safeText(text)}${close}`;
  if (link === undefined || !can.hyperlinks) return styled;
  const address = encodeURI(link).replaceAll(/%25(?=[0-9A-Fa-f]{2})/g, "%");
  if (address.length > MAX_LINK) return styled;
  // Pieces with the same id are one link, though they stand on several rows.
  return `\x1b]8;id=${fnv1a(address).toString(36)};${address}\x1b\\${styled}${LINK_END}`;
}

/** The last place where a control character is stopped; those who make rows have shown what they can of it. */
function safeText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** Columns at the beginning of two rows of ASCII that are the same letters, without any style. */
function samePrefix(one: string, other: string): number {
  let same = 0;
  while (same < one.length && one[same] === other[same] && one[same] !== "\x1b") same += 1;
  return same;
}
