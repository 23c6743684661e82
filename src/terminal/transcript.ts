// What was said, one message a line, as it is read, searched and cut up by other programs. Pure, but for the
// time zone.

import type { LogEntry } from "../chat/log-entry.ts";
import { visibleLine, visibleText } from "./visible-text.ts";

/**
 * The message with its day and time here, and who said it; with every detail, to the second and with the
 * fingerprint. The lines of a text but the first are indented: no text can pose as another message.
 */
export function transcriptOf({ time, name, author, text }: LogEntry, verbose: boolean): string {
  const when = localTime(new Date(time), verbose);
  const who = verbose ? `${visibleLine(name)} (${visibleLine(author)})` : visibleLine(name);
  const indent = " ".repeat(when.length + 2);
  return `${when}  ${who}: ${visibleText(text).replaceAll("\n", `\n${indent}`)}`;
}

/** As RFC 3339 writes it, with a blank for readers: the order of the lines is that of the times. */
function localTime(date: Date, verbose: boolean): string {
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join(
    "-",
  );
  const time = [date.getHours(), date.getMinutes(), ...(verbose ? [date.getSeconds()] : [])];
  return `${day} ${time.map(twoDigits).join(":")}`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0");
}
