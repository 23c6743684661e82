// An answer that is longer than the window, a page at a time: its rows for a window, and where in them the next page
// begins, also if the window had another size when the last one was printed. Pure, but for this machine's time zone.

import type { Row } from "../rows.ts";
import type { PagePlace, PrintedRows, TranscriptItem } from "../state/transcript.ts";
import { answerParts } from "./answer-rows.ts";
import type { ItemLayout } from "./layout.ts";

type AnswerItem = Extract<TranscriptItem, { type: "answer" }>;

interface LaidOut {
  readonly layout: ItemLayout;
  readonly rows: readonly Row[];
  /** Where each part begins. */
  readonly begins: readonly number[];
}

/** Above the text of a message: the day, and a name in a narrow window. */
const HEAD_ROWS = 2;

/** Each is laid out once for a window: some take long. */
const ANSWERS = new WeakMap<AnswerItem, LaidOut>();

export function answerRows(item: AnswerItem, layout: ItemLayout): readonly Row[] {
  return laidOut(item, layout).rows;
}

/** How much was printed, in rows of this window. */
export function printedRows(
  item: AnswerItem,
  { next }: PrintedRows,
  layout: ItemLayout,
): PrintedRows {
  const { rows, begins } = laidOut(item, layout);
  // Of a part that has other rows now, none may be missing: it is printed again from its beginning.
  const before = isSameWindow(next.layout, layout) ? next.rows : 0;
  const shown = Math.min((begins[next.parts] ?? rows.length) + before, rows.length);
  return printedUpTo(item, shown, layout);
}

export function printedUpTo(item: AnswerItem, shown: number, layout: ItemLayout): PrintedRows {
  const { rows, begins } = laidOut(item, layout);
  // Parts without rows are no place to begin at.
  const parts = Math.max(
    0,
    begins.findLastIndex((begin) => begin <= shown),
  );
  const { columns, rows: height, nameColumns } = layout;
  const next: PagePlace = {
    parts,
    rows: shown - (begins[parts] ?? 0),
    layout: { columns, rows: height, nameColumns },
  };
  return { shown, total: rows.length, next };
}

/** How far a page goes that begins at a row; no name or day stands at its end without what follows it. */
export function pageEnd(
  item: AnswerItem,
  from: number,
  pageRows: number,
  layout: ItemLayout,
): number {
  const { rows, begins } = laidOut(item, layout);
  const end = from + pageRows;
  if (end >= rows.length) return rows.length;
  const begin = begins.findLast((each) => each < end) ?? 0;
  const isWhole = begins.includes(end);
  return !isWhole && end - begin <= HEAD_ROWS && begin > from ? begin : end;
}

function laidOut(item: AnswerItem, layout: ItemLayout): LaidOut {
  const known = ANSWERS.get(item);
  if (known !== undefined && isSameLayout(known.layout, layout)) return known;
  const begins: number[] = [];
  const rows: Row[] = [];
  for (const part of answerParts(item.answer, layout)) {
    begins.push(rows.length);
    rows.push(...part);
  }
  const next = { layout, rows, begins };
  ANSWERS.set(item, next);
  return next;
}

function isSameLayout(one: ItemLayout, other: ItemLayout): boolean {
  return (
    isSameWindow(one, other) && one.width === other.width && one.drawsCodes === other.drawsCodes
  );
}

function isSameWindow(one: PagePlace["layout"], other: PagePlace["layout"]): boolean {
  return (
    one.columns === other.columns &&
    one.rows === other.rows &&
    one.nameColumns === other.nameColumns
  );
}
