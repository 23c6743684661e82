// A WebSocket as a carrier, from its opening to its loss (docs/protocol.md s. 19.6), on real sockets.

import { expect, test } from "bun:test";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join as joinPath } from "node:path";

import { openWebSocketClient } from "#websocket-client";

import type { CharlaError } from "../../src/errors.ts";
import { pathKind } from "../../src/net/carrier.ts";
import type { SealedSocket } from "../../src/net/sealed-socket.ts";
import { proxiesIn } from "../../src/net/web-proxy.ts";
import { openWebSocketCarrier } from "../../src/net/websocket-carrier.ts";
import { listenForWebSockets } from "../../src/net/websocket-listener.ts";
import { KEY, SELF_SIGNED } from "../harness/certificates.ts";
import { testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { type Program, start } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";
import { bytes, join, openClientSocket, openEchoServer } from "./carried-server.ts";

const WEBSOCKET = { transport: "websocket", relay: null } as const;
const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);

/** A carrier, and what it has said. */
function open(
  socket: SealedSocket,
  urls: readonly [string, ...string[]],
  env: Record<string, string> = {},
) {
  const over = new AbortController();
  const lost: CharlaError[] = [];
  let opened = 0;
  const address = openWebSocketCarrier(socket, {
    urls,
    findProxy: proxiesIn(env),
    signal: over.signal,
    onOpen: () => void (opened += 1),
    onLost: (error) => void lost.push(error),
  });
  return {
    address,
    lost,
    opened: () => opened,
    [Symbol.dispose]: () => over.abort(),
  };
}

test("a text, and a message that is longer than a datagram, end the connection and go no further", async () => {
  const codes: number[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, runtime) => (runtime.upgrade(request) ? undefined : new Response()),
    websocket: {
      open: (webSocket) => void webSocket.send(codes.length === 0 ? "text" : new Uint8Array(1_473)),
      message() {},
      close: (_, code) => void codes.push(code),
    },
  });
  const taken: number[] = [];
  for (const code of [1003, 1009]) {
    const closed = Promise.withResolvers<void>();
    openWebSocketClient({
      url: new URL(`ws://127.0.0.1:${server.port}/`),
      proxy: null,
      onOpen() {},
      onMessage: (message) => void taken.push(message.length),
      onClosed: () => closed.resolve(),
    });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await closed.promise;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await until("the close", () => codes.at(-1) === code);
  }
  expect(taken).toEqual([]);
});

/** A TCP port that passes connections on to another one, until it is told to forget them. */
async function openForwarder(to: number) {
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const one of [near, far]) one.on("error", () => {});
    near.pipe(far).pipe(near);
    pairs.push([near, far]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  return {
    url: `ws://127.0.0.1:${typeof at === "object" ? at?.port : ""}/`,
    connections: () => pairs.length,
    /** Ends each connection. */
    cut() {
      for (const one of pairs.flat()) one.destroy();
    },
    /** Passes nothing on any more, and says nothing, as a NAT that was restarted. */
    silence() {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
    },
    [Symbol.dispose]() {
      server.close();
      for (const one of pairs.flat()) one.destroy();
    },
  };
}

test("a session goes by a WebSocket that this end opens", async () => {
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  using carrier = open(socket, [`ws://127.0.0.1:${server.port}/`]);
  const client = join(socket, carrier.address);
  await client.link.say(bytes("hola"));
  await until("the answer", () => client.heard.length === 1);
  expect(client.heard).toEqual(["hola"]);
  expect(pathKind(client.link.peer)).toEqual(WEBSOCKET);
  expect(carrier.opened()).toBe(1);
  expect(carrier.lost).toEqual([]);
});

test("what is sent before it is open is sent once it is: the newest 16 datagrams", async () => {
  const came: number[] = [];
  using recorder = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("")),
    websocket: { message: (_, message) => void came.push(Number(message[0])) },
  });
  await using socket = await openClientSocket();
  using carrier = open(socket, [`ws://127.0.0.1:${recorder.port}/`]);
  const shared = new Uint8Array(1);
  for (let byte = 0; byte < 20; byte += 1) {
    shared[0] = byte;
    carrier.address.carrier.send(shared);
  }
  await until("them", () => came.length === 16);
  expect(came).toEqual(Array.from({ length: 16 }, (_, index) => index + 4));
});

test("by TLS, a certificate of nobody is taken: the session proves the server", async () => {
  await using server = await openEchoServer();
  await using secure = listenForWebSockets(
    server.socket,
    { address: "127.0.0.1", port: 0 },
    { tls: { certificate: SELF_SIGNED, key: KEY } },
  );
  await using socket = await openClientSocket();
  using carrier = open(socket, [`wss://127.0.0.1:${secure.local.port}/`]);
  const client = join(socket, carrier.address);
  await client.link.say(bytes("hola"));
  await until("the answer", () => client.heard.length === 1);
  expect(client.heard).toEqual(["hola"]);
});

test("of several URLs the first that opens is used, at once when the others are refused", async () => {
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  const refused = `wss://127.0.0.1:${await reservePort()}/`;
  using carrier = open(socket, [refused, `ws://127.0.0.1:${server.port}/`]);
  expect(await join(socket, carrier.address).link.joined).toBe(true);
  expect(carrier.lost).toEqual([]);
});

test("a session goes from a WebSocket to UDP and back, and 1,000 messages arrive once and in order", async () => {
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  using carrier = open(socket, [`ws://127.0.0.1:${server.port}/`]);
  const client = join(socket, carrier.address);
  const lines = numbers(1_000);
  const say = (from: number, to: number) => {
    for (const line of lines.slice(from, to)) void client.link.say(bytes(line));
  };
  say(0, 300);
  expect(await client.link.joined).toBe(true);
  client.link.addWay(carrier.address);
  client.link.addWay(server.socket.local);
  say(300, 500);
  await until("UDP", () => pathKind(client.link.peer).transport === "udp");
  say(500, 700);
  await until("a standby", () => server.socket.carriersInUse().size === 1);
  // It is left only for a path whose proof holds, and that of the WebSocket may be under way again.
  await until("the WebSocket", () => {
    client.link.pathLost(server.socket.local);
    return pathKind(client.link.peer).transport === "websocket";
  });
  expect(pathKind(client.link.peer)).toEqual(WEBSOCKET);
  say(700, 1_000);
  await until("all answers", () => client.heard.length === lines.length);
  expect(client.heard).toEqual(lines);
});

test("a connection that is cut is opened again, and the session goes on where it was", async () => {
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  using forwarder = await openForwarder(server.port);
  using carrier = open(socket, [forwarder.url]);
  const client = join(socket, carrier.address);
  const lines = numbers(300);
  for (const line of lines.slice(0, 100)) void client.link.say(bytes(line));
  await until("the first", () => client.heard.length > 0);
  forwarder.cut();
  for (const line of lines.slice(100, 200)) void client.link.say(bytes(line));
  await until("the second connection", () => carrier.opened() === 2);
  await until("answers", () => client.heard.length === 200);
  // Also what the server says first arrives: it knows where the session is.
  forwarder.cut();
  await until("the third connection", () => carrier.opened() === 3);
  for (const line of lines.slice(200)) void server.links[0]?.say(bytes(line));
  await until("all", () => client.heard.length === lines.length);
  expect(client.heard).toEqual(lines);
  expect(server.links).toHaveLength(1);
  expect(carrier.lost.map(({ code }) => code)).toEqual(["UNREACHABLE", "UNREACHABLE"]);
});

test("a connection on which nothing comes back is opened again after some seconds", async () => {
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  using forwarder = await openForwarder(server.port);
  using carrier = open(socket, [forwarder.url]);
  const client = join(socket, carrier.address);
  expect(await client.link.joined).toBe(true);
  forwarder.silence();
  void client.link.say(bytes("into the dark"));
  await until("the answer", () => client.heard.length === 1);
  expect(client.heard).toEqual(["into the dark"]);
  expect(forwarder.connections()).toBe(2);
  expect(carrier.lost[0]?.message).toBe("no WebSocket any more: nothing comes back");
}, 40_000);

test("a connection that no session uses is not opened again", async () => {
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  using forwarder = await openForwarder(server.port);
  using carrier = open(socket, [forwarder.url]);
  await until("the connection", () => carrier.opened() === 1);
  forwarder.cut();
  await until("the end", () => carrier.lost.length === 1);
  await Bun.sleep(1_000);
  expect(forwarder.connections()).toBe(1);
});

test("what is no WebSocket is said in words, once", async () => {
  await using socket = await openClientSocket();
  using page = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hola") });
  const nobody = await reservePort();
  for (const [url, message] of [
    [`ws://127.0.0.1:${page.port}/`, "it answered 200 instead of opening one"],
    [`ws://127.0.0.1:${nobody}/`, "connection refused"],
    ["ws://nobody.invalid:1/", "unknown host"],
  ] as const) {
    using carrier = open(socket, [url]);
    await until("the failure", () => carrier.lost.length === 1);
    const [, host] = /\/\/(.*)\//.exec(url) ?? [];
    expect(carrier.lost[0]?.message).toBe(`no WebSocket to ${host}: ${message}`);
  }
});

async function startTinyproxy(folder: string): Promise<{ proxy: Program; port: number }> {
  const port = await reservePort();
  const config = joinPath(folder, "tinyproxy.conf");
  writeFileSync(
    config,
    `Port ${port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 20\nBasicAuth ana secr3t\n`,
  );
  const proxy = start(["tinyproxy", "-d", "-c", config]);
  await proxy.until("stdout", "Accepting connections");
  return { proxy, port };
}

testWith(["tinyproxy"], "through tinyproxy, with its password", async () => {
  using folder = temporaryFolder();
  const { proxy, port } = await startTinyproxy(folder.path);
  await using _proxy = proxy;
  await using server = await openEchoServer();
  await using socket = await openClientSocket();
  const url = `ws://127.0.0.1:${server.port}/`;
  using carrier = open(socket, [url], { HTTP_PROXY: `http://ana:secr3t@127.0.0.1:${port}` });
  const client = join(socket, carrier.address);
  await client.link.say(bytes("hola"));
  await until("the answer", () => client.heard.length === 1);
  expect(proxy.stdout).toContain(`CONNECT 127.0.0.1:${server.port}`);

  using wrong = open(socket, [url], { HTTP_PROXY: `http://ana:wrong@127.0.0.1:${port}` });
  await until("the refusal", () => wrong.lost.length === 1);
  expect(wrong.lost[0]?.message).toBe(
    `no WebSocket to 127.0.0.1:${server.port} through the proxy 127.0.0.1:${port}: the proxy refuses: 401 Unauthorized`,
  );
});
