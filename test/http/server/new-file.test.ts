import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import {
  baseName,
  type Destination,
  isFileName,
  receiveFile,
  type StoreResult,
} from "../../../src/http/server/upload/new-file.ts";
import { newFolder } from "../../harness/folder.ts";

async function* chunksOf(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function* interrupted() {
  yield new Uint8Array(1_000);
  throw new Error("the client has disconnected");
}

function receive(
  folder: { path: string },
  chunks: AsyncIterable<Uint8Array>,
  { limit = 1_000_000, ...more }: Partial<Destination & { limit: number }> = {},
): Promise<StoreResult> {
  const destination = { folder: folder.path, name: "a.txt", keep: null, ...more };
  return receiveFile(chunks, { onConflict: "refuse", ...destination }, limit);
}

test("a file gets its name when it is complete, and not before", async () => {
  using folder = newFolder();
  const seen: string[][] = [];
  async function* watched() {
    for await (const chunk of chunksOf("one ", "two")) {
      seen.push(folder.list());
      yield chunk;
    }
  }
  expect(await receive(folder, watched())).toEqual({ kind: "created", name: "a.txt" });
  for (const names of seen) expect(names).toEqual([expect.stringMatching(/^\.charla-upload-/)]);
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("one two");
});

test("a file may be empty", async () => {
  using folder = newFolder();
  expect(await receive(folder, chunksOf())).toEqual({ kind: "created", name: "a.txt" });
  expect(folder.read("a.txt")).toBe("");
});

test("an existing file stays, and the upload is not read", async () => {
  using folder = newFolder();
  folder.write("a.txt", "old");
  expect(await receive(folder, interrupted())).toEqual({ kind: "exists" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("old");
});

test("where files may be replaced, an existing file is replaced when the new one is complete", async () => {
  using folder = newFolder();
  folder.write("a.txt", "old");
  await receive(folder, interrupted(), { onConflict: "replace" }).catch(String);
  expect(folder.read("a.txt")).toBe("old");
  expect(await receive(folder, chunksOf("new"), { onConflict: "replace" })).toEqual({
    kind: "replaced",
    name: "a.txt",
  });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("new");
});

test("where a taken name is changed, each upload gets the next that is free, also at the same moment", async () => {
  using folder = newFolder();
  const names: string[] = [];
  for (const name of ["a.txt", "a.txt", "b.tar.gz", "b.tar.gz", "c", "c"]) {
    const result = await receive(folder, chunksOf("x"), { name, onConflict: "rename" });
    names.push("name" in result ? result.name : result.kind);
  }
  expect(names).toEqual(["a.txt", "a (1).txt", "b.tar.gz", "b (1).tar.gz", "c", "c (1)"]);
  mkdirSync(join(folder.path, "d"));
  expect(await receive(folder, chunksOf("x"), { name: "d", onConflict: "rename" })).toEqual({
    kind: "created",
    name: "d (1)",
  });
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      receive(folder, chunksOf(`${at}`), { name: "e", onConflict: "rename" }),
    ),
  );
  const stored = all.flatMap((result) => ("name" in result ? [result.name] : []));
  expect(new Set(stored).size).toBe(20);
});

test("a file that appears during the upload stays", async () => {
  using folder = newFolder();
  async function* late() {
    yield* chunksOf("uploaded");
    folder.write("a.txt", "existing");
  }
  expect(await receive(folder, late())).toEqual({ kind: "exists" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("existing");
});

test("of a hundred uploads with the same name one wins, and is complete", async () => {
  using folder = newFolder();
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, at) => receive(folder, chunksOf(`${at}`, "!"))),
  );
  const winners = all.flatMap(({ kind }, at) => (kind === "created" ? [at] : []));
  expect(winners).toHaveLength(1);
  expect(folder.read("a.txt")).toBe(`${winners[0]}!`);
  expect(folder.list()).toEqual(["a.txt"]);
});

test("a folder is never replaced, and a link is replaced itself, not its target", async () => {
  using folder = newFolder();
  using outside = newFolder();
  mkdirSync(join(folder.path, "sub"));
  expect(await receive(folder, chunksOf("x"), { name: "sub", onConflict: "replace" })).toEqual({
    kind: "exists",
  });
  outside.write("target.txt", "outside");
  symlinkSync(join(outside.path, "target.txt"), join(folder.path, "a.txt"));
  expect(await receive(folder, chunksOf("x"))).toEqual({ kind: "exists" });
  expect(await receive(folder, chunksOf("x"), { onConflict: "replace" })).toEqual({
    kind: "replaced",
    name: "a.txt",
  });
  expect(outside.read("target.txt")).toBe("outside");
  expect(lstatSync(join(folder.path, "a.txt")).isFile()).toBe(true);
});

test("a dangling link is not followed", async () => {
  using folder = newFolder();
  using outside = newFolder();
  symlinkSync(join(outside.path, "new.txt"), join(folder.path, "a.txt"));
  expect(await receive(folder, chunksOf("x"))).toEqual({ kind: "exists" });
  expect(outside.list()).toEqual([]);
});

test("a file longer than the limit is refused, and one of exactly the limit is not", async () => {
  using folder = newFolder();
  expect(await receive(folder, chunksOf("1234", "5"), { limit: 4 })).toEqual({ kind: "too large" });
  expect(folder.list()).toEqual([]);
  expect(await receive(folder, chunksOf("12", "34"), { limit: 4 })).toEqual({
    kind: "created",
    name: "a.txt",
  });
});

test("an interrupted upload leaves nothing", async () => {
  using folder = newFolder();
  expect(await receive(folder, interrupted()).catch(String)).toBe(
    "Error: the client has disconnected",
  );
  expect(folder.list()).toEqual([]);
});

async function* full() {
  yield* chunksOf("x");
  throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
}

test.if(process.platform === "linux")("a full disk is reported", async () => {
  using folder = newFolder();
  expect(await receive(folder, full())).toEqual({ kind: "full" });
  expect(folder.list()).toEqual([]);
});

test("a missing folder is an error", async () => {
  expect(await receive({ path: "/does/not/exist" }, chunksOf("x")).catch(() => "gone")).toBe(
    "gone",
  );
});

test.each(["a", "a b.txt", "日本.txt", "a..b", "-", "x".repeat(255)])(
  "%p is a file name",
  (name) => {
    expect(isFileName(name, false)).toBe(true);
  },
);

test.each([
  "",
  ".",
  "..",
  "a/b",
  "/",
  "..\\b",
  "a\0",
  "a\nb",
  "a\x7f",
  "\ufffd",
  "\ud800",
  "x".repeat(256),
  "é".repeat(128),
])("%p is not a file name", (name) => {
  expect(isFileName(name, true)).toBe(false);
});

test("a name with a dot is allowed only if such files are shared", () => {
  expect(isFileName(".profile", false)).toBe(false);
  expect(isFileName(".profile", true)).toBe(true);
});

test("a path before the name is removed, with any separator", () => {
  expect(baseName("C:\\Users\\ana\\a.txt")).toBe("a.txt");
  expect(baseName("../../etc/passwd")).toBe("passwd");
  expect(baseName("a.txt")).toBe("a.txt");
  expect(baseName("a/")).toBe("");
});
