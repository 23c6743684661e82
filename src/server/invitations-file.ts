// The file `invitations` of a server's data folder: limited invitations, the standing one and those that it has replaced,
// with their guests, so that they outlive the server. One JSON object, rewritten with every change. Files from before
// invitations had numbers are read as well.

import { join } from "node:path";

import * as v from "valibot";

import { MAX_GUESTS } from "../chat/conversation.ts";
import { isRoomName } from "../chat/names.ts";
import { CharlaError } from "../errors.ts";
import { replaceFile } from "../identity/atomic-file.ts";
import { SECRET_BYTES } from "../identity/invitation.ts";
import { decodeBase64url, encodeBase64url, isFingerprint } from "../identity/key-text.ts";
import { replaceSecret } from "../identity/private-files.ts";
import {
  type Invitations,
  MAX_ALL_STANDING_GUESTS,
  MAX_INVITATIONS,
  MAX_REPLACED,
  MAX_SPENT,
  MAX_STANDING_GUESTS,
  NO_INVITATIONS,
  standingInvitation,
  withKey,
} from "./invitations.ts";
import { readPrivateJson } from "./private-json.ts";

const FILE_NAME = "invitations";
/** Of an invitation without its guests, and of a guest, as JSON. */
const MAX_INVITATION_BYTES = 512;
const MAX_GUEST_BYTES = 64;
const MAX_STORED = MAX_INVITATIONS + MAX_SPENT;
const MAX_FILE_BYTES =
  MAX_STORED * (MAX_INVITATION_BYTES + MAX_GUESTS * MAX_GUEST_BYTES) +
  (MAX_REPLACED + 1) * MAX_INVITATION_BYTES +
  MAX_ALL_STANDING_GUESTS * MAX_GUEST_BYTES;

export interface InvitationStore {
  /** What was stored when it was opened. */
  readonly stored: Invitations;
  /** @throws {CharlaError} FOLDER_NOT_WRITABLE */
  save(invitations: Invitations): void;
  /**
   * Stores the secret of the standing invitation in place of the one before.
   *
   * @throws {CharlaError} FOLDER_NOT_WRITABLE
   */
  saveSecret(secret: Uint8Array): void;
}

/** For a server that stores nothing. */
export const NO_INVITATION_STORE: InvitationStore = {
  stored: NO_INVITATIONS,
  save() {},
  saveSecret() {},
};

const guest = v.pipe(v.string(), v.check(isFingerprint));
const guests = v.pipe(v.array(guest), v.maxLength(MAX_GUESTS));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const number = v.pipe(count, v.minValue(1));
const secret = v.pipe(
  v.string(),
  v.transform((text) => decodeBase64url(text, SECRET_BYTES)),
  v.instance(Uint8Array),
);
// Strict: a field that a later version has added must not be lost when this one rewrites the file.
const invitation = v.strictObject({
  number: v.optional(number),
  secret,
  room: v.pipe(v.string(), v.check(isRoomName)),
  uses: v.pipe(count, v.minValue(1), v.maxValue(MAX_GUESTS)),
  until: v.nullable(count),
  guests,
});
const standing = v.strictObject({
  secret,
  guests: v.pipe(v.array(guest), v.maxLength(MAX_STANDING_GUESTS)),
});
const contents = v.strictObject({
  standing: v.optional(v.pipe(v.array(standing), v.maxLength(MAX_REPLACED + 1)), []),
  next: v.optional(number),
  invitations: v.pipe(v.array(invitation), v.maxLength(MAX_STORED)),
});

/**
 * @param folder the data folder; it is created when there is something to store
 * @param user that this program runs as; undefined on a system that has no users and modes
 * @throws {CharlaError} INVITATIONS_DAMAGED, SECRET_FILE_EXPOSED, FILE_NOT_READABLE
 */
export function openInvitationFile(
  folder: string,
  user: number | undefined = process.geteuid?.(),
): InvitationStore {
  const path = join(folder, FILE_NAME);
  const value = readPrivateJson(
    {
      path,
      maxBytes: MAX_FILE_BYTES,
      user,
      what: "the file of invitations",
      variable: "XDG_DATA_HOME",
      exposed: "SECRET_FILE_EXPOSED",
      removed: "make new invitations",
      damaged: (how) => damaged(path, how),
    },
    contents,
    "invitations",
  );
  return {
    stored: value === null ? NO_INVITATIONS : restore(value),
    save: (invitations) => replaceFile(path, format(invitations)),
    saveSecret: (replacement) => replaceSecret(folder, replacement),
  };
}

function restore(value: v.InferOutput<typeof contents>): Invitations {
  const { invitations, next = invitations.length + 1 } = value;
  const limited = invitations.map((fields, index) =>
    withKey({ ...fields, number: fields.number ?? index + 1, guests: new Set(fields.guests) }),
  );
  const earlier = value.standing.map((each) => {
    return standingInvitation(each.secret, each.guests);
  });
  return { standing: earlier, limited, next };
}

function format({ standing: all, limited, next }: Invitations): string {
  const invitations = limited.map(({ number: id, secret: bytes, guests: known, ...rest }) => {
    const { room, uses, until } = rest;
    return { number: id, secret: encodeBase64url(bytes), room, uses, until, guests: [...known] };
  });
  const replaced = all.map(({ secret: bytes, guests: known }) => {
    return { secret: encodeBase64url(bytes), guests: [...known] };
  });
  return `${JSON.stringify({ next, invitations, standing: replaced })}\n`;
}

function damaged(path: string, how: string): CharlaError {
  return new CharlaError(
    "INVITATIONS_DAMAGED",
    `${path} ${how}`,
    "restore it from a copy, or move it away: then people who joined with an invitation that has an end need a new one",
  );
}
