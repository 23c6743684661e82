import { describe, expect, test } from "bun:test";

import {
  basicAuthorization,
  checkedMethod,
  type Header,
  parseHeader,
} from "../../../src/http/client/request.ts";

describe("a header as it is written", () => {
  test.each<[string, Header]>([
    ["Accept: text/plain", ["Accept", "text/plain"]],
    ["Accept:text/plain", ["Accept", "text/plain"]],
    ["X-Time: 12:30", ["X-Time", "12:30"]],
    ["X-Empty:", ["X-Empty", ""]],
    ["X-Empty;", ["X-Empty", ""]],
    ["X-A: é", ["X-A", "\u00c3\u00a9"]],
  ])("%p is %j", (written, header) => {
    expect(parseHeader(written)).toEqual(header);
  });

  test.each([
    ["Accept", '"Accept" is no header'],
    ["", '"" is no header'],
    [": a", '": a" is no header'],
    ["A B: c", '"A B: c" is no header'],
    ["A: b\r\nC: d", "the header A has a control character in it"],
    ["A: b\0", "the header A has a control character in it"],
    ["Content-Length: 5", "Content-Length is counted by charla itself"],
    ["transfer-encoding: chunked", "transfer-encoding is counted by charla itself"],
  ])("%p is USAGE: %s", (written, message) => {
    expect(() => parseHeader(written)).toThrow(expect.objectContaining({ code: "USAGE", message }));
  });
});

describe("a method", () => {
  test.each([
    ["GET", false, "GET"],
    ["patch", true, "PATCH"],
    ["DELETE", false, "DELETE"],
    ["PROPFIND", true, "PROPFIND"],
  ])("%p is sent", (written, hasBody, method) => {
    expect(checkedMethod(written, hasBody)).toBe(method);
  });

  test.each([
    ["BREW", false, '"BREW" is no method that charla can send'],
    ["CONNECT", false, '"CONNECT" is no method that charla can send'],
    ["GET /", false, '"GET /" is no method that charla can send'],
    ["get", true, "a request with GET carries no data"],
  ])("%p is USAGE", (written, hasBody, message) => {
    expect(() => checkedMethod(written, hasBody)).toThrow(
      expect.objectContaining({ code: "USAGE", message }),
    );
  });
});

// RFC 7617 s. 2 and 2.1.
test.each([
  ["Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["test", "123\u00a3", "Basic dGVzdDoxMjPCow=="],
  ["a", "b:c", "Basic YTpiOmM="],
])("the credentials of %s", (user, password, credentials) => {
  expect(basicAuthorization(user, password)).toBe(credentials);
});
