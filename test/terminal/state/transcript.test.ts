// How much of what waits is laid out at once.

import { expect, test } from "bun:test";

import {
  firstItems,
  MAX_AT_ONCE,
  type TranscriptItem,
} from "../../../src/terminal/state/transcript.ts";

const notice = (text: string): TranscriptItem => ({ type: "notice", time: null, text });
const count = (length: number, ...texts: readonly string[]) =>
  firstItems(Array.from({ length }, (_, index) => notice(texts[index % texts.length] ?? "")))
    .length;

test("of short texts fifty are laid out at once", () => {
  expect(MAX_AT_ONCE).toBe(50);
  expect(count(150, "hello")).toBe(50);
  expect(count(3, "hello")).toBe(3);
  expect(count(0)).toBe(0);
});

test("of long texts as many as have 20,000 characters, and at least one", () => {
  expect(count(150, "a".repeat(10_000))).toBe(2);
  expect(count(150, "a".repeat(10_000), "hello")).toBe(2);
  expect(count(3, "a".repeat(65_507))).toBe(1);
});
