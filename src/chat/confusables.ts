// Which texts look the same (Unicode UTS #39 s. 4): the skeleton of a text is the same for all that look like it. For
// comparing only: a skeleton is not to be shown. Pure; its table is built at the first use.

import { CONFUSABLES } from "./confusables-data.ts";

/** The table's part for ASCII: most names need no more, and the whole takes 10 ms to build. */
const ASCII: ReadonlyMap<string, string> = new Map([
  ['"', "''"],
  ["%", "º/₀"],
  ["0", "O"],
  ["1", "l"],
  ["I", "l"],
  ["`", "'"],
  ["m", "rn"],
  ["|", "l"],
]);

/** What each confusable character looks like; null before it is needed. */
let prototypes: ReadonlyMap<string, string> | null = null;

/** The skeleton of a text, as UTS #39 defines it for text of one direction. */
export function skeleton(text: string): string {
  const table = /^[ -~]*$/.test(text) ? ASCII : (prototypes ??= readPrototypes());
  const visible = text.normalize("NFD").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "");
  return Array.from(visible, (character) => table.get(character) ?? character)
    .join("")
    .normalize("NFD");
}

function readPrototypes(): Map<string, string> {
  const table = new Map<string, string>();
  for (const line of CONFUSABLES.trim().split(/\s/)) {
    const [prototype = "", confusables = ""] = line.split("<");
    const text = prototype.split("+").map(fromHex).join("");
    for (const confusable of confusables.split(",")) table.set(fromHex(confusable), text);
  }
  return table;
}

function fromHex(code: string): string {
  return String.fromCodePoint(Number.parseInt(code, 16));
}
