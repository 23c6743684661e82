import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { loadResetSalt, loadSecret } from "../../src/identity/private-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const NINES = new Uint8Array(16).fill(9);
const NINES_FILE = "CQkJCQkJCQkJCQkJCQkJCQ\n";
const SEVENS = new Uint8Array(16).fill(7);

function none(): Uint8Array {
  throw new Error("no secret was to be made");
}

/** A data folder with that text in its secret. */
function folderWith(text: string, mode = 0o600) {
  const folder = temporaryFolder();
  const path = join(folder.path, "secret");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { folder: folder.path, path, [Symbol.dispose]: folder[Symbol.dispose] };
}

describe("the first use", () => {
  test("a new secret is 16 random bytes, in one line that only its owner can read", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    const lengths: number[] = [];
    const made = loadSecret(folder, (length) => {
      lengths.push(length);
      return NINES;
    });
    expect(made).toEqual(NINES);
    expect(lengths).toEqual([16]);
    expect(readdirSync(folder)).toEqual(["secret"]);
    expect(readFileSync(join(folder, "secret"), "utf8")).toBe(NINES_FILE);
    expect(statSync(join(folder, "secret")).mode & 0o777).toBe(0o600);
  });

  test("the salt of the reset key is 16 random bytes in a file of its own, and found again", () => {
    using base = temporaryFolder();
    loadSecret(base.path, () => NINES);
    expect(loadResetSalt(base.path, () => SEVENS)).toEqual(SEVENS);
    expect(loadResetSalt(base.path, none)).toEqual(SEVENS);
    expect(loadSecret(base.path, none)).toEqual(NINES);
    expect(statSync(join(base.path, "reset-salt")).mode & 0o777).toBe(0o600);
    writeFileSync(join(base.path, "reset-salt"), "not a salt");
    expect(() => loadResetSalt(base.path, none)).toThrow(
      expect.objectContaining({
        code: "SECRET_FILE_DAMAGED",
        message: `${join(base.path, "reset-salt")} does not hold a salt`,
        hint:
          "restore it from a copy, or move it away: charla then makes a new one, and members notice " +
          "the restart only after a minute",
      }),
    );
  });

  test("a later use finds the secret", () => {
    using base = temporaryFolder();
    loadSecret(base.path, () => NINES);
    expect(loadSecret(base.path, none)).toEqual(NINES);
  });

  test("the secret of the fastest program is used by all", () => {
    using base = temporaryFolder();
    const slower = loadSecret(base.path, () => {
      expect(loadSecret(base.path, () => SEVENS)).toEqual(SEVENS);
      return NINES;
    });
    expect(slower).toEqual(SEVENS);
    expect(loadSecret(base.path, none)).toEqual(SEVENS);
  });
});

test.each([
  ["without a newline", "CQkJCQkJCQkJCQkJCQkJCQ"],
  ["with another system's line end", "CQkJCQkJCQkJCQkJCQkJCQ\r\n"],
  ["with blank lines of an editor's", "\nCQkJCQkJCQkJCQkJCQkJCQ\n\n"],
])("a secret is read %s", (_how, text) => {
  using file = folderWith(text);
  expect(loadSecret(file.folder, none)).toEqual(NINES);
});

describe("a damaged secret is SECRET_FILE_DAMAGED, and stays as it is", () => {
  test.each([
    ["empty", ""],
    ["zeros, as after a power cut", "\0".repeat(23)],
    ["cut off", "CQkJCQkJCQkJCQkJCQkJC\n"],
    ["a character too many", "CQkJCQkJCQkJCQkJCQkJCQA\n"],
    ["a wrong last character", "CQkJCQkJCQkJCQkJCQkJCR\n"],
    ["two of them", NINES_FILE + NINES_FILE],
  ])("a damaged secret file (%s) is SECRET_FILE_DAMAGED", (_how, text) => {
    using file = folderWith(text);
    expect(() => loadSecret(file.folder, none)).toThrow(
      expect.objectContaining({
        code: "SECRET_FILE_DAMAGED",
        message: `${file.path} does not hold an invitation's secret`,
        hint:
          "restore it from a copy, or move it away: charla then makes a new one, and everybody " +
          "needs a new invitation",
      }),
    );
    expect(readFileSync(file.path, "utf8")).toBe(text);
  });

  test("a secret file longer than 64 bytes is damaged", () => {
    using file = folderWith(NINES_FILE.padEnd(65, "\n"));
    expect(() => loadSecret(file.folder, none)).toThrow(
      expect.objectContaining({
        code: "SECRET_FILE_DAMAGED",
        message: `${file.path} is longer than 64 bytes`,
      }),
    );
  });

  test("a folder in place of the secret file is damaged", () => {
    using base = temporaryFolder();
    mkdirSync(join(base.path, "secret"));
    expect(() => loadSecret(base.path, none)).toThrow(
      expect.objectContaining({ code: "SECRET_FILE_DAMAGED" }),
    );
  });

  test("a link to a file that does not exist is a damaged secret file", () => {
    using base = temporaryFolder();
    const path = join(base.path, "secret");
    symlinkSync(join(base.path, "nowhere"), path);
    expect(() => loadSecret(base.path, () => NINES)).toThrow(
      expect.objectContaining({
        code: "SECRET_FILE_DAMAGED",
        message: `${path} is a link to a file that does not exist`,
      }),
    );
  });
});

describe("a secret that others can read is SECRET_FILE_EXPOSED", () => {
  test.each(["640", "604", "620", "666"])("a secret file of mode %s is exposed", (mode) => {
    using file = folderWith(NINES_FILE, Number.parseInt(mode, 8));
    expect(() => loadSecret(file.folder, none, process.geteuid?.())).toThrow(
      expect.objectContaining({
        code: "SECRET_FILE_EXPOSED",
        message: `the invitation's secret ${file.path} is open to other users (mode ${mode})`,
        hint:
          `chmod 600 "${file.path}"; if somebody may have read it, remove it instead, and charla ` +
          "makes a new one",
      }),
    );
  });

  test("a secret file of another user is exposed", () => {
    using file = folderWith(NINES_FILE);
    const owner = statSync(file.path).uid;
    expect(() => loadSecret(file.folder, none, owner + 1)).toThrow(
      expect.objectContaining({
        code: "SECRET_FILE_EXPOSED",
        message: `the invitation's secret ${file.path} belongs to another user (number ${owner})`,
        hint: "run charla as that user, or let XDG_DATA_HOME name a folder of your own",
      }),
    );
  });
});
