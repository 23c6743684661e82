// Part files that another program touches meanwhile; test/end-to-end/get-file.test.ts has the rest.

import { describe, expect, test } from "bun:test";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openPartFile } from "../../../src/http/client/part-file.ts";
import { newFolder } from "../../harness/folder.ts";

const FILE_URL = "http://example.com/f";
const HEAD = {
  url: new URL(FILE_URL),
  version: "1.1",
  status: 200,
  statusText: "OK",
  headers: [],
  raw: "HTTP/1.1 200 OK\r\n",
};

function open(folder: string, resume = false) {
  const file = join(folder, "f");
  return openPartFile({
    file,
    name: file,
    followsLink: true,
    url: FILE_URL,
    resume,
    checksum: null,
    neverReplaces: false,
    keepsTime: false,
  });
}

describe("another program", () => {
  test("a part that another program has replaced does not get the file's name", async () => {
    using folder = newFolder();
    folder.write("f", "before");
    using part = open(folder.path);
    await part.begin(HEAD, 0, null);
    await part.write(Buffer.from("abcd"));
    folder.write("other", "efgh");
    renameSync(join(folder.path, "other"), join(folder.path, "f.part"));
    expect(part.finish()).rejects.toMatchObject({
      code: "FILE_NOT_WRITABLE",
      message: expect.stringContaining("another program has changed it"),
    });
    expect(folder.read("f")).toBe("before");
  });

  test("a part to which another program has appended is an error", async () => {
    using folder = newFolder();
    using part = open(folder.path);
    await part.begin(HEAD, 0, null);
    await part.write(Buffer.from("abcd"));
    writeFileSync(join(folder.path, "f.part"), "efgh", { flag: "a" });
    expect(part.finish()).rejects.toMatchObject({ code: "FILE_NOT_WRITABLE" });
    expect(folder.list()).toEqual(["f.part"]);
  });

  test("a link in place of a part does not redirect the resumed download", async () => {
    using folder = newFolder();
    folder.write("precious", "before");
    folder.write("f.part", "abcd");
    folder.write("f.part.json", JSON.stringify({ url: FILE_URL, validator: '"a"' }));
    using part = open(folder.path, true);
    expect(part.resumePoint()).toEqual({ from: 4, validator: '"a"' });
    rmSync(join(folder.path, "f.part"));
    symlinkSync("precious", join(folder.path, "f.part"));
    expect(part.begin(HEAD, 4, '"a"')).rejects.toMatchObject({ code: "FILE_NOT_WRITABLE" });
    expect(folder.read("precious")).toBe("before");
  });
});

test("the resume point moves while the part grows, and an empty part has none", async () => {
  using folder = newFolder();
  using part = open(folder.path);
  await part.begin(HEAD, 0, '"a"');
  expect([part.length, part.resumePoint()]).toEqual([0, null]);
  await part.write(Buffer.from("abcd"));
  expect([part.length, part.resumePoint()]).toEqual([4, { from: 4, validator: '"a"' }]);
  await part.finish();
  expect([folder.list(), folder.read("f")]).toEqual([["f"], "abcd"]);
});
