// An invitation as rows: for a terminal and for a browser, each of which can be copied whole and clicked, and the one for a browser
// as a code for a phone's camera where there is room or it was asked for. Pure.

import { type Row, type Span, span } from "../rows.ts";
import { invitingCommand } from "../state/event-text.ts";
import type { TranscriptItem } from "../state/transcript.ts";
import { visibleLine } from "../visible-text.ts";
import { type ItemLayout, MARK_COLUMNS, ownRows } from "./layout.ts";
import { qrCodeLines, QUIET_ZONE } from "./qr-code.ts";

type Invitation = Extract<TranscriptItem, { type: "invitation" }>;

/** Rows that stay free for the invitation itself, what was said before, and the line being typed. */
const ROWS_BESIDE = 8;
/** For the line being typed and the status line: the code that was asked for is in sight with them. */
const ROWS_BELOW = 2;
/** What cameras are content with, where the window is small, modules. */
const SMALL_QUIET_ZONES = [2, 1];

export function invitationRows(
  { invitation, page, code }: Omit<Invitation, "type">,
  layout: ItemLayout,
): Row[] {
  return [
    ...copiedRows("invite with:", invitingCommand(invitation), invitation, layout),
    ...(page === null ? [] : copiedRows("in a browser:", visibleLine(page), page, layout)),
    ...(code === "none" || !layout.drawsCodes ? [] : codeRows(page ?? invitation, code, layout)),
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

function codeRows(text: string, code: "beside" | "whole", layout: ItemLayout): Row[] {
  const rows = layout.rows - (code === "beside" ? ROWS_BESIDE : ROWS_BELOW);
  const drawn = drawCode(text, { ...layout, rows });
  if (drawn !== null) return drawn;
  if (code === "whole") {
    const smallest = qrCodeLines(text, "dark", SMALL_QUIET_ZONES.at(-1));
    const [columns, needed] = [smallest[0]?.length, smallest.length + ROWS_BELOW];
    const words = `its QR code needs a window of ${columns} columns and ${needed} rows`;
    return ownRows("-- ", [span(words, "dim")], layout);
  }
  if (drawCode(text, { ...layout, rows: layout.rows - ROWS_BELOW }) === null) return [];
  return ownRows("-- ", [span("/invite shows its QR code", "dim")], layout);
}

/** With the widest light border that fits; null if there is no room for it. */
function drawCode(text: string, { columns, rows, width }: ItemLayout): Row[] | null {
  for (const quietZone of [QUIET_ZONE, ...SMALL_QUIET_ZONES]) {
    const lines = qrCodeLines(text, "dark", quietZone);
    const isWide = lines.some((line) => width(line) > columns || width(line) !== line.length);
    if (!isWide && lines.length <= rows) return lines.map((line) => [span(line, "code")]);
  }
  return null;
}
