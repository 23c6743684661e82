// The way of a conversation to a real server: directly, and past a relay until a direct way is found.

import { expect, test } from "bun:test";

import { memoryDevice } from "../../src/client/device.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { openRoomConversation } from "../../src/client/room-conversation.ts";
import { channelOver } from "../../src/client/sealed-room.ts";
import { secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openRelayCarrier } from "../../src/net/relay-carrier.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { openRelay } from "../../src/relay/relay.ts";
import { until } from "../harness/until.ts";
import { ownerOf } from "../server/admitting.ts";
import { openHere, SERVER_KEYS, SERVER_SECRET, shownTo } from "../server/served.ts";

const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(1));

test("a member is told that the way is direct, and the owner that it leaves no program", async () => {
  await using server = await openHere();
  await using ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
  const seen = shownTo(ann);
  await until("the way", () => seen.shown.some(({ type }) => type === "way"));
  expect(seen.shown.slice(0, 2)).toEqual([
    expect.objectContaining({ type: "entered" }),
    { type: "way", transport: "udp", milliseconds: expect.any(Number) },
  ]);
  expect(ann.way()).toEqual({ transport: "udp", milliseconds: expect.any(Number) });
  await using owner = await ownerOf(server);
  expect(owner.way()).toEqual({ transport: "local" });
});

test("a member past a relay is told so, and once more when the session moves to a direct way", async () => {
  await using relay = await openRelay({ bind: "127.0.0.1", port: 0, identity: RELAY_KEYS });
  await using server = await openHere({
    relays: [
      {
        relay: { host: "relay.example", port: 12_345 },
        name: "relay.example",
        reach: async () => relay.local,
        expected: RELAY_KEYS.publicKey,
        onRegistered() {},
        onLost() {},
      },
    ],
  });
  await using socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: generateKeyPair(new Uint8Array(32).fill(3)),
  });
  const serverKey = SERVER_KEYS.publicKey;
  using way = openRelayCarrier(socket, { relay: relay.local, name: "relay.example", serverKey });
  const psk = secretToPsk(SERVER_SECRET);
  const link = socket.join({ to: way.address, psk, expected: serverKey });
  expect(await link.joined).toBe(true);
  const conversation = openRoomConversation({
    room: "main",
    name: "Ann",
    device: memoryDevice(),
    random: Math.random,
    isTemporary: () => false,
    connect: async () => ({
      channel: channelOver(link),
      ended: link.ended.then(() => ({ type: "closed", reason: "" })),
    }),
  });
  const seen = shownTo(conversation);
  const ways = () => seen.shown.filter(({ type }) => type === "way");
  await until("the way", () => ways().length === 1);
  // On loopback the relay's network is also the server's, of which no candidate may be challenged.
  link.addWay(server.local);
  await until("the direct way", () => ways().length === 2);
  const milliseconds = expect.any(Number);
  expect(ways()).toEqual([
    { type: "way", transport: "udp", relay: "relay.example", milliseconds },
    { type: "way", transport: "udp", milliseconds },
  ]);
  await conversation.leave();
});
