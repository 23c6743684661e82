// Each item of the transcript as rows. What charla says itself has its mark at column 0: `--`, `!!` or three blanks.
// Pure, but for this machine's time zone.

import { type Row, span } from "../rows.ts";
import type { TranscriptItem } from "../state/transcript.ts";
import { visibleLine, visibleText } from "../visible-text.ts";
import { answerParts } from "./answer-rows.ts";
import { invitationRows } from "./invitation-rows.ts";
import { type ItemLayout, type Layout, ownRows } from "./layout.ts";
import { messageRows } from "./message-rows.ts";
import { clockTime, longDate } from "./message-text.ts";

export function itemRows(item: TranscriptItem, layout: ItemLayout): Row[] {
  switch (item.type) {
    case "message":
      return messageRows(item, layout);
    case "date":
      return ownRows("   ", [span(longDate(item.time), "dim")], layout);
    case "mark": {
      const style = item.label === "new" ? "strong" : "dim";
      return ownRows("-- ", [span(`${item.label} --`, style)], layout, style);
    }
    case "notice": {
      const time = item.time === null ? "" : `${clockTime(item.time)} `;
      const words = `${time}${visibleExceptIsolates(item.text)}`;
      const mark = item.time === null ? "   " : "-- ";
      return [
        ...ownRows(mark, [span(words, "dim")], layout),
        ...(item.hint === undefined ? [] : hintRows(item.hint, layout)),
      ];
    }
    case "error":
      return [
        ...ownRows("!! ", [span(visibleLine(item.text))], layout, "error"),
        ...hintRows(item.hint, layout),
      ];
    case "invitation":
      return invitationRows(item, layout);
    case "answer":
      return answerParts(item.answer, layout).flat();
  }
}

function hintRows(hint: string, layout: Layout): Row[] {
  if (hint === "") return [];
  return ownRows("   ", [span(`hint: ${visibleLine(hint)}`, "dim")], layout);
}

/** The isolates are charla's own: event-text.ts has put them around what peers wrote. */
function visibleExceptIsolates(text: string): string {
  return text.replaceAll(/[^\u2068\u2069]+/g, visibleText);
}
