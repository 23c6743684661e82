// One line of the doctor's report: what was looked at, how it is, and what to do about it.

import type { CharlaError } from "../errors.ts";

interface Finding {
  /** What was looked at; stable, for programs. */
  readonly name: string;
  readonly message: string;
  /** The same for programs. */
  readonly value?: unknown;
}

export type Check =
  | (Finding & { readonly status: "ok" })
  /** A note is worth knowing; a problem keeps charla from working. */
  | (Finding & { readonly status: "note" | "problem"; readonly hint: string });

export function ok(name: string, message: string, value?: unknown): Check {
  return { name, status: "ok", message, ...withValue(value) };
}

export function note(name: string, message: string, hint: string, value?: unknown): Check {
  return { name, status: "note", message, hint, ...withValue(value) };
}

export function problem(name: string, message: string, hint: string, value?: unknown): Check {
  return { name, status: "problem", message, hint, ...withValue(value) };
}

/** What an error says is what is wrong. */
export function problemOf(name: string, { code, message, hint }: CharlaError): Check {
  return problem(name, message, hint, { code });
}

function withValue(value: unknown): { value?: unknown } {
  return value === undefined ? {} : { value };
}
