import { describe, expect, test } from "bun:test";

import { defer } from "../../src/deferred.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import { reservePort } from "../harness/ports.ts";
import { openBareSocket } from "./sockets.ts";
import { UDP_SOCKETS } from "./watched-socket.ts";

function said(text: string, to: SocketAddress) {
  return { bytes: new TextEncoder().encode(text), to };
}

describe.each(UDP_SOCKETS)("%s", (_title, open, getsRefusals) => {
  describe.each(["127.0.0.1", "::1"] as const)("a batch on %s", (address) => {
    test("each datagram of a batch arrives where it was sent to", async () => {
      using one = await open(address);
      await using peer = await openBareSocket(address);
      await using other = await openBareSocket(address);
      one.socket.sendMany([
        said("a", { address, port: peer.port }),
        said("b", { address, port: other.port }),
        said("c", { address, port: peer.port }),
      ]);
      expect([(await peer.next()).text, (await peer.next()).text]).toEqual(["a", "c"]);
      expect((await other.next()).text).toBe("b");
    });

    test("datagrams of a batch that are too long are reported, and the others arrive", async () => {
      const tooLong: [SocketAddress, number][] = [];
      using one = await open(address, 0, { onTooLong: (to, length) => tooLong.push([to, length]) });
      await using peer = await openBareSocket(address);
      const to = { address, port: peer.port };
      const longer = { bytes: new Uint8Array(65_528), to };
      one.socket.sendMany([longer, said("a", to), longer, longer, said("b", to), longer]);
      expect([(await peer.next()).text, (await peer.next()).text]).toEqual(["a", "b"]);
      expect(tooLong).toEqual(Array.from({ length: 4 }, () => [to, 65_528]));
    });

    test("without onTooLong, onError is called once for the datagrams to a peer that are too long", async () => {
      using one = await open(address);
      const longer = { bytes: new Uint8Array(65_528), to: { address, port: 9 } };
      const codes: string[] = [];
      using other = await open(address, 0, { onError: ({ code }) => codes.push(code) });
      other.socket.sendMany([longer, longer]);
      one.socket.sendMany([longer]);
      expect((await one.errors.next()).code).toBe("MESSAGE_TOO_LONG");
      expect(codes).toEqual(["MESSAGE_TOO_LONG"]);
    });

    // Bun's own node:dgram, which charla does not use there, drops a datagram for each that was refused.
    const keepsAll = getsRefusals || process.versions.bun === undefined;
    test.skipIf(!keepsAll)(
      "a batch arrives though the network refuses other datagrams of it and an earlier one (RFC 1122 s. 4.1.3.3)",
      async () => {
        using one = await open(address);
        await using peer = await openBareSocket(address);
        const to = { address, port: peer.port };
        const unused = { address, port: await reservePort() };
        one.socket.sendMany([said("lost", unused)]);
        const batch = ["a", "b", "c"].flatMap((text) => [said(text, to), said("lost", unused)]);
        one.socket.sendMany(batch);
        const texts = [await peer.next(), await peer.next(), await peer.next()].map(
          ({ text }) => text,
        );
        expect(texts).toEqual(["a", "b", "c"]);
        if (getsRefusals) expect((await one.errors.next()).code).toBe("NOBODY_LISTENING");
      },
    );
  });

  test("datagrams of a batch to a family that the socket does not have are left out", async () => {
    using one = await open("127.0.0.1");
    await using peer = await openBareSocket("127.0.0.1");
    const bytes = Uint8Array.of(0x61);
    one.socket.sendMany([
      { bytes, to: { address: "::1", port: 9 } },
      { bytes, to: { address: "127.0.0.1", port: peer.port } },
    ]);
    expect((await peer.next()).text).toBe("a");
    expect((await one.errors.next()).code).toBe("ADDRESS_FAMILY_NOT_AVAILABLE");
  });

  test("a batch ends when a handler closes the socket", async () => {
    let received = 0;
    const closed = defer<void>();
    using one = await open("127.0.0.1", 0, {
      onTooLong() {
        received += 1;
        one.socket.close();
        closed.resolve();
      },
    });
    const longer = { bytes: new Uint8Array(65_528), to: one.socket.address };
    one.socket.sendMany([longer, longer]);
    one.socket.sendMany([longer]);
    await closed.promise;
    expect(received).toBe(1);
  });
});
