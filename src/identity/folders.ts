// Where charla keeps one person's files (XDG Base Directory Specification 0.8). Reads no folder; environment
// and home are arguments.

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

import { CharlaError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** This user's home folder; empty for a user without one. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}

/**
 * For the identity key and the known servers.
 *
 * @param home the user's home folder; empty for a user without one
 * @throws {CharlaError} FOLDER_NOT_WRITABLE: there is no home folder
 */
export function configFolder(environment: Environment, home: string): string {
  return charlaFolder(environment, "XDG_CONFIG_HOME", home, [".config"]);
}

/**
 * For what charla stores while it runs.
 *
 * @param home the user's home folder; empty for a user without one
 * @throws {CharlaError} FOLDER_NOT_WRITABLE: there is no home folder
 */
export function dataFolder(environment: Environment, home: string): string {
  return charlaFolder(environment, "XDG_DATA_HOME", home, [".local", "share"]);
}

function charlaFolder(
  environment: Environment,
  variable: string,
  home: string,
  inHome: readonly string[],
): string {
  const base = environment[variable] ?? "";
  // The specification says to ignore a relative path.
  if (isAbsolute(base)) return join(base, "charla");
  if (isAbsolute(home)) return join(home, ...inHome, "charla");
  throw new CharlaError(
    "FOLDER_NOT_WRITABLE",
    "there is no home folder to write to",
    `set HOME or ${variable} to the absolute path of a folder of your own`,
  );
}
