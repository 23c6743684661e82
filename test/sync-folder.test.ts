// That a new or renamed file is flushed, and then the folder with its name: what a power cut would leave cannot be
// tested, but the order of the system's calls can.

import { afterEach, beforeEach, describe, expect, mock, test } from "bun:test";
import * as fs from "node:fs";
import * as promises from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { receiveFile } from "../src/http/server/upload/new-file.ts";
import { createFile, replaceFile } from "../src/identity/atomic-file.ts";
import { syncFolder, syncFolderSync } from "../src/sync-folder.ts";

const real = { ...fs };
const realPromises = { ...promises };
let folder = "";
let calls: string[] = [];
/** What flushing a folder fails with; null where it works. */
let failure: string | null = null;

function flushed(descriptor: number): void {
  const path = real.readlinkSync(`/proc/self/fd/${descriptor}`);
  if (!real.statSync(path).isDirectory()) return;
  calls.push(`sync ${path === folder ? "folder" : basename(path)}`);
  if (failure !== null) throw Object.assign(new Error("it fails"), { code: failure });
}

beforeEach(() => {
  folder = real.realpathSync(real.mkdtempSync(join(tmpdir(), "charla-sync-")));
  calls = [];
  failure = null;
  const changed = {
    ...real,
    renameSync(from: string, to: string) {
      calls.push("rename");
      real.renameSync(from, to);
    },
    linkSync(from: string, to: string) {
      calls.push("link");
      real.linkSync(from, to);
    },
    fsyncSync: flushed,
  };
  void mock.module("node:fs", () => ({ ...changed, default: changed }));
  const changedPromises = {
    ...realPromises,
    async rename(from: string, to: string) {
      calls.push("rename");
      await realPromises.rename(from, to);
    },
    async link(from: string, to: string) {
      calls.push("link");
      await realPromises.link(from, to);
    },
    async open(path: string, flags: string, mode: number) {
      const handle = await realPromises.open(path, flags, mode);
      handle.sync = async () => flushed(handle.fd);
      return handle;
    },
  };
  void mock.module("node:fs/promises", () => ({ ...changedPromises, default: changedPromises }));
});

afterEach(() => {
  void mock.module("node:fs", () => ({ ...real, default: real }));
  void mock.module("node:fs/promises", () => ({ ...realPromises, default: realPromises }));
  real.rmSync(folder, { recursive: true });
});

const onLinux = test.skipIf(process.platform !== "linux");

describe("a folder is flushed", () => {
  onLinux("after a file in it was replaced", () => {
    replaceFile(join(folder, "file"), "text");
    expect(calls).toEqual(["rename", "sync folder"]);
  });

  onLinux("after a file was created in it, and not when it was there already", () => {
    expect(createFile(join(folder, "file"), "text")).toBe(true);
    expect(createFile(join(folder, "file"), "text")).toBe(false);
    expect(calls).toEqual(["link", "sync folder", "link"]);
  });

  onLinux("after a folder for the file was made in it", () => {
    replaceFile(join(folder, "one", "two", "file"), "text");
    expect(calls).toEqual(["sync folder", "rename", "sync two"]);
  });

  onLinux("after an upload has arrived in it, and before that is answered", async () => {
    const upload = { folder, name: "a.txt", keep: null };
    await receiveFile([Buffer.from("one")], { ...upload, onConflict: "refuse" }, 100);
    await receiveFile([Buffer.from("two")], { ...upload, onConflict: "replace" }, 100);
    expect(calls).toEqual(["link", "sync folder", "rename", "sync folder"]);
  });

  onLinux.each(["EINVAL", "EISDIR", "EACCES"])(
    "as far as the system can: %s is no failure",
    async (code) => {
      failure = code;
      syncFolderSync(folder);
      await syncFolder(folder);
      expect(calls).toEqual(["sync folder", "sync folder"]);
    },
  );

  onLinux("and a disk that fails is reported", async () => {
    failure = "EIO";
    expect(() => syncFolderSync(folder)).toThrow("it fails");
    expect(syncFolder(folder)).rejects.toThrow("it fails");
    expect(() => replaceFile(join(folder, "file"), "text")).toThrow(
      expect.objectContaining({ code: "FOLDER_NOT_WRITABLE" }),
    );
  });
});
