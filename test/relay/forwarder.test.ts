// What a relay forwards and answers (docs/protocol.md s. 19), in virtual time.

import { describe, expect, test } from "bun:test";

import { platformCrypto } from "../../src/net/crypto.ts";
import {
  type AddressStatus,
  readRelayPacket,
  relaySlot,
  writeForward,
  writeQuery,
} from "../../src/net/relay-packets.ts";
import type { SocketAddress } from "../../src/protocol/socket-address.ts";
import { createForwarder, forward, type Forwarder } from "../../src/relay/forwarder.ts";
import {
  forgetUnproven,
  registerServer,
  type RelayLimits,
  unregisterServer,
} from "../../src/relay/relay-table.ts";
import { seededRandom } from "../simulator/random.ts";

const ANA = { address: "192.0.2.1", port: 40_001 };
const BEN = { address: "198.51.100.7", port: 50_002 };
const SERVER = { address: "203.0.113.9", port: 12_345 };
const OTHER_SERVER = { address: "203.0.113.200", port: 12_345 };
const SLOT = relaySlot(platformCrypto, new Uint8Array(32).fill(0x11));
const OTHER_SLOT = relaySlot(platformCrypto, new Uint8Array(32).fill(0x22));
/** A sealed datagram, as long as a short message. */
const SEALED = new Uint8Array(60).fill(0xfc);
/** ms. */
const START = 1_000;

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

function newForwarder(limits?: Partial<RelayLimits>): Forwarder {
  const random = seededRandom(14);
  const bytes = (length: number) => random.bytes(length);
  return createForwarder({ crypto: platformCrypto, random: bytes, limits, now: START });
}

/** With both servers. */
function relayWithServers(limits?: Partial<RelayLimits>): Forwarder {
  const relay = newForwarder(limits);
  expect(registerServer(relay, SLOT, SERVER, START)).toBe(true);
  expect(registerServer(relay, OTHER_SLOT, OTHER_SERVER, START)).toBe(true);
  return relay;
}

/** What a query is answered with; null for no answer. */
function ask(
  relay: Forwarder,
  from: SocketAddress,
  { cookie = null as Uint8Array | null, slot = null as Uint8Array | null, now = START },
) {
  const answer = forward(relay, writeQuery(cookie, slot), from, now);
  if (answer === null) return null;
  expect(answer.to).toEqual(from);
  const packet = readRelayPacket(answer.bytes);
  if (packet?.kind !== "address") throw new Error("the answer is no address packet");
  return { ...packet, bytes: answer.bytes };
}

function cookieFor(relay: Forwarder, from: SocketAddress, now = START): Uint8Array {
  const answer = ask(relay, from, { now });
  if (answer === null) throw new Error("no answer");
  return answer.cookie;
}

/** Proves the address, and joins the server. */
function join(
  relay: Forwarder,
  from: SocketAddress,
  slot = SLOT,
  now = START,
): AddressStatus | undefined {
  return ask(relay, from, { cookie: cookieFor(relay, from, now), slot, now })?.status;
}

/** A datagram to a slot. */
function say(relay: Forwarder, from: SocketAddress, slot = SLOT, now = START) {
  return forward(relay, writeForward(slot, SEALED), from, now);
}

/** What the server of the slot calls this joiner. */
function idOf(relay: Forwarder, from: SocketAddress, slot = SLOT, now = START): Uint8Array {
  const packet = readRelayPacket(say(relay, from, slot, now)?.bytes ?? new Uint8Array());
  if (packet?.kind !== "forward") throw new Error("not forwarded");
  return packet.end;
}

/** Datagrams of 1,000 bytes that are forwarded, of 100. */
function countForwarded(relay: Forwarder, send: (packet: Uint8Array) => unknown): number {
  const before = relay.counts.forwarded;
  for (let sent = 0; sent < 100; sent += 1) send(new Uint8Array(983));
  return relay.counts.forwarded - before;
}

const at = (last: number, port: number) => ({ address: `192.0.2.${last}`, port });

function isForwarded(answer: ReturnType<typeof forward>): boolean {
  return answer !== null && answer.bytes[0] === 0xf7;
}

describe("the packets (s. 19.1)", () => {
  test("a query is 64 bytes: 0xf5, the cookie, the slot, and zeros", () => {
    const cookie = new Uint8Array(17).fill(0xcc);
    const slot = new Uint8Array(16).fill(0x55);
    expect(hex(writeQuery(cookie, slot))).toBe(
      `f5${"cc".repeat(17)}${"55".repeat(16)}${"00".repeat(30)}`,
    );
    expect(hex(writeQuery(null, null))).toBe(`f5${"00".repeat(63)}`);
  });

  test("the answer is 37 bytes: 0xf6, the status, a cookie, and the sender's address and port", () => {
    const answer = ask(relayWithServers(), ANA, {});
    expect(answer?.bytes.length).toBe(37);
    expect(hex(answer?.bytes.subarray(0, 2))).toBe("f600");
    // 192.0.2.1 as an IPv4-mapped address, and port 40,001.
    expect(hex(answer?.bytes.subarray(19))).toBe(`${"00".repeat(10)}ffffc00002019c41`);
    expect(answer?.address).toEqual(ANA);
  });

  test("a joiner's datagram reaches the server in the same memory, with the joiner's id for the slot", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const packet = writeForward(SLOT, SEALED);
    expect(hex(packet)).toBe(`f7${hex(SLOT)}${"fc".repeat(60)}`);
    const forwarded = forward(relay, packet, ANA, START);
    expect(forwarded?.to).toEqual(SERVER);
    expect(forwarded?.bytes).toBe(packet);
    expect(hex(packet.subarray(0, 1))).toBe("f7");
    expect(hex(packet.subarray(1, 17))).not.toBe(hex(SLOT));
    expect(hex(packet.subarray(17))).toBe("fc".repeat(60));
  });

  test("the slot is the first half of SHA-256 of a label and the server's key", () => {
    const key = new Uint8Array(32).fill(0x11);
    const hash = new Bun.CryptoHasher("sha256").update("charla relay slot").update(key).digest();
    expect(hex(SLOT)).toBe(hex(hash.subarray(0, 16)));
  });

  test("what is cut short, too long, or of an unknown status is no packet", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const query = writeQuery(null, SLOT);
    for (const datagram of [
      new Uint8Array(),
      Uint8Array.of(0xf5),
      Uint8Array.of(0xf6),
      Uint8Array.of(0xf7),
      query.subarray(0, 63),
      Uint8Array.from([...query, 0]),
      // A forward packet without a datagram.
      writeForward(SLOT, new Uint8Array()),
      // What only a relay sends.
      ask(relay, ANA, {})?.bytes ?? new Uint8Array(),
    ]) {
      expect(forward(relay, datagram, ANA, START)).toBeNull();
    }
    const unknown = Uint8Array.from(ask(relay, ANA, {})?.bytes ?? []);
    unknown[1] = 4;
    expect(readRelayPacket(unknown)).toBeNull();
  });
});

describe("the proof of an address (s. 19.2)", () => {
  test("an address that has proven nothing gets a cookie in place of forwarding", () => {
    const relay = relayWithServers();
    const answer = say(relay, ANA);
    expect(answer?.to).toEqual(ANA);
    expect(hex(answer?.bytes.subarray(0, 2))).toBe("f600");
    expect(relay.counts).toMatchObject({ forwarded: 0, unproven: 1 });
  });

  test("the right cookie proves it, and the answer brings the next one", () => {
    const relay = relayWithServers();
    const answer = ask(relay, ANA, { cookie: cookieFor(relay, ANA), slot: SLOT });
    expect(answer?.status).toBe("joined");
    expect(isForwarded(say(relay, ANA))).toBe(true);
    const next = ask(relay, ANA, { cookie: answer?.cookie ?? null, slot: SLOT });
    expect(next?.status).toBe("joined");
  });

  test("a wrong cookie, and that of another address or port, prove nothing", () => {
    const relay = relayWithServers();
    const wrong = cookieFor(relay, ANA).slice();
    wrong[16] = (wrong[16] ?? 0) ^ 1;
    const stolen = cookieFor(relay, BEN);
    const fromOtherPort = cookieFor(relay, { ...ANA, port: ANA.port + 1 });
    for (const cookie of [null, wrong, stolen, fromOtherPort]) {
      expect(ask(relay, ANA, { cookie, slot: SLOT })?.status).toBe("unproven");
      expect(isForwarded(say(relay, ANA))).toBe(false);
    }
  });

  test("a cookie is valid while its secret is the newest or the one before, and not after 60 s", () => {
    for (const [age, status] of [
      [29_999, "joined"],
      [30_001, "joined"],
      [59_999, "joined"],
      [60_001, "unproven"],
      [600_000, "unproven"],
    ] as const) {
      const relay = relayWithServers();
      const cookie = cookieFor(relay, ANA);
      expect(ask(relay, ANA, { cookie, slot: SLOT, now: START + age })?.status).toBe(status);
    }
  });

  test("a cookie of the secret before the previous one proves nothing, however often they were renewed", () => {
    const relay = relayWithServers();
    const cookie = cookieFor(relay, ANA);
    for (let age = 10_000; age <= 70_000; age += 10_000) cookieFor(relay, BEN, START + age);
    expect(ask(relay, ANA, { cookie, slot: SLOT, now: START + 70_001 })?.status).toBe("unproven");
  });

  test("a query without a slot learns its address, and nothing is kept of it", () => {
    const relay = relayWithServers();
    const answer = ask(relay, ANA, { cookie: cookieFor(relay, ANA) });
    expect(answer?.status).toBe("unproven");
    expect(answer?.address).toEqual(ANA);
    expect(relay.joiners.size).toBe(0);
  });

  test("an IPv6 address proves itself as an IPv4 one does", () => {
    const relay = relayWithServers();
    const from = { address: "2001:db8::7", port: 9 };
    expect(ask(relay, from, {})?.address).toEqual(from);
    expect(join(relay, from)).toBe("joined");
  });
});

describe("answers (s. 19.2)", () => {
  test("no answer is longer than what it answers", () => {
    const relay = relayWithServers();
    for (let length = 1; length <= 100; length += 1) {
      const question = writeForward(SLOT, new Uint8Array(length));
      const answer = forward(relay, question, { ...ANA, address: `10.0.${length}.1` }, START);
      expect(answer?.bytes.length ?? 0).toBeLessThanOrEqual(question.length);
      expect(answer === null).toBe(question.length < 37);
    }
  });

  test("one source gets 100 answers at once, and 100 a second", () => {
    const relay = relayWithServers();
    const answersAt = (now: number) => {
      let answers = 0;
      for (let sent = 0; sent < 1_000; sent += 1) {
        if (say(relay, { ...ANA, port: 1_000 + sent }, SLOT, now) !== null) answers += 1;
      }
      return answers;
    };
    expect(answersAt(START)).toBe(100);
    expect(answersAt(START)).toBe(0);
    expect(answersAt(START + 500)).toBe(50);
  });

  test("somebody with a cookie is answered when forged senders have used up the answers to their source", () => {
    const relay = relayWithServers();
    const cookie = cookieFor(relay, ANA);
    for (let sent = 0; sent < 1_000; sent += 1) say(relay, { ...ANA, port: 1_000 + sent });
    expect(say(relay, { ...ANA, port: 1 })).toBeNull();
    expect(ask(relay, ANA, { cookie, slot: SLOT })?.status).toBe("joined");
  });
});

describe("slots (s. 19.3)", () => {
  test("a slot without a server can't be joined, and the answer says so", () => {
    const relay = newForwarder();
    expect(join(relay, ANA)).toBe("no-server");
    expect(relay.joiners.size).toBe(0);
    registerServer(relay, SLOT, SERVER, START);
    expect(join(relay, ANA)).toBe("joined");
  });

  test("the server answers a joiner by its id, and the joiner sees the slot", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    join(relay, BEN);
    const [ana, ben] = [idOf(relay, ANA), idOf(relay, BEN)];
    expect(hex(ana)).not.toBe(hex(ben));
    const answer = forward(relay, writeForward(ben, SEALED), SERVER, START);
    expect(answer?.to).toEqual(BEN);
    expect(hex(answer?.bytes)).toBe(`f7${hex(SLOT)}${"fc".repeat(60)}`);
    expect(forward(relay, writeForward(ana, SEALED), SERVER, START)?.to).toEqual(ANA);
  });

  test("no other address than the server's can send to a joiner", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    join(relay, BEN);
    const ana = idOf(relay, ANA);
    for (const from of [BEN, ANA, OTHER_SERVER, { ...SERVER, port: 1 }]) {
      const answer = forward(relay, writeForward(ana, SEALED), from, START);
      expect(isForwarded(answer)).toBe(false);
    }
  });

  test("a server that shows itself to no joiner gets no answer while it is registered there, and one elsewhere", () => {
    const relay = relayWithServers();
    const toNone = writeForward(new Uint8Array(16), new Uint8Array(20));
    expect(forward(relay, toNone, SERVER, START)).toBeNull();
    const elsewhere = forward(relay, toNone, { ...SERVER, port: 1 }, START);
    expect(hex(elsewhere?.bytes.subarray(0, 2))).toBe("f600");
  });

  test("a server that moves is found at its new address, with its joiners, and not at the old one", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const ana = idOf(relay, ANA);
    const moved = { address: "203.0.113.77", port: 999 };
    expect(registerServer(relay, SLOT, moved, START)).toBe(true);
    expect(say(relay, ANA)?.to).toEqual(moved);
    expect(forward(relay, writeForward(ana, SEALED), moved, START)?.to).toEqual(ANA);
    const fromOld = forward(relay, writeForward(ana, SEALED), SERVER, START);
    expect(isForwarded(fromOld)).toBe(false);
  });

  test("an address that another server has taken stays that server's when the first one moves or ends", () => {
    const relay = relayWithServers();
    // A NAT has given the port to the other server, before the first one's session has noticed.
    registerServer(relay, OTHER_SLOT, SERVER, START);
    join(relay, BEN, OTHER_SLOT);
    const ben = idOf(relay, BEN, OTHER_SLOT);
    registerServer(relay, SLOT, { ...SERVER, port: 1 }, START);
    expect(forward(relay, writeForward(ben, SEALED), SERVER, START)?.to).toEqual(BEN);
    registerServer(relay, SLOT, SERVER, START);
    registerServer(relay, OTHER_SLOT, SERVER, START);
    unregisterServer(relay, SLOT);
    expect(forward(relay, writeForward(ben, SEALED), SERVER, START)?.to).toEqual(BEN);
  });

  test("when a server ends, its joiners are forgotten, and learn it when they ask", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const cookie = cookieFor(relay, ANA);
    unregisterServer(relay, SLOT);
    expect(isForwarded(say(relay, ANA))).toBe(false);
    expect(ask(relay, ANA, { cookie, slot: SLOT })?.status).toBe("no-server");
    expect([relay.joiners.size, relay.sources.size, relay.joinersByNetwork.size]).toEqual([
      0, 0, 0,
    ]);
    unregisterServer(relay, SLOT);
    expect(relay.slots.size).toBe(1);
  });

  test("an address that asks for another server leaves the first, under another id", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const first = idOf(relay, ANA);
    expect(join(relay, ANA, OTHER_SLOT)).toBe("joined");
    expect(say(relay, ANA, OTHER_SLOT)?.to).toEqual(OTHER_SERVER);
    const second = idOf(relay, ANA, OTHER_SLOT);
    // Else two servers could tell that they have the same guest.
    expect(hex(second)).not.toBe(hex(first));
    const fromFirst = forward(relay, writeForward(first, SEALED), SERVER, START);
    expect(isForwarded(fromFirst)).toBe(false);
    expect(relay.joiners.size).toBe(1);
  });

  test("a datagram alone, which may be forged, does not take an address from its server", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const id = idOf(relay, ANA);
    expect(isForwarded(say(relay, ANA, OTHER_SLOT))).toBe(false);
    expect(say(relay, ANA)?.to).toEqual(SERVER);
    expect(hex(idOf(relay, ANA))).toBe(hex(id));
  });

  test("an address that asks for a thousand servers takes one place, and keeps nothing at the others", () => {
    const relay = newForwarder({ slots: 1_000, slotsOfSource: 1_000 });
    const slots = Array.from({ length: 1_000 }, (_, key) =>
      relaySlot(platformCrypto, Uint8Array.of(key >> 8, key & 255)),
    );
    for (const [port, slot] of slots.entries()) registerServer(relay, slot, { ...SERVER, port }, 0);
    const cookie = cookieFor(relay, ANA);
    for (const slot of slots) expect(ask(relay, ANA, { cookie, slot })?.status).toBe("joined");
    const joined = [...relay.slots.values()].map(({ joiners }) => joiners.size);
    expect(joined.reduce((sum, size) => sum + size)).toBe(1);
    expect(relay.joiners.size).toBe(1);
    expect(relay.sources.size).toBe(1);
  });

  test("somebody who gets a server's former address can join, while that server seems to be there", () => {
    const relay = relayWithServers();
    expect(join(relay, SERVER, OTHER_SLOT)).toBe("joined");
    expect(say(relay, SERVER, OTHER_SLOT)?.to).toEqual(OTHER_SERVER);
  });
});

describe("limits (s. 19.4)", () => {
  test("a proof lasts for 60 s, whatever is sent meanwhile, and can be renewed", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    for (let now = START; now < START + 60_000; now += 1_000) {
      forgetUnproven(relay, now);
      expect(isForwarded(say(relay, ANA, SLOT, now))).toBe(true);
    }
    // Datagrams with a forged sender would keep it for ever.
    expect(isForwarded(say(relay, ANA, SLOT, START + 60_000))).toBe(false);
    forgetUnproven(relay, START + 60_000);
    expect(relay.joiners.size).toBe(0);
    expect(relay.slots.get(String.fromCodePoint(...SLOT))?.joiners.size).toBe(0);

    join(relay, BEN, SLOT, START + 60_000);
    join(relay, BEN, SLOT, START + 80_000);
    forgetUnproven(relay, START + 139_999);
    expect(isForwarded(say(relay, BEN, SLOT, START + 139_999))).toBe(true);
    forgetUnproven(relay, START + 140_000);
    expect(relay.joiners.size).toBe(0);
  });

  test("those with an old proof are forgotten, though one who joined before them has renewed it", () => {
    const relay = relayWithServers();
    join(relay, ANA, SLOT, START);
    join(relay, BEN, SLOT, START + 1_000);
    join(relay, ANA, SLOT, START + 50_000);
    forgetUnproven(relay, START + 61_000);
    expect([...relay.joiners.values()].map(({ address }) => address)).toEqual([ANA]);
  });

  test("one source can't have more than its share of the joiners, nor one network", () => {
    const relay = relayWithServers({ joinersOfSource: 3, joinersOfNetwork: 5 });
    const statuses = [1, 2, 3, 4].map((port) => join(relay, at(1, port)));
    expect(statuses).toEqual(["joined", "joined", "joined", "full"]);
    expect([1, 2, 3].map((last) => join(relay, at(10 + last, 1)))).toEqual([
      "joined",
      "joined",
      "full",
    ]);
    expect(join(relay, BEN)).toBe("joined");
    // Those who are there may renew their proof, and their places are free again afterwards.
    expect(join(relay, at(1, 1))).toBe("joined");
    forgetUnproven(relay, START + 60_000);
    expect(join(relay, at(1, 4), SLOT, START + 60_000)).toBe("joined");
  });

  test("an IPv6 source is 64 bits of an address, and its network 48", () => {
    const relay = relayWithServers({ joinersOfSource: 1, joinersOfNetwork: 2 });
    const from = (address: string) => join(relay, { address, port: 1 });
    expect(from("2001:db8:0:1::1")).toBe("joined");
    expect(from("2001:db8:0:1::2")).toBe("full");
    expect(from("2001:db8:0:2::1")).toBe("joined");
    expect(from("2001:db8:0:3::1")).toBe("full");
    expect(from("2001:db8:1:1::1")).toBe("joined");
  });

  test("there is a limit to the joiners in all", () => {
    const relay = relayWithServers({ joiners: 2 });
    const statuses = [1, 2, 3].map((net) => join(relay, { address: `10.${net}.0.1`, port: 1 }));
    expect(statuses).toEqual(["joined", "joined", "full"]);
  });

  test("servers are limited in all, of one source and of one network; one that moves counts where it is", () => {
    const relay = newForwarder({ slots: 4, slotsOfSource: 1, slotsOfNetwork: 2 });
    const register = (key: number, address: string) =>
      registerServer(
        relay,
        relaySlot(platformCrypto, Uint8Array.of(key)),
        { address, port: 1 },
        START,
      );
    expect(register(1, "192.0.2.1")).toBe(true);
    expect(register(2, "192.0.2.1")).toBe(false);
    expect(register(2, "192.0.2.2")).toBe(true);
    expect(register(3, "192.0.2.3")).toBe(false);
    // Its former source has room again, and its new one has none.
    expect(register(1, "10.3.0.1")).toBe(true);
    expect(register(3, "192.0.2.1")).toBe(true);
    expect(register(2, "10.3.0.1")).toBe(false);
    expect(relay.slots.size).toBe(2);
    expect(register(4, "10.0.0.1")).toBe(true);
    expect(register(5, "10.1.0.1")).toBe(true);
    expect(register(6, "10.2.0.1")).toBe(false);
    for (const key of [1, 3, 4, 5]) {
      unregisterServer(relay, relaySlot(platformCrypto, Uint8Array.of(key)));
    }
    expect([relay.slots.size, relay.servers.size, relay.serversByPrefix.size]).toEqual([0, 0, 0]);
  });

  test("one source may use half of a server's rate, and all of them together not more than it", () => {
    const relay = relayWithServers({ rate: 40_000 });
    const other = { ...ANA, port: 2 };
    for (const from of [ANA, other, BEN]) join(relay, from);
    const from = (who: SocketAddress, now: number) =>
      countForwarded(relay, (bytes) => forward(relay, writeForward(SLOT, bytes), who, now));
    expect(from(ANA, START)).toBe(20);
    expect(from(other, START)).toBe(0);
    expect(from(BEN, START)).toBe(20);
    expect(relay.counts.limited).toBe(260);
    // A second is one of them all, whether they use it one after the other or not.
    expect(from(ANA, START + 500)).toBe(10);
    expect(from(BEN, START + 500)).toBe(10);
    expect(relay.counts.bytes).toBe(60_000);
  });

  test("what the server sends counts as well", () => {
    const relay = relayWithServers({ rate: 40_000 });
    join(relay, ANA);
    const id = idOf(relay, ANA).slice();
    const sent = countForwarded(relay, (bytes) =>
      forward(relay, writeForward(id, bytes), SERVER, START),
    );
    expect(sent).toBe(19);
    expect(isForwarded(say(relay, ANA))).toBe(true);
  });

  test("all servers together stay within the total rate", () => {
    const relay = relayWithServers({ totalRate: 30_000 });
    join(relay, ANA, SLOT);
    join(relay, BEN, OTHER_SLOT);
    const from = (who: SocketAddress, slot: Uint8Array) =>
      countForwarded(relay, (bytes) => forward(relay, writeForward(slot, bytes), who, START));
    expect(from(ANA, SLOT) + from(BEN, OTHER_SLOT)).toBe(30);
  });

  test("a datagram that would not leave the machine in one piece is not forwarded", () => {
    const relay = relayWithServers();
    join(relay, ANA);
    const sendOf = (length: number) =>
      forward(relay, writeForward(SLOT, new Uint8Array(length - 17)), ANA, START);
    expect(isForwarded(sendOf(1_472))).toBe(true);
    expect(sendOf(1_473)).toBeNull();
    expect(relay.counts.tooLong).toBe(1);
  });
});
