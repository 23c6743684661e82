// Who gets a place when there are more hellos than places for unfinished handshakes (docs/protocol.md s. 8.3).

import { describe, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";

import type { SocketAddress } from "../../../src/net/address.ts";
import { generateKeyPair, platformCrypto } from "../../../src/net/crypto.ts";
import { createEndpoint } from "../../../src/protocol/endpoint.ts";
import {
  findPlace,
  MAX_UNFINISHED,
} from "../../../src/protocol/handshake/unfinished-handshakes.ts";
import { udpMeans } from "../../../src/protocol/udp-means.ts";
import { takePlace } from "../../simulator/strangers.ts";
import {
  answersTo,
  connectToResponder,
  createPair,
  drain,
  flipped,
  hex,
  only,
  type Pair,
  pass,
  PSK,
  RESPONDER_KEYS,
  START,
} from "../pair.ts";

/** First bytes (docs/protocol.md s. 7). */
const ANSWER = 0xfa;
const REFUSAL = 0xfe;

const ATTACKER = "203.0.113.66";

/** A host of the network with this number. */
const hostIn = (network: number, host = 1) => `10.${network >> 8}.${network & 255}.${host}`;

const places = ({ responder }: Pair) => {
  const table = responder.endpoint.responder?.handshakes.unfinished;
  if (table === undefined) throw new Error("it admits nobody");
  return table;
};

/** The first byte of the answer to a stranger's hello. */
function helloFrom(pair: Pair, address: string, { port = 40_000, knowsKey = false } = {}) {
  const { random, responder, now } = pair;
  return takePlace(responder.endpoint, { from: { address, port }, random, knowsKey, now });
}

/** A responder with fewer places, where their number does not matter: each costs four Diffie-Hellmans. */
const FEW = { maxSessions: 100 };

function fill(
  pair: Pair,
  { maxSessions: most = MAX_UNFINISHED }: { readonly maxSessions?: number },
  addressOf: (index: number) => string,
  knowsKey = false,
): void {
  for (let index = 0; index < most; index += 1) {
    helloFrom(pair, addressOf(index), { port: 1_024 + index, knowsKey });
  }
  expect(places(pair).byId.size).toBe(most);
}

/** The same responder, and another initiator with an address and a key of its own. */
function newcomer(pair: Pair, number: number, address: SocketAddress): Pair {
  const staticKeys = generateKeyPair(new Uint8Array(32).fill(number));
  const endpoint = createEndpoint({
    crypto: platformCrypto,
    staticKeys,
    random: (length) => pair.random.bytes(length),
    udp: udpMeans,
    datagramLimit: () => 1_200,
    now: pair.now,
  });
  const initiator = { name: "initiator", endpoint, address } as const;
  return { ...pair, initiator, inTransit: [], sent: [] };
}

/** How many of 14 join one after the other, each from an address of its own, while somebody goes on taking places. */
function countJoins(
  pair: Pair,
  addressOf: (index: number) => string,
  expected: Uint8Array | null,
  attack: (round: number) => void,
): number {
  let joined = 0;
  for (let index = 0; index < 14; index += 1) {
    const own = newcomer(pair, index + 1, { address: addressOf(index), port: 40_000 });
    const session = connectToResponder(own, PSK, expected);
    for (let round = 0; round < 30; round += 1) {
      pair.now = own.now;
      attack(round);
      pass(own, 10);
    }
    if (session.established !== null && session.handshake === null) joined += 1;
  }
  return joined;
}

describe("while one address takes all the places that it gets", () => {
  test.each<[string, (index: number) => string, Uint8Array | null, object]>([
    ["14 of 14 from other networks join by HOST", hostIn, null, {}],
    ["14 of 14 from its own network join by HOST", (index) => `203.0.113.${index}`, null, FEW],
    ["14 of 14 from other networks join over IPv6", (index) => `2001:db8:${index}::1`, null, FEW],
    ["14 of 14 from other networks join by invitation", hostIn, RESPONDER_KEYS.publicKey, FEW],
  ])(
    "%s",
    (_title, addressOf, expected, options) => {
      const pair = createPair(options);
      fill(pair, options, () => ATTACKER);
      const joined = countJoins(pair, addressOf, expected, (round) => {
        for (let count = 0; count < 3; count += 1) helloFrom(pair, ATTACKER, { port: round });
      });
      expect(joined).toBe(14);
      expect(places(pair).byId.size).toBeLessThanOrEqual(MAX_UNFINISHED);
    },
    20_000,
  );

  test("and knows the responder's key, 14 of 14 from other networks join by HOST", () => {
    const pair = createPair(FEW);
    fill(pair, FEW, () => ATTACKER, true);
    const joined = countJoins(pair, hostIn, null, (round) => {
      helloFrom(pair, ATTACKER, { port: round, knowsKey: true });
    });
    expect(joined).toBe(14);
  });

  test.each([
    ["its /64, 14 of 14 from other ones of the same /48", (n: number) => `2001:db8:bad:1::${n}`],
    ["its /48, 14 of 14 from others", (n: number) => `2001:db8:77:${n}::1`],
  ])("and the other addresses of %s join", (_what, attackers) => {
    const pair = createPair(FEW);
    fill(pair, FEW, attackers);
    const joined = countJoins(
      pair,
      (index) => `2001:db8:bad:${index + 2}::1`,
      null,
      (round) => {
        helloFrom(pair, attackers(1_000 + round));
      },
    );
    expect(joined).toBe(14);
  });

  test("a responder with few sessions left is not full for others", () => {
    const pair = createPair({ maxSessions: 20 });
    for (let port = 1; port <= 20; port += 1) helloFrom(pair, ATTACKER, { port });
    expect(helloFrom(pair, ATTACKER)).toBe(REFUSAL);
    expect(countJoins(pair, hostIn, null, () => helloFrom(pair, ATTACKER))).toBe(14);
  });
});

describe("while each place belongs to another network", () => {
  test("those who know the key join, and those who don't wait for a free place", () => {
    const pair = createPair(FEW);
    fill(pair, FEW, hostIn);
    expect(helloFrom(pair, hostIn(5_000))).not.toBe(ANSWER);
    const own = (index: number) => hostIn(6_000 + index);
    expect(countJoins(pair, own, RESPONDER_KEYS.publicKey, () => {})).toBe(14);
    // The others' time is over.
    pair.now = START + 10_000;
    expect(helloFrom(pair, hostIn(5_000))).toBe(ANSWER);
  });

  test("no place of one who knows the key is taken", () => {
    const pair = createPair(FEW);
    fill(pair, FEW, hostIn, true);
    expect(helloFrom(pair, hostIn(5_000), { knowsKey: true })).not.toBe(ANSWER);
    expect(helloFrom(pair, hostIn(5_000))).not.toBe(ANSWER);
  });
});

/** Fills all places, and returns who loses one for whom. */
function loserFor(address: string, knowsKey: boolean, holders: readonly [string, boolean][]) {
  const pair = createPair();
  for (const [holder, knows] of holders) helloFrom(pair, holder, { knowsKey: knows });
  const candidate = { proven: { address, port: 1 }, knowsKey };
  const place = findPlace(places(pair), candidate, holders.length);
  if (typeof place === "string") return place;
  return `${place.proven.address}${place.knowsKey ? ", knows the key" : ""}`;
}

describe("a place is taken", () => {
  test.each<[string, string, boolean, readonly [string, boolean][], string]>([
    [
      "from the network that has most",
      "10.0.3.1",
      false,
      [
        ["10.0.1.1", false],
        ["10.0.2.1", false],
        ["10.0.2.2", false],
      ],
      "10.0.2.1",
    ],
    [
      "from nobody whose network has no more than the newcomer's would have",
      "10.0.1.2",
      false,
      [
        ["10.0.1.1", false],
        ["10.0.2.1", false],
        ["10.0.2.2", false],
      ],
      "none",
    ],
    [
      "from the address that has most in the newcomer's own network",
      "10.0.1.9",
      false,
      [
        ["10.0.1.1", false],
        ["10.0.1.2", false],
        ["10.0.1.2", false],
      ],
      "10.0.1.2",
    ],
    [
      "within a network from one that does not know the key, even if it came later",
      "10.0.3.1",
      false,
      [
        ["10.0.2.1", true],
        ["10.0.2.2", false],
      ],
      "10.0.2.2",
    ],
    [
      "also from one that knows the key, where its network has more",
      "10.0.3.1",
      false,
      [
        ["10.0.2.1", true],
        ["10.0.2.2", true],
      ],
      "10.0.2.1, knows the key",
    ],
    [
      "for one that knows the key from one that does not",
      "10.0.3.1",
      true,
      [
        ["10.0.1.1", true],
        ["10.0.2.1", false],
      ],
      "10.0.2.1",
    ],
    [
      "for one that knows the key from its own address",
      "10.0.1.1",
      true,
      [
        ["10.0.1.1", false],
        ["10.0.1.1", true],
        ["10.0.2.1", false],
      ],
      "10.0.1.1",
    ],
    [
      "from no network with fewer, even for one that knows the key",
      "10.0.1.1",
      true,
      [
        ["10.0.1.1", true],
        ["10.0.2.1", false],
      ],
      "none",
    ],
  ])("%s", (_title, address, knowsKey, holders, loser) => {
    expect(loserFor(address, knowsKey, holders)).toBe(loser);
  });
});

describe("the key proof of a hello (docs/protocol.md s. 8.1)", () => {
  test("is HMAC-SHA256 over all before it, under the hash of a label and the responder's key", () => {
    const pair = createPair();
    connectToResponder(pair, PSK, RESPONDER_KEYS.publicKey);
    const hello = only(drain(pair.initiator, START)).slice();
    const retry = only(answersTo(pair.responder, hello, pair.initiator.address, START));
    const again = only(answersTo(pair.initiator, retry, pair.responder.address, START)).slice();
    const key = createHash("sha256")
      .update("charla hello")
      .update(RESPONDER_KEYS.publicKey)
      .digest();
    for (const bytes of [hello, again]) {
      expect(bytes).toHaveLength(1_200);
      const proof = createHmac("sha256", key).update(bytes.subarray(0, 1_184)).digest();
      expect(hex(bytes.subarray(1_184))).toBe(hex(proof.subarray(0, 16)));
    }
    answersTo(pair.responder, again, pair.initiator.address, START);
    const held = Array.from(places(pair).byId.values(), ({ handshake }) => handshake.knowsKey);
    expect(held).toEqual([true]);
  });

  test("is missing when the responder's key is not known, and does not count for another or a changed hello", () => {
    const other = generateKeyPair(new Uint8Array(32).fill(0x33)).publicKey;
    for (const [expected, change] of [
      [null, (hello: Uint8Array) => hello],
      [other, (hello: Uint8Array) => hello],
      [RESPONDER_KEYS.publicKey, (hello: Uint8Array) => flipped(hello, 1_100)],
      [RESPONDER_KEYS.publicKey, (hello: Uint8Array) => flipped(hello, 1_199)],
    ] as const) {
      const pair = createPair();
      connectToResponder(pair, PSK, expected);
      const hello = only(drain(pair.initiator, START));
      const retry = only(answersTo(pair.responder, hello, pair.initiator.address, START));
      const again = change(only(answersTo(pair.initiator, retry, pair.responder.address, START)));
      only(answersTo(pair.responder, again, pair.initiator.address, START));
      const held = Array.from(places(pair).byId.values(), ({ handshake }) => handshake.knowsKey);
      expect(held).toEqual([false]);
    }
  });
});

/** What a server sees of a joiner past a relay. */
const joiner = (id: string): SocketAddress => ({
  address: ATTACKER,
  port: 12_345,
  carrier: { id: `relay ${id}`, rank: 1 },
});

test("one joiner past a relay does not keep the others there from the server", () => {
  const pair = createPair(FEW);
  const { responder, random, now } = pair;
  const hello = (id: string, knowsKey: boolean) =>
    takePlace(responder.endpoint, { from: joiner(id), random, knowsKey, now });
  for (let count = 0; count < FEW.maxSessions; count += 1) hello("hostile", true);
  expect(places(pair).byId.size).toBe(FEW.maxSessions);
  expect(hello("hostile", true)).not.toBe(ANSWER);
  // They share one source, the relay, and each has a part of its places.
  for (let id = 0; id < 14; id += 1) expect(hello(`other ${id}`, id % 2 === 0)).toBe(ANSWER);
  const held = [...places(pair).byId.values()].map(({ handshake }) => handshake.proven.carrier?.id);
  expect(held.filter((id) => id !== "relay hostile")).toHaveLength(14);
});

test("a handshake that ends leaves nothing of its source and its network behind", () => {
  const pair = createPair();
  for (let network = 0; network < 50; network += 1) helloFrom(pair, hostIn(network));
  expect([places(pair).networks.size, places(pair).sources.size]).toEqual([50, 50]);
  pair.now += 10_000;
  helloFrom(pair, ATTACKER);
  expect([places(pair).networks.size, places(pair).sources.size]).toEqual([1, 1]);
  expect([places(pair).byId.size, places(pair).byHello.size]).toEqual([1, 1]);
  expect(places(pair).addresses.size).toBe(1);
});
