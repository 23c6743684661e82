import { expect, test } from "bun:test";

import { describeRouter } from "../../src/doctor/router.ts";

const gateway = "192.168.1.1";
const outer = { address: "203.0.113.10", port: 50_000 };

test("a router that maps ports is ok, with the protocols that do and its outer address", () => {
  const answers = [
    { protocol: "PCP", outer },
    { protocol: "NAT-PMP", outer: null },
    { protocol: "UPnP", outer },
  ] as const;
  expect(describeRouter({ gateway, answers })).toEqual({
    name: "port-mapping",
    status: "ok",
    message:
      "the router at 192.168.1.1 maps ports by PCP and UPnP: its outer address is 203.0.113.10",
    value: {
      gateway,
      outer: "203.0.113.10",
      protocols: [
        { protocol: "PCP", maps: true },
        { protocol: "NAT-PMP", maps: false },
        { protocol: "UPnP", maps: true },
      ],
    },
  });
});

test("a router that maps none gets a note, whether it answers or not", () => {
  expect(describeRouter({ gateway, answers: [] })).toMatchObject({
    status: "note",
    message: "the router at 192.168.1.1 maps no ports: it answers neither PCP, NAT-PMP nor UPnP",
    hint: expect.stringContaining("forward UDP port 12345"),
    value: { gateway, outer: null, protocols: [] },
  });
  expect(
    describeRouter({ gateway, answers: [{ protocol: "NAT-PMP", outer: null }] }),
  ).toMatchObject({
    status: "note",
    message: "the router at 192.168.1.1 answers NAT-PMP, and maps no port that outsiders can use",
    hint: expect.stringContaining("another NAT behind it"),
  });
});

test("where no router is in between, that is ok", () => {
  expect(describeRouter(null)).toEqual({
    name: "port-mapping",
    status: "ok",
    message: "no router maps ports for this machine: it has no private IPv4 address",
  });
});
