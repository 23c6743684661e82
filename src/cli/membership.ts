// Who someone is in a room, and in which: what --name and --room say, and what holds without them.

import { isMemberName, isRoomName } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import type { Io } from "../terminal/io.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { loginName } from "./person.ts";

export interface Membership {
  readonly name: string;
  /** Undefined where none is asked for. */
  readonly room: string | undefined;
}

/** A login name that nobody in a room may have is no reason not to talk. */
const NOBODY = "someone";

/** @throws {CharlaError} USAGE */
export function membership({ command, values }: CommandLine, env: Io["env"]): Membership {
  const login = loginName(env);
  const name = values.get("name") ?? (isMemberName(login) ? login : NOBODY);
  if (!isMemberName(name)) {
    throw new CharlaError(
      "USAGE",
      `${JSON.stringify(name)} cannot be a name: one has up to 40 visible characters, and no blanks at its ends`,
      helpFor(command),
    );
  }
  const room = values.get("room");
  if (room !== undefined && !isRoomName(room)) {
    throw new CharlaError(
      "USAGE",
      `${JSON.stringify(room)} cannot be a room: its name has up to 40 letters, digits, dots, dashes and underscores`,
      helpFor(command),
    );
  }
  return { name, room };
}
