// What was said, one message a line, as it is read, searched and cut up by other programs. Pure, but for the
// time zone.

import type { LogEntry } from "../../chat/log-entry.ts";
import { visibleLine, visibleText } from "../visible-text.ts";
import { calendarDay, clockTime } from "./clock-text.ts";

/**
 * The message with its day and time here, and who said it; with every detail, to the second and with the
 * fingerprint. The lines of a text but the first are indented: no text can pose as another message.
 */
export function transcriptOf({ time, name, author, text }: LogEntry, verbose: boolean): string {
  // The order of the lines is that of the times (RFC 3339 s. 5.1), but for the hour that a clock is set back.
  const when = `${calendarDay(time)} ${clockTime(time, verbose)}`;
  const who = verbose ? `${visibleLine(name)} (${visibleLine(author)})` : visibleLine(name);
  const indent = " ".repeat(when.length + 2);
  return `${when}  ${who}: ${visibleText(text).replaceAll("\n", `\n${indent}`)}`;
}
