import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { CharlaError } from "../../src/errors.ts";
import { fingerprint } from "../../src/identity/key-text.ts";
import { openAuthorizedKeys, parseAuthorizedKeys } from "../../src/server/authorized-keys.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";

const ANN = fingerprint(new Uint8Array(32).fill(1));
const BOB = fingerprint(new Uint8Array(32).fill(2));

describe("a list of authorized keys", () => {
  test("has a fingerprint a line, and notes of the owner", () => {
    const text = `# the team\n\n${ANN} Ann, from work\r\n  ${BOB}\t# Bob\n   # ${BOB}\n`;
    expect([...parseAuthorizedKeys(text, "team")]).toEqual([ANN, BOB]);
  });

  test("may be empty, and may end without a newline", () => {
    expect(parseAuthorizedKeys("", "team").size).toBe(0);
    expect([...parseAuthorizedKeys(ANN, "team")]).toEqual([ANN]);
  });

  test.each([
    ["a name before the fingerprint", `Ann ${ANN}`],
    ["a fingerprint that is cut off", ANN.slice(0, -1)],
    ["a fingerprint with a character too many", `${ANN}A`],
    ["a fingerprint with the padding of base64", `${ANN}=`],
    ["a fingerprint in base64url", `SHA256:${"-".repeat(43)}`],
    ["the digest alone", ANN.slice(7)],
    ["another digest", ANN.replace("SHA256", "MD5")],
    ["a word", "everybody"],
  ])("with %s is AUTHORIZED_KEYS_DAMAGED with the number of the line", (_what, line) => {
    expect(() => parseAuthorizedKeys(`# the team\n${BOB}\n${line}\n`, "/etc/team")).toThrow(
      expect.objectContaining({
        code: "AUTHORIZED_KEYS_DAMAGED",
        message: "line 3 of /etc/team does not begin with a fingerprint",
        hint:
          "begin it with a fingerprint as charla id prints it, SHA256: and 43 characters, or " +
          "with # for a note",
      }),
    );
  });
});

/** A list in a file. */
function listOf(text: string, mode = 0o644) {
  const folder = temporaryFolder();
  const path = join(folder.path, "team");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { path, folder: folder.path, [Symbol.dispose]: folder[Symbol.dispose] };
}

const noTrouble = (error: CharlaError) => {
  throw error;
};

function refused(path: string, user = process.geteuid?.()) {
  try {
    openAuthorizedKeys(path, noTrouble, user);
  } catch (error) {
    return error;
  }
  throw new Error("it was opened");
}

describe("a file of authorized keys", () => {
  test("is read again for each person: one is added, one is taken off", () => {
    using list = listOf(`${ANN}\n`);
    const isAuthorized = openAuthorizedKeys(list.path, noTrouble);
    expect([isAuthorized(ANN), isAuthorized(BOB)]).toEqual([true, false]);
    // As long as before, in the same moment.
    writeFileSync(list.path, `${BOB}\n`);
    expect([isAuthorized(ANN), isAuthorized(BOB)]).toEqual([false, true]);
  });

  test("that is damaged later lets nobody in, which is reported once, until it is repaired", () => {
    using list = listOf(`${ANN}\n`);
    const reported: string[] = [];
    const isAuthorized = openAuthorizedKeys(
      list.path,
      ({ message }) => void reported.push(message),
    );
    writeFileSync(list.path, `${ANN}\noops\n`);
    expect([isAuthorized(ANN), isAuthorized(ANN)]).toEqual([false, false]);
    expect(reported).toEqual([`line 2 of ${list.path} does not begin with a fingerprint`]);
    rmSync(list.path);
    expect(isAuthorized(ANN)).toBe(false);
    expect(reported.slice(1)).toEqual([`there is no file ${list.path}`]);
    writeFileSync(list.path, `${ANN}\n`);
    expect(isAuthorized(ANN)).toBe(true);
    rmSync(list.path);
    expect(isAuthorized(ANN)).toBe(false);
    expect(reported).toHaveLength(3);
  });

  test("is AUTHORIZED_KEYS_DAMAGED when it is missing, is no file, or is too long", () => {
    using list = listOf("#".repeat(256 * 1024 + 1));
    expect(refused(list.path)).toMatchObject({
      code: "AUTHORIZED_KEYS_DAMAGED",
      message: `${list.path} is longer than 262,144 bytes`,
    });
    expect(refused(join(list.folder, "nobody"))).toMatchObject({
      code: "AUTHORIZED_KEYS_DAMAGED",
      message: `there is no file ${join(list.folder, "nobody")}`,
    });
    mkdirSync(join(list.folder, "folder"));
    expect(refused(join(list.folder, "folder"))).toMatchObject({
      code: "AUTHORIZED_KEYS_DAMAGED",
      message: `${join(list.folder, "folder")} is not a file`,
    });
  });

  test("is AUTHORIZED_KEYS_DAMAGED when other users can change it", () => {
    using list = listOf(`${ANN}\n`, 0o666);
    expect(refused(list.path)).toMatchObject({
      code: "AUTHORIZED_KEYS_DAMAGED",
      message: `${list.path} can be changed by other users (mode 666)`,
      hint: `check its content, then chmod o-w "${list.path}"`,
    });
  });

  test("is AUTHORIZED_KEYS_DAMAGED when it belongs to another user, but not when it belongs to root", () => {
    using list = listOf(`${ANN}\n`);
    const { uid } = statSync(list.path);
    if (uid === 0) {
      expect(openAuthorizedKeys(list.path, noTrouble, 1_000)(ANN)).toBe(true);
      chownSync(list.path, 4_321, 0);
    }
    const owner = statSync(list.path).uid;
    expect(refused(list.path, owner + 1)).toMatchObject({
      code: "AUTHORIZED_KEYS_DAMAGED",
      message: `${list.path} belongs to another user (number ${owner})`,
      hint: "make a list of your own: a copy of it will do",
    });
  });
});
