// Relays that are asked, on real sockets.

import { expect, test } from "bun:test";

import { openUdpSocket } from "#udp-socket";

import { generateKeyPair } from "../../src/net/crypto.ts";
import { probeRelayByWebSocket, probeRelays } from "../../src/net/relay-probe.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import type { SocketAddress } from "../../src/protocol/socket-address.ts";
import { openRelay, type RelayOptions } from "../../src/relay/relay.ts";
import { keepRegistered } from "../../src/server/relay-registration.ts";
import { KEY, SELF_SIGNED } from "../harness/certificates.ts";
import { until } from "../harness/until.ts";

const LOOPBACK = "127.0.0.1";
const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(2));

const relayHere = (web?: RelayOptions["web"]) =>
  openRelay({ bind: LOOPBACK, port: 0, identity: RELAY_KEYS, web });

test("relays say at which address they see this end, each the same", async () => {
  await using one = await relayHere();
  await using other = await relayHere();
  const { localPort, relays } = await probeRelays([one.local, other.local], null);
  const outer = { address: LOOPBACK, port: localPort };
  expect(relays).toEqual(
    [one, other].map(({ local }) => ({ relay: local, status: "unproven", outer, roundTrip: null })),
  );
});

/** A server that is registered at a relay. */
async function registerAt(relay: SocketAddress): Promise<AsyncDisposable> {
  const socket = await openSealedSocket({
    bind: LOOPBACK,
    port: 0,
    staticKeys: SERVER_KEYS,
    respond: respondWith({ admission: new Uint8Array(32).fill(9) }),
    onJoined: () => ({ onMessages() {} }),
  });
  const registration = keepRegistered(socket, {
    relay: { host: "relay.example", port: 12_345 },
    name: "relay.example",
    reach: async () => relay,
    expected: null,
    onRegistered() {},
    onLost() {},
    random: () => 0,
  });
  await until("the server is registered", () => registration.outer !== null);
  return {
    async [Symbol.asyncDispose]() {
      await registration[Symbol.asyncDispose]();
      await socket.close();
    },
  };
}

test("a relay at which the server is registered forwards to it, and the time is measured", async () => {
  await using relay = await relayHere();
  await using _server = await registerAt(relay.local);
  const { localPort, relays } = await probeRelays([relay.local], SERVER_KEYS.publicKey);
  expect(relays).toEqual([
    {
      relay: relay.local,
      status: "joined",
      outer: { address: LOOPBACK, port: localPort },
      roundTrip: expect.any(Number),
    },
  ]);
});

test("by WebSocket a relay says the same, at the first of the URLs that one opens at", async () => {
  await using relay = await relayHere({ tls: { certificate: SELF_SIGNED, key: KEY } });
  await using _server = await registerAt(relay.local);
  const { port } = relay.webSockets?.local ?? { port: 0 };
  const urls = [`ws://${LOOPBACK}:${port}/`, `wss://${LOOPBACK}:${port}/`] as const;
  const answer = await probeRelayByWebSocket(urls, SERVER_KEYS.publicKey, {});
  const outer = { address: LOOPBACK, port: expect.any(Number) };
  expect(answer).toEqual({
    failure: null,
    status: "joined",
    outer,
    roundTrip: expect.any(Number),
  });
  expect(await probeRelayByWebSocket([urls[1]], null, {})).toEqual({
    failure: null,
    status: "unproven",
    outer,
    roundTrip: null,
  });
  await until("the WebSockets are closed", () => relay.state().webSockets === 0);
});

test("where no WebSocket opens, or no proxy can be used, the reason is said", async () => {
  const closed = `${LOOPBACK}:1`;
  const nothing = { status: null, outer: null, roundTrip: null };
  expect(await probeRelayByWebSocket([`ws://${closed}/`], null, {})).toEqual({
    ...nothing,
    failure: `no WebSocket to ${closed}: connection refused`,
  });
  const env = { HTTP_PROXY: "socks://192.0.2.1" };
  expect(await probeRelayByWebSocket([`ws://${closed}/`], null, env)).toEqual({
    ...nothing,
    failure: "the proxy in HTTP_PROXY is not an HTTP proxy",
  });
});

test("a relay without the server says so, and what is no relay does not answer", async () => {
  await using relay = await relayHere();
  using silent = await openUdpSocket({ bind: LOOPBACK, port: 0, onDatagram() {}, onError() {} });
  const { relays } = await probeRelays([relay.local, silent.address], SERVER_KEYS.publicKey);
  expect(relays.map(({ status, roundTrip }) => [status, roundTrip])).toEqual([
    ["no-server", null],
    [null, null],
  ]);
});
