// The file `invitations` of a server's data folder: those that have an end, and whom they have let in, so that
// both outlive the server. One JSON object, written whole each time.

import { join } from "node:path";

import * as v from "valibot";

import { isRoom } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import { replaceFile } from "../identity/atomic-file.ts";
import { SECRET_BYTES } from "../identity/invitation.ts";
import { decodeBase64url, encodeBase64url, isFingerprint } from "../identity/key-text.ts";
import { readPrivateFile } from "../identity/private-files.ts";
import {
  type LimitedInvitation,
  limitedInvitation,
  MAX_GUESTS,
  MAX_INVITATIONS,
  MAX_SPENT,
} from "./invitations.ts";

const FILE_NAME = "invitations";
/** An invitation without its guests, and a guest, as JSON. */
const MAX_INVITATION_BYTES = 512;
const MAX_GUEST_BYTES = 64;
const MAX_KEPT = MAX_INVITATIONS + MAX_SPENT;
const MAX_FILE_BYTES = MAX_KEPT * (MAX_INVITATION_BYTES + MAX_GUESTS * MAX_GUEST_BYTES);

export interface KeptInvitations {
  /** What was kept when it was opened, oldest first. */
  readonly found: readonly LimitedInvitation[];
  /** @throws {CharlaError} FOLDER_NOT_WRITABLE */
  keep(all: readonly LimitedInvitation[]): void;
}

/** For a server that keeps nothing. */
export const FORGOTTEN: KeptInvitations = { found: [], keep() {} };

const guests = v.pipe(v.array(v.pipe(v.string(), v.check(isFingerprint))), v.maxLength(MAX_GUESTS));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const secret = v.pipe(
  v.string(),
  v.transform((text) => decodeBase64url(text, SECRET_BYTES)),
  v.instance(Uint8Array),
);
// What a later version may add is not to be lost when this one writes the file again.
const invitation = v.strictObject({
  secret,
  room: v.pipe(v.string(), v.check(isRoom)),
  uses: v.pipe(count, v.minValue(1), v.maxValue(MAX_GUESTS)),
  until: v.nullable(count),
  guests,
});
const contents = v.strictObject({
  invitations: v.pipe(v.array(invitation), v.maxLength(MAX_KEPT)),
});

/**
 * @param folder the data folder; it is made when there is something to keep
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} INVITATIONS_DAMAGED, SECRET_FILE_EXPOSED, FILE_NOT_READABLE
 */
export function openInvitations(
  folder: string,
  user: number | undefined = process.geteuid?.(),
): KeptInvitations {
  const path = join(folder, FILE_NAME);
  const text = readPrivateFile({
    path,
    maxBytes: MAX_FILE_BYTES,
    user,
    what: "the file of invitations",
    variable: "XDG_DATA_HOME",
    exposed: "SECRET_FILE_EXPOSED",
    removed: "make new invitations",
    damaged: (how) => damaged(path, how),
  });
  return {
    found: text === null ? [] : read(path, text),
    keep: (all) => replaceFile(path, write(all)),
  };
}

function read(path: string, text: string): LimitedInvitation[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No cause: it would quote what may be a secret.
    throw damaged(path, "is not JSON");
  }
  const result = v.safeParse(contents, value);
  if (!result.success) {
    const where = v.getDotPath(result.issues[0]) ?? "its whole";
    throw damaged(path, `does not hold invitations: ${where} is not as it should be`);
  }
  return result.output.invitations.map(({ guests: known, ...its }) =>
    limitedInvitation({ ...its, guests: new Set(known) }),
  );
}

function write(all: readonly LimitedInvitation[]): string {
  const invitations = all.map(({ secret: bytes, room, uses, until, guests: known }) => {
    return { secret: encodeBase64url(bytes), room, uses, until, guests: [...known] };
  });
  return `${JSON.stringify({ invitations })}\n`;
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "INVITATIONS_DAMAGED",
    `${path} ${how}`,
    "put it back from a copy, or move it away: who came by an invitation with an end needs a new one then",
  );
}
