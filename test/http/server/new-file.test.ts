import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import {
  type NewFile,
  type Received,
  receiveFile,
} from "../../../src/http/server/upload/new-file.ts";
import { newFolder } from "../../harness/folder.ts";

async function* chunksOf(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function* brokenOff() {
  yield new Uint8Array(1_000);
  throw new Error("the client is gone");
}

function receive(
  folder: { path: string },
  chunks: AsyncIterable<Uint8Array>,
  more: Partial<NewFile> = {},
): Promise<Received> {
  return receiveFile(chunks, {
    folder: folder.path,
    name: "a.txt",
    overwrite: false,
    limit: 1_000_000,
    ...more,
  });
}

test("a file has its name once it is whole, and not before", async () => {
  using folder = newFolder();
  const seen: string[][] = [];
  async function* watched() {
    for await (const chunk of chunksOf("one ", "two")) {
      seen.push(folder.list());
      yield chunk;
    }
  }
  expect(await receive(folder, watched())).toEqual({ kind: "made" });
  for (const names of seen) expect(names).toEqual([expect.stringMatching(/^\.charla-upload-/)]);
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("one two");
});

test("an empty file is one", async () => {
  using folder = newFolder();
  expect(await receive(folder, chunksOf())).toEqual({ kind: "made" });
  expect(folder.read("a.txt")).toBe("");
});

test("a file that is there stays, and nothing is read for it", async () => {
  using folder = newFolder();
  folder.write("a.txt", "old");
  expect(await receive(folder, brokenOff())).toEqual({ kind: "exists" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("old");
});

test("with overwrite it is replaced, once the new one is whole", async () => {
  using folder = newFolder();
  folder.write("a.txt", "old");
  await receive(folder, brokenOff(), { overwrite: true }).catch(String);
  expect(folder.read("a.txt")).toBe("old");
  expect(await receive(folder, chunksOf("new"), { overwrite: true })).toEqual({ kind: "replaced" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("new");
});

test("a file that appears meanwhile stays", async () => {
  using folder = newFolder();
  async function* late() {
    yield* chunksOf("mine");
    folder.write("a.txt", "theirs");
  }
  expect(await receive(folder, late())).toEqual({ kind: "exists" });
  expect(folder.list()).toEqual(["a.txt"]);
  expect(folder.read("a.txt")).toBe("theirs");
});

test("of a hundred that send the same name at once one has it, whole", async () => {
  using folder = newFolder();
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, at) => receive(folder, chunksOf(`${at}`, "!"))),
  );
  const winners = all.flatMap(({ kind }, at) => (kind === "made" ? [at] : []));
  expect(winners).toHaveLength(1);
  expect(folder.read("a.txt")).toBe(`${winners[0]}!`);
  expect(folder.list()).toEqual(["a.txt"]);
});

test("a folder is never replaced, and a link itself rather than where it leads", async () => {
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

test("a link that leads nowhere is not written through", async () => {
  using folder = newFolder();
  using outside = newFolder();
  symlinkSync(join(outside.path, "new.txt"), join(folder.path, "a.txt"));
  expect(await receive(folder, chunksOf("x"))).toEqual({ kind: "exists" });
  expect(outside.list()).toEqual([]);
});

test("what is more than the limit is not taken, and the limit itself is", async () => {
  using folder = newFolder();
  expect(await receive(folder, chunksOf("1234", "5"), { limit: 4 })).toEqual({ kind: "too large" });
  expect(folder.list()).toEqual([]);
  expect(await receive(folder, chunksOf("12", "34"), { limit: 4 })).toEqual({ kind: "made" });
});

test("what is interrupted leaves nothing", async () => {
  using folder = newFolder();
  expect(await receive(folder, brokenOff()).catch(String)).toBe("Error: the client is gone");
  expect(folder.list()).toEqual([]);
});

async function* full() {
  yield* chunksOf("x");
  throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
}

test.if(process.platform === "linux")("a full disk is said to be so", async () => {
  using folder = newFolder();
  expect(await receive(folder, full())).toEqual({ kind: "full" });
  expect(folder.list()).toEqual([]);
});

test("a folder that is gone is an error", async () => {
  expect(await receive({ path: "/does/not/exist" }, chunksOf("x")).catch(() => "gone")).toBe(
    "gone",
  );
});
