import { expect, test } from "bun:test";

import { renewalDelay, usableGrant } from "../../../src/net/port-mapping/mapping.ts";

const OUTER = { address: "203.0.113.10", port: 12_345 };

test("a grant with a lifetime of 0 or port 0 is none, and one of 2^32-1 s counts as a day (RFC 6887 s. 15)", () => {
  expect(usableGrant(OUTER.address, OUTER.port, 7_200)).toEqual({ outer: OUTER, lifetime: 7_200 });
  expect(usableGrant(OUTER.address, OUTER.port, 0)).toBe(null);
  expect(usableGrant(OUTER.address, 0, 7_200)).toBe(null);
  expect(usableGrant(OUTER.address, OUTER.port, 2 ** 32 - 1)?.lifetime).toBe(86_400);
});

test.each([
  "192.168.1.1",
  "10.0.0.1",
  "172.16.0.1",
  "100.64.0.1",
  "169.254.1.1",
  "127.0.0.1",
  "0.0.0.0",
  "0.1.2.3",
  "224.0.0.1",
  "255.255.255.255",
  "2001:db8::1",
  "1.2.3",
  "router.example",
  "",
])(
  "a grant at the outer address %p is none: no outsider reaches it (RFC 1918, RFC 6598, RFC 6890)",
  (address) => {
    expect(usableGrant(address, OUTER.port, 7_200)).toBe(null);
  },
);

test("a mapping is renewed at half of its lifetime, and not more often than every 4 s (RFC 6887 s. 11.2.1)", () => {
  expect(renewalDelay({ outer: OUTER, lifetime: 7_200 })).toBe(3_600_000);
  expect(renewalDelay({ outer: OUTER, lifetime: 8 })).toBe(4_000);
  expect(renewalDelay({ outer: OUTER, lifetime: 1 })).toBe(4_000);
});
