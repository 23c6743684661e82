// A bracketed paste is one event, whatever is in it and wherever it is split, and can't hold up the keyboard.

import { describe, expect, test } from "bun:test";

import { MAX_PASTE } from "../../../src/terminal/input/paste.ts";
import { decoded, utf8 } from "./decoding.ts";

const START = "\x1b[200~";
const END = "\x1b[201~";
const paste = (text: string) => `paste ${JSON.stringify(text)}`;

describe("a paste", () => {
  test("is one event, between the keys around it", () => {
    expect(decoded([`a${START}hello${END}b`])).toEqual(["a", paste("hello"), "b"]);
    expect(decoded([`${START}${END}`])).toEqual([paste("")]);
    expect(decoded(["\x9b200~a\x9b201~"])).toEqual([paste("a")]);
  });

  test("may end its lines as any system does", () => {
    expect(decoded([`${START}one\r\ntwo\rthree\nfour\r${END}`])).toEqual([
      paste("one\ntwo\nthree\nfour\n"),
    ]);
  });

  test("may be split anywhere, also within a character and within its end", () => {
    const sent = `${START}${utf8("é日👍")}\x1b[A${END}x`;
    for (let at = 0; at <= sent.length; at += 1) {
      expect(decoded([sent.slice(0, at), 20, sent.slice(at)])).toEqual([paste("é日👍\x1b[A"), "x"]);
    }
    expect(decoded(Array.from(sent))).toEqual([paste("é日👍\x1b[A"), "x"]);
  });

  test("has tabs, control characters and escape sequences as text", () => {
    const text = "\t\x04\x1b[A\x1b\x1b]0;x\x07\x1bOA\x1b[I\x1b[?62c\x1b[1;5R\x1b";
    expect(decoded([`${START}${text}${END}`])).toEqual([paste(text)]);
  });

  test("may begin slowly", () => {
    expect(decoded(["\x1b", 200, `[200~one\rtwo${END}a`])).toEqual([
      "escape",
      paste("one\ntwo"),
      "a",
    ]);
  });

  test("has Latin-1 where it is not UTF-8", () => {
    expect(decoded([`${START}caf\xe9 \xe9${END}a`])).toEqual([paste("café é"), "a"]);
  });

  test("may have the beginning of another one in it", () => {
    expect(decoded([`${START}one ${START}two${END}a`])).toEqual([paste("one two"), "a"]);
  });

  test("has no end without a beginning", () => {
    expect(decoded([`a${END}b`])).toEqual(["a", "b"]);
  });

  test("is kept up to 1 MiB, and nothing after that is typed", () => {
    const [kept = "", ...others] = decoded([`${START}${"x".repeat(MAX_PASTE + 1)}\r\x1b[A${END}a`]);
    expect(kept.length).toBe(paste("x".repeat(MAX_PASTE)).length);
    expect(others).toEqual(["a"]);
  });
});

describe("a paste that is not finished", () => {
  test("ends after 500 ms of silence, with its text", () => {
    expect(decoded([`${START}hel`, 499, "lo", 499])).toEqual([]);
    expect(decoded([`${START}hel`, 499, "lo", 500, "a\r"])).toEqual([
      paste("hello"),
      "a",
      "return",
    ]);
    expect(decoded([`${START}one\x1b[20`, 500])).toEqual([paste("one\x1b[20")]);
    expect(decoded([`${START}one\xc3`, 500])).toEqual([paste("oneÃ")]);
  });

  test("has an end that comes too late, and means nothing", () => {
    expect(decoded([`${START}one`, 500, `${END}a`])).toEqual([paste("one"), "a"]);
  });
});

describe("Ctrl-C in a paste", () => {
  test("counts, and what comes after it is neither text nor keys", () => {
    expect(decoded([`${START}one\rtwo`, 100, "\x03", 100, `three\r${END}a`])).toEqual([
      paste("one\ntwo"),
      "ctrl+c",
      "a",
    ]);
  });

  test("counts without an end too: the keys are back after 500 ms of silence", () => {
    expect(decoded([`${START}one`, 100, "\x03", 499, "b\r", 500, "a"])).toEqual([
      paste("one"),
      "ctrl+c",
      "a",
    ]);
  });

  test("counts as often as it is pressed", () => {
    expect(decoded([`${START}one`, "\x03", "\x03", 500, "\x03"])).toEqual([
      paste("one"),
      "ctrl+c",
      "ctrl+c",
      "ctrl+c",
    ]);
  });

  test("counts as the kitty keyboard protocol and modifyOtherKeys send it", () => {
    for (const sent of [
      "\x1b[99;5u",
      "\x1b[99;69u",
      "\x1b[99;5:1u",
      "\x1b[1089::99;5u",
      "\x1b[27;5;99~",
    ]) {
      expect(decoded([`${START}one${sent}two${END}a`])).toEqual([paste("one"), "ctrl+c", "a"]);
    }
    expect(decoded([`${START}one\x1b[99;5:3u${END}a`])).toEqual([paste("one\x1b[99;5:3u"), "a"]);
  });

  test("leaves the next paste alone", () => {
    expect(decoded([`${START}one\x03${END}${START}two${END}`])).toEqual([
      paste("one"),
      "ctrl+c",
      paste("two"),
    ]);
  });

  test("is pressed on an empty line if nothing was pasted yet", () => {
    expect(decoded([`${START}\x03one${END}`])).toEqual(["ctrl+c"]);
  });
});
