// The file that --invitation-file names, which may be any file of the person by mistake.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { writeServerFiles } from "../../src/cli/server-files.ts";
import { formatInvitation } from "../../src/identity/invitation.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";

const invitationFor = (host: string) =>
  formatInvitation({
    ways: [{ kind: "direct", host, port: 12_345 }],
    room: "main",
    key: new Uint8Array(32).fill(1),
    secret: new Uint8Array(16).fill(2),
  });
const invitation = invitationFor("192.0.2.1");

function write(folder: string, path: string) {
  return writeServerFiles({
    invitation,
    bind: undefined,
    address: "[::]:12345",
    data: undefined,
    invitationFile: { path },
    io: { env: { XDG_DATA_HOME: folder }, cwd: folder },
  });
}

test("the invitation is written to a new file, an empty one, or in place of an earlier invitation", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "invitation");
  for (const before of [null, "", `${invitationFor("192.0.2.2")}\n`]) {
    if (before !== null) writeFileSync(path, before);
    using files = write(folder.path, "invitation");
    expect(files.forOthers).toEqual({
      code: "INVITATION_WRITTEN",
      message: `the invitation is in ${path}`,
    });
    expect(readFileSync(path, "utf8")).toBe(`${invitation}\n`);
  }
  expect(existsSync(path)).toBe(false);
});

test("a file that holds anything else is not overwritten, and nor is a folder", () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "notes");
  const long = join(folder.path, "long");
  mkdirSync(join(folder.path, "folder"));
  writeFileSync(file, "what I must not forget\n");
  writeFileSync(long, "x".repeat(10_000));
  for (const name of ["notes", "long", "folder"]) {
    using files = write(folder.path, name);
    expect(files.forOthers).toEqual({
      code: "FOLDER_NOT_WRITABLE",
      message: `cannot write ${join(folder.path, name)}: it exists, and does not hold an invitation; so the invitation is nowhere to be read`,
      hint: "name a file for it with --invitation-file FILE",
    });
  }
  expect(readFileSync(file, "utf8")).toBe("what I must not forget\n");
  expect(readFileSync(long, "utf8")).toHaveLength(10_000);
});

test("no folder is made for it", () => {
  using folder = temporaryFolder();
  using files = write(folder.path, "missing/invitation");
  expect(files.forOthers?.message).toBe(
    `cannot write ${join(folder.path, "missing", "invitation")}: its folder does not exist; so the invitation is nowhere to be read`,
  );
  expect(existsSync(join(folder.path, "missing"))).toBe(false);
});
