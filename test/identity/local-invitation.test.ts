import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import type { Invitation } from "../../src/identity/invitation.ts";
import {
  isInvitationTo,
  readLocalInvitation,
  writeLocalInvitation,
} from "../../src/identity/local-invitation.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const secret = Uint8Array.from({ length: 16 }, (_, index) => 0x80 + index);
const invitationTo = (host: string, port: number): Invitation => ({
  ways: [{ kind: "direct", host, port }],
  room: "main",
  key,
  secret,
});
const mine = invitationTo("localhost", 12_345);
const anothers = invitationTo("localhost", 54_321);
const MINE =
  "charla://localhost:12345/main#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.gIGCg4SFhoeIiYqLjI2Ojw\n";

describe("a server's invitation", () => {
  test("a local invitation is found until it is disposed of", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "missing", "charla");
    expect(readLocalInvitation(folder)).toBeNull();
    {
      using _written = writeLocalInvitation(folder, mine);
      expect(readLocalInvitation(folder)).toEqual(mine);
    }
    expect(readLocalInvitation(folder)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a local invitation is one line of a file that only its owner can read", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "charla");
    using _written = writeLocalInvitation(folder, mine);
    expect(readFileSync(join(folder, "invitation"), "utf8")).toBe(MINE);
    expect(statSync(join(folder, "invitation")).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test("the last of several servers has its invitation in the file, also when an earlier one ends", () => {
    using base = temporaryFolder();
    const first = writeLocalInvitation(base.path, mine);
    const second = writeLocalInvitation(base.path, anothers);
    expect(readLocalInvitation(base.path)).toEqual(anothers);
    first[Symbol.dispose]();
    expect(readLocalInvitation(base.path)).toEqual(anothers);
    second[Symbol.dispose]();
    expect(readLocalInvitation(base.path)).toBeNull();
  });

  test("a local invitation replaces that of a killed server, whatever its permissions", () => {
    using base = temporaryFolder();
    const path = join(base.path, "invitation");
    writeFileSync(path, "charla://somewhere", { mode: 0o644 });
    using _written = writeLocalInvitation(base.path, mine);
    expect(readFileSync(path, "utf8")).toBe(MINE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(base.path)).toEqual(["invitation"]);
  });

  test("a local invitation replaces a symbolic link, and not its target", () => {
    using base = temporaryFolder();
    const elsewhere = join(base.path, "elsewhere");
    writeFileSync(elsewhere, "precious");
    const folder = join(base.path, "charla");
    mkdirSync(folder);
    symlinkSync(elsewhere, join(folder, "invitation"));
    using _written = writeLocalInvitation(folder, mine);
    expect(readFileSync(elsewhere, "utf8")).toBe("precious");
    expect(readLocalInvitation(folder)).toEqual(mine);
  });

  test("disposing of a local invitation that was removed already is no error", () => {
    using base = temporaryFolder();
    const left = writeLocalInvitation(base.path, mine);
    using other = temporaryFolder();
    spawnSync("mv", [join(base.path, "invitation"), other.path]);
    left[Symbol.dispose]();
    left[Symbol.dispose]();
    expect(existsSync(join(other.path, "invitation"))).toBe(true);
  });

  test("a file in place of the folder is FOLDER_NOT_WRITABLE", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "charla");
    writeFileSync(folder, "");
    expect(() => writeLocalInvitation(folder, mine)).toThrow(
      expect.objectContaining({ code: "FOLDER_NOT_WRITABLE" }),
    );
  });

  test("a folder in place of the file is FOLDER_NOT_WRITABLE, and nothing else is left behind", () => {
    using base = temporaryFolder();
    mkdirSync(join(base.path, "invitation", "inside"), { recursive: true });
    expect(() => writeLocalInvitation(base.path, mine)).toThrow(
      expect.objectContaining({ code: "FOLDER_NOT_WRITABLE" }),
    );
    expect(readdirSync(base.path)).toEqual(["invitation"]);
  });
});

describe("a file without an invitation", () => {
  const tooLong = `${MINE.trimEnd()}${" ".repeat(4_096)}`;
  test.each([
    ["nothing", ""],
    ["another file's text", "hello\n"],
    ["an invitation that is cut short", MINE.slice(0, -10)],
    ["an invitation with something added", `${MINE.trimEnd()}A\n`],
    ["two invitations", `${MINE}${MINE}`],
    ["bytes that are not text", Uint8Array.of(0xff, 0xfe, 0, 1)],
    ["more than 4,096 bytes", tooLong],
  ])("a file with %s holds no local invitation", (_what, content) => {
    using base = temporaryFolder();
    writeFileSync(join(base.path, "invitation"), content);
    expect(readLocalInvitation(base.path)).toBeNull();
  });

  test("a folder or a named pipe holds no local invitation", () => {
    using base = temporaryFolder();
    mkdirSync(join(base.path, "invitation"));
    expect(readLocalInvitation(base.path)).toBeNull();
    using other = temporaryFolder();
    expect(spawnSync("mkfifo", [join(other.path, "invitation")]).status).toBe(0);
    expect(readLocalInvitation(other.path)).toBeNull();
  });
});

test("blanks around a local invitation are ignored", () => {
  using base = temporaryFolder();
  writeFileSync(join(base.path, "invitation"), `\n  ${MINE}\n`);
  expect(readLocalInvitation(base.path)).toEqual(mine);
});

test("a local invitation that cannot be read is FILE_NOT_READABLE", () => {
  using base = temporaryFolder();
  // Root can read every file, but not a link to itself.
  symlinkSync("invitation", join(base.path, "invitation"));
  expect(() => readLocalInvitation(base.path)).toThrow(
    expect.objectContaining({
      code: "FILE_NOT_READABLE",
      message: `${join(base.path, "invitation")} cannot be read: too many symbolic links`,
    }),
  );
});

const to = (host: string, port = 12_345) => ({ host, port });
const left = (host: string): Invitation => invitationTo(host, 12_345);

describe("isInvitationTo", () => {
  test.each(["localhost", "127.0.0.1", "::1"])(
    "an invitation to %s is for this machine under each of its local names",
    (host) => {
      for (const name of ["localhost", "127.0.0.1", "::1"]) {
        expect(isInvitationTo(left(host), to(name))).toBe(true);
        expect(isInvitationTo(left(host), to(name, 12_346))).toBe(false);
      }
      expect(isInvitationTo(left(host), to("192.0.2.1"))).toBe(false);
      expect(isInvitationTo(left(host), to("localhost.example.org"))).toBe(false);
    },
  );

  test("an invitation to another host is for exactly that name", () => {
    expect(isInvitationTo(left("192.0.2.1"), to("192.0.2.1"))).toBe(true);
    expect(isInvitationTo(left("192.0.2.1"), to("192.0.2.2"))).toBe(false);
    expect(isInvitationTo(left("192.0.2.1"), to("localhost"))).toBe(false);
  });

  test("an invitation with several ways is for each of its addresses, and for none of its relays", () => {
    const several: Invitation = {
      ...mine,
      ways: [
        { kind: "direct", host: "2001:db8::1", port: 12_345 },
        { kind: "direct", host: "192.168.1.5", port: 54_321 },
        { kind: "relay", host: "relay.example", port: 12_345 },
      ],
    };
    expect(isInvitationTo(several, to("2001:db8::1"))).toBe(true);
    expect(isInvitationTo(several, to("192.168.1.5", 54_321))).toBe(true);
    expect(isInvitationTo(several, to("192.168.1.5"))).toBe(false);
    expect(isInvitationTo(several, to("relay.example"))).toBe(false);
  });
});
