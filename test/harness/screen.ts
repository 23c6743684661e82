// A real terminal with a screen that can be read: a tmux server of the test's own. Keys go in, rows come
// out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { newPerson, type Person } from "./person.ts";
import { root } from "./program.ts";

/** How long a test waits for the screen to show something, in ms. */
const PATIENCE = 20_000;
/** How often it looks, in ms: each look starts a tmux, which takes some 5 ms of a processor. */
const LOOK_EVERY = 50;

export interface Screen extends AsyncDisposable {
  /** Presses keys, named as tmux names them: "Enter", "Left", "C-c", or text as it is. */
  press(...keys: string[]): void;
  /** Types text letter by letter, without naming keys. */
  type(text: string): void;
  /** Pastes as a terminal does: in brackets if the program asked for them. */
  paste(text: string): void;
  resize(columns: number, rows: number): void;
  /** The rows in sight, up to the last that is not empty; no trailing spaces. */
  rows(): string[];
  /** What is in the scrollback and in sight. */
  allRows(): string[];
  /** The rows in sight, with the escape sequences that dim and colour them. */
  styledRows(): string[];
  cursor(): { column: number; row: number };
  /** Whether the bell has rung. */
  wasRung(): boolean;
  /** Closes the terminal under the program's feet, as a window or a connection does. */
  hangUp(): void;
  /** The terminal's settings, as `stty -a` prints them. */
  settings(): string;
  /** Waits until `seen` is true of the rows, and returns them; throws after `patience` ms. */
  until(what: string, seen: (rows: string[]) => boolean, patience?: number): Promise<string[]>;
}

export interface ScreenOptions {
  /** Whose screen it is; without it, a new person's. */
  as?: Person;
  /** Whether charla may use styles. */
  styled?: boolean;
}

/** The last row of the line being typed in a conversation: below it there is only the status line. */
export function typedRow(rows: readonly string[]): string | undefined {
  return rows.at(-2);
}

/** `14:03 ana hello` as `##:## ana hello`: rows of a conversation, whenever it is. */
export function withoutTimes(rows: readonly string[]): string[] {
  return rows.map((row) => row.replace(/^(-- )?\d\d:\d\d/, "$1##:##"));
}

/** Opens a screen with a shell whose prompt is "$ " and which has `charla` on its PATH. */
export async function openScreen(
  columns = 60,
  rows = 20,
  { as, styled = false }: ScreenOptions = {},
): Promise<Screen> {
  const stranger = as === undefined ? newPerson() : null;
  const folder = mkdtempSync(join(tmpdir(), "charla-screen-"));
  const socket = join(folder, "tmux");
  const main = join(root, "src/cli/main.ts");
  writeFileSync(join(folder, "charla"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, {
    mode: 0o755,
  });

  function tmux(args: string[], input?: string): string {
    const done = Bun.spawnSync(["tmux", "-u", "-f", "/dev/null", "-S", socket, ...args], {
      stdin: input === undefined ? "ignore" : Buffer.from(input),
      cwd: root,
      env: {
        ...process.env,
        TMUX: "",
        LC_ALL: "C.UTF-8",
        NO_COLOR: styled ? "" : "1",
        ...(as ?? stranger)?.env,
        PATH: `${folder}:${process.env["PATH"] ?? ""}`,
      },
    });
    if (done.exitCode !== 0) throw new Error(`tmux ${args.join(" ")}: ${String(done.stderr)}`);
    return done.stdout.toString();
  }
  const size = ["-x", String(columns), "-y", String(rows)];
  tmux(["new-session", "-d", ...size, "env PS1='$ ' sh"]);

  const screen: Screen = {
    press(...keys) {
      tmux(["send-keys", ...keys]);
    },
    type(text) {
      tmux(["send-keys", "-l", text]);
    },
    paste(text) {
      tmux(["load-buffer", "-"], text);
      tmux(["paste-buffer", "-p"]);
    },
    resize(toColumns, toRows) {
      tmux(["resize-window", "-x", String(toColumns), "-y", String(toRows)]);
    },
    rows() {
      return tmux(["capture-pane", "-p"]).trimEnd().split("\n");
    },
    allRows() {
      return tmux(["capture-pane", "-p", "-S", "-"]).trimEnd().split("\n");
    },
    styledRows() {
      return tmux(["capture-pane", "-p", "-e"]).trimEnd().split("\n");
    },
    cursor() {
      const [column = "", row = ""] = tmux(["display", "-p", "#{cursor_x} #{cursor_y}"]).split(" ");
      return { column: Number(column), row: Number(row) };
    },
    wasRung() {
      return tmux(["display", "-p", "#{window_bell_flag}"]).trim() === "1";
    },
    hangUp() {
      // Without a window the server would end as well.
      tmux(["new-window", "-d"]);
      tmux(["kill-pane"]);
    },
    settings() {
      const tty = tmux(["display", "-p", "#{pane_tty}"]).trim();
      return Bun.spawnSync(["stty", "-a", "-F", tty]).stdout.toString();
    },
    async until(what, seen, patience = PATIENCE) {
      const start = performance.now();
      for (;;) {
        const now = screen.rows();
        if (seen(now)) return now;
        if (performance.now() - start > patience) {
          throw new Error(`timed out waiting for ${what}; the screen shows:\n${now.join("\n")}`);
        }
        await Bun.sleep(LOOK_EVERY);
      }
    },
    async [Symbol.asyncDispose]() {
      tmux(["kill-server"]);
      rmSync(folder, { recursive: true, force: true });
      stranger?.[Symbol.dispose]();
    },
  };
  await using opened = new AsyncDisposableStack();
  opened.use(screen);
  await screen.until("the shell's prompt", (shown) => shown.at(-1) === "$");
  opened.move();
  return screen;
}
