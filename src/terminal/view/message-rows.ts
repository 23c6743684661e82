// A message as rows: its time at column 0, its author's name in a column, and its text under a hanging indent. Nothing
// that a peer wrote can stand where charla's own marks do, or where names do. Pure, but for this machine's time zone.

import { actionText } from "../../chat/commands.ts";
import type { DisplayWidth } from "../display-width.ts";
import { type Row, type Span, span, type Style } from "../rows.ts";
import type { MessageItem } from "../state/transcript.ts";
import { isolated, visibleLabel, visibleName, visibleText } from "../visible-text.ts";
import { hang, type ItemLayout, type Layout, TIME_COLUMNS } from "./layout.ts";
import { actorName, clockTime } from "./message-text.ts";
import { clip } from "./wrapping.ts";

/** Longer names are cut, columns. */
const MAX_NAME = 16;
/** In a narrower window names have rows of their own. */
const NARROW = 60;
/** In a still narrower one, times too. */
const TINY = 16;
/** The line being typed and the status line, at least. */
const ROWS_BELOW = 2;
/** How much further in than a name a text stands in a narrow window, so that no text can pose as a name. */
const BEHIND_NAME = 2;

/** As many columns as the widest of the names needs, and at most 16. */
export function nameColumnWidth(names: Iterable<string>, width: DisplayWidth): number {
  let widest = 1;
  for (const name of names) {
    widest = Math.max(widest, width(visibleName(name)));
    if (widest >= MAX_NAME) return MAX_NAME;
  }
  return widest;
}

export function messageRows(message: MessageItem, layout: Layout): Row[] {
  const { columns } = layout;
  if (columns < TINY) return tinyRows(message, layout);
  // The plain wire has marks for names, which are as narrow as can be.
  if (columns < NARROW && message.colour !== null) return narrowRows(message, layout);
  return wideRows(message, layout);
}

/**
 * The rows of a message, with its author's name although it follows another of theirs, where the last row with that would be out
 * of sight.
 *
 * @param rowsSinceName printed since that row, this one counted
 */
export function followingRows(
  message: MessageItem,
  rowsSinceName: number,
  layout: ItemLayout,
): { readonly rows: Row[]; readonly rowsSinceName: number } {
  const rows = messageRows(message, layout);
  if (!message.follows) return { rows, rowsSinceName: rows.length };
  const sinceName = rowsSinceName + rows.length;
  if (sinceName <= layout.rows - ROWS_BELOW) return { rows, rowsSinceName: sinceName };
  const named = messageRows({ ...message, follows: false }, layout);
  return { rows: named, rowsSinceName: named.length };
}

/** `14:03   ana hello`; an action has its mark where names stand. */
function wideRows(message: MessageItem, layout: Layout): Row[] {
  const { nameColumns, width } = layout;
  const isAction = actionText(message.text) !== null;
  const name = isAction ? "*" : clippedName(message.name, nameColumns, width);
  const free = " ".repeat(Math.max(0, nameColumns - width(name)));
  const head = [...timeSpans(message, width), span(free), span(name, nameStyle(message))];
  return hang([...head, span(" ")], bodySpans(message), TIME_COLUMNS + nameColumns + 1, layout);
}

/** `14:03 ana`, and the text below it; of the same author's next message only the time. */
function narrowRows(message: MessageItem, layout: Layout): Row[] {
  const { columns, width } = layout;
  const indent = TIME_COLUMNS + BEHIND_NAME;
  const time = timeSpans(message, width);
  const isAction = actionText(message.text) !== null;
  if (isAction) {
    return hang(
      [...time, span("*", nameStyle(message)), span(" ")],
      bodySpans(message),
      indent,
      layout,
    );
  }
  if (message.follows) return hang([...time, span("  ")], bodySpans(message), indent, layout);
  const name = clippedName(message.name, columns - TIME_COLUMNS, width);
  return [
    [...time, span(name, nameStyle(message))],
    ...hang([span(" ".repeat(indent))], bodySpans(message), indent, layout),
  ];
}

/** Time, name and text each in rows of their own. */
function tinyRows(message: MessageItem, layout: Layout): Row[] {
  const { columns, width } = layout;
  const indent = Math.min(3, Math.floor(columns / 2));
  const nameIndent = Math.max(0, indent - BEHIND_NAME);
  const time = clip(timeText(message, width), layout);
  const isAction = actionText(message.text) !== null;
  const name = isAction ? "*" : clippedName(message.name, columns - nameIndent, width);
  return [
    [span(time, timeStyle(message))],
    ...(message.follows && !isAction
      ? []
      : [[span(" ".repeat(nameIndent)), span(name, nameStyle(message))]]),
    ...hang([span(" ".repeat(indent))], bodySpans(message), indent, layout),
  ];
}

function bodySpans(message: MessageItem): Span[] {
  const style: Style = message.time === null ? "dim" : "plain";
  const action = actionText(message.text);
  if (action === null) return [span(visibleText(message.text), style)];
  const actor = visibleName(actorName(message.name));
  return [span(actor, nameStyle(message)), span(` ${visibleText(action)}`, style)];
}

/** With the mark of a mention behind it, for screens without styles. */
function timeSpans(message: MessageItem, width: DisplayWidth): Span[] {
  const time = timeText(message, width);
  if (message.mentions) return [span(`${time}!`, "mention")];
  return [span(time, timeStyle(message)), span(" ")];
}

function timeText({ time }: MessageItem, width: DisplayWidth): string {
  if (time !== null) return clockTime(time);
  // A message on its way: the ellipsis may have two columns, or more where a terminal answers nonsense.
  return `  …${" ".repeat(Math.max(0, 3 - width("…")))}`;
}

function timeStyle({ mentions }: MessageItem): Style {
  return mentions ? "mention" : "dim";
}

function nameStyle({ time, colour }: MessageItem): Style {
  if (time === null) return "dim";
  return colour === null ? "strong" : { person: colour };
}

function clippedName(name: string, columns: number, width: DisplayWidth): string {
  const visible = visibleName(name);
  if (width(visible) <= columns) return visible;
  return isolated(clip(visibleLabel(name), { columns, width }));
}
