// Sealed sessions over real sockets (docs/protocol.md s. 6). Two processes, through a relay that loses and
// reorders: test/relay.

import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";

import { generateKeyPair } from "../../src/net/crypto.ts";
import type { SealedLink } from "../../src/net/sealed-link.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import type { SessionEnd } from "../../src/protocol/session/session.ts";
import { LOOPBACKS } from "../harness/loopback.ts";
import { openLossyRelay } from "../harness/lossy-relay.ts";
import { until } from "../harness/until.ts";
import { openBareSocket } from "./sockets.ts";

const PSK = new Uint8Array(32).fill(5);
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const CLIENT_KEYS = generateKeyPair(new Uint8Array(32).fill(2));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (message: Uint8Array) => new TextDecoder().decode(message);

/** A server that records the messages it receives, and the link of the client that joined. */
async function openServer(address: string) {
  const received: string[] = [];
  const joined = Promise.withResolvers<SealedLink>();
  const socket = await openSealedSocket({
    bind: address,
    port: 0,
    staticKeys: SERVER_KEYS,
    respond: respondWith({ admission: PSK }),
    onJoined(link) {
      joined.resolve(link);
      return { onMessages: (messages) => void received.push(...messages.map(text)) };
    },
  });
  return { socket, received, joined: joined.promise };
}

function openClient(address: string) {
  return openSealedSocket({ bind: address, port: 0, staticKeys: CLIENT_KEYS });
}

describe.each(LOOPBACKS)("over %s", (address) => {
  test("two ends talk, each knows the other's key, and the end reaches both", async () => {
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
    expect(server.received).toEqual(["hello"]);
    expect(answers).toEqual(["welcome"]);
    expect(link.peerKey).toEqual(SERVER_KEYS.publicKey);
    expect(back.peerKey).toEqual(CLIENT_KEYS.publicKey);
    await link.close();
    expect(await back.ended).toEqual({ type: "closed", by: "peer", code: 0, reason: "" });
  });
});

test("a wrong secret and an unexpected server key end the join", async () => {
  const server = await openServer("127.0.0.1");
  await using _ = server.socket;
  await using client = await openClient("127.0.0.1");
  const to = server.socket.local;
  const quiet = { onMessages() {} };
  const wrongSecret = client.join({ to, psk: new Uint8Array(32), expected: null }, quiet);
  expect(await wrongSecret.ended).toEqual({ type: "handshake-failed", failure: "wrong-secret" });
  const expected = generateKeyPair(new Uint8Array(32).fill(3)).publicKey;
  const otherServer = client.join({ to, psk: PSK, expected }, quiet);
  expect(await otherServer.ended).toEqual({ type: "handshake-failed", failure: "other-server" });
});

const NOTHING = { onMessages() {} };
const CLOSED_BY_PEER: SessionEnd = { type: "closed", by: "peer", code: 0, reason: "" };

/** A client and a server with a session between them, by way of a relay without loss. */
async function talkThroughRelay(stack: AsyncDisposableStack) {
  const server = await openServer("127.0.0.1");
  stack.use(server.socket);
  const to = { address: "127.0.0.1", port: server.socket.local.port };
  const relay = stack.use(await openLossyRelay({ seed: 1, loss: 0, jitter: 0, server: to }));
  const client = stack.use(await openClient("127.0.0.1"));
  const link = client.join({ to: { ...to, port: relay.port }, psk: PSK, expected: null }, NOTHING);
  expect(await link.joined).toBe(true);
  const back = await server.joined;
  // Nothing is unacknowledged any more, and the round trip is known.
  await link.say(bytes("hello"));
  await back.say(bytes("welcome"));
  await Promise.all([link.arrived(), back.arrived()]);
  return { server, client, relay, link, back };
}

describe("joined", () => {
  test("joined resolves with true at both ends", async () => {
    const server = await openServer("127.0.0.1");
    await using _ = server.socket;
    await using client = await openClient("127.0.0.1");
    const link = client.join({ to: server.socket.local, psk: PSK, expected: null }, NOTHING);
    expect(await link.joined).toBe(true);
    expect(await (await server.joined).joined).toBe(true);
  });

  test("joined resolves with false when the session was refused or aborted", async () => {
    const server = await openServer("127.0.0.1");
    await using _ = server.socket;
    await using client = await openClient("127.0.0.1");
    const to = server.socket.local;
    const refused = client.join({ to, psk: new Uint8Array(32), expected: null }, NOTHING);
    expect(await refused.joined).toBe(false);
    const givenUp = client.join({ to, psk: PSK, expected: null }, NOTHING);
    givenUp.abort(0, "");
    expect(await givenUp.joined).toBe(false);
    expect(await givenUp.ended).toEqual({ type: "closed", by: "us", code: 0, reason: "" });
  });
});

describe("messages and the end", () => {
  test("a slow reader gets 5,000 messages before the end that was sent with them", async () => {
    const received: string[] = [];
    const over = Promise.withResolvers<{ end: SessionEnd; after: number }>();
    await using server = await openSealedSocket({
      bind: "127.0.0.1",
      port: 0,
      staticKeys: SERVER_KEYS,
      respond: respondWith({ admission: PSK }),
      onJoined(link) {
        void link.ended.then((end) => over.resolve({ end, after: received.length }));
        return {
          async onMessages(messages) {
            received.push(...messages.map(text));
            // The other end may have ended before the next batch is accepted.
            for (let turns = 0; turns < 20; turns += 1) {
              await new Promise((done) => setImmediate(done));
            }
          },
        };
      },
    });
    await using client = await openClient("127.0.0.1");
    const link = client.join({ to: server.local, psk: PSK, expected: null }, NOTHING);
    const words = Array.from({ length: 5_000 }, (_unused, index) => `message ${index}`);
    for (const word of words) void link.say(bytes(word));
    await link.close();
    expect(await over.promise).toEqual({ end: CLOSED_BY_PEER, after: 5_000 });
    expect(received).toEqual(words);
  });

  test("a reader that stops makes the writer wait, and gets the rest when it goes on", async () => {
    const received: number[] = [];
    const stopped = Promise.withResolvers<void>();
    await using server = await openSealedSocket({
      bind: "127.0.0.1",
      port: 0,
      staticKeys: SERVER_KEYS,
      respond: respondWith({ admission: PSK }),
      onJoined: () => ({
        onMessages(messages) {
          received.push(...messages.map(({ length }) => length));
          return stopped.promise;
        },
      }),
    });
    await using client = await openClient("127.0.0.1");
    let arrived = 0;
    const link = client.join(
      { to: server.local, psk: PSK, expected: null },
      { ...NOTHING, onArrived: (end) => (arrived = end) },
    );
    const lengths = Array.from({ length: 300 }, (_unused, index) => 60_000 + index);
    let said = 0;
    const saying = Promise.all(
      lengths.map((length) => link.say(new Uint8Array(length)).then(() => (said += 1))),
    );
    // A full window, 1 MiB, has arrived; 4 MiB more wait in the link, and the others with the caller of say.
    await until("a full window", () => arrived > 1_048_576 - 60_300);
    expect(received.length).toBeLessThan(20);
    expect(said).toBeWithin(69, 105);
    stopped.resolve();
    await saying;
    expect(await link.arrived()).toBe(true);
    expect(received).toEqual(lengths);
  });

  test("abort reaches the peer with its code and reason, at once", async () => {
    await using stack = new AsyncDisposableStack();
    const { link, back } = await talkThroughRelay(stack);
    link.abort(1, "that was enough");
    expect(await link.ended).toMatchObject({ by: "us", code: 1, reason: "that was enough" });
    expect(await back.ended).toEqual({
      type: "closed",
      by: "peer",
      code: 1,
      reason: "that was enough",
    });
    expect(await back.say(bytes("too late"))).toBeNull();
    expect(await back.arrived()).toBe(false);
  });
});

describe("closing a socket", () => {
  test("closing a socket tells the peer, and is done when it has acknowledged", async () => {
    await using stack = new AsyncDisposableStack();
    const { client, back } = await talkThroughRelay(stack);
    const start = performance.now();
    await client.close();
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await back.ended).toEqual(CLOSED_BY_PEER);
  });

  test("closing a socket tells the peer even when the first CLOSE is lost", async () => {
    await using stack = new AsyncDisposableStack();
    const { client, relay, back } = await talkThroughRelay(stack);
    const before = relay.seen.length;
    relay.silent = true;
    const closing = client.close();
    await until("a lost CLOSE", () => relay.seen.length > before);
    relay.silent = false;
    await closing;
    expect(await back.ended).toEqual(CLOSED_BY_PEER);
  });

  test("closing a socket ends soon when the peer is dead", async () => {
    await using stack = new AsyncDisposableStack();
    const { client, relay } = await talkThroughRelay(stack);
    relay.silent = true;
    const start = performance.now();
    await client.close();
    // Three PTOs of a path whose round trip takes milliseconds.
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  test("closing a socket ends soon when the peer is dead and the session was aborted", async () => {
    await using stack = new AsyncDisposableStack();
    const { client, relay, link } = await talkThroughRelay(stack);
    relay.silent = true;
    await link.say(bytes("nobody will hear it"));
    const before = relay.seen.length;
    let closed = false;
    const closing = client.close().then(() => (closed = true));
    await until("a probe", () => relay.seen.length > before + 1);
    expect(closed).toBe(false);
    link.abort(0, "");
    await closing;
  });

  test("closing a socket ends all of its sessions, and may be called twice", async () => {
    const server = await openServer("127.0.0.1");
    await using clients = new AsyncDisposableStack();
    const links: SealedLink[] = [];
    for (let count = 0; count < 5; count += 1) {
      const client = clients.use(await openClient("127.0.0.1"));
      const link = client.join({ to: server.socket.local, psk: PSK, expected: null }, NOTHING);
      expect(await link.joined).toBe(true);
      links.push(link);
    }
    await Promise.all([server.socket.close(), server.socket.close()]);
    for (const link of links) expect(await link.ended).toEqual(CLOSED_BY_PEER);
  });
});

/** A server, and a socket that sends plain text to it; the answers are read as bytes. */
async function openPlainSpeaker(stack: AsyncDisposableStack) {
  const others: number[] = [];
  const server = stack.use(
    await openSealedSocket({
      bind: "127.0.0.1",
      port: 0,
      staticKeys: SERVER_KEYS,
      respond: respondWith({ admission: PSK }),
      onOtherWire: ({ port }) => others.push(port),
    }),
  );
  const answers: string[] = [];
  const speaker = createSocket("udp4");
  speaker.on("message", (datagram) => answers.push(datagram.toString("hex")));
  await new Promise<void>((resolve) => speaker.bind(0, "127.0.0.1", resolve));
  stack.defer(() => void speaker.close());
  const speak = (datagram: Uint8Array | string) =>
    new Promise<void>((resolve) =>
      speaker.send(datagram, server.local.port, "127.0.0.1", () => resolve()),
    );
  return { server, others, answers, speak, port: speaker.address().port };
}

describe("a datagram of another wire", () => {
  test("a datagram of another wire is answered with the byte 0xFF, and reported (docs/protocol.md s. 6)", async () => {
    await using stack = new AsyncDisposableStack();
    const { others, answers, speak, port } = await openPlainSpeaker(stack);
    await speak("hello");
    await until("the answer", () => answers.length > 0);
    expect(answers).toEqual(["ff"]);
    expect(others).toEqual([port]);
  });

  test("an empty datagram is not answered, since an answer is never longer than its question", async () => {
    await using stack = new AsyncDisposableStack();
    const { others, answers, speak } = await openPlainSpeaker(stack);
    await speak("");
    await speak("x");
    await until("the answer to the second", () => answers.length > 0 && others.length === 2);
    expect(answers).toEqual(["ff"]);
  });

  test("datagrams of another wire are answered at most 100 times a second", async () => {
    await using stack = new AsyncDisposableStack();
    const { others, answers, speak } = await openPlainSpeaker(stack);
    const start = performance.now();
    for (let count = 0; count < 300; count += 1) await speak("hello");
    await until("all datagrams", () => others.length === 300);
    const seconds = Math.floor((performance.now() - start) / 1_000) + 1;
    await until("the answers", () => answers.length >= 100);
    expect(answers.length).toBeLessThanOrEqual(100 * (seconds + 1));
    expect(answers.length).toBeLessThan(300);
  });

  test("a socket without admission does not answer datagrams of another wire", async () => {
    await using client = await openClient("127.0.0.1");
    await using server = await openBareSocket();
    const link = client.join(
      { to: { address: "127.0.0.1", port: server.port }, psk: PSK, expected: null },
      NOTHING,
    );
    const { from } = await server.next();
    await server.send("who is there?", from.port);
    // The next datagram is its hello again, of 1,200 bytes, and not the byte 0xFF.
    expect((await server.next()).text.length).toBeGreaterThan(1);
    link.abort(0, "");
  });
});
