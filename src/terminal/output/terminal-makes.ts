// The makes of terminals, and what each can do that it can't be asked. docs/terminal.md says where each claim comes from.
// Pure: the environment and an answer in, a make out.

import type { Capabilities } from "./capabilities.ts";

export type TerminalEnvironment = Readonly<Record<string, string | undefined>>;

/** What a terminal may be asked without showing a part of the question. */
export type Askable =
  | "nothing"
  /** Its cursor's position and its attributes, which VT100s answer. */
  | "position"
  /** Its background as well. */
  | "colour"
  | "everything";

/** What a make of terminals can do and can't be asked. */
export interface Make {
  readonly asks: Askable;
  readonly hyperlinks: boolean;
  /** OSC 0; the stack of titles is used wherever there are titles, and ignored where there is none. */
  readonly title: boolean;
  readonly clipboard: boolean;
  readonly notification: Capabilities["notification"];
  readonly narrowing: Capabilities["narrowing"];
}

const XTERM: Make = {
  asks: "everything",
  hyperlinks: false,
  title: true,
  clipboard: false,
  notification: null,
  narrowing: "cut",
};
/** Anything that calls itself xterm and is not known better: most such terminals break rows. */
const XTERM_LIKE: Make = { ...XTERM, narrowing: "reflow" };
const MODERN: Make = { ...XTERM_LIKE, hyperlinks: true, clipboard: true };
const VT100: Make = { ...XTERM, asks: "position", title: false };

export type MakeName = keyof typeof MAKES;

export const MAKES = {
  dumb: { ...VT100, asks: "nothing" },
  vt100: VT100,
  "linux-console": VT100,
  screen: { ...VT100, title: true, narrowing: "reflow" },
  // Applications may set the clipboard with `set-clipboard on` only; whether it is on can't be asked.
  tmux: { ...XTERM_LIKE, clipboard: true },
  xterm: XTERM,
  "xterm-like": XTERM_LIKE,
  st: XTERM,
  rxvt: { ...XTERM_LIKE, notification: "osc777" },
  vte: { ...XTERM_LIKE, hyperlinks: true },
  konsole: { ...MODERN, notification: "osc777" },
  kitty: { ...MODERN, notification: "osc99" },
  ghostty: { ...MODERN, notification: "osc777" },
  wezterm: { ...MODERN, notification: "osc777" },
  foot: { ...MODERN, notification: "osc777" },
  alacritty: MODERN,
  iterm2: { ...MODERN, notification: "osc9" },
  contour: MODERN,
  "windows-terminal": { ...MODERN, notification: "osc777" },
  // xterm.js and what embeds it break all rows but the cursor's.
  vscode: { ...MODERN, narrowing: "above-cursor" },
  "apple-terminal": { ...XTERM_LIKE, asks: "colour" },
} as const satisfies Record<string, Make>;

/** Beginnings of what XTVERSION answers. */
const BY_VERSION: readonly (readonly [RegExp, MakeName])[] = [
  [/^tmux /, "tmux"],
  [/^GNU Screen/i, "screen"],
  [/^xterm\.js/i, "vscode"],
  [/^XTerm\(/, "xterm"],
  [/^VTE\(/i, "vte"],
  [/^Konsole /, "konsole"],
  [/^kitty/, "kitty"],
  [/^ghostty /, "ghostty"],
  [/^WezTerm /, "wezterm"],
  [/^foot\(/, "foot"],
  [/^iTerm2 /, "iterm2"],
  [/^contour /i, "contour"],
];

/** Values of TERM_PROGRAM. */
const BY_PROGRAM: Readonly<Record<string, MakeName>> = {
  tmux: "tmux",
  "iTerm.app": "iterm2",
  Apple_Terminal: "apple-terminal",
  WezTerm: "wezterm",
  ghostty: "ghostty",
  vscode: "vscode",
  contour: "contour",
};

/** Names of no terminal in particular; terminfo has entries of most of them. */
export const DUMB =
  /^(?:dumb|unknown|network|dialup|ethernet|switch|patch|bus|plugboard|printer|lpr|emacs)(?:$|[-+.])/;

/** Beginnings of TERM: what follows is a variant (`-256color`, `.xterm`). */
const BY_TERM: readonly (readonly [RegExp, MakeName])[] = [
  [DUMB, "dumb"],
  [/^linux/, "linux-console"],
  [/^screen/, "screen"],
  [/^tmux/, "tmux"],
  [/^xterm-kitty/, "kitty"],
  [/^(?:xterm-)?ghostty/, "ghostty"],
  [/^wezterm/, "wezterm"],
  [/^foot/, "foot"],
  [/^alacritty/, "alacritty"],
  [/^contour/, "contour"],
  [/^konsole/, "konsole"],
  [/^(?:vte|gnome)/, "vte"],
  [/^rxvt/, "rxvt"],
  [/^st(?:$|-)/, "st"],
  [/^(?:xterm|mintty|iterm|putty|ms-terminal)/, "xterm-like"],
];

/**
 * @param version what XTVERSION answered, which is right where the environment is that of another terminal; null if nothing
 */
export function makeName(environment: TerminalEnvironment, version: string | null): MakeName {
  const byVersion = BY_VERSION.find(([beginning]) => beginning.test(version ?? ""));
  if (byVersion !== undefined) return byVersion[1];
  const term = environment["TERM"] ?? "";
  if (term === "") return isSet(environment["WT_SESSION"]) ? "windows-terminal" : "dumb";
  if (isSet(environment["STY"]) && term.startsWith("screen")) return "screen";
  if (isSet(environment["TMUX"]) && /^(?:screen|tmux)/.test(term)) return "tmux";
  const byTerm = BY_TERM.find(([beginning]) => beginning.test(term))?.[1] ?? "vt100";
  // Everything below calls itself xterm; a variable may be left over from the terminal that another one was started in.
  if (byTerm !== "xterm-like") return byTerm;
  const byProgram = BY_PROGRAM[environment["TERM_PROGRAM"] ?? ""];
  if (byProgram !== undefined && byProgram !== "tmux") return byProgram;
  if (isSet(environment["XTERM_VERSION"])) return "xterm";
  if (isSet(environment["WT_SESSION"])) return "windows-terminal";
  if (isSet(environment["KITTY_WINDOW_ID"])) return "kitty";
  if (isSet(environment["KONSOLE_VERSION"])) return "konsole";
  return isSet(environment["VTE_VERSION"]) ? "vte" : "xterm-like";
}

/** The terminal around tmux or screen, as far as the environment says that they were started in. */
export function outerMake(environment: TerminalEnvironment): MakeName {
  if (environment["LC_TERMINAL"] === "iTerm2") return "iterm2";
  if (isSet(environment["WEZTERM_PANE"])) return "wezterm";
  if (isSet(environment["GHOSTTY_RESOURCES_DIR"])) return "ghostty";
  return makeName({ ...environment, TERM: "xterm" }, null);
}

/**
 * What identifies a terminal and its version, to keep for it what it answered; null if the environment doesn't say the
 * version.
 */
export function terminalIdentity(environment: TerminalEnvironment): string | null {
  const { TERM, TERM_PROGRAM, TERM_PROGRAM_VERSION, VTE_VERSION, KONSOLE_VERSION, XTERM_VERSION } =
    environment;
  // The variables say nothing of screen, nor of what is at the other end of ssh.
  if (isSet(environment["STY"])) return null;
  if (![TERM_PROGRAM_VERSION, VTE_VERSION, KONSOLE_VERSION, XTERM_VERSION].some(isSet)) return null;
  // A terminal may be started in another one, and has its variables then.
  const isHere = ["TMUX", "WT_SESSION", "KITTY_WINDOW_ID", "ALACRITTY_WINDOW_ID"].filter((name) =>
    isSet(environment[name]),
  );
  const versions = [TERM_PROGRAM_VERSION, VTE_VERSION, KONSOLE_VERSION, XTERM_VERSION];
  // tmux, screen and xterm go by the C library's widths, which depend on the locale.
  const locale = [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find(isSet);
  return [TERM, TERM_PROGRAM, ...versions, ...isHere, locale].map((part) => part ?? "").join(" ");
}

export function isSet(variable: string | undefined): variable is string {
  return variable !== undefined && variable !== "";
}
