// The screen of a conversation: what is printed once, and below it the rows that change: notices that may still change,
// messages on their way, the line being typed, and the status line. Pure, but for this machine's time zone.

import { actionText } from "../../chat/commands.ts";
import { layOutEditor } from "../editor/layout.ts";
import { type Frame, type Row, span } from "../rows.ts";
import { liveNotices, promptText, type State } from "../state/state.ts";
import type { Drawn, MessageItem, PrintedRows } from "../state/transcript.ts";
import { itemRows } from "./item-rows.ts";
import { type ItemLayout, MARK_COLUMNS, ownRows } from "./layout.ts";
import { followingRows, messageRows, nameColumnWidth } from "./message-rows.ts";
import { clockTime } from "./message-text.ts";
import { answerRows, pageEnd, printedRows, printedUpTo } from "./pages.ts";
import { statusOf, statusRow } from "./status-row.ts";
import { clip } from "./wrapping.ts";

/** A frame, and how much of the transcript it prints. */
export interface Screen extends Drawn {
  readonly frame: Frame;
}

/** Live rows beside the line being typed, from those that stay longest to those that go first in a small window. */
interface LiveRows {
  readonly question: readonly Row[];
  readonly status: readonly Row[];
  readonly notices: readonly Row[];
  readonly pending: readonly Row[];
}

/** With fewer rows there is no status line, or nothing but the line being typed. */
const ROWS_WITH_STATUS = 4;
const ROWS_WITH_PENDING = 3;
/** With fewer rows a long text may take the whole window. */
const ROWS_WITH_TRANSCRIPT = 9;

export function view(state: State): Screen {
  const layout = layoutOf(state);
  const printed = printTranscript(state, layout);
  const live = liveRows({ ...state, rowsSinceName: printed.rowsSinceName }, printed.page, layout);
  const above = [...live.notices, ...live.pending, ...live.question];
  const free = layout.rows - above.length - live.status.length;
  const left = Math.max(1, Math.min(free, mostInputRows(layout.rows)));
  const input = printed.page === null ? inputRows(state, layout, left) : null;
  const frame: Frame = {
    settled: printed.rows,
    live: [...above, ...(input?.rows ?? []), ...live.status],
    cursor: {
      row: above.length + (input?.cursorRow ?? -1),
      column: input?.cursorColumn ?? 0,
    },
  };
  const { items, page, rowsSinceName } = printed;
  return { frame, items, page, nameColumns: layout.nameColumns, rowsSinceName };
}

function layoutOf(state: State): ItemLayout {
  const { size, capabilities, room, settings, transcript, nameColumns } = state;
  const { width, styles, colours } = capabilities;
  const needed = settings.isRoom ? nameColumnWidth(namesShown(room, transcript), width) : 1;
  return {
    columns: Math.max(1, size.columns),
    rows: Math.max(1, size.rows),
    width,
    nameColumns: Math.max(nameColumns, needed),
    drawsCodes: styles && colours > 0,
  };
}

/** Those of who is here, and of whose messages are printed now, though they may have left. */
function namesShown({ here }: State["room"], transcript: State["transcript"]): Set<string> {
  const authors = transcript.filter((item) => item.type === "message").map(({ name }) => name);
  return new Set([...here.values(), ...authors]);
}

/** All that waits, or the next page of an answer that is longer than the window. */
function printTranscript(state: State, layout: ItemLayout) {
  const { transcript, page } = state;
  const rows: Row[] = [];
  let { rowsSinceName } = state;
  const [paged] = transcript;
  const printed =
    page === null || paged?.type !== "answer" ? null : printedRows(paged, page, layout);
  if (page?.waits === true) return { rows, items: 0, page: printed, rowsSinceName };
  const pageRows = Math.max(1, layout.rows - 2);
  for (const [index, item] of transcript.entries()) {
    if (item.type === "message") {
      const following = followingRows(item, rowsSinceName, layout);
      rows.push(...following.rows);
      ({ rowsSinceName } = following);
      continue;
    }
    if (item.type !== "answer") {
      rows.push(...itemRows(item, layout));
      continue;
    }
    const next = answerRows(item, layout);
    const from = index === 0 && printed !== null ? printed.shown : 0;
    const to = next.length > pageRows ? pageEnd(item, from, pageRows, layout) : next.length;
    rows.push(...next.slice(from, to));
    if (to < next.length) {
      return { rows, items: index, page: printedUpTo(item, to, layout), rowsSinceName };
    }
  }
  return { rows, items: transcript.length, page: null, rowsSinceName };
}

function liveRows(state: State, page: PrintedRows | null, layout: ItemLayout): LiveRows {
  const { rows } = layout;
  const status = statusRows(state, layout);
  // The last row is for the line being typed, or for the question about the next page.
  const most = rows < ROWS_WITH_PENDING ? 0 : Math.floor(rows / 2);
  const free = Math.min(most, rows - status.length - 1);
  const notices = liveNotices(state)
    .flatMap(({ time, text }) => {
      const words = time === null ? text : `${clockTime(time)} ${text}`;
      // It is laid out with each key: no more of it than a window has room for.
      const shown = words.slice(0, rows * layout.columns).toWellFormed();
      return ownRows("-- ", [span(shown, "dim")], layout);
    })
    .slice(0, free);
  return {
    question: page === null ? [] : [pageRow(page.total - page.shown, layout)],
    status,
    notices,
    pending: pendingRows(state, notices.length > 0, free - notices.length, layout),
  };
}

/** A question to this person takes the place of the status line, and stands also where there is no room for that. */
function statusRows(state: State, layout: ItemLayout): Row[] {
  const { rows, width } = layout;
  const space = { columns: withoutLastColumn(layout.columns), width };
  if (state.leaving?.type === "asked" && rows > 1) {
    return [[span(clip(" press Ctrl-C again to leave ", space), "status")]];
  }
  return rows < ROWS_WITH_STATUS ? [] : [statusRow(statusOf(state), space)];
}

/** In the fullest words that there is room for. */
function pageRow(left: number, layout: ItemLayout): Row {
  const rows = left === 1 ? "1 more row" : `${left} more rows`;
  const choices = [
    `${rows}: Enter shows ${left === 1 ? "it" : "them"}, q leaves`,
    `${rows}: Enter, or q`,
    `${left}: Enter, q`,
  ];
  const fits = choices.find((words) => MARK_COLUMNS + layout.width(words) <= layout.columns);
  return ownRows("-- ", [span(fits ?? `${left}`, "strong")], layout)[0] ?? [];
}

/** The newest messages that there is room for, and how many more there are; if even one is too long, its beginning. */
function pendingRows(
  state: State,
  isBelowNotice: boolean,
  most: number,
  layout: ItemLayout,
): readonly Row[] {
  if (most < 1) return [];
  const rows: Row[] = [];
  // As it will when it is stored, so that its rows stay the same.
  const { lastAuthor, room } = state;
  const waiting = linesOnTheirWay(state);
  const firstFollows =
    !isBelowNotice && lastAuthor?.key === room.fingerprint && lastAuthor.name === room.name;
  let hidden = waiting.length;
  while (hidden > 0) {
    // The count of hidden messages takes a row.
    const free = most - rows.length - (hidden > 1 ? 1 : 0);
    const item = pendingItem(state, waiting, hidden - 1, firstFollows);
    const next =
      hidden === 1
        ? followingRows(item, state.rowsSinceName, layout).rows
        : messageRows(item, layout);
    if (free <= 0 || (next.length > free && rows.length > 0)) break;
    rows.unshift(...next.slice(0, free));
    hidden -= 1;
  }
  if (hidden === 0) return rows;
  const [count = []] = ownRows("   ", [span(`… ${hidden} more on their way`, "dim")], layout);
  return [count, ...rows];
}

/** Messages that are not stored yet, and what is held for a room that is being entered. */
function linesOnTheirWay({ pending, switching }: State): readonly string[] {
  return [...pending.map(({ text }) => text), ...(switching?.held ?? [])];
}

function pendingItem(
  { room, settings }: State,
  waiting: readonly string[],
  index: number,
  firstFollows: boolean,
): MessageItem {
  return {
    type: "message",
    time: null,
    name: settings.isRoom ? room.name : ">",
    // The rows of the plain wire have no names; the colour of a pending message isn't shown.
    colour: settings.isRoom ? 0 : null,
    text: waiting[index] ?? "",
    mentions: false,
    follows: index > 0 ? actionText(waiting[index - 1] ?? "") === null : firstFollows,
  };
}

/** A long text leaves a third of the window to what others say, and to why it could not be sent. */
function mostInputRows(rows: number): number {
  return rows < ROWS_WITH_TRANSCRIPT ? rows : Math.ceil((rows * 2) / 3);
}

function inputRows(state: State, { columns, width }: ItemLayout, maxRows: number) {
  const prompt = [span(promptText(state))];
  return layOutEditor(state.editing, {
    prompt,
    columns: withoutLastColumn(columns),
    maxRows,
    width,
  });
}

/**
 * Terminals that break rows (Capabilities.narrowing) break those that fill the window as soon as it
 * becomes narrower, and the live rows would climb with each column that it loses.
 */
function withoutLastColumn(columns: number): number {
  return Math.max(1, columns - 1);
}
