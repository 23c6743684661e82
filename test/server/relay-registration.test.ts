// A server that is registered at a relay, and one who joins it there (docs/protocol.md s. 19), on real sockets.

import { expect, test } from "bun:test";

import type { CharlaError } from "../../src/errors.ts";
import { parseInvitation, secretToPsk } from "../../src/identity/invitation.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { pathKind } from "../../src/net/carrier.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openRelayCarrier } from "../../src/net/relay-carrier.ts";
import type { SealedLink } from "../../src/net/sealed-link.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { openRelay, type Relay } from "../../src/relay/relay.ts";
import { open } from "../../src/server/open.ts";
import { keepRegistered, type RegistrationOptions } from "../../src/server/relay-registration.ts";
import { reservePort } from "../harness/ports.ts";
import { until } from "../harness/until.ts";

const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(2));
const JOINER_KEYS = generateKeyPair(new Uint8Array(32).fill(3));
const PSK = new Uint8Array(32).fill(9);

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (message: Uint8Array) => new TextDecoder().decode(message);

function relayOn(port = 0): Promise<Relay> {
  return openRelay({ bind: "127.0.0.1", port, identity: RELAY_KEYS });
}

/** A server that says each message again, and is reached only past its relays. */
async function openServer(at: () => SocketAddress, more: Partial<RegistrationOptions> = {}) {
  const links: SealedLink[] = [];
  const registered: SocketAddress[] = [];
  const losses: CharlaError[] = [];
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: SERVER_KEYS,
    respond: respondWith({ admission: PSK }),
    onJoined(link) {
      links.push(link);
      return { onMessages: (messages) => void link.sayAll(messages) };
    },
  });
  const registration = keepRegistered(socket, {
    relay: { host: "relay.example", port: 12_345 },
    name: "relay.example",
    reach: async () => at(),
    expected: RELAY_KEYS.publicKey,
    onRegistered: (outer) => void registered.push(outer),
    onLost: (error) => void losses.push(error),
    random: () => 0,
    ...more,
  });
  return {
    links,
    registered,
    losses,
    local: socket.local,
    async [Symbol.asyncDispose]() {
      await registration[Symbol.asyncDispose]();
      await socket.close();
    },
  };
}

async function joinThrough(relay: SocketAddress) {
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: JOINER_KEYS,
  });
  const statuses: (string | null)[] = [];
  const way = openRelayCarrier(socket, {
    relay,
    name: "relay.example",
    serverKey: SERVER_KEYS.publicKey,
    onStatus: (status) => void statuses.push(status),
  });
  const heard: string[] = [];
  const link = socket.join(
    { to: way.address, psk: PSK, expected: SERVER_KEYS.publicKey },
    { onMessages: (messages) => void heard.push(...messages.map(text)) },
  );
  return {
    heard,
    link,
    local: socket.local,
    statuses,
    way,
    async [Symbol.asyncDispose]() {
      await socket.close();
      way[Symbol.dispose]();
    },
  };
}

test("a joiner talks with a registered server through the relay, and each learns its own outer address only", async () => {
  await using relay = await relayOn();
  await using server = await openServer(() => relay.local);
  await until("the registration", () => server.registered.length === 1);
  expect(server.registered).toEqual([server.local]);
  await using joiner = await joinThrough(relay.local);
  await joiner.link.say(bytes("hola"));
  await until("the answer", () => joiner.heard.length === 1);
  expect(joiner.heard).toEqual(["hola"]);
  expect(pathKind(joiner.link.peer)).toEqual({ transport: "udp", relay: "relay.example" });
  expect(joiner.way.outer).toEqual(joiner.local);
  const [link] = server.links;
  expect(link?.peer.port).toBe(relay.local.port);
});

test("a session moves from the relay to a direct way, and 1,000 messages arrive once and in order", async () => {
  await using relay = await relayOn();
  await using server = await openServer(() => relay.local);
  await until("the registration", () => server.registered.length === 1);
  await using joiner = await joinThrough(relay.local);
  expect(await joiner.link.joined).toBe(true);
  for (let number = 0; number < 500; number += 1) void joiner.link.say(bytes(`${number}`));
  // On loopback the relay's network is also the server's, of which no candidate may be challenged: the joiner knows the address itself.
  joiner.link.addWay(server.local);
  for (let number = 500; number < 1_000; number += 1) void joiner.link.say(bytes(`${number}`));
  await until("all answers", () => joiner.heard.length === 1_000);
  expect(joiner.heard).toEqual(Array.from({ length: 1_000 }, (_, number) => `${number}`));
  await until("the direct way", () => pathKind(joiner.link.peer).relay === null);
  expect(joiner.link.peer).toEqual(server.local);
});

test("a relay that is restarted has the server and the joiner back, and loses no message", async () => {
  const port = await reservePort();
  const first = await relayOn(port);
  await using server = await openServer(() => ({ address: "127.0.0.1", port }));
  await until("the registration", () => server.registered.length === 1);
  await using joiner = await joinThrough(first.local);
  expect(await joiner.link.joined).toBe(true);
  await first.close();
  void joiner.link.say(bytes("while it was away"));
  await using _second = await relayOn(port);
  await until("the answer", () => joiner.heard.length === 1);
  expect(joiner.heard).toEqual(["while it was away"]);
  expect(server.losses.map(({ code }) => code)).toEqual(["RELAY_LOST"]);
  expect(server.losses[0]?.message).toBe(
    "not registered at the relay relay.example: the relay was stopped",
  );
}, 30_000);

test("a relay with another key than before is refused, and the server says so once", async () => {
  await using relay = await relayOn();
  await using server = await openServer(() => relay.local, { expected: SERVER_KEYS.publicKey });
  await until("the refusal", () => server.losses.length === 1);
  expect(server.losses[0]?.message).toBe(
    "not registered at the relay relay.example: it has another key than before",
  );
  expect(server.registered).toEqual([]);
});

test("no address that a lying relay names is taken for the server's, unless others can be there", async () => {
  const addresses = [
    "224.0.0.251:5353",
    "255.255.255.255:7",
    "0.0.0.0:80",
    "169.254.1.1:80",
    "[ff02::1]:80",
    "[fe80::1%lo]:80",
    "[::]:80",
  ];
  let answered = 0;
  const links: SealedLink[] = [];
  const liar = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: RELAY_KEYS,
    respond: respondWith({ admission: secretToPsk(null) }),
    onJoined(link) {
      links.push(link);
      return { onMessages() {} };
    },
  });
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: SERVER_KEYS,
    respond: respondWith({ admission: PSK }),
  });
  const registration = keepRegistered(socket, {
    relay: { host: "relay.example", port: 12_345 },
    name: "relay.example",
    reach: async () => liar.local,
    expected: null,
    onRegistered: () => void (answered += 1),
    onLost() {},
    random: () => 0,
  });
  await until("the session", () => links.length === 1);
  const [link] = links;
  if (link === undefined) throw new Error("no session");
  for (const [index, address] of [...addresses, "192.0.2.7:5"].entries()) {
    void link.sayAll([bytes(JSON.stringify({ type: "registered", address }))]);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await until("the answer", () => answered === index + 1);
    const { outer } = registration;
    expect(outer).toEqual(address === "192.0.2.7:5" ? { address: "192.0.2.7", port: 5 } : null);
  }
  await registration[Symbol.asyncDispose]();
  await socket.close();
  link.abort(1, "the test is over");
  await liar.close();
});

test("an invitation made while the server is registered names the address at which the relay sees it, before the relay", async () => {
  await using relay = await relayOn();
  const registered = Promise.withResolvers<void>();
  await using server = await open({
    publicHost: { host: "ana.example" },
    relays: [
      {
        relay: { host: "relay.example", port: 12_345 },
        name: "relay.example",
        reach: async () => relay.local,
        expected: RELAY_KEYS.publicKey,
        onRegistered: () => registered.resolve(),
        onLost() {},
      },
    ],
  });
  await registered.promise;
  const { ways } = parseInvitation(server.invitation("main"));
  const { port } = server.local;
  expect(ways).toContainEqual({ kind: "direct", host: "127.0.0.1", port });
  expect(ways.at(0)).toEqual({ kind: "direct", host: "ana.example", port });
  expect(ways.at(-1)).toEqual({ kind: "relay", host: "relay.example", port: 12_345 });
});
