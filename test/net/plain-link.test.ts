import { describe, expect, test } from "bun:test";

import type { CharlaError } from "../../src/errors.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { joinPlainLink, openPlainLink, type PlainLinkHandlers } from "../../src/net/plain-link.ts";
import {
  CONNECTION_ID_LENGTH,
  HELLO_NOISE_LENGTH,
  writeHello,
} from "../../src/protocol/packets.ts";
import { BASE_DATAGRAM_SIZE } from "../../src/protocol/recovery/path-mtu.ts";
import { reservePort } from "../harness/ports.ts";
import { until } from "../harness/until.ts";
import { createInbox } from "./inbox.ts";
import { rejection } from "./rejection.ts";
import { openBareSocket, SERVERS_GET_REFUSALS } from "./sockets.ts";

type Report =
  | { peer: SocketAddress }
  | { text: string; from: SocketAddress }
  | { refused: CharlaError; peer: SocketAddress | null }
  | { notSent: CharlaError }
  | { stranger: SocketAddress; ignored: number };

/** Everything that a link reports, in one queue. */
function watch() {
  const reports = createInbox<Report>();
  const handlers: PlainLinkHandlers = {
    onPeer: (peer) => reports.put({ peer }),
    onText: (text, from) => reports.put({ text, from }),
    onRefused: (refused, peer) => reports.put({ refused, peer }),
    onNotSent: (notSent) => reports.put({ notSent }),
    onStranger: (stranger, ignored) => reports.put({ stranger, ignored }),
  };
  return { handlers, next: () => reports.next() };
}

const on = (address: string, port: number): SocketAddress => ({ address, port });

describe.each(["127.0.0.1", "::1"] as const)("a server on %s", (address) => {
  test("a server has no peer at first, and says where it listens", async () => {
    using link = await openPlainLink({ bind: address, port: 0 }, watch().handlers);
    expect(link.peer).toBeNull();
    expect(link.local.address).toBe(address);
    expect(link.local.port).toBeWithin(1, 65_536);
  });

  test("the sender of the first datagram becomes the peer, and its message is delivered", async () => {
    const { handlers, next } = watch();
    using link = await openPlainLink({ bind: address, port: 0 }, handlers);
    await using peer = await openBareSocket(address);
    await peer.send("hello\n", link.local.port);
    expect(await next()).toEqual({ peer: on(address, peer.port) });
    expect(await next()).toEqual({ text: "hello", from: on(address, peer.port) });
    expect(link.peer).toEqual(on(address, peer.port));

    await link.send("welcome 日本");
    expect(await peer.next()).toEqual({ text: "welcome 日本", from: link.local });
  });

  test("sending without a peer is NOBODY_LISTENING", async () => {
    using link = await openPlainLink({ bind: address, port: 0 }, watch().handlers);
    const where = address === "::1" ? "[::1]" : "127.0.0.1";
    expect(await rejection(link.send("hello"))).toMatchObject({
      code: "NOBODY_LISTENING",
      message: `nobody has joined at ${where}:${link.local.port} yet`,
      hint: "wait until somebody has joined",
    });
  });

  test("datagrams from others are ignored and counted", async () => {
    const { handlers, next } = watch();
    using link = await openPlainLink({ bind: address, port: 0 }, handlers);
    await using peer = await openBareSocket(address);
    await using stranger = await openBareSocket(address);
    await peer.send("one", link.local.port);
    expect(await next()).toEqual({ peer: on(address, peer.port) });
    expect(await next()).toMatchObject({ text: "one" });

    await stranger.send("let me in", link.local.port);
    expect(await next()).toEqual({ stranger: on(address, stranger.port), ignored: 1 });
    await stranger.send("", link.local.port);
    expect(await next()).toEqual({ stranger: on(address, stranger.port), ignored: 2 });
    await peer.send("two", link.local.port);
    expect(await next()).toEqual({ text: "two", from: on(address, peer.port) });
    expect(link.peer).toEqual(on(address, peer.port));
  });

  test.skipIf(!SERVERS_GET_REFUSALS)(
    "a peer that refuses is reported as gone, and the next sender becomes the peer",
    async () => {
      const { handlers, next } = watch();
      using link = await openPlainLink({ bind: address, port: 0 }, handlers);
      const first = await openBareSocket(address);
      await first.send("one", link.local.port);
      await next();
      await next();
      await first.close();

      await link.send("are you there?");
      expect(await next()).toMatchObject({
        refused: { code: "NOBODY_LISTENING" },
        peer: on(address, first.port),
      });
      expect(link.peer).toBeNull();

      await using second = await openBareSocket(address);
      await second.send("I am", link.local.port);
      expect(await next()).toEqual({ peer: on(address, second.port) });
      expect(await next()).toEqual({ text: "I am", from: on(address, second.port) });
    },
  );
});

/** A hello of the sealed wire, longer than the answer to it (docs/protocol.md s. 8.1). */
function hello(): Uint8Array {
  const [id, noise] = [new Uint8Array(CONNECTION_ID_LENGTH), new Uint8Array(HELLO_NOISE_LENGTH)];
  return writeHello(id, new Uint8Array(0), noise, new Uint8Array(BASE_DATAGRAM_SIZE));
}

test.skipIf(!SERVERS_GET_REFUSALS)(
  "a stranger of the sealed wire that is gone before the answer does not end the conversation with the peer",
  async () => {
    const { handlers, next } = watch();
    const stranger = await openBareSocket();
    const gone = createInbox<SocketAddress>();
    const onOtherWire = (_error: CharlaError, from: SocketAddress) => {
      void stranger.close().then(() => gone.put(from));
    };
    using link = await openPlainLink({ bind: "127.0.0.1", port: 0 }, { ...handlers, onOtherWire });
    const peer = await openBareSocket();
    await peer.send("one", link.local.port);
    expect(await next()).toEqual({ peer: on("127.0.0.1", peer.port) });
    expect(await next()).toMatchObject({ text: "one" });

    await stranger.send(hello(), link.local.port);
    expect(await gone.next()).toEqual(on("127.0.0.1", stranger.port));
    await link.send("still there?");
    expect(await peer.next()).toMatchObject({ text: "still there?" });
    await peer.send("I am", link.local.port);
    expect(await next()).toEqual({ text: "I am", from: on("127.0.0.1", peer.port) });
    expect(link.peer).toEqual(on("127.0.0.1", peer.port));

    // The peer's own refusals count again a little later.
    await peer.close();
    await until("the refusal", async () => {
      if (link.peer !== null) await link.send("and now?");
      return link.peer === null;
    });
    expect(await next()).toMatchObject({ refused: { code: "NOBODY_LISTENING" } });
  },
);

test("a client of the sealed wire is answered which wire this is, and not again within a second", async () => {
  using link = await openPlainLink({ bind: "127.0.0.1", port: 0 }, watch().handlers);
  await using client = await openBareSocket();
  await client.send(hello(), link.local.port);
  await client.send(hello(), link.local.port);
  await client.send("hello", link.local.port);
  expect(await client.next()).toMatchObject({
    text: "this conversation speaks the plain wire: join it with charla --plain",
  });
  await until("the peer", () => link.peer !== null);
  await link.send("welcome");
  expect(await client.next()).toMatchObject({ text: "welcome" });
});

test("a message that cannot be sent holds back neither the next nor settle", async () => {
  const { handlers, next } = watch();
  using link = await openPlainLink({ bind: "127.0.0.1", port: 0 }, handlers);
  expect(await rejection(link.send("too early"))).toMatchObject({ code: "NOBODY_LISTENING" });
  await link.settle();
  await using peer = await openBareSocket();
  await peer.send("hello", link.local.port);
  await next();
  await link.send("welcome");
  expect(await peer.next()).toMatchObject({ text: "welcome" });
});

test("an IPv4 peer of a dual-stack server has an IPv4 address (RFC 4291 s. 2.5.5.2)", async () => {
  const { handlers, next } = watch();
  using link = await openPlainLink({ port: 0 }, handlers);
  await using peer = await openBareSocket("127.0.0.1");
  await peer.send("hello", link.local.port);
  expect(await next()).toEqual({ peer: on("127.0.0.1", peer.port) });
  expect(await next()).toEqual({ text: "hello", from: on("127.0.0.1", peer.port) });
});

test("an empty datagram is an empty message, and makes its sender the peer", async () => {
  const { handlers, next } = watch();
  using link = await openPlainLink({ bind: "127.0.0.1", port: 0 }, handlers);
  await using peer = await openBareSocket();
  await peer.send("", link.local.port);
  expect(await next()).toEqual({ peer: on("127.0.0.1", peer.port) });
  expect(await next()).toEqual({ text: "", from: on("127.0.0.1", peer.port) });
  await link.send("");
  expect(await peer.next()).toMatchObject({ text: "" });
});

test("bytes that are not UTF-8 become U+FFFD (RFC 3629 s. 3)", async () => {
  const { handlers, next } = watch();
  using link = await openPlainLink({ bind: "127.0.0.1", port: 0 }, handlers);
  await using peer = await openBareSocket();
  await peer.send(Uint8Array.of(0x61, 0xff, 0x62), link.local.port);
  await next();
  expect(await next()).toMatchObject({ text: "a\ufffdb" });
});

test("a message of 65,507 bytes arrives; one byte more is MESSAGE_TOO_LONG", async () => {
  const { handlers, next } = watch();
  using server = await openPlainLink({ bind: "127.0.0.1", port: 0 }, handlers);
  using client = await joinPlainLink([server.local], watch().handlers);
  // It may throw at once or reject.
  expect(await rejection((async () => client.send("a".repeat(65_508)))())).toMatchObject({
    code: "MESSAGE_TOO_LONG",
  });
  await client.send(`${"日".repeat(21_835)}ab`);
  await next();
  expect(await next()).toMatchObject({ text: `${"日".repeat(21_835)}ab` });
});

describe("a client", () => {
  test("a client sends from one port, receives the answers, and sends nothing by itself", async () => {
    const { handlers, next } = watch();
    await using server = await openBareSocket();
    using link = await joinPlainLink([on("127.0.0.1", server.port)], handlers);
    expect(link.peer).toEqual(on("127.0.0.1", server.port));
    await link.send("one");
    await link.send("two");

    expect(await server.next()).toEqual({ text: "one", from: on("127.0.0.1", link.local.port) });
    expect(await server.next()).toEqual({ text: "two", from: on("127.0.0.1", link.local.port) });
    await server.send("welcome\r\n", link.local.port);
    expect(await next()).toEqual({ text: "welcome", from: on("127.0.0.1", server.port) });
  });

  test("a client ignores datagrams from other addresses than its peer's", async () => {
    const { handlers, next } = watch();
    await using server = await openBareSocket();
    await using stranger = await openBareSocket();
    using link = await joinPlainLink([on("127.0.0.1", server.port)], handlers);
    await stranger.send("I am the one you seek", link.local.port);
    expect(await next()).toEqual({ stranger: on("127.0.0.1", stranger.port), ignored: 1 });
    expect(link.peer).toEqual(on("127.0.0.1", server.port));
  });

  test("a refusal is reported before settle resolves", async () => {
    const { handlers, next } = watch();
    const port = await reservePort();
    using link = await joinPlainLink([on("127.0.0.1", port)], handlers);
    let settled = false;
    await link.send("anyone?");
    const settling = link.settle().then(() => {
      settled = true;
    });
    expect(await next()).toMatchObject({
      refused: {
        code: "NOBODY_LISTENING",
        message: `no program is listening at 127.0.0.1:${port}`,
      },
      peer: on("127.0.0.1", port),
    });
    expect(settled).toBe(false);
    await settling;
    expect(link.peer).toBeNull();
  });

  test("settle resolves at once when nothing was sent", async () => {
    await using server = await openBareSocket();
    using link = await joinPlainLink([on("127.0.0.1", server.port)], watch().handlers);
    await link.settle();
  });
});

describe("a client of a host with several addresses", () => {
  test("every message reaches the address that listens, once and in order", async () => {
    const { handlers, next } = watch();
    await using server = await openBareSocket("127.0.0.1");
    const unused = await reservePort();
    using link = await joinPlainLink([on("::1", unused), on("127.0.0.1", server.port)], handlers);
    await Promise.all(["one", "two", "three"].map((text) => link.send(text)));

    const received = [await server.next(), await server.next(), await server.next()];
    expect(received.map(({ text }) => text)).toEqual(["one", "two", "three"]);
    expect(link.peer).toEqual(on("127.0.0.1", server.port));
    // No fourth datagram, and no refusal: the next event at each end is the other's message.
    await link.send("four");
    const fourth = await server.next();
    expect(fourth).toMatchObject({ text: "four" });
    await server.send("welcome", fourth.from.port);
    expect(await next()).toEqual({ text: "welcome", from: on("127.0.0.1", server.port) });
  });

  test("two addresses that refuse are passed over", async () => {
    await using server = await openBareSocket("::1");
    const candidates = [
      on("::1", await reservePort()),
      on("127.0.0.1", await reservePort()),
      on("::1", server.port),
    ];
    using link = await joinPlainLink(candidates, watch().handlers);
    await link.send("hello");
    expect(await server.next()).toMatchObject({ text: "hello" });
  });

  test("the first address that listens is kept", async () => {
    await using server = await openBareSocket("::1");
    await using other = await openBareSocket("127.0.0.1");
    using link = await joinPlainLink(
      [on("::1", server.port), on("127.0.0.1", other.port)],
      watch().handlers,
    );
    await link.send("one");
    await link.send("two");
    expect(await server.next()).toMatchObject({ text: "one" });
    expect(await server.next()).toMatchObject({ text: "two" });
    expect(link.peer).toEqual(on("::1", server.port));
  });

  test("an answer ends the wait for a refusal", async () => {
    const { handlers, next } = watch();
    await using server = await openBareSocket("127.0.0.1");
    using link = await joinPlainLink(
      [on("127.0.0.1", server.port), on("::1", await reservePort())],
      handlers,
    );
    let sent = false;
    const sending = link.send("hello").then(() => {
      sent = true;
    });
    expect(await server.next()).toMatchObject({ text: "hello" });
    expect(sent).toBe(false);
    await server.send("welcome", link.local.port);
    expect(await next()).toMatchObject({ text: "welcome" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBe(true);
    await sending;
  });

  test("a refusal after an answer does not lead to the next address", async () => {
    const { handlers, next } = watch();
    const server = await openBareSocket("127.0.0.1");
    await using other = await openBareSocket("::1");
    using link = await joinPlainLink(
      [on("127.0.0.1", server.port), on("::1", other.port)],
      handlers,
    );
    await link.send("one");
    await server.next();
    await server.close();
    await link.send("two");
    expect(await next()).toMatchObject({
      refused: { code: "NOBODY_LISTENING" },
      peer: on("127.0.0.1", server.port),
    });
    expect(link.peer).toBeNull();
  });

  test("the message fails with NOBODY_LISTENING when every address refuses", async () => {
    const port = await reservePort();
    using link = await joinPlainLink(
      [on("::1", await reservePort()), on("127.0.0.1", port)],
      watch().handlers,
    );
    expect(await rejection(link.send("anyone?"))).toMatchObject({
      code: "NOBODY_LISTENING",
      message: `no program is listening at 127.0.0.1:${port}`,
    });
    expect(link.peer).toBeNull();
  });

  test("an address to which the system refuses to send is passed over, too", async () => {
    // Port 0 is reserved (RFC 768): the system refuses to send to it.
    await using server = await openBareSocket("127.0.0.1");
    using link = await joinPlainLink(
      [on("127.0.0.1", 0), on("127.0.0.1", server.port)],
      watch().handlers,
    );
    await link.send("hello");
    expect(await server.next()).toMatchObject({ text: "hello" });
  });
});

test("a link that is closed while a message is handled delivers no further one", async () => {
  const texts: string[] = [];
  const link = await openPlainLink(
    { bind: "127.0.0.1", port: 0 },
    {
      onText(text) {
        texts.push(text);
        link.close();
      },
      onRefused() {},
      onNotSent() {},
    },
  );
  await using peer = await openBareSocket();
  await Promise.all([peer.send("one", link.local.port), peer.send("two", link.local.port)]);
  await using witness = await openBareSocket();
  await peer.send("by now both have arrived", witness.port);
  await witness.next();
  expect(texts).toEqual(["one"]);
});

test("a closed link reports nothing, and frees its port", async () => {
  const { handlers, next } = watch();
  const port = await reservePort();
  const link = await openPlainLink({ bind: "127.0.0.1", port }, handlers);
  link.close();
  link.close();

  const second = watch();
  using successor = await openPlainLink({ bind: "127.0.0.1", port }, second.handlers);
  await using peer = await openBareSocket();
  await peer.send("hello", successor.local.port);
  expect(await second.next()).toEqual({ peer: on("127.0.0.1", peer.port) });
  const late = next().then(() => "reported");
  expect(await Promise.race([late, second.next().then(() => "silent")])).toBe("silent");
});
