// Who may come to a shared folder, and what they may leave there: read from the command line. Pure.

import { CharlaError } from "../../errors.ts";
import { parseBytes } from "../amounts.ts";
import { type CommandLine, helpFor } from "../options.ts";

/** Bytes of a file, where nothing is said: a mistake, or a prank, does not fill a disk. */
const MAX_UPLOAD = 1_073_741_824;

export interface Guard {
  /** USER:PASSWORD; null where everybody may come. */
  readonly credentials: string | null;
  /** Null where no files are taken. */
  readonly upload: { readonly overwrite: boolean; readonly limit: number } | null;
}

/** @throws {CharlaError} USAGE */
export function guardOf({ flags, values }: CommandLine): Guard {
  const credentials = values.get("auth") ?? null;
  if (credentials !== null && !/^[^:\p{Cc}]+:\P{Cc}+$/u.test(credentials)) {
    throw new CharlaError(
      "USAGE",
      "--auth needs a user and a password, with a colon between them",
      "write it as --auth USER:PASSWORD",
    );
  }
  if (!flags.has("upload")) {
    const lonely = ["overwrite", "max-upload"].find((name) => flags.has(name));
    if (lonely === undefined) return { credentials, upload: null };
    throw new CharlaError("USAGE", `--${lonely} is about files that are sent here`, "add --upload");
  }
  const written = values.get("max-upload");
  const limit = written === undefined ? MAX_UPLOAD : parseBytes(written);
  if (limit === null) {
    throw new CharlaError(
      "USAGE",
      `--max-upload ${JSON.stringify(written)} is no number of bytes`,
      `write one such as 500K, 20M or 2G; ${helpFor("serve")}`,
    );
  }
  return { credentials, upload: { overwrite: flags.has("overwrite"), limit } };
}
