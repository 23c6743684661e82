// A message in a room as one reads it: who said it, and what. Pure.

import { actionOf } from "../../chat/commands.ts";
import { isolated, shownName } from "../shown-name.ts";
import { styler } from "../style.ts";
import { visibleText } from "../visible-text.ts";
import { personColour } from "./person-colour.ts";

export interface SaidBy {
  readonly name: string;
  /** Whose key; their name stands for it where it is not known. */
  readonly fingerprint?: string | undefined;
  readonly text: string;
}

/** "NAME: TEXT", or "* NAME TEXT" for what somebody does; the lines after the first stand two columns in. */
export function messageText({ name, fingerprint, text }: SaidBy, styled: boolean): string {
  const who = styler(personColour(fingerprint ?? name), styled)(shownName(name));
  const action = actionOf(text);
  return action === null ? `${who}: ${indented(text)}` : `* ${who} ${indented(action)}`;
}

function indented(text: string): string {
  return visibleText(text).split("\n").map(isolated).join("\n  ");
}
