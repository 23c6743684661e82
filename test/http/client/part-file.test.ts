// A part and who else is at it: the rest of what a part is, test/end-to-end/get-file.test.ts shows.

import { describe, expect, test } from "bun:test";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openPartFile } from "../../../src/http/client/part-file.ts";
import { newFolder } from "../../harness/folder.ts";

const URL_OF_IT = "http://example.com/f";
const HEAD = { url: new URL(URL_OF_IT), status: 200, statusText: "OK", headers: [] };

function open(folder: string, resume = false) {
  const file = join(folder, "f");
  return openPartFile({ file, followsLink: true, url: URL_OF_IT, resume, digest: null });
}

describe("another program", () => {
  test("that puts its part in place of this one does not get this one's name", async () => {
    using folder = newFolder();
    folder.write("f", "before");
    await using part = await open(folder.path);
    await part.begin(HEAD, 0, null);
    await part.write(Buffer.from("abcd"));
    folder.write("other", "efgh");
    renameSync(join(folder.path, "other"), join(folder.path, "f.part"));
    expect(part.finish()).rejects.toMatchObject({
      code: "FILE_NOT_WRITABLE",
      message: expect.stringContaining("another program has changed it meanwhile"),
    });
    expect(folder.read("f")).toBe("before");
  });

  test("that adds to it does not either", async () => {
    using folder = newFolder();
    await using part = await open(folder.path);
    await part.begin(HEAD, 0, null);
    await part.write(Buffer.from("abcd"));
    writeFileSync(join(folder.path, "f.part"), "efgh", { flag: "a" });
    expect(part.finish()).rejects.toMatchObject({ code: "FILE_NOT_WRITABLE" });
    expect(folder.list()).toEqual(["f.part"]);
  });

  test("that makes a link of a part that is gone on with leads nowhere else", async () => {
    using folder = newFolder();
    folder.write("precious", "before");
    folder.write("f.part", "abcd");
    folder.write("f.part.json", JSON.stringify({ url: URL_OF_IT, validator: '"a"' }));
    await using part = await open(folder.path, true);
    expect(part.continuation()).toEqual({ from: 4, validator: '"a"' });
    rmSync(join(folder.path, "f.part"));
    symlinkSync("precious", join(folder.path, "f.part"));
    expect(part.begin(HEAD, 4, '"a"')).rejects.toMatchObject({ code: "FILE_NOT_WRITABLE" });
    expect(folder.read("precious")).toBe("before");
  });
});

test("what is there of a part is told while it grows, and nothing is no part", async () => {
  using folder = newFolder();
  await using part = await open(folder.path);
  await part.begin(HEAD, 0, '"a"');
  expect([part.length, part.continuation()]).toEqual([0, null]);
  await part.write(Buffer.from("abcd"));
  expect([part.length, part.continuation()]).toEqual([4, { from: 4, validator: '"a"' }]);
  await part.finish();
  expect([folder.list(), folder.read("f")]).toEqual([["f"], "abcd"]);
});
