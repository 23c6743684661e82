// What a terminal is asked at the start, and what becomes of its answers. Everything is asked in one write that ends with a
// question which every terminal answers (DA1): what has not been answered by then will not be. Pure; the clock is an argument.

import { type DisplayWidth, displayWidth } from "../display-width.ts";
import type { TerminalAnswer } from "../input/input-event.ts";
import type { Size } from "../rows.ts";
import {
  type Answers,
  type Capabilities,
  capabilitiesFrom,
  NO_ANSWERS,
  withAnswer,
} from "./capabilities.ts";
import { measuredWidth, type ProbedWidths, PROBES, WIDEST_PROBE } from "./measured-width.ts";
import { GRAPHEMES, SYNCHRONIZED } from "./modes.ts";
import { type Askable, makeName, MAKES, type TerminalEnvironment } from "./terminal-makes.ts";

/**
 * How long nothing is drawn for want of answers, in ms: a terminal of this machine answers within 10, one behind ssh after a
 * round trip. Answers that come later count too, and the screen is drawn anew.
 */
const PATIENCE = 200;
/** How long the end of the program waits for answers that are still to come, in ms; the shell would take them for typed text. */
export const LEAVE_PATIENCE = 1_000;

/** Modes whose support is asked (DECRQM): synchronized output and graphemes. */
const MODES = [2026, 2027];

// ECMA-48 s. 8.3; xterm ctlseqs (DA1, DSR 6, DECRQM, XTVERSION, OSC 11); kitty's "comprehensive keyboard handling" s. "Detection".
export const ASK_CURSOR = "\x1b[6n";
const ASK_ATTRIBUTES = "\x1b[c";
const ASK_VERSION = "\x1b[>0q";
const ASK_KEYBOARD = "\x1b[?u";
const ASK_BACKGROUND = "\x1b]11;?\x1b\\";
const askMode = (mode: number) => `\x1b[?${mode}$p`;
const CONCEALED = "\x1b[8m";
const PLAIN_STYLE = "\x1b[0m";
const ERASE_ROW = "\r\x1b[K";

/** Drawn before the probes and after them: an answer that is missing, or was a key, is noticed by these. */
const FIRST = { probe: "ab", columns: 2 };
const LAST = { probe: "abcd", columns: 4 };
const ASKED = [FIRST.probe, ...PROBES, LAST.probe];

/** Columns that the probes need; a narrower window would break them. */
const MIN_COLUMNS = WIDEST_PROBE + 1;

/** What has been asked and answered so far. */
export interface Inquiry {
  /** To write before anything is drawn, with the cursor on a row of its own; "" if nothing is asked. */
  readonly sequence: string;
  /** How many reports of the cursor's position are among the answers. */
  readonly cursorReports: number;
  /** When drawing should no longer wait for answers. */
  readonly deadline: number;
  /** Whether answers are still to come. */
  readonly open: boolean;
  /** What the terminal drew of the probes; null if it was not asked or has not answered. */
  readonly widths: ProbedWidths | null;
  readonly capabilities: Capabilities;
  readonly environment: TerminalEnvironment;
  readonly answers: Answers;
  readonly reports: readonly { readonly row: number; readonly column: number }[];
}

/** @param known widths that this terminal has answered before: they are not asked again */
export function ask(
  environment: TerminalEnvironment,
  size: Size,
  known: ProbedWidths | null,
  now: number,
): Inquiry {
  const { asks } = MAKES[makeName(environment, null)];
  const probes = asks !== "nothing" && known === null && size.columns >= MIN_COLUMNS ? ASKED : [];
  return {
    sequence: questions(asks, probes),
    cursorReports: probes.length,
    deadline: asks === "nothing" ? now : now + PATIENCE,
    open: asks !== "nothing",
    widths: known,
    capabilities: capabilitiesFrom(environment, NO_ANSWERS, widthFrom(known)),
    environment,
    answers: NO_ANSWERS,
    reports: [],
  };
}

/** Whether the next report of the cursor's position is an answer to these questions. */
export function expectsReport({ open, cursorReports, reports }: Inquiry): boolean {
  return open && reports.length < cursorReports;
}

export function answered(inquiry: Inquiry, answer: TerminalAnswer): Inquiry {
  if (answer.type === "cursor") {
    if (!expectsReport(inquiry)) return inquiry;
    return { ...inquiry, reports: [...inquiry.reports, answer] };
  }
  const closes = answer.type === "attributes" && inquiry.open;
  const answers = withAnswer(inquiry.answers, answer);
  const widths = closes ? (drawnWidths(inquiry) ?? inquiry.widths) : inquiry.widths;
  const width = widths === inquiry.widths ? inquiry.capabilities.width : widthFrom(widths);
  return {
    ...inquiry,
    open: inquiry.open && !closes,
    answers,
    widths,
    capabilities: capabilitiesFrom(inquiry.environment, answers, width),
  };
}

function questions(asks: Askable, probes: readonly string[]): string {
  if (asks === "nothing") return "";
  const everything = asks === "everything";
  return [
    asks === "position" ? "" : ASK_BACKGROUND,
    everything ? ASK_VERSION + ASK_KEYBOARD + MODES.map(askMode).join("") + GRAPHEMES.on : "",
    // What a terminal has shown of a question that it doesn't know goes with the probes.
    everything ? SYNCHRONIZED.on : "",
    ERASE_ROW,
    probes.length > 0 ? CONCEALED : "",
    ...probes.map((probe) => probe + ASK_CURSOR + ERASE_ROW),
    probes.length > 0 ? PLAIN_STYLE : "",
    everything ? SYNCHRONIZED.off : "",
    ASK_ATTRIBUTES,
  ].join("");
}

/** Null unless each probe was answered, all of them on one row. */
function drawnWidths({ cursorReports, reports }: Inquiry): ProbedWidths | null {
  if (cursorReports === 0 || reports.length !== cursorReports) return null;
  if (reports.some(({ row }) => row !== reports[0]?.row)) return null;
  const [first, ...columns] = reports.map(({ column }) => column - 1);
  if (first !== FIRST.columns || columns.pop() !== LAST.columns) return null;
  if (columns.some((width) => width < 0 || width > WIDEST_PROBE)) return null;
  return new Map(PROBES.map((probe, index) => [probe, columns[index] ?? 0]));
}

function widthFrom(widths: ProbedWidths | null): DisplayWidth {
  return widths === null ? displayWidth : measuredWidth(widths);
}
