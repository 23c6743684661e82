// How the doctor's checks are written: a mark, a sentence, and below it what to do. Pure.

import { visibleLine } from "../terminal/visible-text.ts";
import type { Check } from "./check.ts";

const GREEN = "\x1b[32m";
const YELLOW = "\x1b[33m";
const RED = "\x1b[31m";
const PLAIN = "\x1b[0m";

const MARKS: Readonly<Record<Check["status"], string>> = { ok: GREEN, note: YELLOW, problem: RED };
/** As wide as the widest mark, and two blanks. */
const MARK_WIDTH = 9;

/** The lines of one check. Host names and servers' words are in it: none of it reaches a terminal raw. */
export function writeCheck(check: Check, coloured: boolean): string {
  const { status, message } = check;
  const mark = status.padEnd(MARK_WIDTH);
  const first = `${coloured ? `${MARKS[status]}${mark}${PLAIN}` : mark}${visibleLine(message)}`;
  if (check.status === "ok") return first;
  return `${first}\n${" ".repeat(MARK_WIDTH)}hint: ${visibleLine(check.hint)}`;
}

export function writeCheckAsJson(check: Check): string {
  return JSON.stringify({ type: "check", ...check });
}
