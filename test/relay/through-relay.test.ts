// A conversation through a relay (docs/protocol.md s. 19), between charla's own server and member. A translator at each end puts
// their datagrams into forward packets and takes them out again, so that each sees an ordinary UDP address.

import { expect, test } from "bun:test";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import {
  readRelayPacket,
  relaySlot,
  writeForward,
  writeQuery,
} from "../../src/net/relay-packets.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { openRelay, type Relay } from "../../src/relay/relay.ts";
import { charla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

const HOST = "127.0.0.1";
const RELAY_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(2));
const SLOT = relaySlot(platformCrypto, SERVER_KEYS.publicKey);

/** Nothing, once the socket is closed: the other ends may still be sending. */
function sendTo(socket: Socket, bytes: Uint8Array, port: number): void {
  if (open.has(socket)) socket.send(bytes, port, HOST);
}

function close(socket: Socket): void {
  open.delete(socket);
  socket.close();
}

const open = new Set<Socket>();

async function openUdp(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, HOST);
  await once(socket, "listening");
  open.add(socket);
  return socket;
}

/** Registers, and passes what joiners send on to a server on this machine, from a port of its own for each joiner. */
async function translateForServer(relay: Relay, serverPort: number) {
  const joiners = new Map<string, Promise<Socket>>();
  const openFor = async (id: Uint8Array) => {
    const own = await openUdp();
    own.on("message", (datagram) => {
      socket.send({ to: relay.local, bytes: writeForward(id, new Uint8Array(datagram)) });
    });
    return own;
  };
  const socket = await openSealedSocket({
    bind: HOST,
    port: 0,
    staticKeys: SERVER_KEYS,
    onRelayPacket(packet) {
      const read = readRelayPacket(packet);
      if (read?.kind !== "forward") return null;
      const key = read.end.toHex();
      const known = joiners.get(key) ?? openFor(read.end.slice());
      joiners.set(key, known);
      void known.then((own) => sendTo(own, read.datagram, serverPort));
      return null;
    },
  });
  const psk = new Uint8Array(32);
  const link = socket.join(
    { to: relay.local, psk, expected: RELAY_KEYS.publicKey },
    { onMessages() {} },
  );
  void link.say(new TextEncoder().encode('{"type":"register"}'));
  await until("the registration", () => relay.state().servers === 1);
  return {
    joiners,
    async [Symbol.asyncDispose]() {
      for (const each of joiners.values()) close(await each);
      await socket.close();
    },
  };
}

/** Joins the server at the relay, and passes on what a member on this machine sends to `port`. */
async function translateForMember(relay: Relay) {
  const [inner, outer] = [await openUdp(), await openUdp()];
  let member = 0;
  let isJoined = false;
  const toRelay = (bytes: Uint8Array) => sendTo(outer, bytes, relay.local.port);
  inner.on("message", (datagram, from) => {
    member = from.port;
    toRelay(writeForward(SLOT, new Uint8Array(datagram)));
  });
  outer.on("message", (packet) => {
    const read = readRelayPacket(new Uint8Array(packet));
    if (read?.kind === "forward") sendTo(inner, read.datagram, member);
    if (read?.kind !== "address") return;
    isJoined = read.status === "joined";
    if (read.status === "unproven") toRelay(writeQuery(read.cookie, SLOT));
  });
  toRelay(writeQuery(null, null));
  await until("the proof", () => isJoined);
  return {
    port: inner.address().port,
    [Symbol.dispose]() {
      close(inner);
      close(outer);
    },
  };
}

test(
  "two people talk through a relay, and go on when it was restarted",
  async () => {
    const place = { bind: HOST, port: await reservePort(), identity: RELAY_KEYS };
    let relay = await openRelay(place);
    await using server = await startSealedServer(["--bind", HOST]);
    let forServer = await translateForServer(relay, Number(server.port));
    using forMember = await translateForMember(relay);
    const invitation = server.invitation.replace(`:${server.port}/`, `:${forMember.port}/`);
    await using ben = charla(["--name", "ben", invitation]);
    await ben.until("stderr", /^you are ben in /m);

    ben.type("good morning\n");
    await server.until("stdout", "good morning");
    server.type("good evening\n");
    await ben.until("stdout", "good evening");
    // Longer than a datagram: it takes several, of the size that the path through the relay carries.
    const long = "0123456789".repeat(900);
    ben.type(`${long}\n`);
    await server.until("stdout", long);
    const { joiners, forwarded } = relay.state();
    expect(joiners).toBe(1);
    expect(forwarded).toBeGreaterThan(15);

    await forServer[Symbol.asyncDispose]();
    await relay.close();
    relay = await openRelay(place);
    await using _relay = relay;
    ben.type("are you there?\n");
    forServer = await translateForServer(relay, Number(server.port));
    await using _forServer = forServer;
    await server.until("stdout", "are you there?");
    server.type("again\n");
    await ben.until("stdout", "again");
  },
  END_TO_END_TIMEOUT,
);
