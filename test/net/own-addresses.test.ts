import { expect, test } from "bun:test";
import type { NetworkInterfaceInfo } from "node:os";

import {
  addressScope,
  isOnOwnNetwork,
  ownAddresses,
  unstableAddresses,
} from "../../src/net/own-addresses.ts";

function ipv4(address: string, internal = false): NetworkInterfaceInfo {
  const mac = "02:00:00:00:00:01";
  return { family: "IPv4", address, netmask: "255.255.255.0", mac, internal, cidr: null };
}

function ipv6(address: string, internal = false): NetworkInterfaceInfo {
  const mac = "02:00:00:00:00:01";
  return { family: "IPv6", address, netmask: "ffff::", mac, internal, cidr: null, scopeid: 0 };
}

const LOOPBACK = { lo: [ipv4("127.0.0.1", true), ipv6("::1", true)] };

test("a laptop's addresses are its Wi-Fi's IPv4, then its IPv6, without loopback and link-local ones", () => {
  const interfaces = {
    ...LOOPBACK,
    wlan0: [ipv6("fe80::1ff:fe23:4567:890a"), ipv6("2001:db8::17"), ipv4("192.168.1.23")],
  };
  expect(ownAddresses(interfaces)).toEqual(["192.168.1.23", "2001:db8::17"]);
});

test("in each family, an address valid everywhere comes before one valid nearby", () => {
  const interfaces = {
    eth0: [ipv4("10.0.0.5"), ipv6("fd00::5")],
    eth1: [ipv4("203.0.113.5"), ipv6("2001:db8::5")],
  };
  expect(ownAddresses(interfaces)).toEqual(["203.0.113.5", "10.0.0.5", "2001:db8::5", "fd00::5"]);
});

test.each([
  ["10.255.255.255", "11.0.0.0"],
  ["172.31.255.255", "172.32.0.0"],
  ["192.168.255.255", "192.169.0.0"],
  ["100.127.255.255", "100.128.0.0"],
])("%s is valid nearby, %s everywhere (RFC 1918, RFC 6598)", (nearby, everywhere) => {
  expect(ownAddresses({ eth0: [ipv4(nearby), ipv4(everywhere)] })).toEqual([everywhere, nearby]);
});

test("interfaces of the same kind keep their order", () => {
  const interfaces = { eth0: [ipv4("192.168.1.2")], wlan0: [ipv4("192.168.1.3")] };
  expect(ownAddresses(interfaces)).toEqual(["192.168.1.2", "192.168.1.3"]);
});

test.each(["docker0", "br-0123456789ab", "veth12ab34c", "virbr0"])(
  "the address of %s, a bridge to containers or virtual machines, comes last, even after IPv6",
  (name) => {
    const interfaces = { [name]: [ipv4("172.17.0.1")], eth0: [ipv6("fd00::2")] };
    expect(ownAddresses(interfaces)).toEqual(["fd00::2", "172.17.0.1"]);
  },
);

test("the address of another bridge (br0, bridge0) counts as any other", () => {
  const interfaces = { br0: [ipv4("192.168.1.2")], eth0: [ipv6("2001:db8::2")] };
  expect(ownAddresses(interfaces)).toEqual(["192.168.1.2", "2001:db8::2"]);
});

test.each(["169.254.7.7", "127.0.0.2"])(
  "the address %s is left out (RFC 3927, RFC 1122)",
  (address) => {
    expect(ownAddresses({ eth0: [ipv4(address)] })).toEqual([]);
  },
);

test.each(["fe80::1", "febf::1", "::1"])("the address %s is left out (RFC 4291)", (address) => {
  expect(ownAddresses({ eth0: [ipv6(address)] })).toEqual([]);
});

test("an address is listed once, in canonical form (RFC 5952)", () => {
  const interfaces = { eth0: [ipv6("2001:0DB8:0:0::1")], "eth0:1": [ipv6("2001:db8::1")] };
  expect(ownAddresses(interfaces)).toEqual(["2001:db8::1"]);
});

test("a machine without a network has no addresses", () => {
  expect(ownAddresses(LOOPBACK)).toEqual([]);
  expect(ownAddresses({ wlan0: undefined })).toEqual([]);
});

test("a name counts as valid everywhere, except for localhost", () => {
  expect(addressScope("home.example")).toBe("everywhere");
  expect(addressScope("localhost")).toBe("machine");
});

/** As Linux 6.1 writes it: address, interface, prefix length, scope, flags, name. */
const ADDRESS_TABLE = `
20010db8000000000000000000000017 02 40 00 00     eth0
20010db80000000012345678000000ab 02 40 00 01     eth0
20010db8000000000000000000000018 02 40 00 20     eth0
20010db8000000000000000000000019 02 40 00 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
`;

test("temporary and deprecated IPv6 addresses are known by their flags in /proc/net/if_inet6, and left out", () => {
  const unstable = unstableAddresses(ADDRESS_TABLE);
  expect(Array.from(unstable)).toEqual(["2001:db8::1234:5678:0:ab", "2001:db8::18"]);
  const interfaces = {
    eth0: ["2001:db8::17", "2001:db8::1234:5678:0:ab", "2001:db8::18"].map((one) => ipv6(one)),
  };
  expect(ownAddresses(interfaces, unstable)).toEqual(["2001:db8::17"]);
});

test("whatever else stands in that table, no address is taken from it", () => {
  for (const table of [
    "",
    "\n",
    "x",
    "20010db8 02 40 00 01 eth0",
    `${"g".repeat(32)} 02 40 00 01 e`,
  ]) {
    expect(unstableAddresses(table).size).toBe(0);
  }
});

test.each([
  ["192.168.1.77", true],
  ["192.168.2.5", false],
  ["10.1.2.3", true],
  ["10.2.2.3", false],
  ["fd00::77", true],
  ["fd00:0:0:1::77", false],
  ["127.0.0.1", false],
])(
  "whether a machine is in the network of %s goes by the prefixes of its interfaces",
  (address, isOwn) => {
    const interfaces = {
      eth0: [
        { ...ipv4("192.168.1.5"), cidr: "192.168.1.5/24" },
        { ...ipv6("fd00::5"), cidr: "fd00::5/64" },
      ],
      tun0: [{ ...ipv4("10.1.0.1"), cidr: "10.1.0.1/16" }],
      // Where the system does not say how long the prefix is.
      wlan0: [ipv4("10.2.0.1")],
      down0: undefined,
    };
    expect(isOnOwnNetwork(address, interfaces)).toBe(isOwn);
  },
);
