import { expect, test } from "bun:test";

import { isPreflight } from "../../../src/http/server/cross-origin.ts";

const ASKED = { Origin: "http://example.org", "Access-Control-Request-Method": "GET" };

test("a preflight is OPTIONS with an origin and the method to come", () => {
  expect(isPreflight("OPTIONS", new Headers(ASKED))).toBe(true);
  expect(isPreflight("GET", new Headers(ASKED))).toBe(false);
  expect(isPreflight("OPTIONS", new Headers())).toBe(false);
  expect(isPreflight("OPTIONS", new Headers({ Origin: "http://example.org" }))).toBe(false);
});
