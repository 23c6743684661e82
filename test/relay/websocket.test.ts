// A server and a joiner of whom one or both have no UDP: each talks with the relay in a WebSocket (docs/protocol.md s. 19.6).

import { expect, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import { pathKind } from "../../src/net/carrier.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openRelayCarrier } from "../../src/net/relay-carrier.ts";
import { openWebSocketCarrier } from "../../src/net/websocket-carrier.ts";
import { openRelay, type Relay } from "../../src/relay/relay.ts";
import { keepRegistered } from "../../src/server/relay-registration.ts";
import { KEY, SELF_SIGNED } from "../harness/certificates.ts";
import { until } from "../harness/until.ts";
import {
  bytes,
  type EchoServer,
  join,
  openClientSocket,
  openEchoServer,
  SERVER_KEYS,
} from "../net/carried-server.ts";

const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(7));

function relayWithTls(port = 0): Promise<Relay> {
  const tls = { certificate: SELF_SIGNED, key: KEY };
  const web = { port, tls };
  return openRelay({ bind: "127.0.0.1", port: 0, identity: RELAY_KEYS, web });
}

const urlOf = (relay: Relay) => `wss://127.0.0.1:${relay.webSockets?.local.port}/` as const;

function register(server: EchoServer, at: SocketAddress) {
  const registered: SocketAddress[] = [];
  const registration = keepRegistered(server.socket, {
    relay: { host: "relay.example", port: 12_345 },
    name: "relay.example",
    reach: async () => at,
    expected: RELAY_KEYS.publicKey,
    onRegistered: (outer) => void registered.push(outer),
    onLost() {},
    random: () => 0,
  });
  return {
    registered,
    registration,
    [Symbol.asyncDispose]: () => registration[Symbol.asyncDispose](),
  };
}

for (const [who, hasServerUdp, hasJoinerUdp] of [
  ["the joiner", true, false],
  ["the server", false, true],
  ["both", false, false],
] as const) {
  test(`they talk past the relay when ${who} can only open a WebSocket`, async () => {
    await using relay = await relayWithTls();
    const over = new AbortController();
    const byWebSocket = (socket: Parameters<typeof openWebSocketCarrier>[0]) =>
      openWebSocketCarrier(socket, { urls: [urlOf(relay)], at: relay.local, signal: over.signal });
    await using server = await openEchoServer();
    const serverAt = hasServerUdp ? relay.local : byWebSocket(server.socket);
    await using registration = register(server, serverAt);
    await until("the registration", () => registration.registered.length === 1);
    await using socket = await openClientSocket();
    using way = openRelayCarrier(socket, {
      relay: hasJoinerUdp ? relay.local : byWebSocket(socket),
      name: "relay.example",
      serverKey: SERVER_KEYS.publicKey,
    });
    const client = join(socket, way.address);
    const lines = Array.from({ length: 500 }, (_, number) => `${number}`);
    for (const line of lines) void client.link.say(bytes(line));
    await until("all answers", () => client.heard.length === lines.length);
    expect(client.heard).toEqual(lines);
    // What is reached by TCP has an address that no datagram gets to: it is no candidate.
    expect(registration.registration.outer).toEqual(hasServerUdp ? server.socket.local : null);
    expect(way.outer).toEqual(hasJoinerUdp ? socket.local : null);
    const transport = hasJoinerUdp ? "udp" : "websocket";
    expect(pathKind(client.link.peer)).toEqual({ transport, relay: "relay.example" });
    expect(relay.state()).toMatchObject({
      servers: 1,
      joiners: 1,
      webSockets: Number(!hasServerUdp) + Number(!hasJoinerUdp),
    });
    await client.link.close();
    over.abort();
  });
}

const servePage = () => new Response("the page");

test("a server learns where its relay serves the page, and no longer knows it when the relay is gone", async () => {
  for (const tls of [null, { certificate: SELF_SIGNED, key: KEY }]) {
    const web = { port: 0, tls, page: servePage };
    const relay = await openRelay({ bind: "127.0.0.1", port: 0, identity: RELAY_KEYS, web });
    await using server = await openEchoServer();
    await using registration = register(server, relay.local);
    await until("the registration", () => registration.registered.length === 1);
    expect(registration.registration.page).toEqual({
      host: "relay.example",
      port: relay.webSockets?.local.port ?? 0,
      isSecure: tls !== null,
      relayPort: 12_345,
    });
    await relay.close();
    await until("the loss", () => registration.registration.page === null);
  }
});

test("without a page a relay says nothing of one", async () => {
  await using relay = await relayWithTls();
  await using server = await openEchoServer();
  await using registration = register(server, relay.local);
  await until("the registration", () => registration.registered.length === 1);
  expect(registration.registration.page).toBeNull();
});

test("a relay that is restarted has both back by WebSockets, and no message is lost", async () => {
  const first = await relayWithTls();
  const url = urlOf(first);
  const port = first.webSockets?.local.port;
  const over = new AbortController();
  await using server = await openEchoServer();
  const at = openWebSocketCarrier(server.socket, { urls: [url], signal: over.signal });
  await using registration = register(server, at);
  await until("the registration", () => registration.registered.length === 1);
  await using socket = await openClientSocket();
  const relayed = openWebSocketCarrier(socket, { urls: [url], signal: over.signal });
  using way = openRelayCarrier(socket, {
    relay: relayed,
    name: "relay.example",
    serverKey: SERVER_KEYS.publicKey,
  });
  const client = join(socket, way.address);
  await client.link.say(bytes("before"));
  await until("the answer", () => client.heard.length === 1);
  await first.close();
  void client.link.say(bytes("while it was away"));
  await using _second = await relayWithTls(port);
  await until("the answer", () => client.heard.length === 2);
  expect(client.heard).toEqual(["before", "while it was away"]);
  expect(registration.registered).toHaveLength(2);
  expect(server.links).toHaveLength(1);
  await client.link.close();
  over.abort();
}, 30_000);

test("a connection that has joined a server stays, and one that has only asked is closed", async () => {
  await using relay = await relayWithTls();
  await using server = await openEchoServer();
  await using registration = register(server, relay.local);
  await until("the registration", () => registration.registered.length === 1);
  const over = new AbortController();
  await using socket = await openClientSocket();
  const open = () => openWebSocketCarrier(socket, { urls: [urlOf(relay)], signal: over.signal });
  using way = openRelayCarrier(socket, {
    relay: open(),
    name: "relay.example",
    serverKey: SERVER_KEYS.publicKey,
  });
  await until("the joining", () => way.status === "joined");
  const idle = new WebSocket(urlOf(relay), { tls: { rejectUnauthorized: false } });
  let code = 0;
  idle.addEventListener("close", (event) => void ({ code } = event));
  await until("both", () => relay.state().webSockets === 2);
  // After 10 s; the relay counts it no more some ms before the other end has read that.
  await until("the end of one", () => code !== 0);
  expect(code).toBe(1008);
  expect(relay.state().webSockets).toBe(1);
  expect(relay.state().joiners).toBe(1);
  over.abort();
}, 30_000);
