// A QR code as a picture of one path: black on white, in the dark too, for cameras look for that.

import { encode } from "uqr";

const SVG = "http://www.w3.org/2000/svg";
/** Modules around it that stay white (ISO/IEC 18004 s. 5.3.8). */
const QUIET_ZONE = 4;

export function qrPicture(text: string, label: string): SVGSVGElement {
  const { size, data } = encode(text, { border: QUIET_ZONE, ecc: "L" });
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of [
    ["viewBox", `0 0 ${size} ${size}`],
    ["role", "img"],
    ["aria-label", label],
    ["class", "qr"],
    // Lines between modules would blur them.
    ["shape-rendering", "crispEdges"],
  ] as const) {
    picture.setAttribute(name, value);
  }
  const modules = document.createElementNS(SVG, "path");
  modules.setAttribute("d", data.map(rowPath).join(""));
  picture.append(modules);
  return picture;
}

/** Each run of dark modules is one rectangle. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = "";
  for (let x = 0; x < row.length; x += 1) {
    if (row[x] !== true) continue;
    const start = x;
    while (row[x + 1] === true) x += 1;
    path += `M${start} ${y}h${x - start + 1}v1H${start}z`;
  }
  return path;
}
