import { expect, test } from "bun:test";
import type { NetworkInterfaceInfo } from "node:os";

import { findPlace, samePlace } from "../../../src/net/port-mapping/gateway.ts";

function ipv4(address: string, bits = 24, internal = false): NetworkInterfaceInfo {
  const mask = (2 ** 32 - 2 ** (32 - bits)).toString(16).padStart(8, "0");
  const netmask = Array.from(Buffer.from(mask, "hex")).join(".");
  const mac = "02:00:00:00:00:01";
  return { family: "IPv4", address, netmask, mac, internal, cidr: `${address}/${bits}` };
}

const LO = [ipv4("127.0.0.1", 8, true)];
const HEADER =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT    \n";

/** A row of proc(5)'s /proc/net/route. */
function route(
  name: string,
  gateway: string,
  metric = 0,
  destination = "00000000",
  flags = "0003",
) {
  const mask = destination === "00000000" ? "00000000" : "00FFFFFF";
  return `${name}\t${destination}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0    \n`;
}

test("on Linux the gateway is that of the default route, and the own address the interface's in its subnet", () => {
  const routes =
    HEADER + route("eth0", "0101A8C0") + route("eth0", "00000000", 0, "0001A8C0", "0001");
  const interfaces = { lo: LO, eth0: [ipv4("10.9.9.9"), ipv4("192.168.1.2")] };
  expect(findPlace(routes, interfaces)).toEqual({ gateway: "192.168.1.1", own: "192.168.1.2" });
});

test("of several default routes the one with the lowest metric counts", () => {
  const interfaces = { eth0: [ipv4("192.168.1.2")], wlan0: [ipv4("10.0.0.2")] };
  const wired = route("eth0", "0101A8C0", 600);
  const wireless = route("wlan0", "0100000A", 100);
  const expected = { gateway: "10.0.0.1", own: "10.0.0.2" };
  expect(findPlace(HEADER + wired + wireless, interfaces)).toEqual(expected);
  expect(findPlace(HEADER + wireless + wired, interfaces)).toEqual(expected);
});

test("without a default route through a gateway there is no router to ask", () => {
  const interfaces = { eth0: [ipv4("192.168.1.2")] };
  expect(findPlace("", interfaces)).toBe(null);
  expect(findPlace(HEADER, interfaces)).toBe(null);
  expect(findPlace(`${HEADER}nonsense\n\n`, interfaces)).toBe(null);
  expect(findPlace(HEADER + route("eth0", "00000000", 0, "00000000", "0001"), interfaces)).toBe(
    null,
  );
  expect(findPlace(HEADER + route("eth0", "0101A8C0", 0, "0002A8C0"), interfaces)).toBe(null);
  expect(findPlace(HEADER + route("tun0", "0101A8C0"), interfaces)).toBe(null);
  expect(findPlace(HEADER + route("eth0", "0102A8C0"), interfaces)).toBe(null);
});

test("a machine whose address is valid everywhere asks nobody", () => {
  const interfaces = { eth0: [ipv4("203.0.113.10")] };
  expect(findPlace(HEADER + route("eth0", "017100CB"), interfaces)).toBe(null);
  expect(findPlace(null, interfaces)).toBe(null);
});

test("where there is no table of routes the gateway is taken to be the first address of the private network", () => {
  const interfaces = { lo: LO, utun0: [ipv4("203.0.113.10")], en0: [ipv4("192.168.1.77")] };
  expect(findPlace(null, interfaces)).toEqual({ gateway: "192.168.1.1", own: "192.168.1.77" });
  expect(findPlace(null, { en0: [ipv4("10.1.2.3", 16)] })).toEqual({
    gateway: "10.1.0.1",
    own: "10.1.2.3",
  });
  expect(findPlace(null, { en0: [ipv4("192.168.1.1")] })).toBe(null);
  expect(findPlace(null, { lo: LO, gone: undefined })).toBe(null);
});

test("two places are the same with the same gateway and the same own address", () => {
  const home = { gateway: "192.168.1.1", own: "192.168.1.2" };
  expect(samePlace(home, { ...home })).toBe(true);
  expect(samePlace(home, { ...home, own: "192.168.1.3" })).toBe(false);
  expect(samePlace(home, null)).toBe(false);
  expect(samePlace(null, null)).toBe(true);
});
