// The URLs at which a joiner tries to open a WebSocket.

import { expect, test } from "bun:test";

import { relayWebSocketUrls, serverWebSocketUrls } from "../../src/net/websocket-urls.ts";

test("a relay is tried by TLS on 443, and without TLS at its own port", () => {
  expect(relayWebSocketUrls({ host: "relay.example", port: 12_345 })).toEqual([
    "wss://relay.example:443/",
    "ws://relay.example:12345/",
  ]);
  expect(relayWebSocketUrls({ host: "2001:db8::1", port: 443 })).toEqual([
    "wss://[2001:db8::1]:443/",
  ]);
});

test("a server is tried without TLS at its port", () => {
  expect(serverWebSocketUrls({ host: "10.0.0.1", port: 7 })).toEqual(["ws://10.0.0.1:7/"]);
});
