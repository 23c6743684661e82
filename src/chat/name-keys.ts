// When two names are the same to a reader: they differ only in case or in spelling, or look alike. For comparing only:
// a key is not to be shown. Pure, and knows nothing of who holds a name.

import { skeleton } from "#confusables";

/** Each small capital, and the letter. */
const CAPITALS: ReadonlyMap<string, string> = new Map(
  Array.from(
    "ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpꞯqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz".matchAll(/(.)(.)/gu),
    ([, small = "", letter = ""]) => [small, letter],
  ),
);
const SMALL_CAPITALS = new RegExp(`[${[...CAPITALS.keys()].join("")}]`, "gu");

/** In lower case, compatible characters alike (Unicode NFKC; lower case may need it again). */
export function foldName(name: string): string {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
}

/**
 * What a name is held by: two names with one of these in common are the same, as they differ only in case or in
 * spelling, or look alike (UTS #39). There are two, as letters that look alike in capitals may not in lower case.
 */
export function nameKeys(name: string): string[] {
  const lookalike = foldName(shape(name.normalize("NFKC")));
  return [...new Set([shape(foldName(name)), lookalike])];
}

/**
 * The room that is meant: the one of that name, or else one that differs only in case or spelling; null if there is none.
 *
 * @param foldRoom `foldName`, for names of rooms: it may remember them
 */
export function findRoom(
  rooms: Iterable<string>,
  written: string,
  foldRoom: (room: string) => string = foldName,
): string | null {
  const names = [...rooms];
  if (names.includes(written)) return written;
  const folded = foldName(written);
  return names.find((name) => foldRoom(name) === folded) ?? null;
}

/** A room as it is spelled among those that there are; as it was written if there is none of that name. */
export function spelledAmong(rooms: readonly { readonly name: string }[], written: string): string {
  const names = rooms.map(({ name }) => name);
  return findRoom(names, written) ?? written;
}

/** The skeleton, with small capitals as letters: UTS #39 has only some of them. */
function shape(text: string): string {
  const letters = skeleton(text).replaceAll(
    SMALL_CAPITALS,
    (letter) => CAPITALS.get(letter) ?? letter,
  );
  return skeleton(letters);
}
