// Relays that are asked, on real sockets.

import { expect, test } from "bun:test";

import { openUdpSocket } from "#udp-socket";

import { generateKeyPair } from "../../src/net/crypto.ts";
import { probeRelays } from "../../src/net/relay-probe.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { openRelay } from "../../src/relay/relay.ts";
import { keepRegistered } from "../../src/server/relay-registration.ts";
import { until } from "../harness/until.ts";

const LOOPBACK = "127.0.0.1";
const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(2));

const relayHere = () => openRelay({ bind: LOOPBACK, port: 0, identity: RELAY_KEYS });

test("relays say at which address they see this end, each the same", async () => {
  await using one = await relayHere();
  await using other = await relayHere();
  const { localPort, relays } = await probeRelays([one.local, other.local], null);
  const outer = { address: LOOPBACK, port: localPort };
  expect(relays).toEqual(
    [one, other].map(({ local }) => ({ relay: local, status: "unproven", outer, roundTrip: null })),
  );
});

test("a relay at which the server is registered forwards to it, and the time is measured", async () => {
  await using relay = await relayHere();
  const socket = await openSealedSocket({
    bind: LOOPBACK,
    port: 0,
    staticKeys: SERVER_KEYS,
    admission: new Uint8Array(32).fill(9),
    onJoined: () => ({ onMessages() {} }),
  });
  const registration = keepRegistered(socket, {
    relay: { host: "relay.example", port: 12_345 },
    name: "relay.example",
    reach: async () => relay.local,
    expected: null,
    onRegistered() {},
    onLost() {},
    random: () => 0,
  });
  await until("the server is registered", () => registration.outer !== null);
  const { localPort, relays } = await probeRelays([relay.local], SERVER_KEYS.publicKey);
  expect(relays).toEqual([
    {
      relay: relay.local,
      status: "joined",
      outer: { address: LOOPBACK, port: localPort },
      roundTrip: expect.any(Number),
    },
  ]);
  await registration[Symbol.asyncDispose]();
  await socket.close();
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
