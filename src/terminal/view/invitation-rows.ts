// An invitation as rows: one that can be copied whole, clicked, and read by a phone's camera where there is room. Pure.

import { type Row, type Span, span } from "../rows.ts";
import { invitingCommand } from "../state/event-text.ts";
import type { TranscriptItem } from "../state/transcript.ts";
import { type ItemLayout, MARK_COLUMNS, ownRows } from "./layout.ts";
import { qrCodeLines, QUIET_ZONE } from "./qr-code.ts";

type Invitation = Extract<TranscriptItem, { type: "invitation" }>;

const WORDS = "invite with:";
/** Rows that stay free for the invitation itself, what was said before, and the line being typed. */
const FREE_ROWS = 8;
/** What most cameras are content with, where the window is small, modules. */
const SMALL_QUIET_ZONE = 2;

export function invitationRows(
  { invitation, showsCode }: Pick<Invitation, "invitation" | "showsCode">,
  layout: ItemLayout,
): Row[] {
  return [
    ...commandRows(invitation, layout),
    ...(showsCode && layout.drawsCodes ? codeRows(invitation, layout) : []),
  ];
}

/**
 * Behind its words or, if it doesn't fit there, on a row of its own. The terminal itself breaks that one where it is wider
 * than the window, so that it is copied as one line.
 */
function commandRows(invitation: string, layout: ItemLayout): Row[] {
  const { columns, width } = layout;
  const command = invitingCommand(invitation);
  const words = `${WORDS} `;
  const linked: Span = {
    ...span(command, "invitation"),
    ...(/^charla:\/\/[!-~]+$/.test(invitation) ? { link: invitation } : {}),
  };
  if (MARK_COLUMNS + width(words) + width(command) <= columns) {
    return [[span("-- ", "dim"), span(words, "dim"), linked]];
  }
  return [...ownRows("-- ", [span(WORDS, "dim")], layout), [linked]];
}

function codeRows(invitation: string, { columns, rows, width }: ItemLayout): Row[] {
  for (const quietZone of [QUIET_ZONE, SMALL_QUIET_ZONE]) {
    const lines = qrCodeLines(invitation, "dark", quietZone);
    const isWide = lines.some((line) => width(line) > columns || width(line) !== line.length);
    if (!isWide && lines.length + FREE_ROWS <= rows) {
      return lines.map((line) => [span(line, "code")]);
    }
  }
  return [];
}
