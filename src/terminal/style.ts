// Dim and coloured text: for terminals, and for people who did not refuse it (no-color.org).

import type { Io, Output } from "./io.ts";

export const DIM = "\x1b[2m";
export const CYAN = "\x1b[36m";
const PLAIN = "\x1b[0m";

/** Whether text may look different on `stream`; where it may not, words must say the same. */
export function mayStyle({ env }: Pick<Io, "env">, stream: Output): boolean {
  return (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb" && stream.isTTY === true;
}

export function styler(start: string, styled: boolean): (text: string) => string {
  return styled ? (text) => `${start}${text}${PLAIN}` : (text) => text;
}
