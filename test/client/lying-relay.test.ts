// Relays that lie: an honest one behind somebody who does what they like with each datagram. At worst the way is dead, and
// another one is taken.

import { expect, test } from "bun:test";
import { createSocket, type Socket } from "node:dgram";

import { connect } from "../../src/client/connect.ts";
import type { ConnectOptions } from "../../src/client/join-attempt.ts";
import { CharlaError } from "../../src/errors.ts";
import { secretToPsk, type Way } from "../../src/identity/invitation.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { pathKind } from "../../src/net/carrier.ts";
import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import { relaySlot } from "../../src/net/relay-packets.ts";
import type { SealedLink } from "../../src/net/sealed-link.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import type { KeyPair } from "../../src/protocol/crypto-provider.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { openRelay } from "../../src/relay/relay.ts";
import { keepRegistered } from "../../src/server/relay-registration.ts";
import { until } from "../harness/until.ts";
import { rejection } from "../net/rejection.ts";
import { seededRandom } from "../simulator/random.ts";

const SECRET = new Uint8Array(16).fill(4);
const CLIENT = generateKeyPair(new Uint8Array(32).fill(1));
const SERVER = generateKeyPair(new Uint8Array(32).fill(2));
const RELAY = generateKeyPair(new Uint8Array(32).fill(3));
const IMPOSTOR = generateKeyPair(new Uint8Array(32).fill(5));

const options: ConnectOptions = {
  staticKeys: CLIENT,
  secret: SECRET,
  trust: {
    expected: SERVER.publicKey,
    refused: () => new CharlaError("SERVER_KEY_CHANGED", "another server", "ask"),
  },
};

/** Where a datagram was going; what goes there instead of it. */
type Alter = (datagram: Buffer, to: "relay" | "joiner") => readonly Buffer[];

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket;
}

/** Stands before a relay, for one joiner. */
async function openLiar(relay: SocketAddress) {
  const [front, back] = [await bound(), await bound()];
  const liar = {
    port: front.address().port,
    alter: ((datagram) => [datagram]) as Alter,
    /** Bytes that the joiner has sent. */
    heard: 0,
    say: (datagram: Buffer) => front.send(datagram, joiner, "127.0.0.1"),
    [Symbol.asyncDispose]: async () => {
      for (const socket of [front, back]) socket.close();
    },
  };
  let joiner = 0;
  front.on("message", (datagram, { port }) => {
    joiner = port;
    liar.heard += datagram.length;
    for (const one of liar.alter(datagram, "relay")) back.send(one, relay.port, relay.address);
  });
  back.on("message", (datagram) => {
    for (const one of liar.alter(datagram, "joiner")) liar.say(one);
  });
  return liar;
}

/** A server that says each message again, registered at a relay behind a liar. */
async function openBehindLiar(keys: KeyPair = SERVER) {
  const stack = new AsyncDisposableStack();
  const relay = stack.use(await openRelay({ bind: "127.0.0.1", port: 0, identity: RELAY }));
  const heard: string[] = [];
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys,
    respond: respondWith({ admission: secretToPsk(SECRET) }),
    onJoined: (link) => ({
      onMessages(messages) {
        heard.push(...messages.map(text));
        void link.sayAll(messages);
      },
    }),
  });
  stack.defer(() => socket.close());
  stack.use(
    keepRegistered(socket, {
      relay: { host: "127.0.0.1", port: relay.local.port },
      name: "the relay",
      reach: async () => relay.local,
      expected: RELAY.publicKey,
      onRegistered() {},
      onLost() {},
      random: Math.random,
    }),
  );
  await until("the registration", () => relay.state().servers === 1);
  const liar = stack.use(await openLiar(relay.local));
  const throughLiar: Way = { kind: "relay", host: "127.0.0.1", port: liar.port };
  return {
    heard,
    socket,
    liar,
    throughLiar,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const text = (message: Uint8Array) => new TextDecoder().decode(message);
const direct = ({ port }: SocketAddress): Way => ({ kind: "direct", host: "127.0.0.1", port });

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${index}`);
}

/** Says them, a few at a time, and returns what comes back. */
async function sayEach(link: SealedLink, messages: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  link.receive({ onMessages: (all) => void answers.push(...all.map(text)) });
  for (const message of messages) {
    void link.say(new TextEncoder().encode(message));
    if (message.endsWith("0")) await Bun.sleep(5);
  }
  await until("all answers", () => answers.length >= messages.length);
  return answers;
}

/** Leads the joiner to another server of the relay than the one that it names. */
function misdirect(datagram: Buffer, to: "relay" | "joiner"): readonly Buffer[] {
  const named = Buffer.from(relaySlot(platformCrypto, SERVER.publicKey));
  const other = Buffer.from(relaySlot(platformCrypto, IMPOSTOR.publicKey));
  const [from, into] = to === "relay" ? [named, other] : [other, named];
  const at = datagram.subarray(0, 40).indexOf(from);
  if (at === -1) return [datagram];
  const altered = Buffer.from(datagram);
  into.copy(altered, at);
  return [altered];
}

test("a relay that answers for another server's key is refused at the handshake", async () => {
  await using lab = await openBehindLiar(IMPOSTOR);
  lab.liar.alter = misdirect;
  expect(await rejection(connect([lab.throughLiar], options))).toMatchObject({
    code: "SERVER_KEY_CHANGED",
  });
  expect(lab.heard).toEqual([]);
});

test("behind a relay that answers for another server's key, the server itself is joined", async () => {
  await using lab = await openBehindLiar(IMPOSTOR);
  lab.liar.alter = misdirect;
  await using honest = await openBehindLiar();
  const { socket, link } = await connect([lab.throughLiar, direct(honest.socket.local)], options);
  await using _ = socket;
  expect(link.peerKey).toEqual(SERVER.publicKey);
  expect(pathKind(link.peer).relay).toBeNull();
});

test("when a relay drops everything after the handshake, the session goes on directly, and loses nothing", async () => {
  await using lab = await openBehindLiar();
  const { liar, throughLiar } = lab;
  const { socket, link, paths } = await connect([throughLiar], options);
  await using _ = socket;
  expect(pathKind(link.peer).relay).not.toBeNull();
  liar.alter = () => [];
  paths.addAddress(lab.socket.local);
  const messages = numbered(100);
  expect(await sayEach(link, messages)).toEqual(messages);
  expect(lab.heard).toEqual(messages);
  expect(pathKind(link.peer).relay).toBeNull();
});

test("a relay that repeats and reorders datagrams doubles and reorders no message", async () => {
  await using lab = await openBehindLiar();
  const { liar, throughLiar } = lab;
  const random = seededRandom(4_711);
  const seen: Buffer[] = [];
  let held: Buffer | null = null;
  const { socket, link } = await connect([throughLiar], options);
  await using _ = socket;
  liar.alter = (datagram, to) => {
    if (to === "relay") return [datagram, datagram];
    seen.push(datagram);
    const late = held;
    held = random.chance(0.2) ? datagram : null;
    const old = seen[Math.floor(random.fraction() * seen.length)] ?? datagram;
    return [...(held === null ? [datagram, datagram] : []), ...(late === null ? [] : [late]), old];
  };
  const messages = numbered(500);
  expect(await sayEach(link, messages)).toEqual(messages);
  expect(lab.heard).toEqual(messages);
});

test("a relay that floods a joiner gets a twentieth of that from it at most, and ends no session", async () => {
  await using lab = await openBehindLiar();
  const { liar, throughLiar } = lab;
  const { socket, link } = await connect([throughLiar], options);
  await using _ = socket;
  const random = seededRandom(4_712);
  const slot = relaySlot(platformCrypto, SERVER.publicKey);
  const before = liar.heard;
  let sent = 0;
  for (let count = 0; count < 20_000; count += 1) {
    const datagram = Buffer.from(random.bytes(37 + (count % 60)));
    datagram[0] = [0xf5, 0xf6, 0xf7, 0xff, 0xfc, 0x7b][count % 6] ?? 0;
    if (datagram[0] === 0xf7) datagram.set(slot, 1);
    // A status of those that there are.
    if (datagram[0] === 0xf6) datagram[1] = count % 4;
    const whole = datagram[0] === 0xf6 ? datagram.subarray(0, 37) : datagram;
    sent += whole.length;
    liar.say(whole);
    if (count % 200 === 0) await Bun.sleep(5);
  }
  expect(liar.heard - before).toBeLessThan(sent / 20);
  const messages = numbered(20);
  expect(await sayEach(link, messages)).toEqual(messages);
});
