// A QR code as lines of half blocks, each with two rows of modules, so that modules are square. Pure.

import { generate } from "lean-qr";

/** Light modules on every side, without which readers do not find the code (ISO/IEC 18004 s. 9.1). */
export const QUIET_ZONE = 4;

/** @param drawn which modules are blocks: the dark ones for black on white, the light ones where colours can't be chosen */
export function qrCodeLines(
  text: string,
  drawn: "dark" | "light",
  quietZone: number = QUIET_ZONE,
): string[] {
  const code = generate(text);
  const { size } = code;
  const isDrawn = (row: number, column: number) => code.get(column, row) === (drawn === "dark");
  const lines: string[] = [];
  for (let row = -quietZone; row < size + quietZone; row += 2) {
    let line = "";
    for (let column = -quietZone; column < size + quietZone; column++) {
      line += block(isDrawn(row, column), isDrawn(row + 1, column));
    }
    lines.push(line);
  }
  return lines;
}

function block(isTop: boolean, isBottom: boolean): string {
  if (isTop) return isBottom ? "█" : "▀";
  return isBottom ? "▄" : " ";
}
