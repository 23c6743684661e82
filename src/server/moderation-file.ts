// The file `moderation` of a server's data folder: bans, operators, mutes and locks, so that they outlive the server.
// One JSON object, rewritten with every change.

import { join } from "node:path";

import * as v from "valibot";

import { isRoomName } from "../chat/names.ts";
import { CharlaError } from "../errors.ts";
import { replaceFile } from "../identity/atomic-file.ts";
import { isFingerprint } from "../identity/key-text.ts";
import {
  MAX_BANS,
  MAX_LOCKED_IN,
  MAX_MUTES,
  MAX_OPERATORS,
  type ModerationState,
  type ModerationStore,
  NO_MODERATION,
  type Person,
} from "./moderation.ts";
import { readPrivateJson } from "./private-json.ts";

const FILE_NAME = "moderation";
/** Of one person as JSON: a fingerprint, and two names and a room of 40 characters, each up to 4 bytes. */
const MAX_PERSON_BYTES = 1_024;
const MAX_FILE_BYTES = (MAX_BANS + MAX_MUTES + MAX_OPERATORS + MAX_LOCKED_IN) * MAX_PERSON_BYTES;
const MAX_NAME = 64;

const fingerprint = v.pipe(v.string(), v.check(isFingerprint));
const name = v.pipe(v.string(), v.maxLength(MAX_NAME));
const room = v.pipe(v.string(), v.check(isRoomName));
const person = { fingerprint, name };
const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const ban = v.strictObject({ ...person, by: name, time, room: v.optional(room) });
// Strict: a field that a later version has added must not be lost when this one rewrites the file.
const contents = v.strictObject({
  bans: v.pipe(v.array(ban), v.maxLength(MAX_BANS)),
  operators: v.pipe(v.array(v.strictObject(person)), v.maxLength(MAX_OPERATORS)),
  mutes: v.pipe(v.array(v.strictObject({ room, ...person })), v.maxLength(MAX_MUTES)),
  locks: v.array(
    v.strictObject({ room, admitted: v.pipe(v.array(fingerprint), v.maxLength(MAX_LOCKED_IN)) }),
  ),
});

/**
 * @param folder the data folder; it is created when there is something to store
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} MODERATION_DAMAGED, SECRET_FILE_EXPOSED, FILE_NOT_READABLE
 */
export function openModerationFile(
  folder: string,
  user: number | undefined = process.geteuid?.(),
): ModerationStore {
  const path = join(folder, FILE_NAME);
  const value = readPrivateJson(
    {
      path,
      maxBytes: MAX_FILE_BYTES,
      user,
      what: "the file of bans and operators",
      variable: "XDG_DATA_HOME",
      exposed: "SECRET_FILE_EXPOSED",
      removed: "ban and mute again",
      damaged: (how) => damaged(path, how),
    },
    contents,
    "bans and operators",
  );
  return {
    stored: value === null ? NO_MODERATION : restore(value),
    save: (state) => replaceFile(path, format(state)),
  };
}

function restore(value: v.InferOutput<typeof contents>): ModerationState {
  const { bans, operators, mutes, locks } = value;
  const byRoom = Map.groupBy(mutes, (mute) => mute.room);
  return {
    bans: byFingerprint(bans),
    operators: byFingerprint(operators),
    mutes: new Map(
      byRoom.entries().map(([key, muted]) => [key, byFingerprint(muted.map(withoutRoom))]),
    ),
    locks: new Map(locks.map((lock) => [lock.room, new Set(lock.admitted)])),
  };
}

function byFingerprint<Known extends Person>(people: readonly Known[]): Map<string, Known> {
  return new Map(people.map((known) => [known.fingerprint, known]));
}

function withoutRoom({ fingerprint: key, name: known }: Person): Person {
  return { fingerprint: key, name: known };
}

function format({ bans, operators, mutes, locks }: ModerationState): string {
  const contained: v.InferInput<typeof contents> = {
    bans: [...bans.values()],
    operators: [...operators.values()],
    mutes: Array.from(mutes, ([key, muted]) =>
      Array.from(muted.values(), (known) => ({ room: key, ...known })),
    ).flat(),
    locks: Array.from(locks, ([key, admitted]) => ({ room: key, admitted: [...admitted] })),
  };
  return `${JSON.stringify(contained)}\n`;
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "MODERATION_DAMAGED",
    `${path} ${how}`,
    "restore it from a copy, or move it away: then nobody is banned, muted or an operator any more, and no room is locked",
  );
}
