// Asks one terminal what it can do: what it has answered so far, the widths kept for the next start, and the wait for the rest of
// the answers at the end.

import type { TerminalAnswer } from "../input/input-event.ts";
import type { Size } from "../rows.ts";
import type { Capabilities } from "./capabilities.ts";
import type { KeptWidths } from "./measured-width.ts";
import { answered, ask, expectsReport, LEAVE_PATIENCE } from "./questions.ts";
import type { TerminalEnvironment } from "./terminal-makes.ts";

export interface Asking {
  /** To write before anything is drawn. */
  readonly sequence: string;
  /** How many reports of the cursor's position are among the answers. */
  readonly cursorReports: number;
  readonly capabilities: Capabilities;
  /** Until when drawing waits for answers, in ms of `performance.now`; null once there are all. */
  readonly deadline: number | null;
  /** Whether that was an answer to these questions; other reports of the cursor are not. */
  take(answer: TerminalAnswer): boolean;
  /** The terminal has hung up: it answers no more. */
  giveUp(): void;
  /** Answers that come later would be left to the shell, which takes them for typed text. */
  untilAnswered(): Promise<void>;
}

export function askTerminal(
  environment: TerminalEnvironment,
  size: Size,
  kept: KeptWidths | undefined,
): Asking {
  const started = performance.now();
  let inquiry = ask(environment, size, kept?.find() ?? null, started);
  const { sequence, cursorReports, deadline } = inquiry;
  const all = Promise.withResolvers<void>();
  if (!inquiry.open) all.resolve();

  return {
    sequence,
    cursorReports,
    get capabilities() {
      return inquiry.capabilities;
    },
    get deadline() {
      return inquiry.open ? deadline : null;
    },
    take(answer) {
      if (answer.type === "cursor" && !expectsReport(inquiry)) return false;
      const { widths } = inquiry;
      inquiry = answered(inquiry, answer);
      if (inquiry.widths !== null && inquiry.widths !== widths) kept?.keep(inquiry.widths);
      if (!inquiry.open) all.resolve();
      return true;
    },
    giveUp: all.resolve,
    async untilAnswered() {
      const patience = started + LEAVE_PATIENCE - performance.now();
      const timer = setTimeout(all.resolve, Math.max(0, patience));
      await all.promise;
      clearTimeout(timer);
    },
  };
}
