import { describe, expect, test } from "bun:test";

import { createCookieJar } from "../../../src/http/client/cookies.ts";

const at = (url: string) => new URL(url);

async function jarWith(url: string, ...set: string[]) {
  const jar = createCookieJar();
  await jar.store(
    at(url),
    set.map((value) => ["Set-Cookie", value]),
  );
  return jar;
}

describe("a cookie (RFC 6265bis)", () => {
  test.each([
    ["a=b", "http://example.com/", "http://example.com/x", "a=b"],
    ["a=b", "http://example.com/", "http://www.example.com/", null],
    ["a=b", "http://127.0.0.1:8000/", "http://127.0.0.1:9000/", "a=b"],
    ["a=b", "http://localhost:8000/", "http://localhost/", "a=b"],
    ["a=b; Domain=example.com", "http://www.example.com/", "http://example.com/", "a=b"],
    ["a=b; Domain=other.example", "http://www.example.com/", "http://other.example/", null],
    ["a=b; Domain=com", "http://example.com/", "http://example.com/", null],
    ["a=b; Domain=co.uk", "http://example.co.uk/", "http://other.co.uk/", null],
    ["a=b; Path=/x", "http://example.com/x/y", "http://example.com/", null],
    ["a=b; Path=/x", "http://example.com/x/y", "http://example.com/x/z", "a=b"],
    ["a=b; Secure", "https://example.com/", "http://example.com/", null],
    ["a=b; Secure", "http://example.com/", "https://example.com/", null],
    ["a=b; Max-Age=0", "http://example.com/", "http://example.com/", null],
    [
      "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
      "http://example.com/",
      "http://example.com/",
      null,
    ],
    ["no cookie\u0000", "http://example.com/", "http://example.com/", null],
  ])("%j of %s is sent to %s as %j", async (set, from, to, header) => {
    const jar = await jarWith(from, set);
    expect(await jar.headerFor(at(to))).toBe(header);
  });

  test("several are sent in one header, and a later one replaces an earlier one", async () => {
    const jar = await jarWith("http://example.com/", "a=1", "b=2", "a=3");
    expect((await jar.headerFor(at("http://example.com/")))?.split("; ").toSorted()).toEqual([
      "a=3",
      "b=2",
    ]);
  });
});

describe("a file of cookies", () => {
  const FILE = [
    "# Netscape HTTP Cookie File",
    "# a comment",
    "",
    ".example.com\tTRUE\t/\tFALSE\t4102444800\tall\tone",
    "example.com\tFALSE\t/x\tTRUE\t0\tsession\ttwo",
    "#HttpOnly_example.com\tFALSE\t/\tFALSE\t0\thidden\tthree",
    "example.com\tFALSE\t/\tFALSE\t1000\told\tgone",
    "no cookie",
  ].join("\r\n");

  test.each([
    ["http://www.example.com/", ["all=one"]],
    ["http://example.com/x", ["all=one", "hidden=three"]],
    ["https://example.com/x", ["all=one", "hidden=three", "session=two"]],
    ["http://other.example/", []],
  ])("its cookies for %s are %j", async (url, cookies) => {
    const jar = createCookieJar();
    await jar.load(FILE);
    const header = await jar.headerFor(at(url));
    expect(header === null ? [] : header.split("; ").toSorted()).toEqual(cookies);
  });

  test("what is saved can be loaded again, by curl too", async () => {
    const jar = await jarWith(
      "https://example.com/",
      "a=b; Domain=example.com; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
      "c=d; Path=/x; Secure; HttpOnly",
    );
    const text = await jar.save();
    expect(text.split("\n").toSorted()).toEqual(
      [
        "# Netscape HTTP Cookie File",
        ".example.com\tTRUE\t/\tFALSE\t4102444800\ta\tb",
        "#HttpOnly_example.com\tFALSE\t/x\tTRUE\t0\tc\td",
        "",
      ].toSorted(),
    );
    const again = createCookieJar();
    await again.load(text);
    expect((await again.save()).split("\n").toSorted()).toEqual(text.split("\n").toSorted());
  });

  test("an empty jar is an empty file", async () => {
    expect(await createCookieJar().save()).toBe("# Netscape HTTP Cookie File\n");
  });
});
