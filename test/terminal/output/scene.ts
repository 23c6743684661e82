// Something that is drawn on an emulator: it makes frames, and something happens in it step by step.

import type { Capabilities } from "../../../src/terminal/output/capabilities.ts";
import type { Frame, Size } from "../../../src/terminal/rows.ts";

export interface Scene {
  readonly capabilities: Capabilities;
  resize(size: Size): void;
  /** What is to be drawn now; the same until something happens. */
  frame(): Frame;
  /** That frame is on the screen. */
  drawn(): void;
  /** Something random happens; returns what. */
  step(): string;
  /** Rows are printed above the others, so that the window is full. */
  fill(): void;
  /** Somebody says something of random length. */
  say(): void;
  /** A line of so many letters is being typed. */
  beginLine(length: number): void;
  /** The terminal is about to be asked where its cursor is. */
  expectCursor(): void;
  /** What the terminal has answered, as positions of its cursor, counted from 1. */
  positions(answers: string): readonly { readonly row: number; readonly column: number }[];
}
