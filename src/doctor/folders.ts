// Whether charla can keep things, where others cannot change them.

import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

import { CharlaError, systemCode } from "../errors.ts";
import { configFolder, dataFolder, type Environment, homeFolder } from "../identity/folders.ts";
import { type Check, ok, problem, problemOf } from "./check.ts";

/** Permission to write, of anyone but the owner. */
const OTHERS_WRITE = 0o022;

export function* checkFolders(env: Environment): Generator<Check, void, undefined> {
  yield checkKept("config-folder", "XDG_CONFIG_HOME", configFolder, env);
  yield checkKept("data-folder", "XDG_DATA_HOME", dataFolder, env);
}

function checkKept(
  name: string,
  variable: string,
  folderOf: (environment: Environment, home: string) => string,
  env: Environment,
): Check {
  try {
    return checkFolder(name, variable, folderOf(env, homeFolder()), process.geteuid?.());
  } catch (error) {
    if (error instanceof CharlaError) return problemOf(name, error);
    throw error;
  }
}

/** @param user undefined on a system that has no users and modes */
export function checkFolder(
  name: string,
  variable: string,
  folder: string,
  user: number | undefined,
): Check {
  const status = statusOf(folder);
  if (status === null) {
    const parent = nearestFolder(folder);
    if (mayWrite(parent)) return ok(name, `${folder} is made when it is needed`, { folder });
    return problem(
      name,
      `${folder} cannot be made: this user may not write to ${parent}`,
      `let ${variable} be the whole path of a folder of your own`,
      { folder },
    );
  }
  if (!status.isDirectory()) {
    return problem(
      name,
      `${folder} is not a folder`,
      `move it away, or let ${variable} name another place`,
      { folder },
    );
  }
  if (!mayWrite(folder)) {
    return problem(
      name,
      `this user may not write to ${folder}`,
      `see whose it is with ls -ld ${JSON.stringify(folder)}, or let ${variable} name another place`,
      { folder },
    );
  }
  if (user !== undefined && (status.uid !== user || (status.mode & OTHERS_WRITE) !== 0)) {
    return problem(
      name,
      `other users may change what is in ${folder}`,
      `make it yours alone: chmod 700 ${JSON.stringify(folder)}`,
      { folder, owner: status.uid, mode: (status.mode & 0o777).toString(8) },
    );
  }
  return ok(name, `${folder} is there, and yours to write to`, { folder });
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return parent === path || statusOf(parent) !== null ? parent : nearestFolder(parent);
}

function statusOf(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(systemCode(cause))) return null;
    throw cause;
  }
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
