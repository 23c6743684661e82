// The name that a person has chosen last on a server, with /name: their later windows there begin with it. A file for
// each server, in the folder `names` of the data folder.

import { createHash } from "node:crypto";
import { join } from "node:path";

import { isMemberName } from "../chat/names.ts";
import { CharlaError } from "../errors.ts";
import { readSmallFile, replaceFile } from "../identity/atomic-file.ts";
import { dataFolder, type Environment } from "../identity/folders.ts";

/** Bytes of a file; the longest name takes fewer. */
const MAX_FILE_BYTES = 1_024;

/**
 * Null if none was chosen, or none can be read: a conversation doesn't fail for that.
 *
 * @param server its key or, where that may not be known, its host and port
 */
export function findChosenName(env: Environment, server: Uint8Array): string | null {
  try {
    const file = readSmallFile(chosenNamePath(env, server), MAX_FILE_BYTES);
    if (file === null || typeof file === "string") return null;
    const name = file.text.replace(/\n$/, "");
    return isMemberName(name) ? name : null;
  } catch (error) {
    if (error instanceof CharlaError) return null;
    throw error;
  }
}

/** @param onFailure why it could not be kept, which is no reason to end a conversation */
export function keepChosenName(
  env: Environment,
  server: Uint8Array,
  name: string,
  onFailure: (error: CharlaError) => void,
): void {
  try {
    replaceFile(chosenNamePath(env, server), `${name}\n`);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    onFailure(error);
  }
}

function chosenNamePath(env: Environment, server: Uint8Array): string {
  const name = createHash("sha256").update(server).digest("hex").slice(0, 32);
  return join(dataFolder(env), "names", name);
}
