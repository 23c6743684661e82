// How wide terminals draw text, kept in a file of the cache folder: a terminal whose version is known is asked once. That the
// file can't be read or written is no error: then the terminal is asked at each start.

import { join } from "node:path";

import { CharlaError } from "../errors.ts";
import { readSmallFile, replaceFile } from "../identity/atomic-file.ts";
import { cacheFolder } from "../identity/folders.ts";
import type { Io } from "../terminal/io.ts";
import { type KeptWidths, readWidths } from "../terminal/output/measured-width.ts";
import { terminalIdentity } from "../terminal/output/terminal-makes.ts";
import type { CommandLine } from "./options.ts";

/** Terminals whose widths are kept; the one that was asked first goes first. */
const MAX_TERMINALS = 16;
/** Bytes of the file; a terminal takes about 1,000. */
const MAX_BYTES = 64 * 1024;

/** Undefined for a terminal whose version is not known, and where nothing is to be stored. */
export function keptWidths(
  { flags }: Pick<CommandLine, "flags">,
  { env }: Pick<Io, "env">,
): KeptWidths | undefined {
  const terminal = flags.has("ephemeral") ? null : terminalIdentity(env);
  if (terminal === null) return undefined;
  return {
    find: () => readWidths(orNull(() => readTerminals(pathIn(env)).get(terminal))),
    keep(widths) {
      orNull(() => {
        const path = pathIn(env);
        const others = [...readTerminals(path)].filter(([name]) => name !== terminal);
        const kept = [...others.slice(1 - MAX_TERMINALS), [terminal, Object.fromEntries(widths)]];
        replaceFile(path, `${JSON.stringify(Object.fromEntries(kept), null, 1)}\n`);
      });
    },
  };
}

function pathIn(env: Io["env"]): string {
  return join(cacheFolder(env), "widths.json");
}

/** By terminal, what was written for it. */
function readTerminals(path: string): ReadonlyMap<string, unknown> {
  const file = readSmallFile(path, MAX_BYTES);
  if (file === null || typeof file === "string") return new Map();
  try {
    const content: unknown = JSON.parse(file.text);
    return new Map(Object.entries(content ?? {}));
  } catch {
    // Whatever it is, it is written anew.
    return new Map();
  }
}

function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof CharlaError) return null;
    throw error;
  }
}
