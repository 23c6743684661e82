// How each style looks on a terminal: sequences (SGR, ECMA-48 s. 8.3.117) for a dark, a light and an
// unknown background, with 256 colours, 16 or none. Knows no rows. Pure.

import type { Style } from "../rows.ts";
import type { Capabilities } from "./capabilities.ts";

/** The escape sequences around a text of some style; both are empty for text as the terminal shows it anyway. */
export type Theme = (style: Style) => Sequences;

interface Sequences {
  readonly open: string;
  readonly close: string;
}

type Named = Exclude<Style, object>;

/** As parameters of SGR. */
interface Colours {
  /** By their hue (state/colours.ts), around the wheel. */
  readonly people: readonly string[];
  readonly named: Readonly<Record<Named, string>>;
}

/** Without colours: what is bold, faint or reversed is readable on every background. */
const NO_COLOURS: Readonly<Record<Named, string>> = {
  plain: "",
  dim: "2",
  strong: "1",
  error: "1",
  mention: "1;7",
  invitation: "1",
  status: "7",
  match: "4",
  code: "",
};

/** Of the 256 colours, because themes change the first 16. */
const BLACK_ON_WHITE = "38;5;16;48;5;231";

/** Each has a contrast of 4.5 or more to black and to dark grey (WCAG 2.2, "contrast ratio"). */
const DARK: Colours = {
  people: indexed([210, 208, 220, 112, 77, 79, 44, 39, 105, 177, 207, 211]),
  named: {
    ...NO_COLOURS,
    dim: "38;5;248",
    error: "1;38;5;210",
    invitation: "1;38;5;220",
    status: "38;5;252;48;5;238",
    code: BLACK_ON_WHITE,
  },
};

/** The same, to white. */
const LIGHT: Colours = {
  people: indexed([160, 130, 58, 22, 28, 23, 24, 26, 20, 93, 127, 161]),
  named: {
    ...NO_COLOURS,
    dim: "38;5;241",
    error: "1;38;5;160",
    invitation: "1;38;5;25",
    status: "38;5;236;48;5;253",
    code: BLACK_ON_WHITE,
  },
};

/** Each has a contrast of 3.4 or more both to black and to white. */
const EITHER: Colours = {
  people: indexed([160, 166, 130, 100, 64, 28, 30, 32, 62, 98, 134, 163]),
  named: {
    ...NO_COLOURS,
    dim: "38;5;243",
    error: "1;38;5;160",
    invitation: "1;38;5;32",
    code: BLACK_ON_WHITE,
  },
};

/** Of 16 colours those of xterm that have a contrast of 3.4 or more; a few are there twice, once underlined or bold. */
const DARK_16: Colours = {
  people: ["91", "33", "93", "32", "92", "36", "96", "94", "4;94", "35", "95", "31"],
  named: { ...NO_COLOURS, error: "1;91", invitation: "1;93", code: "30;47" },
};

const EITHER_16: Colours = {
  people: "31 91 4;31 4;94 94 1;94 1;4;35 4;35 35 1;35 1;31 1;91".split(" "),
  named: { ...NO_COLOURS, error: "1;31", invitation: "1;35", code: "30;47" },
};

/** The theme of a terminal. Without styles nothing is set, and the words say the same. */
export function createTheme({
  background,
  colours,
  styles,
}: Pick<Capabilities, "background" | "colours" | "styles">): Theme {
  if (!styles) return () => AS_IT_IS;
  const { people, named } = coloursOf(background, colours);
  return (style) =>
    sequences(
      typeof style === "string" ? named[style] : (people[style.person % people.length] ?? ""),
    );
}

const AS_IT_IS: Sequences = { open: "", close: "" };

function sequences(parameters: string): Sequences {
  return parameters === "" ? AS_IT_IS : { open: `\x1b[${parameters}m`, close: "\x1b[0m" };
}

function coloursOf(
  background: Capabilities["background"],
  colours: Capabilities["colours"],
): Colours {
  if (colours === 0) return { people: ["1"], named: NO_COLOURS };
  if (colours === 16) return background === "dark" ? DARK_16 : EITHER_16;
  return { dark: DARK, light: LIGHT, unknown: EITHER }[background ?? "unknown"];
}

function indexed(colours: readonly number[]): string[] {
  return colours.map((colour) => `38;5;${colour}`);
}
