import { expect, test } from "bun:test";

import { type Capabilities, PLAIN } from "../../../src/terminal/output/capabilities.ts";
import {
  copy,
  notify,
  restoreTitle,
  saveTitle,
  setTitle,
} from "../../../src/terminal/output/window-requests.ts";

function on(capabilities: Partial<Capabilities>): Capabilities {
  return { ...PLAIN, ...capabilities };
}

test("a terminal that can do nothing of this is written nothing", () => {
  expect(saveTitle(PLAIN) + setTitle(PLAIN, "main") + restoreTitle(PLAIN)).toBe("");
  expect(notify(PLAIN, "ana", "hi")).toBe("");
  expect(copy(PLAIN, "text")).toBe("");
});

test("the title is kept, set, and given back", () => {
  const xterm = on({ title: true });
  expect(saveTitle(xterm)).toBe("\x1b[22;0t");
  expect(setTitle(xterm, "(3) main")).toBe("\x1b]0;(3) main\x1b\\");
  expect(restoreTitle(xterm)).toBe("\x1b]0;\x1b\\\x1b[23;0t");
});

test("a title is one line of at most 80 characters, in which nothing acts on the terminal", () => {
  const xterm = on({ title: true });
  expect(setTitle(xterm, "a\x07b\x1b]0;c\n\u009cd\te")).toBe("\x1b]0;a^Gb^[]0;c^J\\u{9c}d e\x1b\\");
  expect(setTitle(xterm, "👩‍👩‍👧".repeat(81))).toBe(`\x1b]0;${"👩‍👩‍👧".repeat(79)}…\x1b\\`);
});

test("a notification has a title and a text, where the terminal knows both", () => {
  expect(notify(on({ notification: "osc9" }), "ana in main", "hi")).toBe(
    "\x1b]9;ana in main: hi\x07",
  );
  expect(notify(on({ notification: "osc777" }), "ana in main", "hi")).toBe(
    "\x1b]777;notify;ana in main;hi\x07",
  );
  // "ana in main" and "hi" in base64: kitty gets no text that it could take for anything else.
  expect(notify(on({ notification: "osc99" }), "ana in main", "hi")).toBe(
    "\x1b]99;i=charla:o=unfocused:d=0:p=title:e=1;YW5hIGluIG1haW4=\x07" +
      "\x1b]99;i=charla:o=unfocused:d=1:p=body:e=1;aGk=\x07",
  );
});

test("nothing in a notification ends it, divides it or makes it another command", () => {
  expect(notify(on({ notification: "osc9" }), "4;1;50", "x\x07\x1b]52;c;AA\x07\ny")).toBe(
    "\x1b]9;4,1,50: x^G^[]52,c,AA^G^Jy\x07",
  );
  expect(notify(on({ notification: "osc777" }), "a;b", "c;d\x1b\\")).toBe(
    "\x1b]777;notify;a,b;c,d^[\\\x07",
  );
  const long = notify(on({ notification: "osc9" }), "ana", "x".repeat(1_000));
  expect(long).toBe(`\x1b]9;ana: ${"x".repeat(199)}…\x07`);
});

test("the clipboard gets text in base64, up to the length that all terminals take", () => {
  const foot = on({ clipboard: true });
  expect(copy(foot, "https://ñ")).toBe("\x1b]52;c;aHR0cHM6Ly/DsQ==\x07");
  expect(copy(foot, "x".repeat(74_994))).toHaveLength(7 + 99_992 + 1);
  expect(copy(foot, "x".repeat(74_995))).toBe("");
});

test("tmux passes a notification on in its envelope, and takes the clipboard itself too", () => {
  const tmux = on({ clipboard: true, notification: "osc777", multiplexer: "tmux" });
  expect(notify(tmux, "ana", "hi")).toBe("\x1bPtmux;\x1b\x1b]777;notify;ana;hi\x07\x1b\\");
  expect(copy(tmux, "hi")).toBe("\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
});

test("screen passes on at most 240 bytes at once", () => {
  const screen = on({ clipboard: true, multiplexer: "screen" });
  expect(copy(screen, "hi")).toBe("\x1bP\x1b]52;c;aGk=\x07\x1b\\");
  expect(copy(screen, "x".repeat(300))).toBe(
    `\x1bP\x1b]52;c;${"eHh4".repeat(58)}e\x1b\\\x1bP${"Hh4e".repeat(41)}Hh4\x07\x1b\\`,
  );
});
