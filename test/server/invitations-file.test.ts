import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openInvitationFile } from "../../src/server/invitations-file.ts";
import { NO_INVITATIONS, standingInvitation, withKey } from "../../src/server/invitations.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";

const ANN = "SHA256:lDsIDnJpBVPXpNeJJGKvAUmcEaLw2KDRRh/1sUgcqwE";
const SECRET = new Uint8Array(16).fill(9);
const LINE =
  `{"next":8,"invitations":[{"number":7,"secret":"CQkJCQkJCQkJCQkJCQkJCQ","room":"main","uses":2,` +
  `"until":1800000000000,"guests":["${ANN}"]}],"standing":[{"secret":"AwMDAwMDAwMDAwMDAwMDAw","guests":["${ANN}"]}]}\n`;
/** As written before invitations had numbers. */
const OLD_LINE = LINE.replace('"next":8,', "")
  .replace('"number":7,', "")
  .replace(/,"standing":.*]/, "");
const INVITATION = withKey({
  number: 7,
  secret: SECRET,
  room: "main",
  uses: 2,
  until: 1_800_000_000_000,
  guests: new Set([ANN]),
});

const STANDING = standingInvitation(new Uint8Array(16).fill(3), [ANN]);

function folderWith(text: string, mode = 0o600) {
  const folder = temporaryFolder();
  const path = join(folder.path, "invitations");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { folder: folder.path, path, [Symbol.dispose]: folder[Symbol.dispose] };
}

describe("invitations are stored", () => {
  test("in a file that only the owner may read, and read from it", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    const store = openInvitationFile(folder);
    expect(store.stored).toEqual(NO_INVITATIONS);
    expect(existsSync(folder)).toBe(false);
    store.save({ standing: [STANDING], limited: [INVITATION], next: 8 });
    const path = join(folder, "invitations");
    expect(readFileSync(path, "utf8")).toBe(LINE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openInvitationFile(folder).stored).toEqual({
      standing: [STANDING],
      limited: [INVITATION],
      next: 8,
    });
  });

  test("also without a time, and also none at all", () => {
    using base = temporaryFolder();
    const store = openInvitationFile(base.path);
    const endless = withKey({ ...INVITATION, until: null, guests: new Set() });
    const both = { ...NO_INVITATIONS, limited: [endless, INVITATION], next: 8 };
    store.save(both);
    expect(openInvitationFile(base.path).stored).toEqual(both);
    store.save({ ...NO_INVITATIONS, next: 8 });
    expect(openInvitationFile(base.path).stored).toEqual({ ...NO_INVITATIONS, next: 8 });
  });

  test("and those of before they had numbers are read, and get numbers", () => {
    using file = folderWith(OLD_LINE);
    const numbered = withKey({ ...INVITATION, number: 1 });
    expect(openInvitationFile(file.folder).stored).toEqual({
      ...NO_INVITATIONS,
      limited: [numbered],
      next: 2,
    });
  });
});

describe("a damaged file is INVITATIONS_DAMAGED, and is left as it is", () => {
  const damaged = (from: string, to: string) => LINE.replace(from, to);
  const hint =
    "restore it from a copy, or move it away: then people who joined with an invitation that has an end need a new one";

  test.each([
    ["empty", ""],
    ["zeros, as after a power cut", "\0".repeat(40)],
    ["cut off", LINE.slice(0, 90)],
  ])("%s", (_how, text) => {
    using file = folderWith(text);
    expect(() => openInvitationFile(file.folder)).toThrow(
      expect.objectContaining({
        code: "INVITATIONS_DAMAGED",
        message: `${file.path} is not JSON`,
        hint,
      }),
    );
    expect(readFileSync(file.path, "utf8")).toBe(text);
  });

  test.each([
    ["another object", "{}", "invitations"],
    ["a secret that is none", damaged("CQkJ", "CQk"), "invitations.0.secret"],
    ["a room that cannot be", damaged('"main"', '"ma in"'), "invitations.0.room"],
    ["no uses", damaged('"uses":2', '"uses":0'), "invitations.0.uses"],
    ["a time that is none", damaged("1800000000000", "-1"), "invitations.0.until"],
    ["a guest who is nobody", damaged("SHA256:l", "SHA256:"), "invitations.0.guests.0"],
    ["what a later version wrote", damaged('"uses"', '"for":1,"uses"'), "invitations.0.for"],
  ])("%s", (_how, text, where) => {
    using file = folderWith(text);
    expect(() => openInvitationFile(file.folder)).toThrow(
      expect.objectContaining({
        code: "INVITATIONS_DAMAGED",
        message: `${file.path} does not hold invitations: ${where} is not valid`,
      }),
    );
  });

  test("and the error contains no part of a secret", () => {
    using file = folderWith(damaged('"uses":2', '"uses":oops'));
    try {
      openInvitationFile(file.folder);
    } catch (error) {
      expect(Bun.inspect(error)).not.toContain("CQkJ");
      return;
    }
    throw new Error("it was read");
  });
});

test("a file that others may read is SECRET_FILE_EXPOSED", () => {
  using file = folderWith(LINE, 0o644);
  expect(() => openInvitationFile(file.folder, process.geteuid?.())).toThrow(
    expect.objectContaining({
      code: "SECRET_FILE_EXPOSED",
      message: `the file of invitations ${file.path} is open to other users (mode 644)`,
      hint:
        `chmod 600 "${file.path}"; if somebody may have read it, remove it instead, and make new ` +
        "invitations",
    }),
  );
});
