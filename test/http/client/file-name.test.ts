import { describe, expect, test } from "bun:test";

import { fileNameFor, suggestedFileName } from "../../../src/http/client/file-name.ts";

describe("the file name", () => {
  test.each([
    ["/a/b.txt", "b.txt"],
    ["/a/b.txt?c=/d", "b.txt"],
    ["/", "index.html"],
    ["/a/", "index.html"],
    ["/a%20b", "a b"],
    ["/%C3%A9t%C3%A9.txt", "été.txt"],
    ["/%ff.txt", "%ff.txt"],
    ["/..%2f..%2fetc%2fpasswd", "_.._etc_passwd"],
    ["/a%5cb", "a_b"],
    ["/c%3a", "c_"],
    ["/.bashrc", "bashrc"],
    ["/%2e%2e", "index.html"],
    ["/...", "index.html"],
    ["/-rf", "rf"],
    ["/~", "index.html"],
    ["/a%00b%1b%5b2J", "a_b_[2J"],
    ["/a%0ab", "a_b"],
    ["/a%e2%80%aeb", "a_b"],
    ["/a%20", "a"],
  ])("the file name for %p is %p", (path, name) => {
    expect(fileNameFor(new URL(`http://localhost${path}`))).toBe(name);
  });

  test("a file name that is too long is USAGE", () => {
    expect(() => fileNameFor(new URL(`http://localhost/${"a".repeat(236)}`))).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});

describe("the name that a server suggests (RFC 6266)", () => {
  test.each([
    ["attachment; filename=a.txt", "a.txt"],
    ['attachment; filename="a b.txt"', "a b.txt"],
    ['attachment; FileName = "a;b\\".txt"', 'a;b".txt'],
    ["attachment; filename=a.txt; filename*=UTF-8''%C3%A9.txt", "é.txt"],
    ["attachment; filename*=utf-8'en'%e2%82%ac%20rates", "€ rates"],
    ["attachment; filename*=iso-8859-1''%e9.txt", "é.txt"],
    ['inline; filename="../../etc/passwd"', "passwd"],
    ['inline; filename="..\\..\\evil.exe"', "evil.exe"],
    ['inline; filename="/etc/cron.d/x"', "x"],
    ["inline; filename*=UTF-8''..%2f..%2fx", "x"],
    ['inline; filename=".bashrc"', "bashrc"],
    ['inline; filename="-rf"', "rf"],
    ['inline; filename="a\u001b[2J.txt"', "a_[2J.txt"],
    ['inline; filename="c:evil"', "c_evil"],
    ['inline; filename=".."', null],
    ['inline; filename=""', null],
    [`inline; filename=${"a".repeat(300)}`, null],
    ["attachment", null],
    ["attachment; xfilename=a", null],
    ["", null],
  ])("Content-Disposition %j suggests %j", (written, name) => {
    expect(suggestedFileName([["Content-Disposition", written]])).toBe(name);
  });
});
