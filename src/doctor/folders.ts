// Whether charla can write to its folders, and nobody else can.

import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

import { describeCause, systemCode } from "../errors.ts";
import { configFolder, dataFolder, type Environment } from "../identity/folders.ts";
import { type Check, ok, problem, problemFrom } from "./report.ts";

/** Write permission of everybody but the owner. */
const OTHERS_WRITE = 0o022;

export function* checkFolders(env: Environment): Generator<Check, void, undefined> {
  yield checkOwnFolder("config-folder", "XDG_CONFIG_HOME", () => configFolder(env));
  yield checkOwnFolder("data-folder", "XDG_DATA_HOME", () => dataFolder(env));
}

function checkOwnFolder(name: string, variable: string, find: () => string): Check {
  try {
    return checkFolder(name, variable, find(), process.geteuid?.());
  } catch (error) {
    return problemFrom(name, error);
  }
}

/** @param user undefined on a system that has no users and modes */
export function checkFolder(
  name: string,
  variable: string,
  folder: string,
  user: number | undefined,
): Check {
  const bad = (message: string, hint: string) => problem(name, message, hint, { folder });
  const status = readStatus(folder);
  if (typeof status === "string") {
    return bad(
      `cannot write to ${folder}: ${status}`,
      `set ${variable} to the absolute path of a folder of your own`,
    );
  }
  if (status === null) {
    const parent = nearestFolder(folder);
    if (isWritable(parent)) return ok(name, `${folder} is made when it is needed`, { folder });
    return bad(
      `${folder} cannot be made: permission denied in ${parent}`,
      `set ${variable} to the absolute path of a folder of your own`,
    );
  }
  if (!status.isDirectory()) {
    return bad(
      `cannot write to ${folder}: there is a file where a folder should be`,
      `move the file away, or set ${variable} to another folder`,
    );
  }
  if (!isWritable(folder)) {
    return bad(
      `cannot write to ${folder}: permission denied`,
      `check its owner with ls -ld ${JSON.stringify(folder)}, or set ${variable} to another folder`,
    );
  }
  if (user !== undefined && (status.uid !== user || (status.mode & OTHERS_WRITE) !== 0)) {
    return problem(
      name,
      `other users can change files in ${folder}`,
      `make it yours alone: chmod 700 ${JSON.stringify(folder)}`,
      { folder, owner: status.uid, mode: (status.mode & 0o777).toString(8) },
    );
  }
  return ok(name, `${folder} exists and is writable`, { folder });
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return parent === path || readStatus(parent) !== null ? parent : nearestFolder(parent);
}

/** Null where nothing is, or nothing may be seen; why there can't be a folder, where that is so. */
function readStatus(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    if (["ENOENT", "EACCES"].includes(systemCode(cause))) return null;
    return describeCause(cause);
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
