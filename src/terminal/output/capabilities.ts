// What a terminal can do, as far as its answers and its environment say. Knows neither how it is asked nor what uses it.

import type { DisplayWidth } from "../display-width.ts";

export interface Capabilities {
  /** As OSC 11 answered; null if it is not known. */
  readonly background: "dark" | "light" | null;
  /** How many colours text may have; 0 with NO_COLOR. */
  readonly colours: 0 | 16 | 256;
  /** Whether text may be dim, strong or reversed. */
  readonly styles: boolean;
  /** Mode 2026: what is written between its start and its end appears at once. */
  readonly synchronized: boolean;
  /** OSC 8. */
  readonly hyperlinks: boolean;
  /** OSC 0, and the stack of titles that gives the old one back (XTWINOPS 22 and 23). */
  readonly title: boolean;
  /** OSC 52. */
  readonly clipboard: boolean;
  /** The sequence of desktop notifications. */
  readonly notification: "osc9" | "osc99" | "osc777" | null;
  /**
   * What becomes of longer rows in a window that becomes narrower: all are broken ("reflow"), all but the one with the cursor
   * ("above-cursor"), or what is beyond the edge is cut off ("cut").
   */
  readonly narrowing: "reflow" | "above-cursor" | "cut";
  readonly width: DisplayWidth;
}
