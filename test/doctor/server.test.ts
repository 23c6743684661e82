import { expect, test } from "bun:test";

import { describeFound } from "../../src/doctor/server.ts";
import { CharlaError } from "../../src/errors.ts";
import type { Found } from "../../src/net/sealed-probe.ts";

const IPV4 = { address: "192.0.2.1", port: 12_345 };
const IPV6 = { address: "2001:db8::1", port: 12_345 };

const REFUSED = new CharlaError("NOBODY_LISTENING", "no program is listening there", "start one");
const NO_SERVER: [Found["type"], Found][] = [
  ["other-version", { type: "other-version" }],
  ["other-wire", { type: "other-wire" }],
  ["refused", { type: "refused", error: REFUSED }],
  ["nothing", { type: "nothing" }],
];

test.each(NO_SERVER)(
  "%s at an address is a problem, or a note where another address of the host has a server",
  (_, found) => {
    expect(describeFound(IPV4, { found, roundTrips: [] }, false)).toMatchObject({
      name: "server",
      status: "problem",
    });
    expect(describeFound(IPV6, { found, roundTrips: [] }, true)).toMatchObject({
      name: "server",
      status: "note",
    });
  },
);

test("a server at an address is ok, with the fastest round trip", () => {
  const hellos = { found: { type: "server" }, roundTrips: [30.2, 23.4, 25] } as const;
  expect(describeFound(IPV6, hellos, true)).toMatchObject({
    status: "ok",
    message: "a server answers at [2001:db8::1]:12345 in 23 ms",
    value: { address: "[2001:db8::1]:12345", found: "server", roundTrip: 23.4 },
  });
});

test("a private address of another network is named as such, where nothing answers", () => {
  const nothing = { found: { type: "nothing" }, roundTrips: [] } as const;
  const address = { address: "192.168.8.2", port: 12_345 };
  expect(describeFound(address, nothing, false, false)).toMatchObject({
    status: "problem",
    message: "nothing answers at 192.168.8.2:12345, a private address of another network",
  });
  expect(describeFound(address, nothing, false, true).message).toBe(
    "nothing answers at 192.168.8.2:12345",
  );
  expect(describeFound(IPV4, nothing, false, false).message).toBe(
    "nothing answers at 192.0.2.1:12345",
  );
});
