// A name that somebody else chose, made safe to stand in a line of ours. Pure.

import { visibleLine } from "./visible-text.ts";

/** Letters that are written from right to left, and would take what follows them along (UAX #9). */
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}]/u;

/**
 * The text, between FSI and PDI (UAX #9 s. 2) where it could reorder what stands beside it. Its own marks of
 * direction must be hidden before (visible-text.ts).
 */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

export function shownName(name: string): string {
  return isolated(visibleLine(name));
}
