// What a joiner tries to reach a relay, and a server.

import { expect, test } from "bun:test";

import { relayDialPlan, serverDialPlan } from "../../src/net/dial-plan.ts";

test("a relay is tried by UDP, by TLS on 443, and without TLS at its port", () => {
  expect(relayDialPlan({ host: "relay.example", port: 12_345 })).toEqual({
    udp: { host: "relay.example", port: 12_345 },
    webSockets: ["wss://relay.example:443/", "ws://relay.example:12345/"],
  });
  expect(relayDialPlan({ host: "2001:db8::1", port: 443 })).toEqual({
    udp: { host: "2001:db8::1", port: 443 },
    webSockets: ["wss://[2001:db8::1]:443/"],
  });
});

test("a server is tried by both at its port", () => {
  expect(serverDialPlan({ host: "10.0.0.1", port: 7 })).toEqual({
    udp: { host: "10.0.0.1", port: 7 },
    webSockets: ["ws://10.0.0.1:7/"],
  });
});
