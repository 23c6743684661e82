// Which proxy a WebSocket goes through, by the environment.

import { expect, test } from "bun:test";

import { proxyFor } from "../../src/net/web-proxy.ts";

const proxyOf = (url: string, env: Record<string, string>) =>
  proxyFor(new URL(url), env)?.href ?? null;
const PROXY = "http://proxy.example:3128";

test.each([
  ["wss://relay.example/", { HTTPS_PROXY: PROXY }, `${PROXY}/`],
  [
    "wss://relay.example/",
    { https_proxy: PROXY, HTTPS_PROXY: "http://other.example" },
    `${PROXY}/`,
  ],
  ["wss://relay.example/", { HTTP_PROXY: PROXY }, null],
  ["ws://relay.example:12345/", { HTTP_PROXY: PROXY }, `${PROXY}/`],
  ["ws://relay.example:12345/", { HTTPS_PROXY: PROXY }, null],
  ["ws://relay.example:12345/", { all_proxy: PROXY }, `${PROXY}/`],
  ["wss://relay.example/", { ALL_PROXY: PROXY, HTTPS_PROXY: "" }, `${PROXY}/`],
  ["wss://relay.example/", { HTTPS_PROXY: "proxy.example:3128" }, `${PROXY}/`],
  [
    "wss://relay.example/",
    { HTTPS_PROXY: "http://ana:s%20t@proxy.example" },
    "http://ana:s%20t@proxy.example/",
  ],
  ["wss://relay.example/", {}, null],
])("%s with %j is %j", (url, env, expected) => {
  expect(proxyOf(url, env)).toBe(expected);
});

test.each([
  ["wss://relay.example/", "*", true],
  ["wss://relay.example/", "relay.example", true],
  ["wss://relay.example/", "other.example, RELAY.example", true],
  ["wss://relay.example/", "example", true],
  ["wss://relay.example/", ".example", true],
  ["wss://relay.example/", "*.example", true],
  ["wss://relay.example/", "elay.example", false],
  ["wss://relay.example/", "relay.example:443", true],
  ["wss://relay.example/", "relay.example:12345", false],
  ["ws://10.0.0.1:12345/", "10.0.0.1", true],
  ["ws://10.0.0.1:12345/", "0.0.1", false],
  ["ws://[2001:db8::1]:12345/", "2001:db8::1", true],
  ["ws://[2001:db8::1]:12345/", "[2001:db8::1]:12345", true],
  ["ws://[2001:db8::1]:12345/", "[2001:db8::1]:80", false],
  ["wss://relay.example/", "", false],
  ["wss://relay.example/", ",", false],
])("%s with NO_PROXY %j goes directly: %j", (url, list, isDirect) => {
  expect(proxyOf(url, { ALL_PROXY: PROXY, NO_PROXY: list }) === null).toBe(isDirect);
});

test.each([["socks5://proxy.example:1080"], ["http://"], ["http://a b"]])(
  "%j is no proxy, and is not repeated",
  (written) => {
    const open = () => proxyOf("wss://relay.example/", { HTTPS_PROXY: written });
    expect(open).toThrow(
      expect.objectContaining({
        code: "INVALID_URL",
        message: "the proxy in HTTPS_PROXY is not an HTTP proxy",
      }),
    );
  },
);
