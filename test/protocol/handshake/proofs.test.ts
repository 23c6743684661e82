import { describe, expect, test } from "bun:test";

import { platformCrypto } from "../../../src/net/crypto.ts";
import {
  type CookieClaim,
  type CookieSecrets,
  createCookieSecrets,
  isValidCookie,
  makeCookie,
  renewCookieSecrets,
} from "../../../src/protocol/handshake/proofs.ts";
import { encodeSocketAddress } from "../../../src/protocol/socket-address.ts";

const CLAIM: CookieClaim = {
  from: { address: "192.0.2.1", port: 12_345 },
  initiatorId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  noise: new Uint8Array(48).fill(9),
};

/** Secrets of 32 ones, then of 32 twos, and so on. */
function secretsFrom(now: number): { secrets: CookieSecrets; renew: (now: number) => void } {
  let made = 0;
  const random = () => {
    made += 1;
    return new Uint8Array(32).fill(made);
  };
  const secrets = createCookieSecrets(random, now);
  return { secrets, renew: (time) => renewCookieSecrets(secrets, random, time) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("an address in a cookie (docs/protocol.md s. 8.2)", () => {
  test.each([
    // IPv4-mapped (RFC 4291 s. 2.5.5.2).
    ["192.0.2.1", 12_345, "00000000000000000000ffffc00002013039"],
    ["255.255.255.255", 65_535, "00000000000000000000ffffffffffffffff"],
    ["0.0.0.0", 0, "00000000000000000000ffff000000000000"],
    ["::", 1, "000000000000000000000000000000000001"],
    ["::1", 256, "000000000000000000000000000000010100"],
    ["2001:db8::", 80, "20010db80000000000000000000000000050"],
    ["2001:db8::8:800:200c:417a", 443, "20010db80000000000080800200c417a01bb"],
    ["1:2:3:4:5:6:7:8", 9, "000100020003000400050006000700080009"],
    ["1::8", 9, "000100000000000000000000000000080009"],
    // A zone (RFC 4007 s. 11) is this machine's own name for a link.
    ["fe80::1%eth0", 9, "fe8000000000000000000000000000010009"],
  ])("%s, port %d, is 16 bytes and 2", (address, port, bytes) => {
    expect(hex(encodeSocketAddress({ address, port }))).toBe(bytes);
  });
});

describe("a cookie (docs/protocol.md s. 8.2)", () => {
  test("is its secret's number and 16 bytes of HMAC-SHA256 over address, port, id and message", () => {
    const { secrets } = secretsFrom(0);
    // openssl dgst -sha256 -mac HMAC -macopt hexkey:01… over 0…ffffc0000201 3039 01…08 09…
    expect(hex(makeCookie(platformCrypto, secrets, CLAIM))).toBe(
      "00b31b533dcf8aa62c456bf1e59d6a8f24",
    );
  });

  test("is accepted for its hello and its address", () => {
    const { secrets } = secretsFrom(0);
    expect(
      isValidCookie(platformCrypto, secrets, makeCookie(platformCrypto, secrets, CLAIM), CLAIM),
    ).toBe(true);
  });

  test.each<[string, Partial<CookieClaim>]>([
    ["address", { from: { address: "192.0.2.2", port: 12_345 } }],
    ["port", { from: { address: "192.0.2.1", port: 12_346 } }],
    ["family", { from: { address: "::c000:201", port: 12_345 } }],
    ["connection id", { initiatorId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9) }],
    ["Noise message", { noise: new Uint8Array(48).fill(9, 0, 47) }],
  ])("is rejected for another %s", (_what, other) => {
    const { secrets } = secretsFrom(0);
    expect(
      isValidCookie(platformCrypto, secrets, makeCookie(platformCrypto, secrets, CLAIM), {
        ...CLAIM,
        ...other,
      }),
    ).toBe(false);
  });

  test("is rejected with any bit changed, truncated or made longer", () => {
    const { secrets } = secretsFrom(0);
    const cookie = makeCookie(platformCrypto, secrets, CLAIM);
    for (let bit = 0; bit < 17 * 8; bit += 1) {
      const changed = cookie.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isValidCookie(platformCrypto, secrets, changed, CLAIM)).toBe(false);
    }
    expect(isValidCookie(platformCrypto, secrets, new Uint8Array(0), CLAIM)).toBe(false);
    expect(isValidCookie(platformCrypto, secrets, cookie.subarray(0, 16), CLAIM)).toBe(false);
    expect(isValidCookie(platformCrypto, secrets, Uint8Array.of(...cookie, 0), CLAIM)).toBe(false);
  });

  test("of another responder is rejected", () => {
    const { secrets } = secretsFrom(0);
    const other = createCookieSecrets(() => new Uint8Array(32).fill(99), 0);
    expect(
      isValidCookie(platformCrypto, secrets, makeCookie(platformCrypto, other, CLAIM), CLAIM),
    ).toBe(false);
  });
});

describe("a cookie's lifetime (docs/protocol.md s. 8.2)", () => {
  test("is exactly 60 s if it was made just after a renewal", () => {
    const { secrets, renew } = secretsFrom(0);
    const cookie = makeCookie(platformCrypto, secrets, CLAIM);
    for (const now of [29_999, 30_000, 59_999]) {
      renew(now);
      expect(isValidCookie(platformCrypto, secrets, cookie, CLAIM)).toBe(true);
    }
    renew(60_000);
    expect(isValidCookie(platformCrypto, secrets, cookie, CLAIM)).toBe(false);
  });

  test("is 30 s if it was made just before a renewal", () => {
    const { secrets, renew } = secretsFrom(0);
    renew(29_999);
    const cookie = makeCookie(platformCrypto, secrets, CLAIM);
    renew(30_000);
    renew(59_999);
    expect(isValidCookie(platformCrypto, secrets, cookie, CLAIM)).toBe(true);
    renew(60_000);
    expect(isValidCookie(platformCrypto, secrets, cookie, CLAIM)).toBe(false);
  });

  // A secret is renewed when a hello arrives: here none does until 59,999.
  test("is never more than 60 s, however rare hellos are", () => {
    const { secrets, renew } = secretsFrom(0);
    const cookie = makeCookie(platformCrypto, secrets, CLAIM);
    renew(59_999);
    renew(60_000);
    expect(isValidCookie(platformCrypto, secrets, cookie, CLAIM)).toBe(false);
  });

  test("is over after a long time without a hello", () => {
    const { secrets, renew } = secretsFrom(0);
    const cookie = makeCookie(platformCrypto, secrets, CLAIM);
    renew(60_000);
    expect(isValidCookie(platformCrypto, secrets, cookie, CLAIM)).toBe(false);
    // The secret before is one that no cookie was made with.
    expect(secrets.previous).not.toEqual(new Uint8Array(32).fill(1));
  });

  test("does not start again when the secrets' numbers wrap after 256", () => {
    const { secrets, renew } = secretsFrom(0);
    const first = makeCookie(platformCrypto, secrets, CLAIM);
    for (let renewal = 1; renewal <= 255; renewal += 1) renew(renewal * 30_000);
    const last = makeCookie(platformCrypto, secrets, CLAIM);
    expect(last[0]).toBe(255);
    renew(256 * 30_000);
    const next = makeCookie(platformCrypto, secrets, CLAIM);
    expect(next[0]).toBe(0);
    // 255 is the number before 0; the first 0 is not this one.
    expect(isValidCookie(platformCrypto, secrets, last, CLAIM)).toBe(true);
    expect(isValidCookie(platformCrypto, secrets, next, CLAIM)).toBe(true);
    expect(isValidCookie(platformCrypto, secrets, first, CLAIM)).toBe(false);
    renew(257 * 30_000);
    expect(isValidCookie(platformCrypto, secrets, last, CLAIM)).toBe(false);
  });
});
