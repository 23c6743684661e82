import { describe, expect, test } from "bun:test";

import { platformCrypto } from "../../src/net/crypto.ts";
import {
  addressReceived,
  createRelayClient,
  nextQuery,
  queryAgain,
  type RelayClient,
  wrapForRelay,
} from "../../src/net/relay-client.ts";
import {
  isRelayPacket,
  readQuery,
  readRelayPacket,
  relaySlot,
  writeAddress,
  writeForward,
  writeQuery,
} from "../../src/net/relay-packets.ts";

const OUTER = { address: "192.0.2.10", port: 40_001 };
const SLOT = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const COOKIE = new Uint8Array(17).fill(0xcc);
const unproven = { kind: "address", status: "unproven", cookie: COOKIE, address: OUTER } as const;
const joined = { ...unproven, status: "joined" } as const;

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

  test("a query has 64 bytes, and an address 37: the answer is shorter than the question", () => {
    expect([...writeQuery(null, null)]).toEqual([0xf5, ...new Uint8Array(63)]);
    expect([...writeQuery(COOKIE, SLOT)]).toEqual([
      0xf5,
      ...COOKIE,
      ...SLOT,
      ...new Uint8Array(30),
    ]);
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 10];
    const written = writeAddress("joined", COOKIE, OUTER);
    expect([...written]).toEqual([0xf6, 1, ...COOKIE, ...mapped, 0x9c, 0x41]);
    expect(readRelayPacket(written)).toEqual(joined);
    const query = writeQuery(COOKIE, SLOT);
    expect(readQuery(query)).toEqual({ cookie: COOKIE, slot: SLOT });
  });

  test.each([
    ["nothing", []],
    ["a forward without a datagram", [0xf7, ...SLOT]],
    ["a short query", [0xf5, ...new Uint8Array(62)]],
    ["a long query", [0xf5, ...new Uint8Array(64)]],
    ["a short address", [0xf6, ...new Uint8Array(35)]],
    ["an address with a status of later versions", [0xf6, 4, ...new Uint8Array(35)]],
    ["a hello", [0xf8, ...new Uint8Array(1_199)]],
    ["text", [0x68, 0x6f, 0x6c, 0x61]],
  ])("%s is none of them", (_, bytes) => {
    expect(readRelayPacket(Uint8Array.from(bytes))).toBeNull();
    expect(readQuery(Uint8Array.from(bytes))).toBeNull();
  });

  test("their first bytes are none of the sealed wire's and none of UTF-8's (RFC 3629 s. 3)", () => {
    const theirs = Array.from({ length: 256 }, (_, first) => first).filter((first) =>
      isRelayPacket(Uint8Array.of(first)),
    );
    expect(theirs).toEqual([0xf5, 0xf6, 0xf7]);
  });

  test("a slot is 16 bytes of SHA-256 of a label and the server's key", () => {
    const key = new Uint8Array(32).fill(7);
    const expected = platformCrypto.sha256(new TextEncoder().encode("charla relay slot"), key);
    expect(relaySlot(platformCrypto, key)).toEqual(expected.slice(0, 16));
  });
});

describe("an end that uses a relay (docs/protocol.md s. 19.2)", () => {
  test("asks, proves its address for the server, and sends again what the relay has dropped meanwhile", () => {
    const client = createRelayClient(SLOT, 0);
    const hello = wrapForRelay(client, SLOT, Uint8Array.of(0xf8));
    expect(hello).toEqual(Uint8Array.of(0xf7, ...SLOT, 0xf8));
    expect(nextQuery(client, 0)).toEqual(writeQuery(null, SLOT));
    expect(nextQuery(client, 1)).toBeNull();
    expect(addressReceived(client, unproven, 10)).toEqual({
      packets: [writeQuery(COOKIE, SLOT)],
      statusChanged: true,
      outerChanged: true,
    });
    expect(client.outer).toEqual(OUTER);
    expect(addressReceived(client, joined, 20)).toEqual({
      packets: [hello],
      statusChanged: true,
      outerChanged: false,
    });
    expect(addressReceived(client, joined, 21).packets).toEqual([]);
  });

  test("renews the proof every 20 s with the newest cookie", () => {
    const client = joinedClient();
    expect(nextQuery(client, 20_019)).toBeNull();
    expect(nextQuery(client, 20_020)).toEqual(writeQuery(COOKIE, SLOT));
  });

  test("asks again after 250 ms, 500 ms, 1 s and so on where there is no answer, and then counts the relay as lost", () => {
    const client = joinedClient();
    expect(queriesOf(client, 20_000, 30_000)).toEqual([
      20_020, 20_270, 20_770, 21_770, 23_770, 27_770,
    ]);
    expect(client.status).toBeNull();
  });

  test("learns its address without a server to join", () => {
    const client = createRelayClient(null, 0);
    expect(nextQuery(client, 0)).toEqual(writeQuery(null, null));
    expect(addressReceived(client, unproven, 10).packets).toEqual([]);
    expect(client.outer).toEqual(OUTER);
    expect(nextQuery(client, 20_009)).toBeNull();
    expect(nextQuery(client, 20_010)).toEqual(writeQuery(COOKIE, null));
  });

  test("proves it again when the relay does not know it any more, as after a restart", () => {
    const client = joinedClient();
    wrapForRelay(client, SLOT, Uint8Array.of(0xfc));
    const moved = { ...unproven, address: { address: "198.51.100.3", port: 9 } };
    expect(addressReceived(client, moved, 1_000)).toEqual({
      packets: [writeQuery(COOKIE, SLOT)],
      statusChanged: true,
      outerChanged: true,
    });
    expect(client.outer).toEqual(moved.address);
  });

  test.each(["no-server", "full"] as const)(
    "does not answer %p at once, and asks again later",
    (status) => {
      const client = createRelayClient(SLOT, 0);
      nextQuery(client, 0);
      addressReceived(client, unproven, 10);
      expect(addressReceived(client, { ...unproven, status }, 20).packets).toEqual([]);
      expect(client.status).toBe(status);
      expect(queriesOf(client, 20, 3_000)).toEqual([520, 1_020, 2_020]);
    },
  );

  test("asks at once where its network has changed", () => {
    const client = joinedClient();
    queryAgain(client, 5_000);
    expect(nextQuery(client, 5_000)).toEqual(writeQuery(COOKIE, SLOT));
  });

  test("answers forged packets at most every 50 ms", () => {
    const client = createRelayClient(SLOT, 0);
    let sent = 0;
    for (let now = 0; now < 1_000; now += 1)
      sent += addressReceived(client, unproven, now).packets.length;
    expect(sent).toBe(20);
  });
});

function joinedClient(): RelayClient {
  const client = createRelayClient(SLOT, 0);
  nextQuery(client, 0);
  addressReceived(client, unproven, 10);
  addressReceived(client, joined, 20);
  return client;
}

/** When it asks, with no answer. */
function queriesOf(client: RelayClient, from: number, until: number): number[] {
  const times: number[] = [];
  for (let now = from; now < until; now += 1) if (nextQuery(client, now) !== null) times.push(now);
  return times;
}
