// Changes stay beneath the shared folder, and lose nothing.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { openFolder } from "../../../src/http/server/folder.ts";
import { copyEntry, deleteEntry, keepEntry } from "../../../src/http/server/manage/changes.ts";
import { serveFolder, type ServeOptions } from "../../harness/file-server.ts";
import { newFolder } from "../../harness/folder.ts";
import { request, statusesOf, talk } from "./behaviours/row.ts";

const MANAGED: ServeOptions = { manage: true, upload: { onConflict: "replace", limit: 100 } };

test("nothing is changed through a link that leads out", async () => {
  using outside = newFolder();
  outside.write("theirs", "theirs");
  await using server = await serveFolder(MANAGED);
  server.folder.write("a", "mine");
  symlinkSync(outside.path, join(server.folder.path, "out"));
  const statuses: number[] = [];
  for (const [start, ...lines] of [
    ["MKCOL /out/new"],
    ["MOVE /a", "Destination: /out/a"],
    ["COPY /a", "Destination: /out/a"],
    ["MOVE /out/theirs", "Destination: /b"],
    ["COPY /out/theirs", "Destination: /b"],
    ["COPY /out", "Destination: /b"],
    ["DELETE /out/theirs"],
    ["PROPFIND /out/", "Depth: 1"],
  ] as const) {
    const received = await talk(server, [request(start, ["Connection: close", ...lines])]);
    statuses.push(...statusesOf(received));
  }
  expect(statuses).toEqual([409, 409, 409, 404, 404, 404, 404, 404]);
  expect(outside.list()).toEqual(["theirs"]);
  expect(server.folder.list()).toEqual(["a", "out"]);
});

test("if .trash leads out, or is a file, nothing is deleted or replaced", async () => {
  using outside = newFolder();
  for (const isLink of [true, false]) {
    await using server = await serveFolder(MANAGED);
    if (isLink) symlinkSync(outside.path, join(server.folder.path, ".trash"));
    else server.folder.write(".trash", "a file");
    server.folder.write("a", "mine");
    for (const [start, body] of [
      ["DELETE /a", ""],
      ["PUT /a", "new"],
    ] as const) {
      const received = await talk(server, [request(start, ["Connection: close"], body)]);
      expect(statusesOf(received)).toEqual([403]);
    }
    expect(server.folder.read("a")).toBe("mine");
  }
  expect(outside.list()).toEqual([]);
});

test("the same name can be deleted again and again, as a file and as a folder, at the same moment", () => {
  using shared = newFolder();
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const now = Date.UTC(2026, 10, 29, 12);
  for (const content of ["one", "two"]) {
    shared.write("a", content);
    expect(deleteEntry(folder, ["a"], now)).toBe("done");
  }
  mkdirSync(join(shared.path, "a"));
  shared.write("a/b", "three");
  expect(deleteEntry(folder, ["a", "b"], now)).toBe("done");
  expect(shared.list()).toEqual([".trash", "a"]);
  expect(
    readdirSync(join(shared.path, ".trash"), { recursive: true }).map(String).toSorted(),
  ).toEqual([
    "2026-11-29T12-00-00",
    "2026-11-29T12-00-00 (2)",
    "2026-11-29T12-00-00 (2)/a",
    "2026-11-29T12-00-00 (3)",
    "2026-11-29T12-00-00 (3)/a",
    "2026-11-29T12-00-00 (3)/a/b",
    "2026-11-29T12-00-00/a",
  ]);
  expect(shared.read(".trash/2026-11-29T12-00-00 (2)/a")).toBe("two");
});

test("a file that is to be replaced is under both names until it is", () => {
  using shared = newFolder();
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  shared.write("a", "old");
  expect(keepEntry(folder, ["a"], 0)).toBe("done");
  expect(shared.read("a")).toBe("old");
  expect(shared.read(".trash/1970-01-01T00-00-00/a")).toBe("old");
});

test("with --dotfiles what is in the trash can be deleted for good", async () => {
  await using server = await serveFolder({ ...MANAGED, dotfiles: true });
  server.folder.write("a", "x");
  await talk(server, [request("DELETE /a", ["Connection: close"])]);
  const [time = ""] = readdirSync(join(server.folder.path, ".trash"));
  const path = `/.trash/${encodeURIComponent(time)}`;
  const received = await talk(server, [request(`DELETE ${path}`, ["Connection: close"])]);
  expect(statusesOf(received)).toEqual([204]);
  expect(readdirSync(join(server.folder.path, ".trash"))).toEqual([]);
});

test("a copy that is interrupted leaves nothing, and one of a folder has what its listing shows", async () => {
  using shared = newFolder();
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  mkdirSync(join(shared.path, "sub"));
  shared.write("sub/a", "x");
  shared.write("sub/.hidden", "x");
  symlinkSync("/etc/passwd", join(shared.path, "sub", "out"));
  expect(await copyEntry(folder, ["sub"], ["copy"], true, false)).toBe("done");
  expect(readdirSync(join(shared.path, "copy"))).toEqual(["a"]);
  expect(await copyEntry(folder, ["sub"], ["copy"], true, false)).toBe("exists");
  expect(shared.list()).toEqual(["copy", "sub"]);
});
