import { expect, test } from "bun:test";

import { personColour } from "../../../src/terminal/view/person-colour.ts";

const many = Array.from({ length: 500 }, (_, index) => personColour(`SHA256:${index}`));
const numbers = [...new Set(many)].map((escape) => Number(/;(\d+)m$/.exec(escape)?.[1]));

/** Relative luminance of one of xterm's 216 colours (WCAG 2.2). */
function luminance(colour: number): number {
  const place = colour - 16;
  const [red = 0, green = 0, blue = 0] = [36, 6, 1].map((unit) => {
    const level = [0, 95, 135, 175, 215, 255][Math.floor(place / unit) % 6] ?? 0;
    const part = level / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test("a person has the same colour every time", () => {
  const fingerprint = "SHA256:NZ9cVAmlIuCBQoMkGRMaVCYUPVSkWKVzQHQhQgtqE1k";
  expect(personColour(fingerprint)).toBe("\u001b[38;5;100m");
  expect(personColour(fingerprint)).toBe(personColour(fingerprint));
});

test("people have twelve colours", () => {
  expect(numbers).toHaveLength(12);
});

test("every colour can be read on black and on white", () => {
  for (const colour of numbers) {
    expect((luminance(colour) + 0.05) / 0.05).toBeGreaterThan(3.4);
    expect(1.05 / (luminance(colour) + 0.05)).toBeGreaterThan(3.4);
  }
});
