// What a terminal can do, as far as its answers and its environment say: asked where it can be asked, else after a table of
// terminals. Pure; knows neither how a terminal is asked nor what uses the answers. docs/terminal.md has the sources.

import { type DisplayWidth, displayWidth } from "../display-width.ts";
import type { TerminalAnswer } from "../input/input-event.ts";
import {
  isSet,
  type Make,
  type MakeName,
  makeName,
  MAKES,
  outerMake,
  type TerminalEnvironment,
} from "./terminal-makes.ts";

export interface Capabilities {
  /** As OSC 11 answered; null if it is not known. */
  readonly background: "dark" | "light" | null;
  /** How many colours text may have; 0 with NO_COLOR. */
  readonly colours: 0 | 16 | 256;
  /** Whether text may be dim, strong or reversed. */
  readonly styles: boolean;
  /** Mode 2026: what is written between its start and its end appears at once. */
  readonly synchronized: boolean;
  /** Mode 2027 was off and is on now: graphemes are measured as a whole. It is to be reset at the end. */
  readonly graphemes: boolean;
  /** The kitty keyboard protocol. */
  readonly keyboard: boolean;
  /** OSC 8. */
  readonly hyperlinks: boolean;
  /** OSC 0, and the stack of titles that gives the old one back (XTWINOPS 22 and 23). */
  readonly title: boolean;
  /** OSC 52. */
  readonly clipboard: boolean;
  /** The sequence of desktop notifications. */
  readonly notification: "osc9" | "osc99" | "osc777" | null;
  /** A program between this one and the terminal, which takes some sequences only in an envelope. */
  readonly multiplexer: "tmux" | "screen" | null;
  /**
   * What becomes of longer rows in a window that becomes narrower: all are broken ("reflow"), all but the one with the cursor
   * ("above-cursor"), or what is beyond the edge is cut off ("cut").
   */
  readonly narrowing: "reflow" | "above-cursor" | "cut";
  readonly width: DisplayWidth;
}

/** What a terminal has answered so far. */
export interface Answers {
  readonly version: string | null;
  readonly attributes: readonly number[] | null;
  readonly background: {
    readonly red: number;
    readonly green: number;
    readonly blue: number;
  } | null;
  /** States of DEC private modes, as DECRPM reports them. */
  readonly modes: ReadonlyMap<number, number>;
  readonly keyboard: boolean;
}

export const NO_ANSWERS: Answers = {
  version: null,
  attributes: null,
  background: null,
  modes: new Map(),
  keyboard: false,
};

/** Answers in any order, also late and twice. */
export function withAnswer(answers: Answers, answer: TerminalAnswer): Answers {
  switch (answer.type) {
    case "version":
      return { ...answers, version: answer.text };
    case "attributes":
      return { ...answers, attributes: answer.attributes };
    case "background":
      return { ...answers, background: answer };
    case "mode":
      return { ...answers, modes: new Map([...answers.modes, [answer.mode, answer.state]]) };
    case "keyboard":
      return { ...answers, keyboard: true };
    case "cursor":
      return answers;
  }
}

/** Nothing is known, and nothing but plain text is drawn. */
export const PLAIN: Capabilities = {
  background: null,
  colours: 0,
  styles: false,
  synchronized: false,
  graphemes: false,
  keyboard: false,
  hyperlinks: false,
  title: false,
  clipboard: false,
  notification: null,
  multiplexer: null,
  narrowing: "reflow",
  width: displayWidth,
};

/** @param width as the terminal answered, or else as the runtime says */
export function capabilitiesFrom(
  environment: TerminalEnvironment,
  answers: Answers,
  width: DisplayWidth,
): Capabilities {
  const name = makeName(environment, answers.version);
  if (name === "dumb") return { ...PLAIN, width };
  const make: Make = MAKES[name];
  const styles = !isSet(environment["NO_COLOR"]);
  const multiplexer = name === "tmux" || name === "screen" ? name : null;
  // These two are passed on, to a terminal that can't be asked.
  const { clipboard, notification } = MAKES[multiplexer === null ? name : outerMake(environment)];
  const isKnown = (mode: number) => [1, 2, 3].includes(answers.modes.get(mode) ?? 0);
  return {
    background: backgroundFrom(environment, answers),
    colours: styles ? coloursFrom(environment, name) : 0,
    styles,
    synchronized: isKnown(2026),
    graphemes: answers.modes.get(2027) === 2,
    keyboard: answers.keyboard,
    hyperlinks: hasHyperlinks(environment, answers, name),
    title: make.title,
    // Newer terminals list it among their attributes.
    clipboard:
      clipboard || make.clipboard || answers.attributes?.includes(CLIPBOARD_ATTRIBUTE) === true,
    notification,
    multiplexer,
    narrowing: make.narrowing,
    width,
  };
}

/** Of DA1, in terminals that take OSC 52. */
const CLIPBOARD_ATTRIBUTE = 52;

function hasHyperlinks(
  { TERM_PROGRAM_VERSION, VTE_VERSION }: TerminalEnvironment,
  { version }: Answers,
  name: MakeName,
): boolean {
  if (name === "tmux") {
    const found = /(\d+)\.(\d+)/.exec(version ?? TERM_PROGRAM_VERSION ?? "");
    const [major = 0, minor = 0] = (found?.slice(1) ?? []).map(Number);
    return major > 3 || (major === 3 && minor >= 4);
  }
  // VTE before 0.50.4 crashed on some links.
  if (name === "vte") return Number(/\d+/.exec(version ?? VTE_VERSION ?? "")?.[0]) >= 5_004;
  return MAKES[name].hyperlinks;
}

function backgroundFrom(
  { COLORFGBG }: TerminalEnvironment,
  { background }: Answers,
): Capabilities["background"] {
  if (background !== null) {
    const { red, green, blue } = background;
    // Luma, ITU-R BT.709.
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 ? "light" : "dark";
  }
  // rxvt and Konsole name the number of the colour: 7 and 15 are white.
  const number = /;(\d+)$/.exec(COLORFGBG ?? "")?.[1];
  if (number === undefined) return null;
  return number === "7" || number === "15" ? "light" : "dark";
}

function coloursFrom({ TERM = "", COLORTERM }: TerminalEnvironment, name: MakeName): 0 | 16 | 256 {
  if (name === "vt100") return 0;
  if (name === "linux-console") return 16;
  const many = /256|direct|kitty|ghostty|wezterm|foot|alacritty|contour/.test(TERM);
  return many || isSet(COLORTERM) ? 256 : 16;
}
