import { expect, test } from "bun:test";

import { describeNatMapping, describeRelay, describeWebSocket } from "../../src/doctor/relays.ts";
import type { ProbedRelay, ProbedWebSocket } from "../../src/net/relay-probe.ts";

const RELAY = { address: "192.0.2.1", port: 12_345 };
const OUTER = { address: "203.0.113.9", port: 6_123 };
const JOINED: ProbedRelay = { relay: RELAY, status: "joined", outer: OUTER, roundTrip: 23.4 };

test("a server that answers through a relay is ok, with the time", () => {
  expect(describeRelay("relay.example:12345", JOINED, false)).toEqual({
    name: "relay",
    status: "ok",
    message: "the server answers through the relay relay.example:12345 (192.0.2.1:12345) in 23 ms",
    value: {
      relay: "relay.example:12345",
      address: "192.0.2.1:12345",
      status: "joined",
      outer: "203.0.113.9:6123",
      roundTrip: 23.4,
    },
  });
});

const DEAD: [string, Partial<ProbedRelay>, string][] = [
  [
    "does not answer",
    { status: null, outer: null },
    "the relay 192.0.2.1:12345 does not answer by UDP",
  ],
  ["does not have the server", { status: "no-server" }, "the server is not registered there"],
  ["is full", { status: "full" }, "has no room for another who joins"],
  ["forwards in vain", { roundTrip: null }, "forwards to the server, which does not answer"],
];

test.each(DEAD)(
  "a relay that %s is a problem, or a note where another way works",
  (_, more, message) => {
    const probed = { ...JOINED, ...more };
    const check = describeRelay("192.0.2.1:12345", probed, false);
    expect(check).toMatchObject({ name: "relay", status: "problem" });
    expect(check.message).toContain(message);
    expect(describeRelay("192.0.2.1:12345", probed, true).status).toBe("note");
  },
);

const BY_WEBSOCKET: ProbedWebSocket = {
  failure: null,
  status: "joined",
  outer: OUTER,
  roundTrip: 61.2,
};

test.each<[Partial<ProbedWebSocket>, string, string]>([
  [{}, "ok", "the server answers through the relay relay.example by WebSocket in 61 ms"],
  [{ status: "unproven", roundTrip: null }, "ok", "the relay relay.example answers by WebSocket"],
  [
    { status: "no-server", roundTrip: null },
    "problem",
    "the relay relay.example answers by WebSocket, and the server is not registered there",
  ],
  [
    { status: null, roundTrip: null, failure: "no WebSocket to relay.example:443: no answer" },
    "note",
    "the relay relay.example does not answer by WebSocket either: no WebSocket to relay.example:443: no answer",
  ],
  [
    { status: null, roundTrip: null },
    "note",
    "the relay relay.example does not answer by WebSocket either: no relay is there",
  ],
])("a relay by WebSocket with %j is %s", (more, status, message) => {
  const check = describeWebSocket("relay.example", { ...BY_WEBSOCKET, ...more }, false);
  expect(check).toMatchObject({ name: "relay", status, message });
  expect(check.value).toMatchObject({ relay: "relay.example", transport: "websocket" });
});

const OWN = new Set(["127.0.0.1", "192.168.1.5", "2001:db8::5"]);

function mapping(...outer: (ProbedRelay["outer"] | null)[]) {
  const relays = outer.map((each): ProbedRelay => Object.assign({}, JOINED, { outer: each }));
  return describeNatMapping({ localPort: 40_000, relays }, OWN);
}

test("two relays that see one address show a mapping for all peers", () => {
  expect(mapping(OUTER, OUTER)).toMatchObject({
    name: "nat-mapping",
    status: "ok",
    value: { mapping: "endpoint-independent", outer: ["203.0.113.9:6123"] },
  });
});

test("two relays that see different addresses show a symmetric NAT", () => {
  expect(mapping(OUTER, { ...OUTER, port: 6_124 })).toMatchObject({
    status: "note",
    value: {
      mapping: "address-dependent",
      outer: ["203.0.113.9:6123", "203.0.113.9:6124"],
    },
  });
});

test("one relay can't tell, and an IPv6 address is not compared with an IPv4 one", () => {
  expect(mapping(OUTER, null)).toMatchObject({ status: "note", value: { mapping: null } });
  expect(mapping(OUTER, { address: "2001:db8::5", port: 40_000 })).toMatchObject({
    status: "note",
    value: { mapping: null },
  });
});

test("a machine seen at its own address has no NAT, and without any relay nothing is known", () => {
  expect(mapping({ address: "2001:db8::5", port: 40_000 })).toMatchObject({
    status: "ok",
    value: { mapping: "none" },
  });
  expect(mapping(null)).toBeNull();
});
