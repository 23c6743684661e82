// Skeletons (UTS #39 s. 4), with the examples of the standard and of Unicode's data.

import { expect, test } from "bun:test";

import { CONFUSABLES } from "../../src/chat/confusables-data.ts";
import { skeleton } from "../../src/chat/confusables.ts";

const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

test.each([
  ["ana", "аna"], // Cyrillic а
  ["ana", "ɑna"],
  ["paypal", "ρ⍺у𝓅𝒂ן"],
  ["scope", "ѕсоре"],
  ["Ben", "Вen"],
  ["Paul", "PauI"],
  ["Michael", "Michae1"],
  ["modem", "rnodern"],
  ["ana", "a\u00adn\u200ba"],
  ["é", "e\u0301"],
])("%p and %p look alike", (one, other) => {
  expect(skeleton(other)).toBe(skeleton(one));
});

test.each([
  ["ana", "anna"],
  ["ana", "Ana"],
  ["resume", "résumé"],
])("%p and %p look different", (one, other) => {
  expect(skeleton(other)).not.toBe(skeleton(one));
});

test("each of Unicode's confusables has the skeleton of its prototype", () => {
  let count = 0;
  for (const entry of CONFUSABLES.trim().split(/\s/)) {
    const [prototype = "", confusables = ""] = entry.split("<");
    for (const confusable of confusables.split(",").map(toText)) {
      count += 1;
      // Others are decomposed, or left out, before they are looked up.
      if (confusable.normalize("NFD") !== confusable || INVISIBLE.test(confusable)) continue;
      expect(skeleton(confusable)).toBe(toText(prototype).normalize("NFD"));
    }
  }
  expect(count).toBe(6_565);
});

function toText(codes: string): string {
  return String.fromCodePoint(...codes.split("+").map((code) => Number.parseInt(code, 16)));
}
