import { expect, test } from "bun:test";

import { describeNat } from "../../src/doctor/nat.ts";

const OWN = new Set(["127.0.0.1", "192.168.1.5", "2001:db8::5", "fe80::1"]);
const seen = (address: string, elsewhere: string | null = null) =>
  describeNat({ address, localPort: 40_000, elsewhere, own: OWN });

test.each(["192.168.1.5:40000", "[2001:db8::5]:40000", "[fe80::1%eth0]:40000", "127.0.0.1:40000"])(
  "seen at its own address %s with its own port, there is no NAT",
  (address) => {
    expect(seen(address)).toMatchObject({ status: "ok", value: { translated: false } });
  },
);

test("seen at another address with its own port, it is behind a NAT that keeps ports", () => {
  expect(seen("203.0.113.9:40000")).toEqual({
    name: "nat",
    status: "note",
    message:
      "behind a NAT: the server sees this machine at 203.0.113.9:40000 (port kept); " +
      "whether others see the same, a server with one address cannot tell",
    hint:
      "joining works so; for others to join you, forward UDP port 12345 of the router to this " +
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

test("with another port, the NAT chooses ports of its own", () => {
  const { message, value } = seen("203.0.113.9:6123");
  expect(message).toContain("203.0.113.9:6123 (port 40000 changed)");
  expect(value).toMatchObject({ keepsPort: false });
});

test.each([
  ["203.0.113.9:6123", "endpoint-independent"],
  ["203.0.113.9:6124", "address-dependent"],
  ["203.0.113.10:6123", "address-dependent"],
])("seen by another address of the server at %s, its mapping is %s", (elsewhere, mapping) => {
  expect(seen("203.0.113.9:6123", elsewhere).value).toMatchObject({ mapping });
});

test("its own address with another port is translated on the machine itself", () => {
  const check = seen("192.168.1.5:6123");
  expect(check.message).toStartWith("something on this machine stands between");
  expect(check.value).toMatchObject({ translated: true });
});

test.each(["", "nonsense", "\u001b[31m:1", "[::1"])(
  "a server that says %j is not taken at its word that there is none",
  (address) => {
    expect(seen(address)).toMatchObject({ status: "note", value: { translated: true } });
  },
);
