// Draws the screen of a tmux as a picture: rows with their escape sequences in, SVG out. Knows nothing of what runs there.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The colours of a terminal with nothing set: of text, of the background, and the 16 of xterm. */
export interface Palette {
  readonly foreground: string;
  readonly background: string;
}

export const DARK: Palette = { foreground: "#d8d8d8", background: "#1b1d22" };
export const LIGHT: Palette = { foreground: "#24272e", background: "#fdfdfb" };

// xterm's 16 colours.
const BASIC = [
  "#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5",
  "#7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff",
].flatMap((row) => row.split(" "));

/** Of a cell, px; the font is drawn to fit. */
const CELL = { width: 9, height: 20, font: 15 };
const MARGIN = 10;

export interface Pane extends Disposable {
  type(text: string): void;
  press(...keys: string[]): void;
  /** Waits until the screen contains `text`. */
  until(text: string): Promise<void>;
  picture(): string;
}

/** A pane with a shell, in a terminal of these colours, which it also reports (OSC 11). */
export function openPane(
  columns: number,
  rows: number,
  palette: Palette,
  env: Record<string, string | undefined>,
): Pane {
  const folder = mkdtempSync(join(tmpdir(), "charla-picture-"));
  function tmux(...args: string[]): string {
    const done = Bun.spawnSync(
      ["tmux", "-u", "-f", "/dev/null", "-S", join(folder, "tmux"), ...args],
      {
        env: { ...process.env, TMUX: "", LC_ALL: "C.UTF-8", ...env },
      },
    );
    if (done.exitCode !== 0) throw new Error(`tmux ${args.join(" ")}: ${String(done.stderr)}`);
    return done.stdout.toString();
  }
  const colours = `bg=${palette.background},fg=${palette.foreground}`;
  const shell = "env PS1='$ ' TERM=tmux-256color sh";
  tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), shell);
  tmux("set", "-g", "window-style", colours);
  return {
    type: (text) => void tmux("send-keys", "-l", text),
    press: (...keys) => void tmux("send-keys", ...keys),
    async until(text) {
      for (let tries = 0; tries < 1_000; tries += 1) {
        if (tmux("capture-pane", "-p").includes(text)) return;
        await Bun.sleep(20);
      }
      throw new Error(`no "${text}" on:\n${tmux("capture-pane", "-p")}`);
    },
    picture: () =>
      toSvg(tmux("capture-pane", "-p", "-e").split("\n").slice(0, rows), columns, palette),
    [Symbol.dispose]() {
      tmux("kill-server");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Look {
  colour: string | null;
  background: string | null;
  bold: boolean;
  dim: boolean;
  reverse: boolean;
  underline: boolean;
}

const NO_LOOK: Look = {
  colour: null,
  background: null,
  bold: false,
  dim: false,
  reverse: false,
  underline: false,
};

/** An escape sequence for a look (SGR), another one (OSC), or text. */
// eslint-disable-next-line no-control-regex -- escape sequences are what it looks for
const PIECES = /\x1b\[([\d;:]*)m|\x1b\][^\x1b\x07]*(?:\x07|\x1b\\)|([^\x1b]+)/g;

function toSvg(rows: readonly string[], columns: number, palette: Palette): string {
  const size = { x: columns * CELL.width + 2 * MARGIN, y: rows.length * CELL.height + 2 * MARGIN };
  const font = `font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${CELL.font}"`;
  let look = NO_LOOK;
  const drawn: string[] = [];
  for (const [index, row] of rows.entries()) {
    let column = 0;
    for (const [, sgr, text = ""] of row.matchAll(PIECES)) {
      if (sgr !== undefined) look = lookAfter(look, sgr);
      const width = Bun.stringWidth(text);
      if (width > 0) drawn.push(drawText(text, look, { index, column, width }, palette));
      column += width;
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.x}" height="${size.y}" viewBox="0 0 ${size.x} ${size.y}" ${font}>`,
    `<rect width="100%" height="100%" rx="8" fill="${palette.background}"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function drawText(
  text: string,
  look: Look,
  { index, column, width }: { index: number; column: number; width: number },
  palette: Palette,
): string {
  const own = [look.colour ?? palette.foreground, look.background ?? palette.background];
  const [fill = "", behind = ""] = look.reverse ? own.toReversed() : own;
  const x = MARGIN + column * CELL.width;
  const y = MARGIN + index * CELL.height;
  const length = width * CELL.width;
  const box =
    behind === palette.background
      ? ""
      : `<rect x="${x}" y="${y}" width="${length}" height="${CELL.height}" fill="${behind}"/>`;
  const style = [
    look.bold ? ' font-weight="bold"' : "",
    look.dim ? ' opacity="0.6"' : "",
    look.underline ? ' text-decoration="underline"' : "",
  ].join("");
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  if (text.trim() === "") return box;
  return `${box}<text x="${x}" y="${y + 15}" fill="${fill}"${style} xml:space="preserve" textLength="${length}">${escaped}</text>`;
}

/** SGR (ECMA-48 s. 8.3.117), as far as tmux prints it. */
function lookAfter(look: Look, sgr: string): Look {
  const codes = sgr.split(/[;:]/).map(Number);
  let next = { ...look };
  while (codes.length > 0) {
    const code = codes.shift() ?? 0;
    if (code === 0) next = { ...NO_LOOK };
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 4) next.underline = true;
    else if (code === 7) next.reverse = true;
    else if (code === 22) next.bold = next.dim = false;
    else if (code === 24) next.underline = false;
    else if (code === 27) next.reverse = false;
    else if (code === 39) next.colour = null;
    else if (code === 49) next.background = null;
    else if (code === 38) next.colour = readColour(codes);
    else if (code === 48) next.background = readColour(codes);
    else if (code >= 30 && code <= 37) next.colour = BASIC[code - 30] ?? null;
    else if (code >= 40 && code <= 47) next.background = BASIC[code - 40] ?? null;
    else if (code >= 90 && code <= 97) next.colour = BASIC[code - 82] ?? null;
    else if (code >= 100 && code <= 107) next.background = BASIC[code - 92] ?? null;
  }
  return next;
}

function readColour(codes: number[]): string {
  if (codes.shift() === 2) return rgb(codes.splice(0, 3));
  const number = codes.shift() ?? 0;
  if (number < 16) return BASIC[number] ?? "#000000";
  if (number >= 232) return rgb([0, 0, 0].map(() => 8 + 10 * (number - 232)));
  const steps = [36, 6, 1].map((weight) => Math.floor((number - 16) / weight) % 6);
  return rgb(steps.map((step) => (step === 0 ? 0 : 55 + 40 * step)));
}

function rgb(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
