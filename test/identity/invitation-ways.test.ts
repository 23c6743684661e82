import { describe, expect, test } from "bun:test";

import { bestOrigin, fitWays, waysFrom } from "../../src/identity/invitation-ways.ts";
import {
  formatInvitation,
  type Invitation,
  parseInvitation,
  type Way,
} from "../../src/identity/invitation.ts";
import type { PageOrigin } from "../../src/identity/page-link.ts";

const direct = (host: string, port = 12_345): Way => ({ kind: "direct", host, port });
const relay = (host: string, port = 12_345): Way => ({ kind: "relay", host, port });
const key = new Uint8Array(32).fill(1);
const secret = new Uint8Array(16).fill(2);
const invitation = (ways: readonly Way[], room = "main"): Invitation => ({
  ways,
  room,
  key,
  secret,
});

const global = (index: number) => direct(`2001:db8:1111:2222:3333:4444:5555:${1000 + index}`);
const near = (index: number) => direct(`192.168.100.${100 + index}`);

const fit = (ways: readonly Way[], room?: string) => fitWays(invitation(ways, room)).ways;

describe("the ways of an invitation", () => {
  test("the named host comes first, then global IPv6, global IPv4, what the router maps, the network, and relays", () => {
    expect(
      waysFrom({
        publicHost: { host: "home.example", port: 443 },
        own: ["203.0.113.5", "192.168.1.5", "2001:db8::5", "fd00::5", "100.64.0.1", "172.17.0.1"],
        port: 12_345,
        outer: [{ host: "198.51.100.7", port: 40_000 }],
        relays: [{ host: "relay.example", port: 443 }],
      }),
    ).toEqual([
      direct("home.example", 443),
      direct("2001:db8::5"),
      direct("203.0.113.5"),
      direct("198.51.100.7", 40_000),
      direct("192.168.1.5"),
      direct("fd00::5"),
      direct("100.64.0.1"),
      direct("172.17.0.1"),
      relay("relay.example", 443),
    ]);
  });

  test("a way that two sources name is there once, where it is best", () => {
    expect(
      waysFrom({
        publicHost: { host: "203.0.113.5", port: 12_345 },
        own: ["203.0.113.5"],
        port: 12_345,
        outer: [
          { host: "203.0.113.5", port: 12_345 },
          { host: "203.0.113.5", port: 1 },
        ],
      }),
    ).toEqual([direct("203.0.113.5"), direct("203.0.113.5", 1)]);
  });
});

describe("what fits into an invitation", () => {
  test("ways that fit stay as they are", () => {
    const ways = [global(1), near(1), relay("relay.example")];
    expect(fitWays(invitation(ways)).ways).toEqual(ways);
  });

  test("addresses of the network are left out first, from the last on; then others but one; then relays", () => {
    const relays = ["one", "two", "three"].map((name) => relay(`${name}.relay.example.org`));
    const [first, second] = [global(1), global(2)];
    const many = [first, second, near(1), near(2), near(3), near(4), near(5), near(6), ...relays];
    expect(fit(many)).toEqual([first, second, near(1), near(2), near(3), ...relays]);
    expect(fit(many, "x".repeat(40))).toEqual([first, second, near(1), ...relays]);
    expect(fit(many, "é".repeat(10))).toEqual([first, second, ...relays]);
    expect(fit(many, "é".repeat(15))).toEqual([first, ...relays]);
    expect(fit(many, "é".repeat(20))).toEqual([first, ...relays.slice(0, 2)]);
    expect(fit(many, "é".repeat(40))).toEqual([first]);
  });

  test("the last way stays, however long the room's name is", () => {
    expect(fitWays(invitation([near(1), near(2)], "é".repeat(40))).ways).toEqual([near(1)]);
    expect(fitWays(invitation([relay("r")], "é".repeat(80))).ways).toEqual([relay("r")]);
  });

  test("there are at most twelve, and the invitation is under 300 characters and can be read", () => {
    for (let count = 1; count < 60; count += 1) {
      for (const make of [global, near, (index: number) => direct(`h${index}`)]) {
        const all = Array.from({ length: count }, (_, index) => make(index));
        const fitted = fitWays(invitation([...all, relay("relay.example")]));
        const text = formatInvitation(fitted);
        expect(text.length).toBeLessThan(300);
        expect(fitted.ways.length).toBeLessThanOrEqual(12);
        expect(fitted.ways.at(-1)).toEqual(relay("relay.example"));
        expect(parseInvitation(text)).toEqual(fitted);
      }
    }
  });
});

function originAt(host: string): PageOrigin {
  return { host, port: 12345, isSecure: false, relayPort: null };
}

describe("a page comes from", () => {
  const secure = { host: "relay.example", port: 443, isSecure: true, relayPort: 12345 };
  const plain = { host: "relay.example", port: 12345, isSecure: false, relayPort: 12345 };
  const near = { ...plain, host: "10.0.0.9" };
  const everywhere = [direct("2001:db8::1"), direct("203.0.113.7"), direct("192.168.1.5")];
  const ownNetwork = [direct("fd00::2"), direct("192.168.1.5")];
  const relayWay: Way = { kind: "relay", host: "relay.example", port: 12345 };

  test("a relay with a certificate, wherever the server is", () => {
    expect(bestOrigin(everywhere, [plain, secure])).toEqual(secure);
  });

  test("the server's IPv4 address or its name, which all networks lead to", () => {
    expect(bestOrigin(everywhere, [plain])).toEqual(originAt("203.0.113.7"));
    expect(bestOrigin([direct("chat.example"), ...ownNetwork], [])).toEqual(
      originAt("chat.example"),
    );
  });

  test("a relay without one, before an address of the own network", () => {
    expect(bestOrigin(ownNetwork, [near, plain])).toEqual(plain);
    expect(bestOrigin(ownNetwork, [near])).toEqual(originAt("192.168.1.5"));
  });

  test("an IPv6 address where there is no other, and nowhere without a server or a relay", () => {
    expect(bestOrigin([direct("fd00::2"), relayWay], [])).toEqual(originAt("fd00::2"));
    expect(bestOrigin([relayWay], [near])).toEqual(near);
    expect(bestOrigin([relayWay], [])).toBeNull();
  });
});
