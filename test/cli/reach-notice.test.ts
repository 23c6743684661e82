import { describe, expect, test } from "bun:test";

import { describeReach } from "../../src/cli/reach-notice.ts";
import type { Way } from "../../src/identity/invitation.ts";

const direct = (host: string, port = 12_345): Way => ({ kind: "direct", host, port });
const relay = (host: string, port = 12_345): Way => ({ kind: "relay", host, port });
const says = (ways: readonly Way[], remedy: string | null = null) =>
  describeReach(ways, { bind: undefined, remedy });

describe("who can reach a server", () => {
  test.each([
    [[direct("192.168.1.5")], "only this network: 192.168.1.5 is private"],
    [
      [direct("192.168.1.5"), direct("fd00::5")],
      "only this network: 192.168.1.5, fd00::5 are private",
    ],
    [
      [1, 2, 3, 4, 5].map((last) => direct(`10.0.0.${last}`)),
      "only this network: 10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more are private",
    ],
    [
      [direct("203.0.113.5"), direct("192.168.1.5")],
      "reachable from everywhere at 203.0.113.5, unless a firewall blocks it",
    ],
    [
      [direct("home.example", 443), direct("192.168.1.5")],
      "reachable from everywhere at home.example:443, unless a firewall blocks it",
    ],
    [
      [direct("2001:db8::5")],
      "reachable from everywhere at 2001:db8::5, unless a firewall blocks it",
    ],
    [
      [direct("2001:db8::5"), direct("192.168.1.5")],
      "from everywhere by IPv6, if no firewall blocks it; else only this network: 192.168.1.5 is private",
    ],
    [
      [direct("192.168.1.5"), relay("relay.example", 443)],
      "reachable from everywhere, through relay.example:443",
    ],
    [[relay("relay.example")], "reachable from everywhere, through relay.example"],
    [
      [relay("192.168.1.9"), relay("relay.example")],
      "reachable from everywhere, through relay.example",
    ],
    [
      [direct("192.168.1.5"), relay("192.168.1.9")],
      "only this network: 192.168.1.5 is private; the relay 192.168.1.9 works only within its own network",
    ],
    [[direct("localhost")], "no network: only programs on this machine can reach this server"],
  ])("of %j is said in one sentence", (ways, message) => {
    expect(says(ways)).toEqual({ code: "REACH", message });
  });

  const REMEDY = "charla --server --relay HOST";
  const PUBLIC = direct("203.0.113.5");
  const IPV6 = direct("2001:db8::5");
  const PRIVATE = direct("192.168.1.5");
  const LOOPBACK = direct("127.0.0.1");
  const FROM_EVERYWHERE = "reachable from everywhere at 203.0.113.5, unless a firewall blocks it";
  const BY_IPV6 = "reachable from everywhere at 2001:db8::5, unless a firewall blocks it";
  const MOSTLY_PRIVATE =
    "from everywhere by IPv6, if no firewall blocks it; else only this network: 192.168.1.5 is private";
  const ONLY_PRIVATE = "only this network: 192.168.1.5 is private";
  const THROUGH_RELAY = "reachable from everywhere, through relay.example";
  const IN_NETWORK = "the relay 10.9.0.1 works only within its own network";
  const ON_MACHINE = "the relay 127.0.0.1:7000 works only on this machine";
  const BETTER = "a relay with a public address reaches the rest";

  describe("without a relay", () => {
    test.each([
      [[PUBLIC], undefined, FROM_EVERYWHERE],
      [[PUBLIC, PRIVATE], undefined, FROM_EVERYWHERE],
      [[PUBLIC], "203.0.113.5", FROM_EVERYWHERE],
      [[IPV6], undefined, BY_IPV6],
      [[IPV6], "2001:db8::5", BY_IPV6],
      [[IPV6, PRIVATE], undefined, MOSTLY_PRIVATE],
      [[PRIVATE], undefined, `${ONLY_PRIVATE}; charla --server --relay HOST reaches the rest`],
      [[PRIVATE], "192.168.1.5", `${ONLY_PRIVATE}; charla --server --relay HOST reaches the rest`],
      [[LOOPBACK], undefined, "no network: only programs on this machine can reach this server"],
      [[LOOPBACK], "0.0.0.0", "no network: only programs on this machine can reach this server"],
    ])("%j, bound to %s, is described", (ways, bind, message) => {
      expect(describeReach(ways, { bind, remedy: REMEDY })).toEqual({ code: "REACH", message });
    });
  });

  describe("with a public relay", () => {
    test.each([
      [[PUBLIC], undefined],
      [[IPV6], undefined],
      [[IPV6, PRIVATE], undefined],
      [[PRIVATE], undefined],
      [[PRIVATE], "192.168.1.5"],
      [[LOOPBACK], undefined],
      [[LOOPBACK], "127.0.0.1"],
      [[], undefined],
      [[PRIVATE, relay("10.9.0.1"), relay("127.0.0.1", 7_000)], undefined],
    ])("%j, bound to %s, can be reached from everywhere", (ways, bind) => {
      const all = [...ways, relay("relay.example")];
      expect(describeReach(all, { bind, remedy: REMEDY })?.message).toBe(THROUGH_RELAY);
    });
  });

  describe("with a private relay", () => {
    test.each([
      [[PUBLIC], undefined, `${FROM_EVERYWHERE}; ${IN_NETWORK}`],
      [[PUBLIC, PRIVATE], undefined, `${FROM_EVERYWHERE}; ${IN_NETWORK}`],
      [[PUBLIC], "203.0.113.5", `${FROM_EVERYWHERE}; ${IN_NETWORK}`],
      [[IPV6], undefined, `${BY_IPV6}; ${IN_NETWORK}`],
      [[IPV6, PRIVATE], undefined, `${MOSTLY_PRIVATE}; ${IN_NETWORK}`],
      [[PRIVATE], undefined, `${ONLY_PRIVATE}; ${IN_NETWORK}; ${BETTER}`],
      [[PRIVATE], "192.168.1.5", `${ONLY_PRIVATE}; ${IN_NETWORK}; ${BETTER}`],
      [[LOOPBACK], undefined, `reachable only through a relay; ${IN_NETWORK}; ${BETTER}`],
      [[LOOPBACK], "127.0.0.1", `reachable only through a relay; ${IN_NETWORK}; ${BETTER}`],
      [[], undefined, `reachable only through a relay; ${IN_NETWORK}; ${BETTER}`],
    ])("%j, bound to %s, can be reached there as well", (ways, bind, message) => {
      const all = [...ways, relay("10.9.0.1")];
      expect(describeReach(all, { bind, remedy: REMEDY })).toEqual({ code: "REACH", message });
    });
  });

  describe("with a relay on this machine", () => {
    test.each([
      [[PUBLIC], undefined, `${FROM_EVERYWHERE}; ${ON_MACHINE}`],
      [[PUBLIC], "203.0.113.5", `${FROM_EVERYWHERE}; ${ON_MACHINE}`],
      [[IPV6], undefined, `${BY_IPV6}; ${ON_MACHINE}`],
      [[IPV6, PRIVATE], undefined, `${MOSTLY_PRIVATE}; ${ON_MACHINE}`],
      [[PRIVATE], undefined, `${ONLY_PRIVATE}; ${ON_MACHINE}; ${BETTER}`],
      [[PRIVATE], "192.168.1.5", `${ONLY_PRIVATE}; ${ON_MACHINE}; ${BETTER}`],
      [
        [LOOPBACK],
        undefined,
        `no network: only programs on this machine can reach this server; ${ON_MACHINE}`,
      ],
      [
        [LOOPBACK],
        "127.0.0.1",
        `only programs on this machine can reach this server; ${ON_MACHINE}`,
      ],
      [
        [],
        undefined,
        `no network: only programs on this machine can reach this server; ${ON_MACHINE}`,
      ],
    ])("%j, bound to %s, can be reached from no further", (ways, bind, message) => {
      const all = [...ways, relay("127.0.0.1", 7_000)];
      expect(describeReach(all, { bind, remedy: REMEDY })).toEqual({ code: "REACH", message });
    });
  });

  test("several relays that are not public are named by what each reaches", () => {
    const relays = [relay("10.9.0.1"), relay("10.8.0.1"), relay("localhost")];
    expect(says([PUBLIC, ...relays])?.message).toBe(
      `${FROM_EVERYWHERE}; the relays 10.9.0.1, 10.8.0.1 work only within their own networks; the relay localhost works only on this machine`,
    );
    expect(says([PRIVATE, relay("10.9.0.1")])?.message).toBe(`${ONLY_PRIVATE}; ${IN_NETWORK}`);
  });

  test("what reaches the others is named only where there is such a thing, and others are left", () => {
    const remedy = "charla --server --relay HOST";
    expect(says([direct("192.168.1.5")], remedy)?.message).toBe(
      "only this network: 192.168.1.5 is private; charla --server --relay HOST reaches the rest",
    );
    expect(says([direct("203.0.113.5")], remedy)?.message).toBe(
      "reachable from everywhere at 203.0.113.5, unless a firewall blocks it",
    );
  });

  test("nothing is said of a server that was to listen on this machine only", () => {
    expect(describeReach([direct("127.0.0.1")], { bind: "127.0.0.1", remedy: null })).toBeNull();
    expect(describeReach([direct("::1")], { bind: "::1", remedy: null })).toBeNull();
  });
});
