// Which terminals understand escape sequences, by their names: $TERM, where there is a terminfo entry or the name is one that
// everybody knows. All others are dumb: nothing but text is written to them.

import { existsSync } from "node:fs";
import { join } from "node:path";

import { DUMB, type TerminalEnvironment } from "./output/terminal-makes.ts";

/** Beginnings of names: a variant may follow (`-256color`, `.xterm`), or a number. */
const FAMILIES =
  /^(?:xterm|screen|tmux|linux|vt|rxvt|kitty|alacritty|foot|wezterm|konsole|gnome|vte|putty|st|stterm|contour|ghostty|ansi|pcansi|mintty|iterm2?|ms-terminal|cygwin|cons|wsvt|teken|nsterm|[aE]term|eterm|mlterm|dtterm|sun|hurd|mach|tera|terminology|rio|zellij)(?:$|[-+.\d])/;

/** Folders of terminfo(5) on Linux, the BSDs and macOS. */
const FOLDERS = [
  "/etc/terminfo",
  "/lib/terminfo",
  "/usr/share/terminfo",
  "/usr/lib/terminfo",
  "/usr/local/share/terminfo",
  "/opt/homebrew/share/terminfo",
];

/** Whether the terminal is to get text only. Windows has no TERM, and a terminal that understands. */
export function isDumb(
  environment: TerminalEnvironment,
  platform: NodeJS.Platform = process.platform,
  exists: (path: string) => boolean = existsSync,
): boolean {
  const name = environment["TERM"] ?? "";
  if (name === "") return platform !== "win32";
  if (DUMB.test(name)) return true;
  return !FAMILIES.test(name) && !hasEntry(name, environment, exists);
}

/** An entry of terminfo is a file in a folder of its first letter, or of that letter's code in hexadecimal digits (macOS). */
function hasEntry(
  name: string,
  environment: TerminalEnvironment,
  exists: (path: string) => boolean,
): boolean {
  // A name is no path, and nothing to search for at the end of one.
  if (!/^[\w][\w.+-]*$/.test(name)) return false;
  const { TERMINFO = "", TERMINFO_DIRS = "", HOME = "" } = environment;
  // ncurses takes a whole entry from the variable too.
  if (/^(?:hex|b64):/.test(TERMINFO)) return true;
  const folders = [
    TERMINFO,
    HOME === "" ? "" : join(HOME, ".terminfo"),
    ...TERMINFO_DIRS.split(":"),
    ...FOLDERS,
  ].filter((folder) => folder !== "");
  const hashes = [name.charAt(0), name.charCodeAt(0).toString(16)];
  return folders.some((folder) => hashes.some((hash) => exists(join(folder, hash, name))));
}
