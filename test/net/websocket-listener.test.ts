// A server's WebSockets (docs/protocol.md s. 19.6), with literal frames at the other end.

import { expect, spyOn, test } from "bun:test";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect } from "node:tls";

import { type DatagramCarrier, pathKind } from "../../src/net/carrier.ts";
import type { SealedSocket } from "../../src/net/sealed-socket.ts";
import {
  listenForWebSockets,
  openSealedSocketAndWebSockets,
} from "../../src/net/websocket-listener.ts";
import { KEY, SELF_SIGNED, TRUSTED } from "../harness/certificates.ts";
import { until } from "../harness/until.ts";
import { bytes, join, openClientSocket, openEchoServer, SERVER_KEYS } from "./carried-server.ts";
import { ACCEPT, BINARY, openRawWebSocket, type RawWebSocket } from "./raw-websocket.ts";

const TEXT = 0x1;
const CONTINUATION = 0x0;

/** The server by this WebSocket; `sendFrame` puts a datagram into frames. */
function carriedBy(
  raw: RawWebSocket,
  socket: SealedSocket,
  sendFrame = (datagram: Uint8Array) => raw.send(BINARY, datagram),
) {
  const carrier: DatagramCarrier = {
    id: "raw",
    rank: 2,
    kind: { transport: "websocket", relay: null },
    datagramLimit: 1_472,
    send: sendFrame,
  };
  const address = { address: "127.0.0.1", port: 1, carrier };
  raw.onBinary = (payload) => socket.receive(new Uint8Array(payload), address);
  return address;
}

test("a session by literal frames: each message of the WebSocket is one datagram", async () => {
  await using server = await openEchoServer({}, "::");
  await using raw = await openRawWebSocket(server.port);
  expect(raw.header.split("\r\n")[0]).toBe("HTTP/1.1 101 Switching Protocols");
  expect(raw.header).toContain(`\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`);
  await using socket = await openClientSocket();
  const client = join(socket, carriedBy(raw, socket));
  await client.link.say(bytes("hola"));
  await until("the answer", () => client.heard.length === 1);
  expect(client.heard).toEqual(["hola"]);
  const [link] = server.links;
  if (link === undefined) throw new Error("nobody has joined");
  expect(pathKind(link.peer)).toEqual({ transport: "websocket", relay: null });
  // Not ::ffff:127.0.0.1, as a socket of both families says.
  expect(link.peer.address).toBe("127.0.0.1");
  expect(link.peer.port).toBe(raw.tcp.localPort ?? 0);
});

test("a datagram in fragments of one byte arrives as one", async () => {
  await using server = await openEchoServer();
  await using raw = await openRawWebSocket(server.port);
  await using socket = await openClientSocket();
  const inBytes = (datagram: Uint8Array) => {
    for (let at = 0; at < datagram.length; at += 1) {
      const opcode = at === 0 ? BINARY : CONTINUATION;
      raw.send(opcode, datagram.subarray(at, at + 1), at === datagram.length - 1);
    }
  };
  const client = join(socket, carriedBy(raw, socket, inBytes));
  await client.link.say(bytes("hola"));
  await until("the answer", () => client.heard.length === 1);
  expect(client.heard).toEqual(["hola"]);
});

test("compression is not agreed to", async () => {
  await using server = await openEchoServer();
  const extra = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  await using raw = await openRawWebSocket(server.port, { extra });
  expect(raw.header).toContain(" 101 ");
  expect(raw.header.toLowerCase()).not.toContain("extensions");
});

test("a message of 1,472 bytes is taken, a longer one and a text end the connection", async () => {
  await using server = await openEchoServer();
  await using raw = await openRawWebSocket(server.port);
  raw.send(BINARY, new Uint8Array(1_472).fill(0xff));
  raw.send(BINARY, new Uint8Array(1_473).fill(0xff));
  expect(await raw.closed).toBe(1009);
  await using other = await openRawWebSocket(server.port);
  other.send(TEXT, bytes("hola"));
  expect(await other.closed).toBe(1003);
});

test("a long message in small fragments ends the connection as soon as it is too long", async () => {
  await using server = await openEchoServer();
  await using raw = await openRawWebSocket(server.port);
  raw.send(BINARY, new Uint8Array(1), false);
  for (let count = 1; count < 1_500; count += 1) raw.send(CONTINUATION, new Uint8Array(1), false);
  expect(await raw.closed).toBe(1009);
});

test("messages of one byte are dropped, and a connection without a session is closed", async () => {
  await using server = await openEchoServer({ unusedTimeout: 500 });
  await using raw = await openRawWebSocket(server.port);
  for (let byte = 0; byte < 256; byte += 1) raw.send(BINARY, new Uint8Array([byte]));
  raw.send(BINARY, new Uint8Array(0));
  expect(await raw.closed).toBe(1008);
  // Nobody is told that somebody speaks another wire here.
  expect(server.otherWires).toEqual([]);
  expect(server.webSockets.connections).toBe(0);
});

test("a connection with a session is kept, and closed when the session is over", async () => {
  await using server = await openEchoServer({ unusedTimeout: 500 });
  await using raw = await openRawWebSocket(server.port);
  await using socket = await openClientSocket();
  const client = join(socket, carriedBy(raw, socket));
  expect(await client.link.joined).toBe(true);
  await Bun.sleep(2_500);
  expect(server.webSockets.connections).toBe(1);
  await client.link.close();
  expect(await raw.closed).toBe(1008);
});

test("a source has a limited number of connections, and gets another one when one has ended", async () => {
  await using server = await openEchoServer({ ofSource: 2 });
  await using first = await openRawWebSocket(server.port);
  await using second = await openRawWebSocket(server.port);
  expect([first.header, second.header].every((header) => header.includes(" 101 "))).toBe(true);
  await using third = await openRawWebSocket(server.port);
  expect(third.header.split("\r\n")[0]).toBe("HTTP/1.1 503 Service Unavailable");
  first.tcp.destroy();
  await until("the end", () => server.webSockets.connections === 1);
  await using fourth = await openRawWebSocket(server.port);
  expect(fourth.header).toContain(" 101 ");
});

test("there is a limited number of connections in all", async () => {
  await using server = await openEchoServer({ connections: 1 });
  await using _first = await openRawWebSocket(server.port);
  await using second = await openRawWebSocket(server.port);
  expect(second.header).toContain(" 503 ");
});

/** Connections of which every second one begins a request; the others send nothing. */
async function openSilent(port: number, count: number): Promise<Socket[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const tcp = connectTcp(port, "127.0.0.1");
      tcp.on("error", () => {});
      // Without a reader the end of the connection would not be noticed.
      tcp.resume();
      await once(tcp, "connect");
      if (index % 2 === 0) tcp.write("GET / HTTP/1.1\r\n");
      return tcp;
    }),
  );
}

const countOpen = (all: readonly Socket[]) => all.filter(({ closed }) => !closed).length;

test("of a hundred connections without a request the oldest are ended, and a joiner gets in", async () => {
  await using server = await openEchoServer({ requestsOfSource: 10 });
  await using early = await openRawWebSocket(server.port);
  await using socket = await openClientSocket();
  const before = join(socket, carriedBy(early, socket));
  expect(await before.link.joined).toBe(true);
  const silent = await openSilent(server.port, 100);
  await using _late = await openRawWebSocket(server.port);
  await using other = await openClientSocket();
  const client = join(other, carriedBy(_late, other));
  await client.link.say(bytes("hola"));
  await until("the answer", () => client.heard.length === 1);
  await until("the end of most", () => countOpen(silent) <= 60);
  // The time for a request, after which all would be gone, is not over yet.
  expect(countOpen(silent)).toBeGreaterThanOrEqual(10);
  await using last = await openRawWebSocket(server.port);
  expect(last.header).toContain(" 101 ");
  await before.link.say(bytes("still here"));
  await until("the other answer", () => before.heard.length === 1);
  expect(server.webSockets.connections).toBe(3);
  for (const tcp of silent) tcp.destroy();
});

test("over HTTP there is a word, nothing else, and no WebSocket for the pages of others", async () => {
  await using server = await openEchoServer();
  const url = `http://127.0.0.1:${server.port}`;
  const words = await fetch(`${url}/`);
  expect(words.status).toBe(426);
  expect(words.headers.get("upgrade")).toBe("websocket");
  expect(await words.text()).toBe("charla takes WebSockets here, and has no page\n");
  expect((await fetch(`${url}/other`)).status).toBe(404);
  expect((await fetch(`${url}/`, { method: "POST", body: "x" })).status).toBe(413);
  expect((await fetch(`${url}/`, { method: "DELETE" })).status).toBe(405);
  await using foreign = await openRawWebSocket(server.port, {
    extra: "Origin: https://elsewhere.example\r\n",
  });
  expect(foreign.header).toContain(" 403 ");
  // A name of the page's own site, which a name server has made one of this server (DNS rebinding).
  const rebound = { extra: "Origin: http://relay.example\r\n" };
  await using own = await openRawWebSocket(server.port, rebound);
  expect(own.header).toContain(" 403 ");
  const at = { address: "127.0.0.1", port: 0 };
  await using withPage = listenForWebSockets(server.socket, at, {
    page: () => new Response("a page"),
  });
  await using ofPage = await openRawWebSocket(withPage.local.port, rebound);
  expect(ofPage.header).toContain(" 101 ");
});

test("where anyone may join, a page whose host another's name server may have chosen opens no WebSocket", async () => {
  await using server = await openEchoServer();
  const at = { address: "127.0.0.1", port: 0 };
  await using listener = listenForWebSockets(server.socket, at, {
    page: () => new Response("a page"),
    isOwnHost: (host) => host !== "rebound.example",
  });
  const statusFor = async (name: string, origin: string) => {
    const extra = `Origin: ${origin}\r\n`;
    await using raw = await openRawWebSocket(listener.local.port, { name, extra });
    return raw.header.split(" ")[1];
  };
  expect(await statusFor("own.example", "http://own.example")).toBe("101");
  expect(await statusFor("own.example:8443", "https://own.example:8443")).toBe("101");
  expect(await statusFor("own.example", "http://own.example:81")).toBe("403");
  expect(await statusFor("rebound.example", "http://rebound.example")).toBe("403");
  expect(await statusFor("own.example", "null")).toBe("403");
});

test("a request whose host is none is answered, and is no error of the server", async () => {
  await using server = await openEchoServer();
  for (const host of ["[", "a b", "", "a:999999", "\xff"]) {
    const tcp = connectTcp(server.port, "127.0.0.1");
    tcp.write(Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, "latin1"));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [answer] = await once(tcp, "data");
    expect(String(answer).split("\r\n")[0]).toBe("HTTP/1.1 400 Bad Request");
    tcp.destroy();
  }
});

test("what a slow reader doesn't take is dropped, and after a while its connection is closed", async () => {
  await using server = await openEchoServer({ fullTimeout: 1_000 });
  await using raw = await openRawWebSocket(server.port);
  await using socket = await openClientSocket();
  const client = join(socket, carriedBy(raw, socket));
  expect(await client.link.joined).toBe(true);
  const [link] = server.links;
  if (link === undefined) throw new Error("nobody has joined");
  raw.tcp.pause();
  const before = process.memoryUsage().rss;
  const to = link.peer;
  const datagram = new Uint8Array(1_400).fill(0xff);
  // 140 MB, and the kernel keeps a few.
  for (let count = 0; count < 100_000; count += 1) server.socket.send({ to, bytes: datagram });
  expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  await until("the end", () => server.webSockets.connections === 0);
});

test("when its connection ends, a session goes to another path at once", async () => {
  await using server = await openEchoServer();
  const raw = await openRawWebSocket(server.port);
  await using socket = await openClientSocket();
  const direct = join(socket, server.socket.local);
  expect(await direct.link.joined).toBe(true);
  const carried = carriedBy(raw, socket);
  direct.link.addWay(carried);
  const [link] = server.links;
  await until("the second path", () => server.socket.carriersInUse().size === 1);
  expect(link?.peer.carrier).toBeUndefined();
  // The better way is lost, at both ends.
  direct.link.pathLost(server.socket.local);
  void direct.link.say(bytes("by the WebSocket"));
  await until("the answer", () => direct.heard.length === 1);
  expect(direct.heard).toEqual(["by the WebSocket"]);
  await raw[Symbol.asyncDispose]();
  await until("the end", () => server.webSockets.connections === 0);
  socket.carrierLost(carried);
  void direct.link.say(bytes("by UDP"));
  await until("the answer", () => direct.heard.length === 2);
  expect(direct.heard[1]).toBe("by UDP");
  expect(pathKind(direct.link.peer)).toEqual({ transport: "udp", relay: null });
});

test("a port that is in use on TCP leaves the server its UDP", async () => {
  using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
  const port = taken.port ?? 0;
  const { socket, webSockets, refused } = await openSealedSocketAndWebSockets(
    { bind: "127.0.0.1", port, staticKeys: SERVER_KEYS },
    {},
  );
  expect(webSockets).toBeNull();
  expect(refused?.code).toBe("PORT_IN_USE");
  expect(socket.local.port).toBe(port);
  await socket.close();
});

/** The issuer of the certificate that is shown to a new connection. */
async function shownIssuer(port: number): Promise<string> {
  const tls = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(tls, "secureConnect");
  const { issuer } = tls.getPeerCertificate();
  tls.destroy();
  return String(issuer.CN);
}

test("another certificate is shown to new connections, and those that are open stay", async () => {
  await using socket = await openClientSocket();
  const at = { address: "127.0.0.1", port: 0 };
  await using listener = listenForWebSockets(socket, at, {
    tls: { certificate: TRUSTED, key: KEY },
  });
  const { port } = listener.local;
  expect(await shownIssuer(port)).toBe("charla test CA");
  const webSocket = new WebSocket(`wss://127.0.0.1:${port}/`, {
    tls: { rejectUnauthorized: false },
  });
  await once(webSocket, "open");
  listener.useCertificate({ certificate: SELF_SIGNED, key: KEY });
  expect(await shownIssuer(port)).toBe("localhost");
  expect(() => listener.useCertificate({ certificate: "none", key: KEY })).toThrow();
  expect(await shownIssuer(port)).toBe("localhost");
  expect(listener.connections).toBe(1);
  expect(webSocket.readyState).toBe(WebSocket.OPEN);
  webSocket.send("a text");
  const [{ code }] = await once(webSocket, "close");
  expect(code).toBe(1003);
  expect(listener.connections).toBe(0);
});

test("a certificate that can't be used leaves the one before, and so does a port that can't", async () => {
  await using socket = await openClientSocket();
  const at = { address: "127.0.0.1", port: 0 };
  await using listener = listenForWebSockets(socket, at, {
    tls: { certificate: TRUSTED, key: KEY },
  });
  const { port } = listener.local;
  expect(() => listener.useCertificate({ certificate: "", key: "" })).toThrow(
    expect.objectContaining({ code: "CERTIFICATE_UNUSABLE" }),
  );
  expect(await shownIssuer(port)).toBe("charla test CA");
  const original = Bun.serve;
  let failures = 1;
  using _serve = spyOn(Bun, "serve").mockImplementation((...given) => {
    if (given[0].port !== port || failures === 0) return original(...given);
    failures -= 1;
    throw Object.assign(new Error("taken"), { code: "EADDRINUSE" });
  });
  const renewed = { certificate: SELF_SIGNED, key: KEY };
  expect(() => listener.useCertificate(renewed)).toThrow(
    expect.objectContaining({ code: "PORT_IN_USE" }),
  );
  expect(failures).toBe(0);
  expect(await shownIssuer(port)).toBe("charla test CA");
  listener.useCertificate(renewed);
  expect(await shownIssuer(port)).toBe("localhost");
});
