// Which connections without a complete request are ended.

import { expect, test } from "bun:test";

import {
  findTooMany,
  type RequestLimits,
  type UnfinishedRequests,
} from "../../src/net/unfinished-requests.ts";

const NONE: UnfinishedRequests = new Set();
const LIMITS: RequestLimits = { requests: 6, requestsOfSource: 2, requestsOfNetwork: 3 };

const from = (address: string, ...ports: number[]) =>
  ports.map((port) => ({ peer: { address, port } }));
const portsEnded = (before: UnfinishedRequests, connections: ReturnType<typeof from>) => {
  const { unfinished, tooMany } = findTooMany(before, connections, LIMITS);
  return { unfinished, ended: tooMany.map(({ peer }) => peer.port) };
};

test("as many as the limits allow stay, of each source, each network and in all", () => {
  const connections = [
    ...from("192.0.2.1", 1, 2),
    ...from("192.0.2.2", 3),
    ...from("2001:db8::1", 4, 5),
    ...from("198.51.100.1", 6),
  ];
  expect(portsEnded(NONE, connections).ended).toEqual([]);
});

test("of one source, of one network and in all, the oldest beyond the limit are ended", () => {
  const first = from("192.0.2.1", 9, 8);
  const { unfinished } = portsEnded(NONE, first);
  expect(Array.from(unfinished)).toEqual(["192.0.2.1 9", "192.0.2.1 8"]);
  // The descriptors, and so the order in which they are found, say nothing of their age.
  const ofSource = [...from("192.0.2.1", 7), ...first.toReversed()];
  const second = portsEnded(unfinished, ofSource);
  expect(second.ended).toEqual([9]);
  const ofNetwork = [...from("192.0.2.2", 6, 5), ...from("192.0.2.1", 7, 8)];
  expect(portsEnded(second.unfinished, ofNetwork).ended).toEqual([8]);
  const inAll = [1, 2, 3, 4, 5, 6, 7].flatMap((each) => from(`10.0.${each}.1`, each));
  expect(portsEnded(NONE, inAll).ended).toEqual([1]);
});

test("addresses of one IPv6 network of 64 bits are one source", () => {
  const connections = [
    ...from("2001:db8:0:1::1", 1),
    ...from("2001:db8:0:1::2", 2),
    ...from("2001:db8:0:1::3", 3),
    ...from("2001:db8:0:2::1", 4),
  ];
  expect(portsEnded(NONE, connections).ended).toEqual([1]);
});

test("connections that are gone are forgotten", () => {
  const { unfinished } = portsEnded(NONE, from("192.0.2.1", 1, 2));
  const later = portsEnded(unfinished, from("192.0.2.1", 2));
  expect(Array.from(later.unfinished)).toEqual(["192.0.2.1 2"]);
  expect(later.ended).toEqual([]);
});
