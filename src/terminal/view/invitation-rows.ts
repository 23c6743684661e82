// An invitation as rows: for a terminal and for a browser, each of which can be copied whole and clicked, and the one for a browser
// as a code for a phone's camera where there is room. Pure.

import { type Row, type Span, span } from "../rows.ts";
import { invitingCommand } from "../state/event-text.ts";
import type { TranscriptItem } from "../state/transcript.ts";
import { visibleLine } from "../visible-text.ts";
import { type ItemLayout, MARK_COLUMNS, ownRows } from "./layout.ts";
import { qrCodeLines, QUIET_ZONE } from "./qr-code.ts";

type Invitation = Extract<TranscriptItem, { type: "invitation" }>;

/** Rows that stay free for the invitation itself, what was said before, and the line being typed. */
const FREE_ROWS = 8;
/** What most cameras are content with, where the window is small, modules. */
const SMALL_QUIET_ZONE = 2;

export function invitationRows(
  { invitation, page, showsCode }: Omit<Invitation, "type">,
  layout: ItemLayout,
): Row[] {
  return [
    ...copiedRows("invite with:", invitingCommand(invitation), invitation, layout),
    ...(page === null ? [] : copiedRows("in a browser:", visibleLine(page), page, layout)),
    ...(showsCode && layout.drawsCodes ? codeRows(page ?? invitation, layout) : []),
  ];
}

/**
 * Behind its words or, if it doesn't fit there, on a row of its own. The terminal itself breaks that one where it is wider
 * than the window, so that it is copied as one line.
 */
function copiedRows(words: string, copied: string, link: string, layout: ItemLayout): Row[] {
  const { columns, width } = layout;
  const linked: Span = {
    ...span(copied, "invitation"),
    ...(/^(?:charla|https?):\/\/[!-~]+$/.test(link) ? { link } : {}),
  };
  if (MARK_COLUMNS + width(`${words} `) + width(copied) <= columns) {
    return [[span("-- ", "dim"), span(`${words} `, "dim"), linked]];
  }
  return [...ownRows("-- ", [span(words, "dim")], layout), [linked]];
}

function codeRows(text: string, { columns, rows, width }: ItemLayout): Row[] {
  for (const quietZone of [QUIET_ZONE, SMALL_QUIET_ZONE]) {
    const lines = qrCodeLines(text, "dark", quietZone);
    const isWide = lines.some((line) => width(line) > columns || width(line) !== line.length);
    if (!isWide && lines.length + FREE_ROWS <= rows) {
      return lines.map((line) => [span(line, "code")]);
    }
  }
  return [];
}
