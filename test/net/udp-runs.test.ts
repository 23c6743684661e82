import { describe, expect, spyOn, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import { loadSocketLibrary } from "../../src/net/socket-calls.ts";
import type { SocketOption } from "../../src/net/socket-options.ts";
import { reservePort } from "../harness/ports.ts";
import { open } from "./watched-socket.ts";

/** UDP_GRO (linux/udp.h): datagrams that arrive in one piece are delivered in one piece, so that the test sees it. */
const UDP_GRO = { level: 17, name: 104 };
/** Without checksums the kernel refuses GSO (net/ipv4/udp.c, udp_send_skb; net/ipv6/udp.c). */
const NO_CHECKSUM_IPV4 = { level: 1, name: 11 }; // SO_NO_CHECK, asm-generic/socket.h
const NO_CHECKSUM_IPV6 = { level: 17, name: 101 }; // UDP_NO_CHECK6_TX, linux/udp.h
/** Datagrams without a checksum are always accepted over IPv4, and over IPv6 with this (UDP_NO_CHECK6_RX). */
const RECEIVE_WITHOUT_CHECKSUM = { level: 17, name: 102 };

const linux = describe.skipIf(process.platform !== "linux");

/** Opens a UDP socket, and sets options that it has no name for. */
async function openWith(address: string | undefined, runs: boolean, ...wanted: SocketOption[]) {
  const opening = spyOn(Bun, "udpSocket");
  const one = await open(address, 0, { gso: runs });
  const socket = await opening.mock.results[0]?.value;
  opening.mockRestore();
  using library = await loadSocketLibrary("libc.so.6");
  const calls = library?.callsFor(socket ?? {});
  for (const option of wanted) expect(calls?.set(option, 1)).toBe(true);
  return one;
}

function numbered(lengths: number[], to: SocketAddress) {
  return lengths.map((length, index) => ({ bytes: new Uint8Array(length).fill(index), to }));
}

const LENGTHS = [30, ...Array<number>(70).fill(1_200), 500, 20, 1_472, 1_472, 0, 1_472, 1_473];

describe.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  [undefined, "127.0.0.1"],
  [undefined, "::1"],
])("GSO from %s to %s", (bind, address) => {
  test("runs arrive as the datagrams they are made of", async () => {
    using one = await open(bind, 0, { gso: true });
    using other = await open(address);
    const batch = numbered(LENGTHS, other.socket.address);
    one.socket.sendMany(batch);
    for (const { bytes } of batch) expect((await other.received.next()).datagram).toEqual(bytes);
  });

  linux("on Linux", () => {
    test("runs are sent in one piece, and the socket's other datagrams are not segmented", async () => {
      using one = await open(bind, 0, { gso: true });
      using other = await openWith(address, false, UDP_GRO);
      const to = other.socket.address;
      one.socket.sendMany(numbered([1_200, 1_200, 1_200, 7], to));
      expect((await other.received.next()).datagram).toHaveLength(3_607);
      one.socket.sendMany(numbered([4_000], to));
      expect((await other.received.next()).datagram).toHaveLength(4_000);
      await one.socket.send(new Uint8Array(5_000), to);
      expect((await other.received.next()).datagram).toHaveLength(5_000);
    });

    test("runs that the kernel refuses to segment arrive datagram by datagram", async () => {
      const noChecksum = address === "::1" ? NO_CHECKSUM_IPV6 : NO_CHECKSUM_IPV4;
      using one = await openWith(bind, true, noChecksum);
      using other = await openWith(address, false, UDP_GRO, RECEIVE_WITHOUT_CHECKSUM);
      for (let round = 0; round < 2; round += 1) {
        one.socket.sendMany(numbered([1_200, 1_200, 7], other.socket.address));
        for (const length of [1_200, 1_200, 7]) {
          expect((await other.received.next()).datagram).toHaveLength(length);
        }
      }
    });

    test("runs arrive though the network refused earlier datagrams (RFC 1122 s. 4.1.3.3)", async () => {
      using one = await open(bind, 0, { gso: true });
      using other = await open(address);
      const unused = { address, port: await reservePort() };
      const to = other.socket.address;
      const lost = numbered([1_200, 1_200], unused);
      const batch = numbered([1_100, 1_100, 5], to);
      one.socket.sendMany([...lost, ...batch, ...lost, ...batch]);
      for (const { bytes } of [...batch, ...batch]) {
        expect((await other.received.next()).datagram).toEqual(bytes);
      }
      expect((await one.errors.next()).code).toBe("NOBODY_LISTENING");
    });
  });
});

test("a closed socket sends no runs, and may be closed again", async () => {
  const one = await open("127.0.0.1", 0, { gso: true });
  using other = await open("127.0.0.1");
  const run = numbered([9, 9], other.socket.address);
  one.socket.close();
  one.socket.close();
  one.socket.sendMany(run);
  using another = await open("127.0.0.1", 0, { gso: true });
  another.socket.sendMany(numbered([1], other.socket.address));
  expect((await other.received.next()).datagram).toHaveLength(1);
});
