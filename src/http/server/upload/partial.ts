// An upload that has not come whole: its bytes in a hidden file beside the place where it is to be, and in another what is known of
// it. So it survives an interruption, and a restart of the server.

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import { systemCode } from "../../../errors.ts";
import { UNFINISHED } from "../folder.ts";
import type { OpenedFolder } from "../opened.ts";
import { type Destination, storeFile, type StoreResult, writeAll } from "./new-file.ts";

/** What it is to become. */
export interface Plan {
  readonly name: string;
  /** Bytes. */
  readonly length: number;
}

export interface Partial extends Plan {
  readonly id: string;
  /** Bytes that have come. */
  readonly offset: number;
  /** ms since 1970: when the last of them came. */
  readonly changed: number;
}

/** ms for which an interrupted upload is kept. */
export const KEPT_FOR = 24 * 3_600_000;

const ID = /^[\da-f]{32}$/;

function paths(folder: OpenedFolder, id: string) {
  const path = join(folder.path, `${UNFINISHED}${id}`);
  return { part: path, plan: `${path}.json` };
}

/** @throws a system error, such as that the disk is full */
export function beginPartial(folder: OpenedFolder, plan: Plan): Partial {
  const id = randomBytes(16).toString("hex");
  const { part, plan: planPath } = paths(folder, id);
  writeFileSync(planPath, JSON.stringify(plan), { flag: "wx" });
  writeFileSync(part, "", { flag: "wx" });
  return { ...plan, id, offset: 0, changed: Date.now() };
}

/** Null if there is none, or none any more. */
export function findPartial(folder: OpenedFolder, id: string): Partial | null {
  if (!ID.test(id)) return null;
  const { part, plan } = paths(folder, id);
  try {
    const known: unknown = JSON.parse(readFileSync(plan, "utf8"));
    if (!isPlan(known)) return null;
    const { size, mtimeMs } = statSync(part);
    return { name: known.name, length: known.length, id, offset: size, changed: mtimeMs };
  } catch {
    return null;
  }
}

function isPlan(known: unknown): known is Plan {
  return (
    typeof known === "object" &&
    known !== null &&
    "name" in known &&
    typeof known.name === "string" &&
    "length" in known &&
    typeof known.length === "number"
  );
}

/**
 * Adds what comes to what there is.
 *
 * @returns what there is then; null if more came than there should be
 * @throws what `chunks` throws, with everything kept that came before; and system errors
 */
export async function appendToPartial(
  folder: OpenedFolder,
  upload: Partial,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Partial | null> {
  await using handle = await open(paths(folder, upload.id).part, "a");
  let { offset } = upload;
  for await (const chunk of chunks) {
    if (offset + chunk.length > upload.length) return null;
    await writeAll(handle, chunk);
    offset += chunk.length;
  }
  return { ...upload, offset, changed: Date.now() };
}

/** Gives a complete upload its name, or removes it. @throws a system error that is none of the results */
export async function finishPartial(
  folder: OpenedFolder,
  { id }: Partial,
  destination: Destination,
): Promise<StoreResult> {
  try {
    const { part } = paths(folder, id);
    await using handle = await open(part, "a");
    // It was begun when the upload was.
    const now = new Date();
    utimesSync(part, now, now);
    return await storeFile(handle, part, destination);
  } finally {
    removePartial(folder, id);
  }
}

export function removePartial(folder: OpenedFolder, id: string): void {
  const { part, plan } = paths(folder, id);
  rmSync(plan, { force: true });
  rmSync(part, { force: true });
}

/** Removes what nobody has gone on with, also what a server that was killed has left. @param now ms since 1970 */
export function removeOldPartials(folder: OpenedFolder, now: number): void {
  for (const name of readdirSync(folder.path)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const path = join(folder.path, name);
    try {
      if (statSync(path).mtimeMs < now - KEPT_FOR && !hasNewPart(path, now)) rmSync(path);
    } catch (error) {
      // Another request was faster, or it is somebody else's.
      if (!["ENOENT", "EPERM", "EACCES"].includes(systemCode(error))) throw error;
    }
  }
}

/** The plan of an upload is as old as its beginning. */
function hasNewPart(path: string, now: number): boolean {
  if (!path.endsWith(".json")) return false;
  const part = statSync(path.slice(0, -".json".length), { throwIfNoEntry: false });
  return part !== undefined && part.mtimeMs >= now - KEPT_FOR;
}
