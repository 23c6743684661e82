// A relay on real sockets (docs/protocol.md s. 19): servers register in a session, and datagrams pass between them and those
// who join.

import { describe, expect, test } from "bun:test";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

import { fingerprint } from "../../src/identity/key-text.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import {
  readRelayPacket,
  relaySlot,
  writeForward,
  writeQuery,
} from "../../src/net/relay-packets.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import type { KeyPair } from "../../src/protocol/crypto-provider.ts";
import { openRelay, type Relay, type RelayOptions } from "../../src/relay/relay.ts";
import { reservePort } from "../harness/ports.ts";
import { until } from "../harness/until.ts";

const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(2));
const OTHER_KEYS = generateKeyPair(new Uint8Array(32).fill(3));
const SLOT = relaySlot(platformCrypto, SERVER_KEYS.publicKey);
const NO_SECRET = new Uint8Array(32);

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (message: Uint8Array) => new TextDecoder().decode(message);

function relayOn(options: Partial<RelayOptions> = {}): Promise<Relay> {
  return openRelay({ bind: "127.0.0.1", port: 0, identity: RELAY_KEYS, ...options });
}

/** A server with a session at the relay, which says what is given. */
async function openServer(relay: Relay, keys: KeyPair, ...messages: readonly string[]) {
  const replies: string[] = [];
  const packets: Uint8Array[] = [];
  let answer: ((datagram: Uint8Array) => Uint8Array) | null = null;
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys,
    onRelayPacket(datagram, from) {
      packets.push(datagram);
      return answer === null ? null : { to: from, bytes: answer(datagram) };
    },
  });
  const link = socket.join(
    { to: relay.local, psk: NO_SECRET, expected: RELAY_KEYS.publicKey },
    { onMessages: (received) => void replies.push(...received.map(text)) },
  );
  for (const message of messages) void link.say(bytes(message));
  return {
    link,
    replies,
    packets,
    /** Answers each datagram of a joiner. */
    answerWith(write: (datagram: Uint8Array) => Uint8Array) {
      answer = write;
    },
    local: socket.local,
    close: () => socket.close(),
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

/** The first byte of a finish (docs/protocol.md s. 7). */
const FINISH = 0xfb;
const REGISTER = '{"type":"register"}';

/** An address that joins; it is no part of the code under test, but for the layout of packets. */
async function openJoiner(relay: Relay) {
  const socket: Socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const received: Uint8Array[] = [];
  socket.on("message", (datagram) => void received.push(new Uint8Array(datagram)));
  const send = (datagram: Uint8Array) => socket.send(datagram, relay.local.port, "127.0.0.1");
  async function ask(datagram: Uint8Array) {
    const before = received.length;
    send(datagram);
    await until("the relay's answer", () => received.length > before);
    const packet = readRelayPacket(received.at(-1) ?? new Uint8Array());
    if (packet?.kind !== "address") throw new Error("no address packet");
    return packet;
  }
  return {
    received,
    send,
    ask,
    port: socket.address().port,
    async join(slot: Uint8Array) {
      const { cookie } = await ask(writeQuery(null, null));
      return (await ask(writeQuery(cookie, slot))).status;
    },
    [Symbol.dispose]: () => void socket.close(),
  };
}

describe("registration (s. 19.3)", () => {
  test("a server that registers gets its address, and datagrams pass both ways", async () => {
    await using relay = await relayOn();
    await using server = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("a reply to the server", () => server.replies.length > 0);
    const address = `127.0.0.1:${server.local.port}`;
    expect(server.replies).toEqual([`{"type":"registered","address":"${address}"}`]);

    using joiner = await openJoiner(relay);
    const learnt = await joiner.ask(writeQuery(null, null));
    const own: SocketAddress = { address: "127.0.0.1", port: joiner.port };
    expect(learnt.address).toEqual(own);
    expect(await joiner.join(SLOT)).toBe("joined");
    server.answerWith((datagram) => {
      const packet = readRelayPacket(datagram);
      if (packet?.kind !== "forward") throw new Error("not forwarded");
      return writeForward(packet.end, bytes(`${text(packet.datagram)} yourself`));
    });
    const before = joiner.received.length;
    joiner.send(writeForward(SLOT, bytes("hello")));
    await until("the relay's answer", () => joiner.received.length > before);
    const answer = readRelayPacket(joiner.received.at(-1) ?? new Uint8Array());
    if (answer?.kind !== "forward") throw new Error("no answer");
    expect(text(answer.datagram)).toBe("hello yourself");
    expect(answer.end).toEqual(SLOT);
    expect(relay.state()).toMatchObject({ servers: 1, joiners: 1, sessions: 1, forwarded: 2 });
  });

  test("a server that leaves is not registered any more", async () => {
    await using relay = await relayOn();
    const server = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("the relay's state", () => relay.state().servers === 1);
    using joiner = await openJoiner(relay);
    expect(await joiner.join(SLOT)).toBe("joined");
    await server.close();
    await until("the relay's state", () => relay.state().servers === 0);
    expect(await joiner.join(SLOT)).toBe("no-server");
    expect(relay.state()).toMatchObject({ servers: 0, joiners: 0, sessions: 0 });
  });

  test("a session without a registration has no slot", async () => {
    await using relay = await relayOn();
    await using _server = await openServer(relay, SERVER_KEYS, '{"type":"later"}');
    await until("the relay's state", () => relay.state().sessions === 1);
    using joiner = await openJoiner(relay);
    expect(await joiner.join(SLOT)).toBe("no-server");
  });

  test("the newest session with a key has its slot, and the earlier one is ended", async () => {
    await using relay = await relayOn();
    await using earlier = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("a reply to the server", () => earlier.replies.length > 0);
    await using newer = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("a reply to the server", () => newer.replies.length > 0);
    expect(await earlier.link.ended).toMatchObject({ type: "closed", by: "peer", code: 1 });
    using joiner = await openJoiner(relay);
    expect(await joiner.join(SLOT)).toBe("joined");
    joiner.send(writeForward(SLOT, bytes("hello")));
    await until("a datagram at the server", () => newer.packets.length > 0);
    expect(earlier.packets).toEqual([]);
    expect(relay.state()).toMatchObject({ servers: 1, sessions: 1 });
  });

  test("another key gets another slot, whatever it says", async () => {
    await using relay = await relayOn();
    const lie = `{"type":"register","key":"${Buffer.from(SERVER_KEYS.publicKey).toString("hex")}"}`;
    await using liar = await openServer(relay, OTHER_KEYS, lie);
    await until("a reply to the server", () => liar.replies.length > 0);
    using joiner = await openJoiner(relay);
    expect(await joiner.join(SLOT)).toBe("no-server");
  });

  test("what is no message for a relay ends the session", async () => {
    await using relay = await relayOn();
    for (const message of ["hello", "[]", '{"type":7}', `{"type":"${"x".repeat(2_000)}"}`]) {
      await using server = await openServer(relay, SERVER_KEYS, message, REGISTER);
      expect(await server.link.ended).toMatchObject({ type: "closed", by: "peer", code: 1 });
    }
    expect(relay.state().servers).toBe(0);
  });

  test("a server beyond those that one network may have is refused in words", async () => {
    await using relay = await relayOn({ limits: { slotsOfSource: 1 } });
    await using first = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("a reply to the server", () => first.replies.length > 0);
    await using second = await openServer(relay, OTHER_KEYS, REGISTER);
    expect(await second.link.ended).toMatchObject({ type: "closed", by: "peer", code: 1 });
    expect(second.replies).toEqual([
      '{"type":"refused","code":"RELAY_FULL","message":"the relay has no room for another server from this network"}',
    ]);
    expect(relay.state().servers).toBe(1);
  });
});

/** A NAT between a server and the relay, which gives the server another port after `move`. */
async function openNat(relay: Relay) {
  const sockets: Socket[] = [];
  for (const _socket of [1, 2, 3]) {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    sockets.push(socket);
  }
  const [inner, first, second] = sockets;
  if (inner === undefined || first === undefined || second === undefined) throw new Error("none");
  let server = 0;
  let hasMoved: ((datagram: Uint8Array) => boolean) | null = null;
  inner.on("message", (datagram, from) => {
    server = from.port;
    const outer = hasMoved?.(datagram) === true ? second : first;
    outer.send(datagram, relay.local.port, "127.0.0.1");
  });
  const passBack = (datagram: Uint8Array) => inner.send(datagram, server, "127.0.0.1");
  first.on("message", passBack);
  return {
    /** From a datagram on for which this is true; what comes to the new port is lost, unless it is the server's. */
    move(when: (datagram: Uint8Array) => boolean, port: "the server's" | "a victim's") {
      let moved = false;
      hasMoved = (datagram) => (moved ||= when(datagram));
      if (port === "the server's") second.on("message", passBack);
    },
    local: { address: "127.0.0.1", port: inner.address().port },
    first: `127.0.0.1:${first.address().port}`,
    second: `127.0.0.1:${second.address().port}`,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.close();
    },
  };
}

test("a server whose finish comes from an address that it does not receive at is registered at the one that it has proven", async () => {
  await using relay = await relayOn();
  using nat = await openNat(relay);
  nat.move((datagram) => datagram[0] === FINISH, "a victim's");
  await using server = await openServer({ ...relay, local: nat.local }, SERVER_KEYS, REGISTER);
  await until("a reply to the server", () => server.replies.length > 0);
  expect(server.replies).toEqual([`{"type":"registered","address":"${nat.first}"}`]);
  await relay.close();
});

test("a server that moves is told its new address, and its joiners reach it there", async () => {
  await using relay = await relayOn();
  using nat = await openNat(relay);
  await using server = await openServer({ ...relay, local: nat.local }, SERVER_KEYS, REGISTER);
  await until("a reply to the server", () => server.replies.length > 0);
  using joiner = await openJoiner(relay);
  expect(await joiner.join(SLOT)).toBe("joined");
  nat.move(() => true, "the server's");
  void server.link.say(bytes('{"type":"anything"}'));
  await until("a reply to the server", () => server.replies.length > 1);
  expect(server.replies[1]).toBe(`{"type":"registered","address":"${nat.second}"}`);
  joiner.send(writeForward(SLOT, bytes("hello")));
  await until("a datagram at the server", () => server.packets.length > 0);
  expect(relay.state()).toMatchObject({ servers: 1, joiners: 1, sessions: 1 });
  await relay.close();
});

describe("who may register", () => {
  test("with a list, only servers with a key on it are admitted", async () => {
    const allowed = fingerprint(SERVER_KEYS.publicKey);
    await using relay = await relayOn({ isAllowed: (each) => each === allowed });
    await using server = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("a reply to the server", () => server.replies.length > 0);
    await using other = await openServer(relay, OTHER_KEYS, REGISTER);
    expect(await other.link.ended).toEqual({ type: "handshake-failed", failure: "wrong-secret" });
    expect(relay.state()).toMatchObject({ servers: 1, sessions: 1 });
  });

  test("those who join need not be on the list: the server decides about them", async () => {
    const allowed = fingerprint(SERVER_KEYS.publicKey);
    await using relay = await relayOn({ isAllowed: (each) => each === allowed });
    await using server = await openServer(relay, SERVER_KEYS, REGISTER);
    await until("a reply to the server", () => server.replies.length > 0);
    using joiner = await openJoiner(relay);
    expect(await joiner.join(SLOT)).toBe("joined");
  });
});

test("a relay that is stopped tells its servers, which may register again with the next one", async () => {
  const port = await reservePort();
  const relay = await relayOn({ port });
  await using server = await openServer(relay, SERVER_KEYS, REGISTER);
  await until("a reply to the server", () => server.replies.length > 0);
  await relay.close();
  expect(await server.link.ended).toEqual({
    type: "closed",
    by: "peer",
    code: 19,
    reason: "the relay was stopped",
  });
  await using next = await relayOn({ port });
  await using again = await openServer(next, SERVER_KEYS, REGISTER);
  await until("a reply to the server", () => again.replies.length > 0);
  expect(next.state().servers).toBe(1);
});
