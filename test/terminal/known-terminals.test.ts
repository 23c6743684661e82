import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";

import { isDumb } from "../../src/terminal/known-terminals.ts";
import { mayStyle } from "../../src/terminal/output-stream.ts";

const nothing = () => false;
const dumb = (env: Record<string, string>, ...files: string[]) =>
  isDumb(env, "linux", (path) => files.includes(path));

/** Whether a terminal of an unknown name is taken for known because of that file. */
const found = (env: Record<string, string>, file: string) =>
  !dumb({ TERM: "foo", HOME: "/home/a", ...env }, file);
const styles = (env: Record<string, string>, isTTY = true) =>
  mayStyle({ env }, Object.assign(new PassThrough(), { isTTY }));

describe("a terminal is dumb", () => {
  test("without a name, except on Windows", () => {
    expect(dumb({})).toBe(true);
    expect(dumb({ TERM: "" })).toBe(true);
    expect(isDumb({}, "win32", nothing)).toBe(false);
    expect(isDumb({ TERM: "dumb" }, "win32", nothing)).toBe(true);
  });

  test("with a name of no terminal in particular, although terminfo has it", () => {
    for (const name of [
      "dumb",
      "dumb-emacs-ansi",
      "unknown",
      "network",
      "dialup",
      "emacs",
      "lpr",
    ]) {
      expect(isDumb({ TERM: name }, "linux", () => true)).toBe(true);
    }
  });

  test("with a name that nobody knows", () => {
    for (const name of [
      "foo",
      "xtermite",
      "stone",
      "Linux",
      "linuxish",
      "../xterm",
      "x/xterm",
      ".",
      "xterm\n",
    ]) {
      expect(dumb({ TERM: name })).toBe(true);
    }
  });
});

describe("a terminal is not dumb", () => {
  test("with the name of a family", () => {
    const names =
      "xterm xterm-256color xterm-kitty xterm-ghostty screen screen.xterm-256color tmux-256color linux linux-16color " +
      "vt100 vt220-w rxvt rxvt-unicode-256color kitty alacritty-direct foot foot-extra wezterm konsole-256color gnome " +
      "vte-256color putty st st-256color contour ghostty ansi mintty cygwin cons25 nsterm iterm2 Eterm";
    for (const name of names.split(" "))
      expect([name, dumb({ TERM: name })]).toEqual([name, false]);
  });

  test("with an entry of terminfo, in any of its folders and in both layouts", () => {
    expect(found({}, "/usr/share/terminfo/f/foo")).toBe(true);
    expect(found({}, "/lib/terminfo/f/foo")).toBe(true);
    expect(found({}, "/etc/terminfo/f/foo")).toBe(true);
    expect(found({}, "/usr/share/terminfo/66/foo")).toBe(true);
    expect(found({}, "/home/a/.terminfo/f/foo")).toBe(true);
    expect(found({ TERMINFO: "/t" }, "/t/f/foo")).toBe(true);
    expect(found({ TERMINFO_DIRS: "/a::/b" }, "/b/66/foo")).toBe(true);
    expect(found({ TERMINFO: "hex:1a01" }, "")).toBe(true);
    expect(found({}, "/t/f/foo")).toBe(false);
    expect(found({}, "/usr/share/terminfo/f/other")).toBe(false);
  });
});

test("text is styled only on a terminal that is not dumb, and not with NO_COLOR", () => {
  expect(styles({ TERM: "xterm" })).toBe(true);
  expect(styles({ TERM: "xterm", NO_COLOR: "" })).toBe(true);
  expect(styles({ TERM: "xterm", NO_COLOR: "1" })).toBe(false);
  expect(styles({ TERM: "xterm" }, false)).toBe(false);
  expect(styles({ TERM: "dumb" })).toBe(false);
  expect(styles({ TERM: "nobody-knows" })).toBe(false);
  expect(styles({ TERM: "" })).toBe(process.platform === "win32");
  expect(styles({})).toBe(process.platform === "win32");
});
