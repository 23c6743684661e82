import { expect, test } from "bun:test";

import { describeClock, describeNat } from "../../src/doctor/session.ts";

/** Asked at 1,000,000 by this clock; the server answered halfway, with its clock `ahead`. */
const view = (ahead: number, roundTrip: number) => ({
  address: "192.0.2.7:1",
  askedAt: 1_000_000,
  answeredAt: 1_000_000 + roundTrip,
  serverTime: 1_000_000 + roundTrip / 2 + ahead,
});

test("clocks that differ by less than the uncertainty count as the same", () => {
  expect(describeClock([view(20, 40)])).toEqual({
    name: "clock",
    status: "ok",
    message: "the server's clock and this one are the same, give or take 21 ms",
    value: { ahead: 20, uncertain: 21 },
  });
});

test("clocks are compared by the fastest exchange", () => {
  const { value } = describeClock([view(400, 1_000), view(100, 10), view(-300, 800)]);
  expect(value).toEqual({ ahead: 100, uncertain: 6 });
});

test.each([
  [1_500, "ok", "the server's clock is 1.5 s ahead of this one, give or take 6 ms"],
  [-1_500, "ok", "the server's clock is 1.5 s behind this one, give or take 6 ms"],
  [30_000, "note", "the server's clock is 30.0 s ahead of this one, give or take 6 ms"],
  [-600_000, "note", "the server's clock is 10 minutes behind this one, give or take 6 ms"],
  [7_200_000, "note", "the server's clock is 2 hours ahead of this one, give or take 6 ms"],
])("a server's clock that is off by %d ms is %s: %s", (ahead, status, message) => {
  expect(describeClock([view(ahead, 10)])).toMatchObject({ status, message });
});

test("a clock that is set back during an exchange makes the uncertainty large", () => {
  expect(describeClock([view(0, -5_000)]).value).toMatchObject({ uncertain: 2_501 });
});

const OWN = new Set(["127.0.0.1", "192.168.1.5", "2001:db8::5", "fe80::1"]);
const seen = (address: string, elsewhere: string | null = null) =>
  describeNat({ address, localPort: 40_000, elsewhere, own: OWN });

test.each(["192.168.1.5:40000", "[2001:db8::5]:40000", "[fe80::1%eth0]:40000", "127.0.0.1:40000"])(
  "a machine seen at its own address and port (%s) has no NAT",
  (address) => {
    expect(seen(address)).toMatchObject({ status: "ok", value: { translated: false } });
  },
);

test("a machine seen at another address with its own port is behind a NAT that keeps ports", () => {
  expect(seen("203.0.113.9:40000")).toEqual({
    name: "nat",
    status: "note",
    message:
      "behind a NAT: the server sees this machine at 203.0.113.9:40000 (port kept); " +
      "a server with one address cannot tell whether others see the same",
    hint:
      "you can join others; for others to join you, forward UDP port 12345 of the router to this " +
      "machine, or let them open the conversation",
    value: {
      address: "203.0.113.9:40000",
      localPort: 40_000,
      translated: true,
      keepsPort: true,
      mapping: null,
    },
  });
});

test("a machine seen with another port is behind a NAT that changes ports", () => {
  const { message, value } = seen("203.0.113.9:6123");
  expect(message).toContain("203.0.113.9:6123 (port 40000 changed)");
  expect(value).toMatchObject({ keepsPort: false });
});

test.each([
  ["203.0.113.9:6123", "endpoint-independent"],
  ["203.0.113.9:6124", "address-dependent"],
  ["203.0.113.10:6123", "address-dependent"],
])(
  "a machine that another address of the server sees at %s has an %s mapping",
  (elsewhere, mapping) => {
    expect(seen("203.0.113.9:6123", elsewhere).value).toMatchObject({ mapping });
  },
);

test("a machine seen at its own address with another port translates it itself", () => {
  const check = seen("192.168.1.5:6123");
  expect(check.message).toStartWith("a program on this machine is between");
  expect(check.value).toMatchObject({ translated: true });
});

test.each(["", "nonsense", "\u001b[31m:1", "[::1"])(
  "a server that reports %j does not make a machine look as if it had no NAT",
  (address) => {
    expect(seen(address)).toMatchObject({ status: "note", value: { translated: true } });
  },
);
