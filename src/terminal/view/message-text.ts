// A message of a room as people read it: on a screen while they talk, and in a transcript. Pure, but for
// the time zone of this machine.

import { actionText } from "../../chat/commands.ts";
import type { LogEntry } from "../../chat/frames.ts";
import { isolated, visibleLine, visibleName, visibleText } from "../visible-text.ts";

const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );

/** A name of several words, or one that begins with a quotation mark or anything else than a letter, digit or emoji. */
const NEEDS_QUOTES =
  / |^[^\p{Lu}\p{Ll}\p{Lt}\p{Lo}\p{N}\p{Extended_Pictographic}\p{Regional_Indicator}]/u;

/**
 * A name before what its person does: `ana` or `"Ana María"`, so that nobody can choose a name such as "ana agrees" and
 * make it look like what somebody else does.
 */
export function actorName(name: string): string {
  return NEEDS_QUOTES.test(name) ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : name;
}

/**
 * "NAME: TEXT", or "* NAME TEXT" for an action; further lines are indented by two columns.
 *
 * @param styled gives the name its colour
 */
export function messageText(
  { name, text }: { readonly name: string; readonly text: string },
  styled: (name: string) => string = (shown) => shown,
): string {
  const action = actionText(text);
  const author = styled(visibleName(action === null ? name : actorName(name)));
  return action === null ? `${author}: ${indentLines(text)}` : `* ${author} ${indentLines(action)}`;
}

/** The same in a pipe, for programs: without the marks that keep the directions of a screen apart. */
export function pipedMessage(name: string, text: string): string {
  return authorAndText(name, "", text, "  ");
}

/**
 * The message with its local day and time and its author; `verbose` adds the seconds and the fingerprint.
 * Further lines of the text are indented, so that no text can pose as another message.
 */
export function transcriptLine(
  entry: Pick<LogEntry, "time" | "name" | "author" | "text">,
  verbose: boolean,
): string {
  const { time, name, author, text } = entry;
  // In this form lines sort by time (RFC 3339 s. 5.1), except in the hour when a clock is set back.
  const when = `${calendarDay(time)} ${clockTime(time, verbose)}`;
  const key = verbose ? ` (${visibleLine(author)})` : "";
  const indent = " ".repeat(when.length + 2);
  return `${when}  ${authorAndText(name, key, text, indent)}`;
}

/** @param key of the author, behind the name */
function authorAndText(name: string, key: string, text: string, indent: string): string {
  const action = actionText(text);
  const lines = visibleText(action ?? text).replaceAll("\n", `\n${indent}`);
  return action === null
    ? `${visibleLine(name)}${key}: ${lines}`
    : `* ${visibleLine(actorName(name))}${key} ${lines}`;
}

/** "14:05", or "14:05:59" */
export function clockTime(time: number, withSeconds = false): string {
  const date = new Date(time);
  const parts = [date.getHours(), date.getMinutes(), ...(withSeconds ? [date.getSeconds()] : [])];
  return parts.map(twoDigits).join(":");
}

/** "2026-03-01" */
export function calendarDay(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function indentLines(text: string): string {
  return visibleText(text).split("\n").map(isolated).join("\n  ");
}

/** "Sunday 1 March 2026" */
export function longDate(time: number): string {
  const date = new Date(time);
  const day = DAYS[date.getDay()] ?? "";
  const month = MONTHS[date.getMonth()] ?? "";
  return `${day} ${date.getDate()} ${month} ${date.getFullYear()}`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0");
}
