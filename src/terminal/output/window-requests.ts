// What a terminal does for a program beside drawing its text: the title of the window, desktop notifications and the clipboard.
// Each function returns what to write, "" where the terminal can't do it. Pure.

import { splitGraphemes } from "../graphemes.ts";
import { visibleLine } from "../visible-text.ts";
import type { Capabilities } from "./capabilities.ts";

const ESCAPE = "\x1b";
/** String terminator (ECMA-48 s. 8.3.143). */
const ST = "\x1b\\";
/** Ends an OSC too (xterm ctlseqs), also within an envelope that ST would end. */
const BEL = "\x07";

/** Graphemes of a title and of a notification; more is not shown anyway. */
const MAX_TITLE = 80;
const MAX_NOTIFICATION = 200;
/** Bytes that every terminal with OSC 52 takes: hterm has a bound of 100,000 after base64. */
const MAX_CLIPBOARD = 74_994;
/** Bytes of a string that screen passes on at once; it had room for 256 in version 4.0. */
const MAX_SCREEN_STRING = 240;

/** Keeps the title that the window has (XTWINOPS 22). */
export function saveTitle({ title }: Capabilities): string {
  return title ? `${ESCAPE}[22;0t` : "";
}

/** @param text with whatever a peer has put into it */
export function setTitle({ title }: Capabilities, text: string): string {
  return title ? `${ESCAPE}]0;${plainText(text, MAX_TITLE)}${ST}` : "";
}

/** Gives back the title that was kept; a terminal that keeps none chooses its own for an empty one. */
export function restoreTitle({ title }: Capabilities): string {
  return title ? `${ESCAPE}]0;${ST}${ESCAPE}[23;0t` : "";
}

/** A notification of the desktop, which takes the place of the last one where the terminal can do that. */
export function notify(capabilities: Capabilities, title: string, body: string): string {
  const { notification, multiplexer } = capabilities;
  const [shownTitle, shownBody] = [title, body].map((text) => plainText(text, MAX_NOTIFICATION));
  switch (notification) {
    case null:
      return "";
    case "osc9":
      // A number and a semicolon would be one of ConEmu's commands.
      return passOn(multiplexer, osc(`9;${withoutSemicolons(`${shownTitle}: ${shownBody}`)}`));
    case "osc777":
      return passOn(
        multiplexer,
        osc(`777;notify;${[shownTitle, shownBody].map(withoutSemicolons).join(";")}`),
      );
    case "osc99": {
      const part = (keys: string, text = "") =>
        passOn(multiplexer, osc(`99;i=charla:o=unfocused:${keys}:e=1;${base64(text)}`));
      return part("d=0:p=title", shownTitle) + part("d=1:p=body", shownBody);
    }
  }
}

/** Puts text into the clipboard, unless it is too long for that. */
export function copy({ clipboard, multiplexer }: Capabilities, text: string): string {
  if (!clipboard || Buffer.byteLength(text) > MAX_CLIPBOARD) return "";
  const sequence = osc(`52;c;${base64(text)}`);
  // tmux takes it itself with `set-clipboard on`, and passes it on with `allow-passthrough on`.
  return multiplexer === "tmux"
    ? sequence + passOn(multiplexer, sequence)
    : passOn(multiplexer, sequence);
}

function osc(text: string): string {
  return `${ESCAPE}]${text}${BEL}`;
}

/** In the envelope in which the program around this one passes it on unread. */
function passOn(multiplexer: Capabilities["multiplexer"], sequence: string): string {
  switch (multiplexer) {
    case null:
      return sequence;
    case "tmux":
      return `${ESCAPE}Ptmux;${sequence.replaceAll(ESCAPE, ESCAPE + ESCAPE)}${ST}`;
    case "screen":
      return (sequence.match(SCREEN_STRINGS) ?? [])
        .map((piece) => `${ESCAPE}P${piece}${ST}`)
        .join("");
  }
}

const SCREEN_STRINGS = new RegExp(`.{1,${MAX_SCREEN_STRING}}`, "gs");

/** On one line, and nothing in it that a terminal would act on. */
function plainText(text: string, maxGraphemes: number): string {
  const graphemes = splitGraphemes(visibleLine(text).replaceAll("\t", " "));
  if (graphemes.length <= maxGraphemes) return graphemes.join("");
  return `${graphemes.slice(0, maxGraphemes - 1).join("")}…`;
}

function withoutSemicolons(text = ""): string {
  return text.replaceAll(";", ",");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
