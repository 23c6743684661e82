import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import {
  baseName,
  isFileName,
  type NewFile,
  receiveFile,
  type ReceiveResult,
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
  more: Partial<NewFile> = {},
): Promise<ReceiveResult> {
  return receiveFile(chunks, {
    folder: folder.path,
    name: "a.txt",
    overwrite: false,
    limit: 1_000_000,
    ...more,
  });
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
  expect(await receive(folder, watched())).toEqual({ kind: "created" });
  for (const names of seen) expect(names).toEqual([expect.stringMatching(/^\.charla-upload-/)]);
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("one two");
});

test("a file may be empty", async () => {
  using folder = newFolder();
  expect(await receive(folder, chunksOf())).toEqual({ kind: "created" });
  expect(folder.read("a.txt")).toBe("");
});

test("an existing file stays, and the upload is not read", async () => {
  using folder = newFolder();
  folder.write("a.txt", "old");
  expect(await receive(folder, interrupted())).toEqual({ kind: "exists" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("old");
});

test("with overwrite an existing file is replaced when the new one is complete", async () => {
  using folder = newFolder();
  folder.write("a.txt", "old");
  await receive(folder, interrupted(), { overwrite: true }).catch(String);
  expect(folder.read("a.txt")).toBe("old");
  expect(await receive(folder, chunksOf("new"), { overwrite: true })).toEqual({ kind: "replaced" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("new");
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
  expect(await receive(folder, chunksOf("x"), { name: "sub", overwrite: true })).toEqual({
    kind: "exists",
  });
  outside.write("target.txt", "outside");
  symlinkSync(join(outside.path, "target.txt"), join(folder.path, "a.txt"));
  expect(await receive(folder, chunksOf("x"))).toEqual({ kind: "exists" });
  expect(await receive(folder, chunksOf("x"), { overwrite: true })).toEqual({ kind: "replaced" });
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
  expect(await receive(folder, chunksOf("12", "34"), { limit: 4 })).toEqual({ kind: "created" });
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
