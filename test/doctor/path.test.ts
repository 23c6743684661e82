import { expect, test } from "bun:test";

import {
  describeLoss,
  describeRoundTrip,
  describeShortSizes,
  describeSizes,
} from "../../src/doctor/path.ts";

const IPV4 = { address: "192.0.2.1", port: 12_345 };
const IPV6 = { address: "2001:db8::1", port: 12_345 };
const hellos = (sent: number, roundTrips: number[]) => {
  return { found: { type: "server" } as const, sent, roundTrips };
};

test("the round-trip time is the median of the answered hellos, rounded to microseconds for programs", () => {
  expect(describeRoundTrip(hellos(3, [30.123_456, 2.34, 12]))).toEqual({
    name: "round-trip",
    status: "ok",
    message: "a round trip takes 12 ms (2.3 ms to 30 ms)",
    value: { minimum: 2.34, median: 12, maximum: 30.123 },
  });
  expect(describeRoundTrip(hellos(1, [600])).status).toBe("note");
});

test.each([
  [0, "ok", "none of 20 datagrams was lost"],
  [1, "note", "1 of 20 datagrams or their answers were lost (5 %)"],
  [4, "note", "4 of 20 datagrams or their answers were lost (20 %)"],
  [5, "problem", "5 of 20 datagrams or their answers were lost (25 %)"],
])("%d of 20 hellos lost is %s", (lost, status, message) => {
  const answered = Array.from({ length: 20 - lost }, () => 1);
  expect(describeLoss(hellos(20, answered))).toMatchObject({
    status,
    message,
    value: { sent: 20, lost },
  });
});

test("the path MTU is reported as datagram length and packet length", () => {
  expect(describeSizes({ arrived: 1_472, tooLong: 1_588 }, IPV4)).toEqual({
    name: "path-mtu",
    status: "ok",
    message: "datagrams of 1,472 bytes arrive (packets of 1,500; 1,588 are too many)",
    value: { datagram: 1_472, packet: 1_500, tooLong: 1_588 },
  });
  const all = describeSizes({ arrived: 65_487, tooLong: null }, IPV6);
  expect(all.message).toBe("datagrams of 65,487 bytes arrive (the longest that charla sends)");
  expect(all.value).toMatchObject({ packet: 65_535 });
});

test("a path MTU too small for a hello is a problem; where nothing arrives it is unknown", () => {
  expect(describeShortSizes({ arrived: 0, tooLong: 30 }, IPV4)).toBeNull();
  expect(describeShortSizes({ arrived: 872, tooLong: 906 }, IPV4)).toMatchObject({
    status: "problem",
    hint: "raise the MTU of the tunnel (VPN) or link on the path to at least 1,280",
    value: { datagram: 872, packet: 900, tooLong: 906 },
  });
  expect(describeShortSizes({ arrived: 1_199, tooLong: null }, IPV4)?.value).toMatchObject({
    tooLong: 1_200,
  });
});
