import { describe, expect, test } from "bun:test";

import { createTheme } from "../../../src/terminal/output/theme.ts";
import type { Style } from "../../../src/terminal/rows.ts";
import { HUES } from "../../../src/terminal/state/colours.ts";

type Background = "dark" | "light" | null;

const NAMED = [
  "plain",
  "dim",
  "strong",
  "error",
  "mention",
  "invitation",
  "status",
  "match",
  "code",
] as const satisfies Style[];
const PEOPLE = Array.from({ length: HUES }, (_, person) => ({ person }));

const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];
/** What terminals call dark: black, and the greys of VS Code and Solarized. */
const DARK = [BLACK, [0x1e, 0x1e, 0x1e], [0x00, 0x2b, 0x36]];

/** xterm's first 16 colours, by the parameter that chooses them. */
const ANSI: Readonly<Record<string, readonly number[]>> = {
  31: [205, 0, 0],
  32: [0, 205, 0],
  33: [205, 205, 0],
  35: [205, 0, 205],
  36: [0, 205, 205],
  91: [255, 0, 0],
  92: [0, 255, 0],
  93: [255, 255, 0],
  94: [92, 92, 255],
  95: [255, 0, 255],
  96: [0, 255, 255],
  30: BLACK,
  47: [229, 229, 229],
};

/** Of xterm's 256 colours those from 16 on. */
function indexed(colour: number): readonly number[] {
  if (colour >= 232) return Array<number>(3).fill(8 + (colour - 232) * 10);
  return [36, 6, 1].map(
    (unit) => [0, 95, 135, 175, 215, 255][Math.floor((colour - 16) / unit) % 6] ?? 0,
  );
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((level) => {
    const part = level / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, "contrast ratio". */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The colours that a sequence sets; null for those of the terminal. */
function coloursOf(open: string) {
  const parameters = open.slice(2, -1).split(";");
  let text: readonly number[] | null = null;
  let behind: readonly number[] | null = null;
  for (let index = 0; index < parameters.length; index += 1) {
    const parameter = parameters[index] ?? "";
    if (parameter === "38" || parameter === "48") {
      const colour = indexed(Number(parameters[index + 2]));
      if (parameter === "38") text = colour;
      else behind = colour;
      index += 2;
    } else if (parameter === "47") behind = ANSI[47] ?? null;
    else text = ANSI[parameter] ?? text;
  }
  return { text, behind };
}

/** The lowest contrast of a style's text to any of the backgrounds. */
function lowestContrast(open: string, backgrounds: readonly (readonly number[])[]): number {
  const { text, behind } = coloursOf(open);
  if (text === null) return Infinity;
  return Math.min(...(behind === null ? backgrounds : [behind]).map((at) => contrast(text, at)));
}

describe("every style can be read", () => {
  test.each<[background: Background, backgrounds: number[][], least: number]>([
    ["dark", DARK, 4.5],
    ["light", [WHITE], 4.5],
    [null, [BLACK, WHITE], 3.4],
  ])("on a background that is %s, with 256 colours", (background, backgrounds, least) => {
    const theme = createTheme({ background, colours: 256, styles: true });
    for (const style of [...NAMED, ...PEOPLE]) {
      expect(lowestContrast(theme(style).open, backgrounds)).toBeGreaterThanOrEqual(least);
    }
  });

  test.each<[background: Background, backgrounds: number[][]]>([
    ["dark", [BLACK]],
    ["light", [WHITE]],
    [null, [BLACK, WHITE]],
  ])("on a background that is %s, with xterm's 16 colours", (background, backgrounds) => {
    const theme = createTheme({ background, colours: 16, styles: true });
    for (const style of [...NAMED, ...PEOPLE]) {
      const { open } = theme(style);
      expect(lowestContrast(open, backgrounds)).toBeGreaterThanOrEqual(3.4);
      // Neither black, white nor grey, which may be the background's own; nor one of 256.
      if (style !== "code") expect(open).not.toMatch(/(?:^|\D)(?:30|37|90|97|[34]8)(?:\D|$)/);
    }
  });
});

describe("all twelve hues look different", () => {
  test.each(
    (["dark", "light", null] as const).flatMap((background) =>
      ([16, 256] as const).map((colours) => [background, colours] as const),
    ),
  )("on a background that is %s, with %d colours", (background, colours) => {
    const theme = createTheme({ background, colours, styles: true });
    expect(new Set(PEOPLE.map((style) => theme(style).open)).size).toBe(HUES);
  });
});

test("a mention, an error and an invitation differ from what stands around them, with colours or without", () => {
  for (const colours of [0, 16, 256] as const) {
    const theme = createTheme({ background: null, colours, styles: true });
    for (const style of ["mention", "error", "invitation", "strong", "status"] as const) {
      expect(theme(style).open).not.toBe("");
      expect(theme(style).open).not.toBe(theme("dim").open);
    }
  }
});

test("without colours text may be bold, faint, underlined or reversed, and nothing else", () => {
  const theme = createTheme({ background: "dark", colours: 0, styles: true });
  for (const style of [...NAMED, ...PEOPLE]) {
    // oxlint-disable-next-line no-control-regex
    expect(theme(style).open).toMatch(/^(?:|\u001b\[[1247](?:;[1247])*m)$/);
  }
});

test("without styles there is no sequence at all", () => {
  const theme = createTheme({ background: "dark", colours: 256, styles: false });
  for (const style of [...NAMED, ...PEOPLE]) expect(theme(style)).toEqual({ open: "", close: "" });
});

test("a QR code is black on white, wherever it is drawn", () => {
  for (const background of ["dark", "light", null] as const) {
    const theme = createTheme({ background, colours: 256, styles: true });
    expect(theme("code")).toEqual({ open: "\u001b[38;5;16;48;5;231m", close: "\u001b[0m" });
    const few = createTheme({ background, colours: 16, styles: true });
    expect(few("code").open).toBe("\u001b[30;47m");
  }
});
