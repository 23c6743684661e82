// Dim and coloured text: for terminals, and for people who did not refuse it (no-color.org).

import { isatty } from "node:tty";

export const DIM = "\x1b[2m";
export const CYAN = "\x1b[36m";
const PLAIN = "\x1b[0m";

/** Whether text may look different; where it may not, words must say the same. */
export function mayStyle(): boolean {
  return (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb" && isatty(2);
}

export function styler(start: string): (text: string) => string {
  return mayStyle() ? (text) => `${start}${text}${PLAIN}` : (text) => text;
}
