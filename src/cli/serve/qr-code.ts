// A QR code on a terminal, for the phone beside it. Two rows of modules share a line, so that they are square.

import { encode } from "uqr";

/** ISO/IEC 18004 s. 9.1: as many light modules on every side, or readers do not find the code. */
const QUIET_ZONE = 4;

/** Black on white, out of the 256 colours: what a theme makes of the first 16 nobody knows. */
const BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";

export interface QrCodeOptions {
  /** How wide the terminal is. */
  readonly columns: number;
  /** Without them light modules are drawn, dark ones left out: right on a dark terminal, and many readers take both. */
  readonly colours: boolean;
}

/** The lines of it; null where the terminal is too narrow. */
export function qrCode(text: string, { columns, colours }: QrCodeOptions): string[] | null {
  const { data: modules, size } = encode(text, { ecc: "L", boostEcc: true, border: 0 });
  const width = size + 2 * QUIET_ZONE;
  if (width > columns) return null;

  const isDrawn = (row: number, column: number) => (modules[row]?.[column] ?? false) === colours;
  const lines: string[] = [];
  for (let row = -QUIET_ZONE; row < size + QUIET_ZONE; row += 2) {
    let line = "";
    for (let column = -QUIET_ZONE; column < size + QUIET_ZONE; column++) {
      line += block(isDrawn(row, column), isDrawn(row + 1, column));
    }
    lines.push(colours ? `${BLACK_ON_WHITE}${line}${RESET}` : line);
  }
  return lines;
}

function block(isTop: boolean, isBottom: boolean): string {
  if (isTop) return isBottom ? "█" : "▀";
  return isBottom ? "▄" : " ";
}
