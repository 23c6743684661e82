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
      "only who reaches the relay 192.168.1.9 reaches this server",
    ],
    [[direct("localhost")], "no network: only programs on this machine can reach this server"],
  ])("of %j is said in one sentence", (ways, message) => {
    expect(says(ways)).toEqual({ code: "REACH", message });
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
