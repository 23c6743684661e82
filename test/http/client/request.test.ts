import { describe, expect, test } from "bun:test";

import { checkedMethod, parseHeader } from "../../../src/http/client/request.ts";
import type { Header } from "../../../src/http/header-fields.ts";

describe("a header as -H takes it", () => {
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
    ["Accept", '"Accept" is not a header'],
    ["", '"" is not a header'],
    [": a", '": a" is not a header'],
    ["A B: c", '"A B: c" is not a header'],
    ["A: b\r\nC: d", "the header A contains a control character"],
    ["A: b\0", "the header A contains a control character"],
    ["Content-Length: 5", "charla sets Content-Length itself"],
    ["transfer-encoding: chunked", "charla sets transfer-encoding itself"],
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
    ["BREW", false, '"BREW" is not a method that charla can send'],
    ["CONNECT", false, '"CONNECT" is not a method that charla can send'],
    ["GET /", false, '"GET /" is not a method that charla can send'],
    ["get", true, "a GET request cannot carry data"],
  ])("%p is USAGE", (written, hasBody, message) => {
    expect(() => checkedMethod(written, hasBody)).toThrow(
      expect.objectContaining({ code: "USAGE", message }),
    );
  });
});
