import { describe, expect, test } from "bun:test";

import { reservePort } from "../harness/ports.ts";
import { rejection } from "./rejection.ts";
import { openBareSocket } from "./sockets.ts";
import { UDP_SOCKETS } from "./watched-socket.ts";

describe.each(UDP_SOCKETS)("%s", (_title, open) => {
  describe.each(["127.0.0.1", "::1"] as const)("a socket on %s", (address) => {
    test("a socket on port 0 listens on a free port", async () => {
      using one = await open(address);
      expect(one.socket.address.address).toBe(address);
      expect(one.socket.address.port).toBeWithin(1, 65_536);
    });

    test("a datagram is received with its bytes and its sender", async () => {
      using one = await open(address);
      await using peer = await openBareSocket(address);
      const bytes = Uint8Array.of(0, 0xff, 0x0d, 0x0a, 0xf8);
      await peer.send(bytes, one.socket.address.port);
      expect(await one.received.next()).toEqual({
        datagram: bytes,
        from: { address, port: peer.port },
      });
    });

    test("an empty datagram is received, which UDP allows (RFC 768)", async () => {
      using one = await open(address);
      await using peer = await openBareSocket(address);
      await peer.send("", one.socket.address.port);
      expect(await one.received.next()).toEqual({
        datagram: new Uint8Array(),
        from: { address, port: peer.port },
      });
    });

    test("65,507 bytes, the most of a datagram over IPv4, are sent and received", async () => {
      using one = await open(address);
      using other = await open(address);
      const longest = new Uint8Array(65_507).fill(0x61);
      await one.socket.send(longest, other.socket.address);
      expect(await other.received.next()).toEqual({ datagram: longest, from: one.socket.address });
    });

    test("an empty datagram is sent", async () => {
      using one = await open(address);
      await using peer = await openBareSocket(address);
      await one.socket.send(new Uint8Array(), { address, port: peer.port });
      expect(await peer.next()).toEqual({ text: "", from: one.socket.address });
    });

    test("a refusal by ICMP port unreachable is reported (RFC 792, RFC 4443)", async () => {
      using one = await open(address, 0, { singlePeer: true });
      const port = await reservePort();
      await one.socket.send(Uint8Array.of(0x61), { address, port });
      const where = address === "::1" ? `[::1]:${port}` : `127.0.0.1:${port}`;
      expect(await one.errors.next()).toMatchObject({
        code: "NOBODY_LISTENING",
        message: `no program is listening at ${where}`,
      });
    });
  });

  describe("a socket without an address to bind", () => {
    test("a socket without an address to bind listens on every address of both families (RFC 3493 s. 3.7)", async () => {
      using one = await open();
      expect(one.socket.address.address).toBe("::");
      for (const address of ["127.0.0.1", "::1"] as const) {
        await using peer = await openBareSocket(address);
        await peer.send("hi", one.socket.address.port);
        expect(await one.received.next()).toEqual({
          datagram: Uint8Array.of(0x68, 0x69),
          from: { address, port: peer.port },
        });
      }
    });

    test("a dual-stack socket sends to the addresses that it reports, of both families (RFC 4291 s. 2.5.5.2)", async () => {
      using one = await open();
      for (const address of ["127.0.0.1", "::1"] as const) {
        await using peer = await openBareSocket(address);
        await one.socket.send(Uint8Array.of(0x68, 0x69), { address, port: peer.port });
        expect((await peer.next()).text).toBe("hi");
      }
    });
  });

  describe("a socket that cannot be opened", () => {
    test("opening a socket on a port of another program is PORT_IN_USE", async () => {
      await using other = await openBareSocket("127.0.0.1");
      expect(await rejection(open("127.0.0.1", other.port))).toMatchObject({
        code: "PORT_IN_USE",
        message: `127.0.0.1:${other.port} is in use by another program`,
      });
    });

    test("opening a socket on all addresses is PORT_IN_USE, too", async () => {
      using other = await open();
      const { port } = other.socket.address;
      expect(await rejection(open(undefined, port))).toMatchObject({
        code: "PORT_IN_USE",
        message: `port ${port} is in use by another program`,
      });
    });

    test("opening a socket on an address that no machine has is ADDRESS_NOT_AVAILABLE (RFC 5737)", async () => {
      expect(await rejection(open("192.0.2.1"))).toMatchObject({
        code: "ADDRESS_NOT_AVAILABLE",
        message: "192.0.2.1:0 cannot be used: this machine does not have that address",
      });
    });

    test("an IPv6 address that cannot be bound is written in brackets (RFC 3849)", async () => {
      expect(await rejection(open("2001:db8::1", 40_001))).toMatchObject({
        code: "ADDRESS_NOT_AVAILABLE",
        message: "[2001:db8::1]:40001 cannot be used: this machine does not have that address",
      });
    });
  });

  test.each([-1, 1.5, NaN, 65_536, 70_000])("no socket is opened on port %p", async (port) => {
    expect(await rejection(open("127.0.0.1", port))).toMatchObject({ code: "SOCKET_FAILED" });
  });

  test("a datagram that is too long for UDP over IPv4 is MESSAGE_TOO_LONG (RFC 768, RFC 791)", async () => {
    using one = await open("127.0.0.1");
    await using peer = await openBareSocket();
    const to = { address: "127.0.0.1", port: peer.port };
    expect(await rejection(one.socket.send(new Uint8Array(65_508), to))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
      message: `the message is too long for one datagram to 127.0.0.1:${peer.port}`,
    });
  });

  test("sending to the family that the socket is not bound to is ADDRESS_FAMILY_NOT_AVAILABLE", async () => {
    using one = await open("127.0.0.1");
    expect(
      await rejection(one.socket.send(Uint8Array.of(1), { address: "::1", port: 9 })),
    ).toMatchObject({
      code: "ADDRESS_FAMILY_NOT_AVAILABLE",
      message: "[::1]:9 cannot be reached: its address family is not available here",
    });
  });

  test("sending on a closed socket fails", async () => {
    using one = await open("127.0.0.1");
    one.socket.close();
    expect(
      await rejection(one.socket.send(Uint8Array.of(1), { address: "127.0.0.1", port: 9 })),
    ).toMatchObject({ code: "UNREACHABLE" });
  });

  test("a closed socket frees its port, and may be closed again", async () => {
    const port = await reservePort();
    const one = await open("127.0.0.1", port);
    one.socket.close();
    one.socket.close();
    using other = await open("127.0.0.1", port);
    expect(other.socket.address).toEqual({ address: "127.0.0.1", port });
  });

  test("disposing of a socket closes it", async () => {
    const port = await reservePort();
    {
      using socket = (await open("127.0.0.1", port)).socket;
      expect(socket.address.port).toBe(port);
    }
    using other = await open("127.0.0.1", port);
    expect(other.socket.address.port).toBe(port);
  });

  test("a socket with a single peer talks to one address after the other", async () => {
    using one = await open(undefined, 0, { singlePeer: true });
    const refused = { address: "::1", port: await reservePort() };
    await one.socket.send(Uint8Array.of(0x61), refused);
    expect((await one.errors.next()).message).toBe(
      `no program is listening at [::1]:${refused.port}`,
    );
    await using peer = await openBareSocket("127.0.0.1");
    const to = { address: "127.0.0.1", port: peer.port };
    await Promise.all([
      one.socket.send(Uint8Array.of(0x62), to),
      one.socket.send(Uint8Array.of(0x63), to),
    ]);
    expect((await peer.next()).text).toBe("b");
    const { text, from } = await peer.next();
    expect(text).toBe("c");
    await peer.send("hi", from.port);
    expect(await one.received.next()).toEqual({ datagram: Uint8Array.of(0x68, 0x69), from: to });
  });
});
