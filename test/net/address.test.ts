import { describe, expect, test } from "bun:test";

import {
  canonicalAddress,
  DEFAULT_PORT,
  formatAddress,
  isLoopback,
  parseHostAndPort,
  parsePort,
  sameAddress,
} from "../../src/net/address.ts";

test("the default port is the lesson's, 12345", () => {
  expect(DEFAULT_PORT).toBe(12345);
});

describe("parsePort", () => {
  test.each([
    ["1", 1],
    ["80", 80],
    ["12345", 12345],
    ["65535", 65535],
    ["00080", 80],
  ])("the port %p is read as the number %d", (text, port) => {
    expect(parsePort(text, 1)).toBe(port);
  });

  test.each([
    "65536",
    "99999",
    "100000",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x50",
    " 80",
    "80 ",
    "",
    "http",
  ])("the port %p is PORT_OUT_OF_RANGE, since a port has 16 bits (RFC 768)", (text) => {
    expect(() => parsePort(text, 0)).toThrow(
      expect.objectContaining({
        code: "PORT_OUT_OF_RANGE",
        message: `${JSON.stringify(text)} is not a port`,
      }),
    );
  });

  test("port 0 is valid for listening", () => {
    expect(parsePort("0", 0)).toBe(0);
  });

  test("port 0 is PORT_OUT_OF_RANGE for connecting", () => {
    expect(() => parsePort("0", 1)).toThrow(
      expect.objectContaining({
        code: "PORT_OUT_OF_RANGE",
        hint: "give a whole number from 1 to 65535, or none for 12345",
      }),
    );
  });

  test("the hint mentions port 0 only where it is valid", () => {
    expect(() => parsePort("70000", 0)).toThrow(
      expect.objectContaining({ hint: "give a whole number from 0 (any free port) to 65535" }),
    );
  });
});

describe("parseHostAndPort", () => {
  test.each([
    ["localhost", "localhost", 12345],
    ["localhost:80", "localhost", 80],
    ["example.org:65535", "example.org", 65535],
    ["my_host-2.lan", "my_host-2.lan", 12345],
    ["127.0.0.1", "127.0.0.1", 12345],
    ["127.0.0.1:1", "127.0.0.1", 1],
    ["::1", "::1", 12345],
    ["2001:db8::1:80", "2001:db8::1:80", 12345],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1", 12345],
    ["[::1]", "::1", 12345],
    ["[::1]:80", "::1", 80],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
    ["münchen.example:80", "münchen.example", 80],
    ["日本.example", "日本.example", 12345],
    ["cafe\u0301.example", "cafe\u0301.example", 12345],
  ])("%p is read as the host %p and the port %d", (text, host, port) => {
    expect(parseHostAndPort(text)).toEqual({ host, port });
  });

  test("a host without a port gets the caller's default port", () => {
    expect(parseHostAndPort("localhost", 8000)).toEqual({ host: "localhost", port: 8000 });
    expect(parseHostAndPort("::1", 8000)).toEqual({ host: "::1", port: 8000 });
    expect(parseHostAndPort("[::1]", 8000)).toEqual({ host: "::1", port: 8000 });
  });

  test.each([
    "",
    ":",
    ":80",
    "-q",
    "a b",
    "a/b",
    "http://a",
    "host\n",
    "\u001b[2J",
    "[]",
    "[::1",
    "::1]",
    "[::1]80",
    "[::1] :80",
    "[127.0.0.1]:80",
    "[localhost]:80",
    ":::",
    "::1::2",
  ])("%p is INVALID_ADDRESS or PORT_OUT_OF_RANGE", (text) => {
    expect(() => parseHostAndPort(text)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(INVALID_ADDRESS|PORT_OUT_OF_RANGE)$/),
      }),
    );
  });

  test("an invalid address is quoted in the message, and the hint says how to write one", () => {
    expect(() => parseHostAndPort("[::1")).toThrow(
      expect.objectContaining({
        code: "INVALID_ADDRESS",
        message: '"[::1" is not an address',
        hint: "write HOST, HOST:PORT or, for IPv6, [ADDRESS]:PORT",
      }),
    );
  });

  const SECRET = "AAECAwQFBgcICQoLDA0ODw";
  test.each([
    `h:1/main#KEY.${SECRET}`,
    `//h:1/main#KEY.${SECRET}`,
    `harla://h:1/main#KEY.${SECRET}`,
    "h:1/main",
    "h/main",
    "h:1?via=relay",
    "ana:password@h",
    "[::1]:1/main",
    "h:1#",
  ])("%p, of which a part may be a secret, is INVALID_ADDRESS and is not quoted", (text) => {
    expect(() => parseHostAndPort(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ADDRESS",
        message: "this is not an address",
        hint: "write HOST, HOST:PORT or, for IPv6, [ADDRESS]:PORT",
      }),
    );
  });

  test("the end of an invitation in place of a port is not quoted either", () => {
    for (const text of [`h:KEY.${SECRET}`, `h:${SECRET.slice(0, 16)}`, `[::1]:${SECRET}`]) {
      expect(() => parseHostAndPort(text)).toThrow(
        expect.objectContaining({ code: "PORT_OUT_OF_RANGE", message: "this is not a port" }),
      );
    }
  });

  test.each(["localhost:0", "localhost:", "localhost:65536", "[::1]:0", "[::1]:", "a:1:2"])(
    "%p is PORT_OUT_OF_RANGE",
    (text) => {
      expect(() => parseHostAndPort(text)).toThrow(
        expect.objectContaining({ code: "PORT_OUT_OF_RANGE" }),
      );
    },
  );

  test("a host name has at most 253 characters (RFC 1035 s. 2.3.4)", () => {
    const longest = "a".repeat(253);
    expect(parseHostAndPort(longest)).toEqual({ host: longest, port: 12345 });
    expect(() => parseHostAndPort(`${longest}a`)).toThrow(
      expect.objectContaining({ code: "INVALID_ADDRESS" }),
    );
  });
});

describe("addresses", () => {
  test.each([
    ["127.0.0.1", 12345, "127.0.0.1:12345"],
    ["::1", 12345, "[::1]:12345"],
    ["fe80::1%eth0", 1, "[fe80::1%eth0]:1"],
    ["::", 65535, "[::]:65535"],
  ])(
    "the address %p and the port %d are written as %p, which is read back",
    (address, port, text) => {
      expect(formatAddress({ address, port })).toBe(text);
      expect(parseHostAndPort(text)).toEqual({ host: address, port });
    },
  );

  test.each([
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:192.0.2.255", "192.0.2.255"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["1::ffff:192.0.2.1", "1::ffff:c000:201"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["not an address", "not an address"],
  ])("the canonical form of %p is %p (RFC 5952; RFC 4291 s. 2.5.5.2)", (address, canonical) => {
    expect(canonicalAddress(address)).toBe(canonical);
  });

  test.each([
    ["127.0.0.1", true],
    ["127.255.255.254", true],
    ["::1", true],
    ["128.0.0.1", false],
    ["192.0.2.127", false],
    ["::", false],
  ])("%p is a loopback address: %p (RFC 1122 s. 3.2.1.3, RFC 4291 s. 2.5.3)", (address, own) => {
    expect(isLoopback({ address, port: 1 })).toBe(own);
  });

  test("two addresses are the same only if host and port are", () => {
    const one = { address: "192.0.2.1", port: 1 };
    expect(sameAddress(one, { address: "192.0.2.1", port: 1 })).toBe(true);
    expect(sameAddress(one, { address: "192.0.2.1", port: 2 })).toBe(false);
    expect(sameAddress(one, { address: "192.0.2.2", port: 1 })).toBe(false);
  });
});
