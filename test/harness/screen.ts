// A real terminal with a screen that can be read: a tmux server of the test's own. Keys go in, rows come
// out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { newPerson, type Person } from "./person.ts";
import { CHARLA, root, run } from "./program.ts";
import { startTmux } from "./tmux.ts";

/** How long a test waits for the screen to show something, in ms. */
const PATIENCE = 20_000;
/** How often it looks where nothing is written, in ms: what it looks for may be outside the screen. */
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
  rows(): Promise<string[]>;
  /** What is in the scrollback and in sight. */
  allRows(): Promise<string[]>;
  /** The rows in sight, with the escape sequences that dim and colour them. */
  styledRows(): Promise<string[]>;
  /** The same, with the spaces at their ends, which have colours too. */
  paintedRows(): Promise<string[]>;
  cursor(): Promise<{ column: number; row: number }>;
  /** Whether the bell has rung. */
  wasRung(): Promise<boolean>;
  /** Closes the terminal under the program's feet, as a window or a connection does. */
  hangUp(): void;
  /** The terminal's settings, as `stty -a` prints them. */
  settings(): Promise<string>;
  /** Waits until `seen` is true of the rows, and returns them; throws after `patience` ms. */
  until(
    what: string,
    seen: (rows: string[]) => boolean | Promise<boolean>,
    patience?: number,
  ): Promise<string[]>;
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

/** `14:03 ana hello` as `##:## ana hello`: rows of a conversation, whenever it is, and whatever the round trip. */
export function withoutTimes(rows: readonly string[]): string[] {
  return rows.map((row) =>
    row
      .replace(/^(-- )?\d\d:\d\d/, "$1##:##")
      .replace(/^( .* {2}(?:direct|through .*)), \d+ ms(?= |$)/, "$1, # ms"),
  );
}

/** Opens a screen with a shell whose prompt is "$ " and which has `charla` on its PATH. */
export async function openScreen(
  columns = 60,
  rows = 20,
  { as, styled = false }: ScreenOptions = {},
): Promise<Screen> {
  await using opened = new AsyncDisposableStack();
  const stranger = as === undefined ? opened.use(newPerson()) : null;
  const folder = mkdtempSync(join(tmpdir(), "charla-screen-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, "charla"),
    `#!/bin/sh\nexec ${CHARLA.map((word) => `"${word}"`).join(" ")} "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const size = ["-x", String(columns), "-y", String(rows)];
  const tmux = opened.use(
    await startTmux(join(folder, "tmux"), [...size, "-c", root, "env PS1='$ ' sh"], {
      NO_COLOR: styled ? "" : "1",
      ...(as ?? stranger)?.env,
      PATH: `${folder}:${process.env["PATH"] ?? ""}`,
    }),
  );
  const tty = (await tmux.run("display", "-p", "#{pane_tty}")).join("");
  // tmux itself remembers a bell only of a window that nobody looks at.
  await tmux.run("set-hook", "-g", "alert-bell", "set -g @rung 1");

  async function capture(...options: string[]): Promise<string[]> {
    const lines = await tmux.run("capture-pane", "-p", ...options);
    return lines.join("\n").trimEnd().split("\n");
  }
  const screen: Screen = {
    press: (...keys) => void tmux.run("send-keys", ...keys),
    type: (text) => void tmux.run("send-keys", "-l", "--", text),
    paste(text) {
      void tmux.run("set-buffer", "--", text);
      void tmux.run("paste-buffer", "-p");
    },
    resize(toColumns, toRows) {
      void tmux.run("resize-window", "-x", String(toColumns), "-y", String(toRows));
    },
    rows: () => capture(),
    allRows: () => capture("-S", "-"),
    styledRows: () => capture("-e"),
    paintedRows: () => capture("-e", "-N"),
    async cursor() {
      const [position = ""] = await tmux.run("display", "-p", "#{cursor_x} #{cursor_y}");
      const [column = 0, row = 0] = position.split(" ").map(Number);
      return { column, row };
    },
    wasRung: async () => (await tmux.run("display", "-p", "#{@rung}")).join("") === "1",
    hangUp() {
      // Without a window the server would end as well.
      void tmux.run("new-window", "-d");
      void tmux.run("kill-pane");
    },
    async settings() {
      // After what was pressed before.
      await tmux.run("display", "-p", "");
      const { stdout } = await run(["stty", "-a", "-F", tty]);
      return stdout;
    },
    async until(what, seen, patience = PATIENCE) {
      const start = performance.now();
      for (;;) {
        const output = tmux.nextOutput();
        const now = await screen.rows();
        if (await seen(now)) return now;
        if (performance.now() - start > patience) {
          throw new Error(`timed out waiting for ${what}; the screen shows:\n${now.join("\n")}`);
        }
        await Promise.race([output, Bun.sleep(LOOK_EVERY)]);
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  await screen.until("the shell's prompt", (shown) => shown.at(-1) === "$");
  const stack = opened.move();
  return screen;
}
