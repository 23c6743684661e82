// A QR code as a picture of one path: black on white, in the dark too, for cameras look for that.

import { type Bitmap2D, generate } from "lean-qr/nano";

const SVG = "http://www.w3.org/2000/svg";
/** Modules around it that stay white (ISO/IEC 18004 s. 5.3.8). */
const QUIET_ZONE = 4;

export function qrPicture(text: string, label: string): SVGSVGElement {
  const code = generate(text);
  const size = code.size + 2 * QUIET_ZONE;
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of [
    ["viewBox", `${-QUIET_ZONE} ${-QUIET_ZONE} ${size} ${size}`],
    ["role", "img"],
    ["aria-label", label],
    ["class", "qr"],
    // Lines between modules would blur them.
    ["shape-rendering", "crispEdges"],
  ] as const) {
    picture.setAttribute(name, value);
  }
  const modules = document.createElementNS(SVG, "path");
  const rows = Array.from({ length: code.size }, (_, y) => rowPath(code, y));
  modules.setAttribute("d", rows.join(""));
  picture.append(modules);
  return picture;
}

/** Each run of dark modules is one rectangle. */
function rowPath(code: Bitmap2D, y: number): string {
  let path = "";
  for (let x = 0; x < code.size; x += 1) {
    if (!code.get(x, y)) continue;
    const start = x;
    while (code.get(x + 1, y)) x += 1;
    path += `M${start} ${y}h${x - start + 1}v1H${start}z`;
  }
  return path;
}
