// The doctor's report: what a check is, and how it is printed: a mark, a sentence, and below it a hint. Pure.

import { CharlaError } from "../errors.ts";
import { styled, unstyled } from "../terminal/output-stream.ts";
import { visibleLine } from "../terminal/visible-text.ts";

interface Finding {
  /** What was checked; stable, for programs. */
  readonly name: string;
  readonly message: string;
  /** What was found, for programs. */
  readonly value?: unknown;
}

export type Check =
  | (Finding & { readonly status: "ok" })
  /** A note is good to know; a problem keeps charla from working. */
  | (Finding & { readonly status: "note" | "problem"; readonly hint: string });

export function ok(name: string, message: string, value?: unknown): Check {
  return { name, status: "ok", message, value };
}

export function note(name: string, message: string, hint: string, value?: unknown): Check {
  return { name, status: "note", message, hint, value };
}

export function problem(name: string, message: string, hint: string, value?: unknown): Check {
  return { name, status: "problem", message, hint, value };
}

/** @throws what is not a CharlaError: a bug */
export function problemFrom(name: string, error: unknown): Check {
  if (!(error instanceof CharlaError)) throw error;
  return problem(name, error.message, error.hint, { code: error.code });
}

const COLOURS = { ok: "\x1b[32m", note: "\x1b[33m", problem: "\x1b[31m" };
/** The widest mark and two blanks. */
const MARK_WIDTH = 9;

/** The lines of one check. Host names and texts of the server are in it: nothing reaches a terminal unescaped. */
export function formatCheck(check: Check, coloured: boolean): string {
  const { status, message } = check;
  const style = coloured ? styled : unstyled;
  const first = style(COLOURS[status], status.padEnd(MARK_WIDTH)) + visibleLine(message);
  if (check.status === "ok") return first;
  return `${first}\n${" ".repeat(MARK_WIDTH)}hint: ${visibleLine(check.hint)}`;
}

export function formatCheckAsJson(check: Check): string {
  return JSON.stringify({ type: "check", ...check });
}
