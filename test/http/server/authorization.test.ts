import { expect, test } from "bun:test";

import { authorization } from "../../../src/http/server/authorization.ts";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test("the right user and password are let in, in any spelling of the scheme", () => {
  const allows = authorization("Aladdin:open sesame");
  // RFC 7617 s. 2
  expect(allows("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")).toBe(true);
  expect(allows("bASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ== ")).toBe(true);
});

test("a password may hold colons and characters of any language", () => {
  expect(authorization("ana:a:b:c")(basic("ana:a:b:c"))).toBe(true);
  // RFC 7617 s. 2.1
  expect(authorization("test:123£")("Basic dGVzdDoxMjPCow==")).toBe(true);
});

test("an empty password is one too", () => {
  expect(authorization("ana:")(basic("ana:"))).toBe(true);
  expect(authorization("ana:")(basic("ana"))).toBe(false);
});

test.each([
  ["no header", null],
  ["an empty one", ""],
  ["no credentials", "Basic"],
  ["empty credentials", "Basic "],
  ["another scheme", `Bearer ${Buffer.from("ana:secret").toString("base64")}`],
  ["another user", basic("Ana:secret")],
  ["a part of the password", basic("ana:secre")],
  ["more than the password", basic("ana:secret ")],
  ["what is not base64", "Basic ana:secret"],
  ["something after it", `${basic("ana:secret")}, Basic x`],
  ["more than anybody sends", `Basic ${"A".repeat(100_000)}`],
])("%s is not let in", (_what, header) => {
  expect(authorization("ana:secret")(header)).toBe(false);
});
