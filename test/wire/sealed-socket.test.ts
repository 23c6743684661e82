// Sealed sessions over real sockets (docs/protocol.md s. 6), through a relay that loses and reorders.

import { describe, expect, test } from "bun:test";

import { generateKeyPair } from "../../src/wire/noise/x25519.ts";
import type { SealedLink } from "../../src/wire/sealed-link.ts";
import { openSealedSocket } from "../../src/wire/sealed-socket.ts";
import { LOOPBACKS } from "../harness/loopback.ts";
import { openLossyRelay } from "../harness/lossy-relay.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";

const PSK = new Uint8Array(32).fill(5);
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const CLIENT_KEYS = generateKeyPair(new Uint8Array(32).fill(2));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (message: Uint8Array) => new TextDecoder().decode(message);

/** A server that keeps what it hears, and the link of whoever joined. */
async function openServer(address: string) {
  const heard: string[] = [];
  const joined = Promise.withResolvers<SealedLink>();
  const socket = await openSealedSocket({
    bind: address,
    port: 0,
    staticKeys: SERVER_KEYS,
    openWith: PSK,
    onJoined(link) {
      joined.resolve(link);
      return { onMessages: (messages) => void heard.push(...messages.map(text)) };
    },
  });
  return { socket, heard, joined: joined.promise };
}

function openClient(address: string) {
  return openSealedSocket({ bind: address, port: 0, staticKeys: CLIENT_KEYS, openWith: null });
}

describe.each(LOOPBACKS)("over %s", (address) => {
  test("two talk, each knows the other's key, and the end reaches both", async () => {
    const server = await openServer(address);
    await using _ = server.socket;
    await using client = await openClient(address);
    const answers: string[] = [];
    const link = client.join(
      { to: server.socket.local, psk: PSK, expected: SERVER_KEYS.publicKey },
      { onMessages: (messages) => void answers.push(...messages.map(text)) },
    );
    await link.say(bytes("hello"));
    const back = await server.joined;
    await back.say(bytes("welcome"));
    expect(await link.arrived()).toBe(true);
    expect(await back.arrived()).toBe(true);
    expect(server.heard).toEqual(["hello"]);
    expect(answers).toEqual(["welcome"]);
    expect(link.peerKey).toEqual(SERVER_KEYS.publicKey);
    expect(back.peerKey).toEqual(CLIENT_KEYS.publicKey);
    await link.close();
    expect(await back.ended).toEqual({ type: "closed", by: "peer", code: 0, reason: "" });
  });
});

test("a wrong secret, and a server that is not the expected one, end the join", async () => {
  const server = await openServer("127.0.0.1");
  await using _ = server.socket;
  await using client = await openClient("127.0.0.1");
  const to = server.socket.local;
  const quiet = { onMessages() {} };
  const wrongSecret = client.join({ to, psk: new Uint8Array(32), expected: null }, quiet);
  expect(await wrongSecret.ended).toEqual({ type: "join-failed", failure: "wrong-secret" });
  const expected = generateKeyPair(new Uint8Array(32).fill(3)).publicKey;
  const otherServer = client.join({ to, psk: PSK, expected }, quiet);
  expect(await otherServer.ended).toEqual({ type: "join-failed", failure: "other-server" });
});

test(
  "through 30 % loss and reordering, and three moves, 10,000 messages each way arrive once and in order",
  async () => {
    const COUNT = 10_000;
    const server = await openServer("127.0.0.1");
    await using _ = server.socket;
    const { address, port } = server.socket.local;
    await using relay = await openLossyRelay({
      seed: 1,
      loss: 0.3,
      jitter: 2,
      server: { address, port },
    });
    await using client = await openClient("127.0.0.1");
    const answers: string[] = [];
    const link = client.join(
      { to: { address, port: relay.port }, psk: PSK, expected: null },
      { onMessages: (messages) => void answers.push(...messages.map(text)) },
    );
    const words = Array.from({ length: COUNT }, (_unused, index) => `message ${index}`);
    async function sayAll(its: SealedLink, moves: number): Promise<void> {
      for (const [index, word] of words.entries()) {
        await its.say(bytes(word));
        if (moves > 0 && index % 2_500 === 2_499 && index < 9_000) {
          // Half of what was said has arrived by now, the rest is on its way.
          await relay.move();
          await its.arrived();
        }
      }
      await its.arrived();
    }
    await link.say(bytes("first"));
    expect(await link.arrived()).toBe(true);
    const back = await server.joined;
    const lost = Promise.race([link.ended, back.ended]).then((end) => {
      throw new Error(`the session ended with ${JSON.stringify(end)}`);
    });
    await Promise.race([Promise.all([sayAll(link, 3), sayAll(back, 0)]), lost]);
    expect(server.heard).toEqual(["first", ...words]);
    expect(answers).toEqual(words);
    const all = Buffer.concat(relay.seen).toString("latin1");
    expect(all).not.toContain("message ");
  },
  END_TO_END_TIMEOUT,
);
