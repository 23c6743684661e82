// The config file, `config.toml` in the config folder: where it is, what is in it, and on which line. Knows no setting.

import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { CharlaError, describeCause, systemCode } from "../../errors.ts";
import { readSmallFile } from "../../identity/atomic-file.ts";
import { type Environment, findConfigFolder } from "../../identity/folders.ts";

/** Names another config file; empty, none is read. */
export const CONFIG_VARIABLE = "CHARLA_CONFIG";
const FILE_NAME = "config.toml";
/** Bytes: some hundred times as many as there are settings to write. */
const MAX_BYTES = 16 * 1024;

type Content = Readonly<Record<string, unknown>>;

/** Where the program was started. */
export interface Place {
  readonly env: Environment;
  /** Read only where it is needed: it may have been deleted. */
  readonly cwd: string;
}

export interface ConfigFile {
  readonly path: string;
  readonly content: Content;
  /** The line on which a key is set, or a section begins. */
  lineOf(...keys: readonly string[]): number;
}

/** Null where there can be none: the variable is empty, or there is no home folder. */
export function configPath(place: Place): string | null {
  const named = place.env[CONFIG_VARIABLE];
  if (named !== undefined) return named === "" ? null : resolve(place.cwd, named);
  const folder = findConfigFolder(place.env);
  return folder === null ? null : join(folder, FILE_NAME);
}

/**
 * Null where there is none.
 *
 * @throws {CharlaError} FILE_NOT_READABLE, CONFIG_INVALID
 */
export function readConfigFile(place: Place): ConfigFile | null {
  const path = configPath(place);
  if (path === null) return null;
  const file = readFile(path);
  if (file === null) {
    if (place.env[CONFIG_VARIABLE] === undefined) return null;
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `the config file ${path} does not exist`,
      `${CONFIG_VARIABLE} names it; empty, none is read`,
    );
  }
  const lines = file.split(/\r?\n/);
  const fail = (line: number, what: string, hint: string) =>
    new CharlaError("CONFIG_INVALID", `${path}, line ${line}: ${what}`, hint);
  // The decoder has put it in the place of what is not UTF-8.
  const damaged = lines.findIndex((line) => line.includes("\uFFFD"));
  if (damaged !== -1) {
    throw fail(damaged + 1, "this is not UTF-8", "save the file as UTF-8 in an editor");
  }
  const parsed = parse(lines);
  if (parsed instanceof Error) {
    const why = parsed.message.replace(/^TOML Parse error: /, "");
    const line = findLine(lines, () => false);
    throw fail(line, `this is not TOML: ${why}`, 'a setting is written as: name = "Ana"');
  }
  return {
    path,
    content: parsed,
    lineOf: (...keys) => findLine(lines, (content) => hasKeys(content, keys)),
  };
}

/** Where a path in the file begins: at the folder of the file, or with `~/` at the home folder. */
export function pathInFile(written: string, file: string, environment: Environment): string {
  const home = environment["HOME"] ?? "";
  if (home !== "" && written.startsWith("~/")) return join(home, written.slice(2));
  return resolve(dirname(file), written);
}

function readFile(path: string): string | null {
  try {
    const file = readSmallFile(path, MAX_BYTES);
    if (typeof file !== "string") return file?.text ?? null;
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `the config file ${path} ${file}`,
      "put a file of settings in its place, or leave it out with --no-config",
    );
  } catch (error) {
    if (!(error instanceof CharlaError) || error.cause === undefined) throw error;
    // A folder that this user may not enter holds nothing for them, as git has it: one can talk without any folder.
    if (!mayBeEntered(path)) return null;
    throw new CharlaError(
      error.code,
      `the config file ${path} can't be read: ${describeCause(error.cause)}`,
      `make it readable with chmod u+r ${JSON.stringify(path)}, or leave it out with --no-config`,
      { cause: error.cause },
    );
  }
}

function mayBeEntered(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (cause) {
    return systemCode(cause) !== "EACCES";
  }
}

function parse(lines: readonly string[]): Content | Error {
  try {
    return { ...Bun.TOML.parse(lines.join("\n")) };
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

/**
 * The line where the statement begins with which `isThere` becomes true, or from which on the text can't be read: the
 * parser names no lines, and TOML has strings and lists of several. Only for a message.
 */
function findLine(lines: readonly string[], isThere: (content: Content) => boolean): number {
  const starts = [0];
  for (let end = 1; end <= lines.length; end++) {
    if (!(parse(lines.slice(starts.at(-1), end)) instanceof Error)) starts.push(end);
  }
  const isReached = (end: number) => {
    const content = parse(lines.slice(0, end));
    return content instanceof Error || isThere(content);
  };
  // The parser's time grows with the square of the keys.
  let [low, high] = [1, starts.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(starts[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return (starts[low - 1] ?? 0) + 1;
}

function hasKeys(content: unknown, [key, ...others]: readonly string[]): boolean {
  if (key === undefined) return true;
  if (Array.isArray(content)) return content.some((each) => hasKeys(each, [key, ...others]));
  if (typeof content !== "object" || content === null || !Object.hasOwn(content, key)) return false;
  return hasKeys(Object.getOwnPropertyDescriptor(content, key)?.value, others);
}
