// Where an answer to one program may go.

import { expect, test } from "bun:test";

import { findLink } from "../../../src/net/discovery/multicast.ts";

const interfaces = {
  eth0: [
    {
      address: "192.168.1.5",
      netmask: "255.255.255.0",
      family: "IPv4" as const,
      mac: "02:00:00:00:00:01",
      internal: false,
      cidr: "192.168.1.5/24",
    },
  ],
  wlan0: [
    {
      address: "10.1.0.2",
      netmask: "255.255.0.0",
      family: "IPv4" as const,
      mac: "02:00:00:00:00:02",
      internal: false,
      cidr: "10.1.0.2/16",
    },
  ],
};
const links = [{ address: "192.168.1.5" }, { address: "10.1.0.2" }];

test("a question whose sender is on no network of this machine is not answered there", () => {
  expect(findLink(links, "192.168.1.77", interfaces)).toBe(links[0]);
  expect(findLink(links, "10.1.0.9", interfaces)).toBe(links[1]);
  expect(findLink(links, "203.0.113.9", interfaces)).toBeUndefined();
  expect(findLink(links, "192.168.2.77", interfaces)).toBeUndefined();
});
