import { describe, expect, test } from "bun:test";

import { nodeCrypto } from "../../src/net/node-crypto.ts";
import {
  addressReceived,
  askRelay,
  createRelayClient,
  wrapForRelay,
} from "../../src/net/relay-client.ts";
import {
  isRelayPacket,
  readRelayPacket,
  relaySlot,
  writeAddress,
  writeForward,
  writeQuery,
} from "../../src/net/relay-packets.ts";

const RELAY = { address: "203.0.113.7", port: 12_345 };
const OUTER = { address: "192.0.2.10", port: 40_001 };
const SLOT = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const COOKIE = new Uint8Array(16).fill(0xcc);
const address = { kind: "address", cookie: COOKIE, address: OUTER } as const;

describe("the packets of a relay (docs/protocol.md s. 19)", () => {
  test("a forwarded hello of 1,200 bytes has 1,217, within IPv6's least MTU", () => {
    const packet = writeForward(SLOT, new Uint8Array(1_200).fill(0xf8));
    expect(packet).toHaveLength(1_217);
    expect([...packet.subarray(0, 18)]).toEqual([0xf7, ...SLOT, 0xf8]);
    expect(readRelayPacket(packet)).toEqual({
      kind: "forward",
      end: SLOT,
      datagram: new Uint8Array(1_200).fill(0xf8),
    });
  });

  test("a query has 64 bytes, and an address 35: the answer is shorter than the question", () => {
    expect([...writeQuery(null)]).toEqual([0xf5, ...new Uint8Array(63)]);
    expect([...writeQuery(COOKIE)]).toEqual([0xf5, ...COOKIE, ...new Uint8Array(47)]);
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 10];
    expect([...writeAddress(COOKIE, OUTER)]).toEqual([0xf6, ...COOKIE, ...mapped, 0x9c, 0x41]);
    expect(readRelayPacket(writeAddress(COOKIE, OUTER))).toEqual(address);
    expect(readRelayPacket(writeQuery(COOKIE))).toEqual({ kind: "query", cookie: COOKIE });
  });

  test.each([
    ["nothing", []],
    ["a forward without a datagram", [0xf7, ...SLOT]],
    ["a short query", [0xf5, ...new Uint8Array(62)]],
    ["a long query", [0xf5, ...new Uint8Array(64)]],
    ["a short address", [0xf6, ...new Uint8Array(33)]],
    ["a hello", [0xf8, ...new Uint8Array(1_199)]],
    ["text", [0x68, 0x6f, 0x6c, 0x61]],
  ])("%s is none of them", (_, bytes) => {
    expect(readRelayPacket(Uint8Array.from(bytes))).toBeNull();
  });

  test("their first bytes are none of the sealed wire's and none of UTF-8's (RFC 3629 s. 3)", () => {
    const theirs = Array.from({ length: 256 }, (_, first) => first).filter((first) =>
      isRelayPacket(Uint8Array.of(first)),
    );
    expect(theirs).toEqual([0xf5, 0xf6, 0xf7]);
  });

  test("a slot is 16 bytes of SHA-256 of a label and the server's key", () => {
    const key = new Uint8Array(32).fill(7);
    const expected = nodeCrypto.sha256(new TextEncoder().encode("charla relay slot"), key);
    expect(relaySlot(nodeCrypto, key)).toEqual(expected.slice(0, 16));
  });
});

describe("an end that uses a relay (docs/protocol.md s. 19)", () => {
  test("proves its address, and sends again what the relay has dropped meanwhile", () => {
    const client = createRelayClient(RELAY);
    const hello = wrapForRelay(client, SLOT, Uint8Array.of(0xf8));
    expect(hello).toEqual({ to: RELAY, bytes: Uint8Array.of(0xf7, ...SLOT, 0xf8) });
    expect(addressReceived(client, address, 0)).toEqual([{ to: RELAY, bytes: writeQuery(COOKIE) }]);
    expect(client.outer).toEqual(OUTER);
    expect(addressReceived(client, address, 10)).toEqual([hello]);
    expect(client.state).toBe("proven");
  });

  test("learns its address without anything to forward", () => {
    const client = createRelayClient(RELAY);
    expect(askRelay(client)).toEqual({ to: RELAY, bytes: writeQuery(null) });
    addressReceived(client, address, 0);
    expect(addressReceived(client, address, 10)).toEqual([]);
    expect(client.outer).toEqual(OUTER);
  });

  test("proves it again when the relay does not know it any more", () => {
    const client = createRelayClient(RELAY);
    addressReceived(client, address, 0);
    addressReceived(client, address, 10);
    wrapForRelay(client, SLOT, Uint8Array.of(0xfc));
    const moved = { ...address, address: { address: "198.51.100.3", port: 9 } };
    expect(addressReceived(client, moved, 100)).toEqual([{ to: RELAY, bytes: writeQuery(COOKIE) }]);
    expect(client.outer).toEqual(moved.address);
  });

  test("answers forged packets at most every 50 ms", () => {
    const client = createRelayClient(RELAY);
    let sent = 0;
    for (let now = 0; now < 1_000; now += 1) sent += addressReceived(client, address, now).length;
    expect(sent).toBeLessThanOrEqual(20);
  });
});
