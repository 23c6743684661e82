// Where charla keeps one person's files (XDG Base Directory Specification 0.8). Reads no folder; the environment is an
// argument.

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

import { CharlaError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * For the identity key and the known servers.
 *
 * @param home empty for a user without a home folder
 * @throws {CharlaError} FOLDER_NOT_WRITABLE: there is no home folder
 */
export function configFolder(environment: Environment, home: string = homeFolder()): string {
  return charlaFolder(environment, "XDG_CONFIG_HOME", join(home, ".config"));
}

/** The same, for what charla stores while it runs. */
export function dataFolder(environment: Environment, home: string = homeFolder()): string {
  return charlaFolder(environment, "XDG_DATA_HOME", join(home, ".local", "share"));
}

/** The same, for what can be found out again. */
export function cacheFolder(environment: Environment, home: string = homeFolder()): string {
  return charlaFolder(environment, "XDG_CACHE_HOME", join(home, ".cache"));
}

function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}

/** @param inHome where the specification says to look without the variable */
function charlaFolder(environment: Environment, variable: string, inHome: string): string {
  // It also says to ignore a relative path.
  const base = [environment[variable] ?? "", inHome].find((path) => isAbsolute(path));
  if (base !== undefined) return join(base, "charla");
  throw new CharlaError(
    "FOLDER_NOT_WRITABLE",
    "there is no home folder to write to",
    `set HOME or ${variable} to the absolute path of a folder of your own`,
  );
}
