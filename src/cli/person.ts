// Who somebody is in a room, and which room: --name, --room and what holds without them, and the identity key.

import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";

import type { NoticeText } from "../chat/events.ts";
import { describeNameProblem, isMemberName, isRoomName, MAX_NAME } from "../chat/names.ts";
import { usageError } from "../errors.ts";
import { ownOrTemporaryIdentity } from "../identity/private-files.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";
import type { Io } from "../terminal/io.ts";
import { findChosenName } from "./chosen-name.ts";
import { quoteWord } from "./command-options.ts";
import { type CommandLine, helpFor, pageOf } from "./options.ts";

/** What Bun calls a user whose name is not in the environment. */
const UNKNOWN = "unknown";
/** For a login name that is not a valid name in a room. */
const FALLBACK_NAME = "someone";

/**
 * --name and --room; no room without --room
 *
 * @throws {CharlaError} USAGE
 */
export function memberOptions(line: CommandLine, env: Io["env"]) {
  const { typed, values } = line;
  const help = helpFor(pageOf(line));
  const name = values.get("name");
  const problem = name === undefined ? null : describeNameProblem(name);
  if (problem !== null) {
    throw usageError(`${quoteWord(name)} is not a valid name: ${problem}`, help);
  }
  const room = values.get("room");
  if (room !== undefined && !isRoomName(room)) {
    throw usageError(
      `${quoteWord(room)} is not a valid room: at most ${MAX_NAME} letters, digits, dots, dashes and underscores`,
      help,
    );
  }
  return {
    /** On that server; without --name, the one that was chosen there last, which is nearer than a setting for everywhere. */
    nameOn: (server: Uint8Array) =>
      (typed.has("name") ? name : findChosenName(env, server)) ?? name ?? defaultName(env),
    room,
  };
}

function defaultName(env: Io["env"]): string {
  const login = loginName(env);
  return isMemberName(login) ? login : FALLBACK_NAME;
}

export interface MemberIdentity {
  readonly keyPair: KeyPair;
  /** Set for somebody new, whose key is not kept. */
  readonly notice: NoticeText | null;
}

/**
 * The person's key, or a new one where no folder can hold it: one can take part without keeping anything.
 *
 * @throws {CharlaError} KEY_FILE_EXPOSED, KEY_FILE_DAMAGED
 */
export function memberIdentity(env: Io["env"]): MemberIdentity {
  const { keyPair, notKept } = ownOrTemporaryIdentity(env);
  if (notKept === null) return { keyPair, notice: null };
  const message = `${notKept.message}; you are somebody new, and nothing is kept for the next time`;
  return { keyPair, notice: { code: "IDENTITY_NOT_KEPT", message, hint: notKept.hint } };
}

/** "unknown" for a user without an entry in the system's list, as containers have. */
export function loginName(env: Io["env"]): string {
  const user = env["USER"] ?? "";
  if (user !== "") return user;
  try {
    const { username } = userInfo();
    if (username !== UNKNOWN) return username;
    return execFileSync("id", ["-un"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return UNKNOWN;
  }
}
