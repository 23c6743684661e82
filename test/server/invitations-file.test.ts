import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openInvitations } from "../../src/server/invitations-file.ts";
import { limitedInvitation } from "../../src/server/invitations.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";

const ANN = "SHA256:lDsIDnJpBVPXpNeJJGKvAUmcEaLw2KDRRh/1sUgcqwE";
const SECRET = new Uint8Array(16).fill(9);
const LINE =
  `{"invitations":[{"secret":"CQkJCQkJCQkJCQkJCQkJCQ","room":"main","uses":2,"until":1800000000000,` +
  `"guests":["${ANN}"]}]}\n`;
const INVITATION = limitedInvitation({
  secret: SECRET,
  room: "main",
  uses: 2,
  until: 1_800_000_000_000,
  guests: new Set([ANN]),
});

function folderWith(text: string, mode = 0o600) {
  const folder = temporaryFolder();
  const path = join(folder.path, "invitations");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { folder: folder.path, path, [Symbol.dispose]: folder[Symbol.dispose] };
}

describe("invitations are kept", () => {
  test("in a file that their owner alone may read, and found there", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    const kept = openInvitations(folder);
    expect(kept.found).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    kept.keep([INVITATION]);
    const path = join(folder, "invitations");
    expect(readFileSync(path, "utf8")).toBe(LINE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openInvitations(folder).found).toEqual([INVITATION]);
  });

  test("also those without a time, and none at all", () => {
    using base = temporaryFolder();
    const kept = openInvitations(base.path);
    const endless = limitedInvitation({ ...INVITATION, until: null, guests: new Set() });
    kept.keep([endless, INVITATION]);
    expect(openInvitations(base.path).found).toEqual([endless, INVITATION]);
    kept.keep([]);
    expect(openInvitations(base.path).found).toEqual([]);
  });
});

describe("a damaged file is INVITATIONS_DAMAGED, and stays as it is", () => {
  const damaged = (from: string, to: string) => LINE.replace(from, to);
  const hint =
    "put it back from a copy, or move it away: who came by an invitation with an end needs a new one then";

  test.each([
    ["empty", ""],
    ["zeros, as after a power cut", "\0".repeat(40)],
    ["cut off", LINE.slice(0, 90)],
  ])("%s", (_how, text) => {
    using file = folderWith(text);
    expect(() => openInvitations(file.folder)).toThrow(
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
    expect(() => openInvitations(file.folder)).toThrow(
      expect.objectContaining({
        code: "INVITATIONS_DAMAGED",
        message: `${file.path} does not hold invitations: ${where} is not as it should be`,
      }),
    );
  });

  test("and the error shows nothing of a secret", () => {
    using file = folderWith(damaged('"uses":2', '"uses":oops'));
    try {
      openInvitations(file.folder);
    } catch (error) {
      expect(Bun.inspect(error)).not.toContain("CQkJ");
      return;
    }
    throw new Error("it was read");
  });
});

test("a file that others may read is SECRET_FILE_EXPOSED", () => {
  using file = folderWith(LINE, 0o644);
  expect(() => openInvitations(file.folder, process.geteuid?.())).toThrow(
    expect.objectContaining({
      code: "SECRET_FILE_EXPOSED",
      message: `the file of invitations ${file.path} is open to other users (mode 644)`,
      hint:
        `chmod 600 "${file.path}"; if somebody may have read it, remove it instead, and make new ` +
        "invitations",
    }),
  );
});
