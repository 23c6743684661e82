// Where charla keeps one person's files: as the XDG Base Directory Specification 0.8 says, on macOS too, and on Windows in the
// folders for applications. Reads no folder; the environment and the system are arguments.

import { homedir } from "node:os";
import { posix, win32 } from "node:path";

import { CharlaError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A kind of folder: the variable that names it, and where it is without one, in the home folder; on Windows as well. */
interface Kind {
  readonly variable: string;
  readonly inHome: readonly string[];
  /** Windows's own variable, before `inHome`. What roams follows a person to other machines. */
  readonly onWindows: "APPDATA" | "LOCALAPPDATA";
}

const CONFIG: Kind = { variable: "XDG_CONFIG_HOME", inHome: [".config"], onWindows: "APPDATA" };
const DATA: Kind = {
  variable: "XDG_DATA_HOME",
  inHome: [".local", "share"],
  onWindows: "LOCALAPPDATA",
};
const CACHE: Kind = { variable: "XDG_CACHE_HOME", inHome: [".cache"], onWindows: "LOCALAPPDATA" };

/**
 * For the identity key, the known servers and the config file.
 *
 * @param home empty for a user without a home folder
 * @throws {CharlaError} FOLDER_NOT_WRITABLE: there is no home folder
 */
export function configFolder(
  environment: Environment,
  home: string = homeFolder(),
  platform: NodeJS.Platform = process.platform,
): string {
  return charlaFolder(CONFIG, environment, home, platform);
}

/** The folder that `configFolder` names; null for a user without a home folder. */
export function findConfigFolder(environment: Environment): string | null {
  try {
    return configFolder(environment);
  } catch (error) {
    if (error instanceof CharlaError) return null;
    throw error;
  }
}

/**
 * As `configFolder`, for what charla stores while it runs.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE: there is no home folder
 */
export function dataFolder(
  environment: Environment,
  home: string = homeFolder(),
  platform: NodeJS.Platform = process.platform,
): string {
  return charlaFolder(DATA, environment, home, platform);
}

/**
 * As `configFolder`, for what can be found out again.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE: there is no home folder
 */
export function cacheFolder(
  environment: Environment,
  home: string = homeFolder(),
  platform: NodeJS.Platform = process.platform,
): string {
  const folder = charlaFolder(CACHE, environment, home, platform);
  // Where data and cache share a folder, the cache has one of its own in it.
  return platform === "win32" ? win32.join(folder, "cache") : folder;
}

function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}

function charlaFolder(
  { variable, inHome, onWindows }: Kind,
  environment: Environment,
  home: string,
  platform: NodeJS.Platform,
): string {
  const { isAbsolute, join } = platform === "win32" ? win32 : posix;
  const own = platform === "win32" ? (environment[onWindows] ?? "") : "";
  // The specification also says to ignore a relative path.
  const places = [environment[variable] ?? "", own, join(home, ...inHome)];
  const base = places.find((path) => isAbsolute(path));
  if (base !== undefined) return join(base, "charla");
  throw new CharlaError(
    "FOLDER_NOT_WRITABLE",
    "there is no home folder to write to",
    `set HOME or ${variable} to the absolute path of a folder of your own`,
  );
}
