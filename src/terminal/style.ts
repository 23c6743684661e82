// Dim and coloured text: for terminals, and for people who did not refuse it (no-color.org).

import { isatty } from "node:tty";

export const DIM = "\x1b[2m";
export const CYAN = "\x1b[36m";
const PLAIN = "\x1b[0m";

/**
 * Whether text may look different; where it may not, words must say the same.
 *
 * @param stream 1 for stdout, 2 for stderr
 */
export function mayStyle(stream: 1 | 2 = 2): boolean {
  return (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb" && isatty(stream);
}

export function styler(start: string): (text: string) => string {
  return mayStyle() ? (text) => `${start}${text}${PLAIN}` : (text) => text;
}
