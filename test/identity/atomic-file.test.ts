// Replacing and removing files; creating and reading them is tested with the files that use it.

import { describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { readSmallFile, removeUnchangedFile, replaceFile } from "../../src/identity/atomic-file.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { runAtOnce } from "./at-once.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("replaceFile", () => {
  test("a missing file is created with its folders, for its owner only", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "one", "two");
    replaceFile(join(folder, "file"), "text");
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("text");
    expect(statSync(join(folder, "file")).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("a program that has the old file open still reads all of it", () => {
    using base = temporaryFolder();
    const path = join(base.path, "file");
    replaceFile(path, "old");
    const descriptor = openSync(path, "r");
    replaceFile(path, "new");
    expect(readFileSync(descriptor, "utf8")).toBe("old");
    closeSync(descriptor);
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  test("the new file does not keep the old one's permissions", () => {
    using base = temporaryFolder();
    const path = join(base.path, "file");
    writeFileSync(path, "old", { mode: 0o666 });
    replaceFile(path, "new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test(
    "the file is complete at any moment while twelve programs replace it",
    async () => {
      using base = temporaryFolder();
      const path = join(base.path, "file");
      replaceFile(path, "0".repeat(10_000));
      const printed = await runAtOnce("replace-at-once.ts", (index) => [path, `${index % 10}`]);
      expect(printed).toEqual(printed.map(() => "whole\n"));
      expect(readFileSync(path, "utf8")).toMatch(/^(\d)\1{9999}$/);
      expect(readdirSync(base.path)).toEqual(["file"]);
    },
    END_TO_END_TIMEOUT,
  );
});

describe("removeUnchangedFile", () => {
  test("a file that holds the same text is removed", () => {
    using base = temporaryFolder();
    const path = join(base.path, "file");
    replaceFile(path, "mine");
    removeUnchangedFile(path, "mine", 100);
    expect(readSmallFile(path, 100)).toBeNull();
  });

  test.each([
    ["another text", "theirs"],
    ["more of it", "mine, and more"],
    ["less of it", "min"],
    ["nothing", ""],
  ])("a file that holds %s is not removed", (_what, text) => {
    using base = temporaryFolder();
    const path = join(base.path, "file");
    writeFileSync(path, text);
    removeUnchangedFile(path, "mine", 100);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("a file that is longer than the bound is not removed", () => {
    using base = temporaryFolder();
    const path = join(base.path, "file");
    writeFileSync(path, "x".repeat(101));
    removeUnchangedFile(path, "x".repeat(101), 100);
    expect(readdirSync(base.path)).toEqual(["file"]);
    removeUnchangedFile(path, "x".repeat(101), 101);
    expect(readdirSync(base.path)).toEqual([]);
  });

  test("a missing file, or a folder in its place, is no error", () => {
    using base = temporaryFolder();
    removeUnchangedFile(join(base.path, "none"), "", 100);
    removeUnchangedFile(join(base.path, "none", "deeper"), "", 100);
    mkdirSync(join(base.path, "folder"));
    removeUnchangedFile(join(base.path, "folder"), "", 100);
    expect(readdirSync(base.path)).toEqual(["folder"]);
  });
});
