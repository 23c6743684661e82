import { expect, test } from "bun:test";
import type { NetworkInterfaceInfo } from "node:os";

import { ownAddresses } from "../../src/net/own-addresses.ts";

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
