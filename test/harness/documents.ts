// What the documents show: their blocks, and screens without what differs between runs and machines.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./program.ts";
import { type Screen, withoutTimes } from "./screen.ts";

/** The rows of each block of a document in a language. */
export function blocks(path: string, language: string): string[][] {
  const text = readFileSync(join(root, path), "utf8");
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "gms"));
  return Array.from(found, ([, block = ""]) => block.split("\n"));
}

/** The command in a block's first row, after `name$ `. */
export function commandOf(block: readonly string[]): string {
  return block[0]?.replace(/^\w+\$ /, "") ?? "";
}

/** Parts of the output that differ between runs or machines. */
const VARYING: readonly [what: RegExp, name: string][] = [
  [/'?charla:\/\/[^\s']+'?/g, "INVITATION"],
  [/http:\/\/(?:\[[^\]]+\]|[\d.]+|localhost):\d+\//g, "http://ADDRESS:PORT/"],
  [/#[\w-]{43}\.[\w-]{22}/g, "#KEY.SECRET"],
  [/^(-- ##:## )(?:only this network|reachable from|from everywhere|no network).*$/g, "$1REACH"],
  [/SHA256:[\w+/]{43}/g, "FINGERPRINT"],
  [/\[::\]:\d+/g, "[::]:PORT"],
  [/\d{4}-\d\d-\d\d \d\d:\d\d/g, "TIME"],
  [/\b\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS:PORT"],
  [/\b\d+ ms there and back/g, "# ms there and back"],
];

export function withoutVarying(rows: readonly string[]): string[] {
  return withoutTimes(unwrapped(rows)).map((row) =>
    VARYING.reduce((text, [what, name]) => text.replaceAll(what, name), row),
  );
}

/** The terminal breaks an invitation, and its link, at its edge. */
export function unwrapped(rows: readonly string[]): string[] {
  return rows
    .join("\n")
    .replaceAll(/^((?:charla |http:).*)\n(?!-- )/gm, "$1")
    .split("\n");
}

export function enter(screen: Screen, line: string): void {
  screen.type(line);
  screen.press("Enter");
}
