import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { CharlaError } from "../../src/errors.ts";
import { loadIdentity } from "../../src/identity/private-files.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { runAtOnce } from "./at-once.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// The keys of RFC 7748 s. 6.1.
const ALICE = Buffer.from(
  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
  "hex",
);
const ALICE_PUBLIC = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const BOB = Buffer.from("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", "hex");
const BOB_PUBLIC = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";

const ALICE_FILE =
  "# charla's identity key. Keep it secret: anybody who has it can speak as you.\n" +
  "charla-secret-key-x25519 dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo\n";

const user = process.geteuid?.();

function load(folder: string, random: (length: number) => Uint8Array = none, as = user) {
  const { keyPair, ...rest } = loadIdentity({ folder, user: as, random });
  return { publicKey: Buffer.from(keyPair.publicKey).toString("hex"), ...rest };
}

function none(): Uint8Array {
  throw new Error("no key was to be made");
}

function thrown(body: () => unknown): CharlaError {
  try {
    body();
  } catch (error) {
    if (error instanceof CharlaError) return error;
  }
  throw new Error("no CharlaError was thrown");
}

/** A config folder with that text in its key file. */
function folderWith(text: string | Uint8Array, mode = 0o600) {
  const folder = temporaryFolder();
  const path = join(folder.path, "identity");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return { folder: folder.path, path, [Symbol.dispose]: folder[Symbol.dispose] };
}

describe("the first use", () => {
  test("a new key is made of 32 random bytes, in a file that says what it is", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    const lengths: number[] = [];
    const made = load(folder, (length) => {
      lengths.push(length);
      return ALICE;
    });
    const path = join(folder, "identity");
    expect(made).toEqual({ publicKey: ALICE_PUBLIC, path, isNew: true });
    expect(lengths).toEqual([32]);
    expect(readFileSync(path, "utf8")).toBe(ALICE_FILE);
  });

  test("only the owner can read the new key, and only the owner can open its folder", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    load(folder, () => ALICE);
    expect(statSync(join(folder, "identity")).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(dirname(folder)).mode & 0o777).toBe(0o700);
  });

  test("making a key leaves nothing else in the folder", () => {
    using base = temporaryFolder();
    load(base.path, () => ALICE);
    expect(readdirSync(base.path)).toEqual(["identity"]);
  });

  test("a later use finds the key", () => {
    using base = temporaryFolder();
    load(base.path, () => ALICE);
    const path = join(base.path, "identity");
    expect(load(base.path)).toEqual({ publicKey: ALICE_PUBLIC, path, isNew: false });
  });

  test("the files of a program that was killed do not matter", () => {
    using base = temporaryFolder();
    mkdirSync(join(base.path, "identity-killed"));
    writeFileSync(join(base.path, "identity-killed", "complete"), "charla-sec");
    expect(load(base.path, () => ALICE).isNew).toBe(true);
  });
});

describe("programs that make the key at once", () => {
  test("the key of the fastest program is used by all", () => {
    using base = temporaryFolder();
    const slower = load(base.path, () => {
      expect(load(base.path, () => BOB).isNew).toBe(true);
      return ALICE;
    });
    const path = join(base.path, "identity");
    expect(slower).toEqual({ publicKey: BOB_PUBLIC, path, isNew: false });
    expect(load(base.path).publicKey).toBe(BOB_PUBLIC);
    expect(readdirSync(base.path)).toEqual(["identity"]);
  });

  test("a damaged file that was faster is not overwritten", () => {
    using base = temporaryFolder();
    const path = join(base.path, "identity");
    expect(() =>
      load(base.path, () => {
        writeFileSync(path, "mine\n", { mode: 0o600 });
        return ALICE;
      }),
    ).toThrow(expect.objectContaining({ code: "KEY_FILE_DAMAGED" }));
    expect(readFileSync(path, "utf8")).toBe("mine\n");
  });

  test(
    "of twelve programs one makes the key, and all use it",
    async () => {
      using base = temporaryFolder();
      const folder = join(base.path, "charla");
      const printed = await runAtOnce("load-at-once.ts", () => [folder]);
      expect(new Set(printed.map((line) => line.split(" ")[0])).size).toBe(1);
      expect(printed.filter((line) => line.endsWith(" made\n"))).toHaveLength(1);
      expect(printed.filter((line) => line.endsWith(" found\n"))).toHaveLength(11);
      expect(readdirSync(folder)).toEqual(["identity"]);
    },
    END_TO_END_TIMEOUT,
  );
});

describe("a key file is read", () => {
  const LINE = ALICE_FILE.split("\n")[1] ?? "";

  test.each([
    ["as charla writes it", ALICE_FILE],
    ["without its comment", `${LINE}\n`],
    ["without a newline at its end", LINE],
    ["with comments and blank lines of the person's own", `\n# mine\n${LINE}\n\n# since 2026\n`],
    ["with the line ends of another system", ALICE_FILE.replaceAll("\n", "\r\n")],
  ])("a key file is read %s", (_how, text) => {
    using file = folderWith(text);
    expect(load(file.folder).publicKey).toBe(ALICE_PUBLIC);
  });

  test("a key file is read through a symbolic link", () => {
    using base = temporaryFolder();
    using file = folderWith(ALICE_FILE);
    symlinkSync(file.path, join(base.path, "identity"));
    expect(load(base.path).publicKey).toBe(ALICE_PUBLIC);
  });
});

describe("a damaged key file is KEY_FILE_DAMAGED, and stays as it is", () => {
  const KEY = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo";

  test.each([
    ["empty", ""],
    ["only a comment", "# charla's identity key.\n"],
    ["zeros, as after a power cut", "\0".repeat(143)],
    ["a key that is cut off", `charla-secret-key-x25519 ${KEY.slice(0, 40)}\n`],
    ["a key with a character too many", `charla-secret-key-x25519 ${KEY}A\n`],
    ["a key with a character of no alphabet", `charla-secret-key-x25519 *${KEY.slice(1)}\n`],
    ["a key with a wrong last character", `charla-secret-key-x25519 ${KEY.slice(0, 42)}p\n`],
    ["a word too many", `charla-secret-key-x25519 ${KEY} ana\n`],
    ["no key", "charla-secret-key-x25519\n"],
    ["two keys", `charla-secret-key-x25519 ${KEY}\ncharla-secret-key-x25519 ${KEY}\n`],
    ["another kind of key", `charla-secret-key-x448 ${KEY}\n`],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ])("a damaged key file (%s) is KEY_FILE_DAMAGED", (_how, text) => {
    using file = folderWith(text);
    expect(() => load(file.folder)).toThrow(
      expect.objectContaining({
        code: "KEY_FILE_DAMAGED",
        message: `${file.path} does not hold an identity key`,
        hint:
          "restore it from a copy, or move it away: charla then makes a new key, and for others " +
          "you are a new person",
      }),
    );
    expect(readFileSync(file.path)).toEqual(Buffer.from(text));
  });

  test("the error for a damaged key file shows no part of the key", () => {
    using file = folderWith(`charla-secret-key-x448 ${KEY}\n`);
    const error = thrown(() => load(file.folder));
    expect(`${error.message} ${error.hint}`).not.toContain(KEY.slice(0, 4));
    expect(error.cause).toBeUndefined();
  });

  test("a key file longer than 4096 bytes is damaged", () => {
    using longest = folderWith(ALICE_FILE.padEnd(4096, "\n"));
    expect(load(longest.folder).publicKey).toBe(ALICE_PUBLIC);
    using longer = folderWith(ALICE_FILE.padEnd(4097, "\n"));
    expect(() => load(longer.folder)).toThrow(
      expect.objectContaining({
        code: "KEY_FILE_DAMAGED",
        message: `${longer.path} is longer than 4,096 bytes`,
      }),
    );
  });

  test("a folder in place of the key file is damaged", () => {
    using base = temporaryFolder();
    const path = join(base.path, "identity");
    mkdirSync(path);
    expect(() => load(base.path)).toThrow(
      expect.objectContaining({ code: "KEY_FILE_DAMAGED", message: `${path} is not a file` }),
    );
  });

  test("a link to a file that does not exist is a damaged key file", () => {
    using base = temporaryFolder();
    const path = join(base.path, "identity");
    symlinkSync(join(base.path, "nowhere"), path);
    expect(() => load(base.path, () => ALICE)).toThrow(
      expect.objectContaining({
        code: "KEY_FILE_DAMAGED",
        message: `${path} is a link to a file that does not exist`,
      }),
    );
    expect(existsSync(join(base.path, "nowhere"))).toBe(false);
  });
});

describe("a key that others can read is KEY_FILE_EXPOSED", () => {
  test.each(["640", "620", "610", "604", "602", "601", "644", "666"])(
    "a key file of mode %s is exposed",
    (mode) => {
      using file = folderWith(ALICE_FILE, Number.parseInt(mode, 8));
      expect(() => load(file.folder)).toThrow(
        expect.objectContaining({
          code: "KEY_FILE_EXPOSED",
          message: `the identity key ${file.path} is open to other users (mode ${mode})`,
          hint:
            `chmod 600 "${file.path}"; if somebody may have read it, remove it instead, and charla ` +
            "makes a new one",
        }),
      );
    },
  );

  test.each(["600", "400", "700"])("a key file of mode %s is not exposed", (mode) => {
    using file = folderWith(ALICE_FILE, Number.parseInt(mode, 8));
    expect(load(file.folder).publicKey).toBe(ALICE_PUBLIC);
  });

  test("a key file of another user is exposed", () => {
    using file = folderWith(ALICE_FILE);
    const owner = statSync(file.path).uid;
    expect(() => load(file.folder, none, owner + 1)).toThrow(
      expect.objectContaining({
        code: "KEY_FILE_EXPOSED",
        message: `the identity key ${file.path} belongs to another user (number ${owner})`,
        hint: "run charla as that user, or let XDG_CONFIG_HOME name a folder of your own",
      }),
    );
  });

  test("on a system without users and modes no key file is exposed", () => {
    using file = folderWith(ALICE_FILE, 0o666);
    const { keyPair } = loadIdentity({ folder: file.folder, user: undefined, random: none });
    expect(Buffer.from(keyPair.publicKey).toString("hex")).toBe(ALICE_PUBLIC);
  });
});

describe("a folder that cannot be written to is FOLDER_NOT_WRITABLE", () => {
  const hint =
    "make it a writable folder, or set XDG_CONFIG_HOME and XDG_DATA_HOME to other folders";

  test("a file in place of the folder is FOLDER_NOT_WRITABLE", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "charla");
    writeFileSync(folder, "");
    expect(() => load(folder, () => ALICE)).toThrow(
      expect.objectContaining({
        code: "FOLDER_NOT_WRITABLE",
        message: `cannot write to ${folder}: there is a file in its place`,
        hint,
      }),
    );
  });

  test("a file in place of the parent folder is FOLDER_NOT_WRITABLE", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "config", "charla");
    writeFileSync(join(base.path, "config"), "");
    expect(() => load(folder, () => ALICE)).toThrow(
      expect.objectContaining({
        code: "FOLDER_NOT_WRITABLE",
        message: `cannot write to ${folder}: there is a file where a folder should be`,
        hint,
      }),
    );
    rmSync(join(base.path, "config"));
    expect(load(folder, () => ALICE).isNew).toBe(true);
  });
});

test("a key file behind a cycle of symbolic links is FILE_NOT_READABLE", () => {
  using base = temporaryFolder();
  const path = join(base.path, "identity");
  symlinkSync(path, path);
  expect(() => load(base.path)).toThrow(
    expect.objectContaining({
      code: "FILE_NOT_READABLE",
      message: `${path} cannot be read: too many symbolic links`,
      hint: `check its owner and mode with ls -l "${path}", and make it readable for you`,
    }),
  );
});
