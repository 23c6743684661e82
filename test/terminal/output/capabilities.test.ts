import { expect, test } from "bun:test";

import type { TerminalAnswer } from "../../../src/terminal/input/input-event.ts";
import {
  capabilitiesFrom,
  NO_ANSWERS,
  withAnswer,
} from "../../../src/terminal/output/capabilities.ts";
import { terminalIdentity } from "../../../src/terminal/output/terminal-makes.ts";

function capabilities(environment: Record<string, string>, ...answers: readonly TerminalAnswer[]) {
  return capabilitiesFrom(
    environment,
    answers.reduce(withAnswer, NO_ANSWERS),
    (text) => text.length,
  );
}

const XTERM = { TERM: "xterm-256color" };

function background(red: number, green: number, blue: number): TerminalAnswer {
  return { type: "background", red, green, blue };
}

test("a background is light or dark by how bright it looks", () => {
  expect(capabilities(XTERM).background).toBeNull();
  expect(capabilities(XTERM, background(0, 0, 0)).background).toBe("dark");
  expect(capabilities(XTERM, background(1, 1, 1)).background).toBe("light");
  // Solarized, light and dark; pure green is bright, pure blue is not.
  expect(capabilities(XTERM, background(0.99, 0.96, 0.89)).background).toBe("light");
  expect(capabilities(XTERM, background(0, 0.17, 0.21)).background).toBe("dark");
  expect(capabilities(XTERM, background(0, 1, 0)).background).toBe("light");
  expect(capabilities(XTERM, background(0, 0, 1)).background).toBe("dark");
});

test("without an answer COLORFGBG says it", () => {
  expect(capabilities({ ...XTERM, COLORFGBG: "0;15" }).background).toBe("light");
  expect(capabilities({ ...XTERM, COLORFGBG: "15;default;0" }).background).toBe("dark");
  expect(capabilities({ ...XTERM, COLORFGBG: "15;default" }).background).toBeNull();
  expect(capabilities({ ...XTERM, COLORFGBG: "0;15" }, background(0, 0, 0)).background).toBe(
    "dark",
  );
});

test("colours are counted by TERM and COLORTERM, and NO_COLOR takes all styles away", () => {
  expect(capabilities({ TERM: "linux" })).toMatchObject({ colours: 16, styles: true });
  expect(capabilities({ TERM: "xterm" })).toMatchObject({ colours: 16 });
  expect(capabilities({ TERM: "xterm", COLORTERM: "truecolor" })).toMatchObject({ colours: 256 });
  expect(capabilities({ TERM: "xterm-kitty" })).toMatchObject({ colours: 256 });
  expect(capabilities({ TERM: "vt100" })).toMatchObject({ colours: 0, styles: true });
  expect(capabilities({ ...XTERM, NO_COLOR: "1" })).toMatchObject({ colours: 0, styles: false });
  expect(capabilities({ ...XTERM, NO_COLOR: "" })).toMatchObject({ colours: 256, styles: true });
});

test("a mode is supported if it can be set and reset", () => {
  const states = [0, 1, 2, 3, 4].map(
    (state) => capabilities(XTERM, { type: "mode", mode: 2026, state }).synchronized,
  );
  expect(states).toEqual([false, true, true, true, false]);
});

test("graphemes are ours to reset only if they were off", () => {
  const states = [0, 1, 2, 3, 4].map(
    (state) => capabilities(XTERM, { type: "mode", mode: 2027, state }).graphemes,
  );
  expect(states).toEqual([false, false, true, false, false]);
});

test("the terminal's own version is believed before the environment, which may be that of another one", () => {
  const inVte = { ...XTERM, VTE_VERSION: "7600" };
  expect(capabilities(inVte)).toMatchObject({ hyperlinks: true, notification: null });
  expect(capabilities(inVte, { type: "version", text: "kitty(0.40.0)" })).toMatchObject({
    hyperlinks: true,
    notification: "osc99",
    clipboard: true,
  });
  expect(capabilities(inVte, { type: "version", text: "XTerm(390)" })).toMatchObject({
    hyperlinks: false,
    narrowing: "cut",
  });
});

test.each([
  ["tmux 3.3a", false],
  ["tmux 3.4", true],
  ["tmux 3.6a", true],
  ["tmux 3.10", true],
  ["tmux 4.0", true],
  ["tmux next-3.7", true],
])("%s passes links on: %p", (text, hyperlinks) => {
  const environment = {
    TERM: "screen-256color",
    TMUX: "/tmp/tmux-0/default,1,0",
    TERM_PROGRAM: "tmux",
  };
  expect(capabilities(environment, { type: "version", text })).toMatchObject({
    hyperlinks,
    multiplexer: "tmux",
    title: true,
  });
});

test("screen passes notifications and copies on to the terminal that its environment tells of", () => {
  const screen = { TERM: "screen.xterm-256color", STY: "1.pts-0" };
  expect(capabilities(screen)).toMatchObject({ notification: null, clipboard: false });
  expect(capabilities({ ...screen, TERM_PROGRAM: "iTerm.app" })).toMatchObject({
    multiplexer: "screen",
    hyperlinks: false,
    notification: "osc9",
    clipboard: true,
  });
});

test("tmux's environment tells which terminal is around it, for notifications", () => {
  const tmux = { TERM: "tmux-256color", TMUX: "x", TERM_PROGRAM: "tmux" };
  expect(capabilities(tmux).notification).toBeNull();
  expect(capabilities({ ...tmux, KITTY_WINDOW_ID: "1" }).notification).toBe("osc99");
  expect(capabilities({ ...tmux, LC_TERMINAL: "iTerm2" }).notification).toBe("osc9");
  expect(capabilities({ ...tmux, WEZTERM_PANE: "0" }).notification).toBe("osc777");
});

test("a variable left over from the terminal around it does not describe alacritty", () => {
  expect(capabilities({ TERM: "alacritty", VTE_VERSION: "7600" }).clipboard).toBe(true);
});

test("attribute 52 says that the clipboard can be set", () => {
  expect(capabilities(XTERM, { type: "attributes", attributes: [62, 22] }).clipboard).toBe(false);
  expect(capabilities(XTERM, { type: "attributes", attributes: [62, 22, 52] }).clipboard).toBe(
    true,
  );
});

test("widths are kept for a terminal only if its version is known", () => {
  expect(terminalIdentity(XTERM)).toBeNull();
  expect(terminalIdentity({ TERM: "screen.vte", STY: "1.pts-0", VTE_VERSION: "7600" })).toBeNull();
  expect(
    terminalIdentity({
      TERM: "screen-256color",
      TERM_PROGRAM: "tmux",
      TERM_PROGRAM_VERSION: "3.3a",
      TMUX: "x",
      LANG: "C.UTF-8",
    }),
  ).toBe("screen-256color tmux 3.3a    TMUX C.UTF-8");
  // A terminal that was started in another one has its variables, and its own.
  const vte = { TERM: "xterm-256color", VTE_VERSION: "7600" };
  expect(terminalIdentity(vte)).not.toBe(terminalIdentity({ ...vte, XTERM_VERSION: "XTerm(390)" }));
});
