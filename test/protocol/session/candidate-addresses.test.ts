import { describe, expect, test } from "bun:test";

import { mayChallenge } from "../../../src/protocol/session/candidate-addresses.ts";
import { candidatesReceived, createCandidates } from "../../../src/protocol/session/candidates.ts";
import type { SocketAddress } from "../../../src/protocol/socket-address.ts";

const at = (address: string, port = 12_345): SocketAddress => ({ address, port });
const PEER = at("198.51.100.2");
const RELAY: SocketAddress = { ...at("203.0.113.7"), carrier: { id: "relay", rank: 1 } };

describe("an address that a peer names (docs/protocol.md s. 14.1)", () => {
  test.each(["192.168.1.5", "10.0.0.1", "100.64.3.4", "192.0.2.1", "2001:db8::1", "fd00::5"])(
    "%s may be challenged",
    (address) => {
      expect(mayChallenge(at(address), PEER)).toBe(true);
      expect(mayChallenge(at(address), RELAY)).toBe(true);
    },
  );

  test.each([
    ["no address", "0.0.0.0"],
    ["no address", "0.1.2.3"],
    ["no address", "::"],
    ["this machine", "127.0.0.1"],
    ["this machine", "127.9.9.9"],
    ["this machine", "::1"],
    ["one link only", "169.254.7.7"],
    ["one link only", "fe80::1"],
    ["many", "224.0.0.251"],
    ["many", "239.255.255.250"],
    ["many", "ff02::1"],
    ["everybody", "255.255.255.255"],
    ["nobody", "240.0.0.1"],
  ])("that is %s may not: %s", (_, address) => {
    expect(mayChallenge(at(address), PEER)).toBe(false);
    expect(mayChallenge(at(address), RELAY)).toBe(false);
  });

  test("without a port may not", () => {
    expect(mayChallenge(at("192.0.2.1", 0), PEER)).toBe(false);
  });

  test("may be this machine's own if the session is on this machine", () => {
    expect(mayChallenge(at("127.0.0.1"), at("127.0.0.1", 9))).toBe(true);
    expect(mayChallenge(at("::1"), at("::1", 9))).toBe(true);
    const relay = { ...at("127.0.0.1", 9), carrier: { id: "relay", rank: 1 } };
    expect(mayChallenge(at("127.0.0.1"), relay)).toBe(false);
  });

  test("may not be in the relay's own network, the first 24 or 48 bits", () => {
    expect(mayChallenge(at("203.0.113.9"), RELAY)).toBe(false);
    expect(mayChallenge(at("203.0.114.9"), RELAY)).toBe(true);
    expect(mayChallenge(at("203.0.113.9"), at("203.0.113.7"))).toBe(true);
    const relay = { ...at("2001:db8:1::1"), carrier: { id: "relay", rank: 1 } };
    expect(mayChallenge(at("2001:db8:1:9::9"), relay)).toBe(false);
    expect(mayChallenge(at("2001:db8:2::9"), relay)).toBe(true);
  });
});

test("of ten candidates at one address the first three are kept, and one at another address", () => {
  const state = createCandidates(0);
  const victim = Array.from({ length: 10 }, (_, index) => at("198.51.100.9", 1_000 + index));
  expect(candidatesReceived(state, 1, [...victim, at("192.0.2.1")], PEER)).toBe(true);
  expect(state.peer).toEqual([...victim.slice(0, 3), at("192.0.2.1")]);
});
