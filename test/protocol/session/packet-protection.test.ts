import { describe, expect, test } from "bun:test";

import { platformCrypto } from "../../../src/net/crypto.ts";
import {
  confirmKey,
  createReceiveProtection,
  createSendProtection,
  MAX_FORGERIES,
  openPacket,
  PACKETS_PER_KEY,
  type ReceiveProtection,
  sealPacket,
  type SendProtection,
} from "../../../src/protocol/session/packet-protection.ts";

const KEY = new Uint8Array(32).fill(7);
const RECEIVER = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** How long the key before is kept, ms. */
const KEEP = 300;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function sealed(protection: SendProtection, number: number, ...frames: number[]): Uint8Array {
  const datagram = new Uint8Array(13 + frames.length + 16);
  datagram.set(frames, 13);
  sealPacket(protection, RECEIVER, number, datagram);
  return datagram;
}

/** What is opened of it, null for nothing. */
function opened(protection: ReceiveProtection, datagram: Uint8Array, number: number, now = 0) {
  const phase = datagram[0] === 0xfc ? 0 : 1;
  const frames = openPacket(protection, phase, number, datagram, now, KEEP);
  return frames === null ? null : [...frames];
}

/** A sender that has just changed its key: its first packet with it has number 2^20. */
function updated(): { send: SendProtection; late: Uint8Array; first: Uint8Array } {
  const send = createSendProtection(platformCrypto, KEY);
  confirmKey(send, 0);
  const late = sealed(send, PACKETS_PER_KEY - 1, 1);
  return { send, late, first: sealed(send, PACKETS_PER_KEY, 1) };
}

describe("a sealed packet (docs/protocol.md s. 9)", () => {
  test("is AES-256-GCM with the number as nonce (Noise s. 12.4) and the 13 bytes before as data", () => {
    const datagram = sealed(createSendProtection(platformCrypto, KEY), 42, 1, 0, 1);
    // Checked beside this code with a nonce of 00000000 000000000000002a.
    expect(hex(datagram)).toBe("fc01020304050607080000002acb5cfff76dd475e4d45674af7aebe54f68ebfa");
    expect(opened(createReceiveProtection(platformCrypto, KEY), datagram, 42)).toEqual([1, 0, 1]);
  });

  test("decrypts only under its full number, of which half is not on the wire", () => {
    const datagram = sealed(createSendProtection(platformCrypto, KEY), 2 ** 32 + 42, 1);
    expect([...datagram.subarray(9, 13)]).toEqual([0, 0, 0, 42]);
    expect(opened(createReceiveProtection(platformCrypto, KEY), datagram, 42)).toBeNull();
    expect(opened(createReceiveProtection(platformCrypto, KEY), datagram, 2 ** 32 + 42)).toEqual([
      1,
    ]);
  });

  test("with any bit changed does not decrypt, and is counted as a forgery", () => {
    const datagram = sealed(createSendProtection(platformCrypto, KEY), 42, 1, 2, 3);
    const protection = createReceiveProtection(platformCrypto, KEY);
    for (let bit = 0; bit < datagram.length * 8; bit += 1) {
      const changed = datagram.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(opened(protection, changed, 42)).toBeNull();
    }
    expect(protection.forgeries).toBe(datagram.length * 8);
    // None of them moved the keys on.
    expect(protection).toMatchObject({ key: KEY, phase: 0, previous: null });
    expect(opened(protection, datagram, 42)).toEqual([1, 2, 3]);
  });

  test("may fail far less often than AES-GCM's limit of 2^52 (RFC 9001 s. 6.6)", () => {
    expect(MAX_FORGERIES).toBe(2 ** 36);
  });
});

describe("a key update (docs/protocol.md s. 9)", () => {
  test("happens after exactly 2^20 packets, and changes the first byte to 0xFD", () => {
    const { send, late, first } = updated();
    expect(late[0]).toBe(0xfc);
    expect(first[0]).toBe(0xfd);
    expect(send.since).toBe(1_048_576);
    // REKEY (Noise s. 4.2): the first 32 bytes of 32 zeros, sealed under number 2^64 - 1.
    expect(hex(send.key)).toBe("f590782fc76a17d3847d154b6418cbf8a061f73ed7fd25db47b2e9b0cfb4b7c3");
  });

  test("waits until a packet with the key is acknowledged", () => {
    const send = createSendProtection(platformCrypto, KEY);
    expect(sealed(send, PACKETS_PER_KEY + 5, 1)[0]).toBe(0xfc);
    confirmKey(send, 3);
    expect(sealed(send, PACKETS_PER_KEY + 6, 1)[0]).toBe(0xfd);
    // The next update needs another 2^20 packets and an acknowledgment of this key; packet 3 had the previous one.
    confirmKey(send, 3);
    expect(sealed(send, 2 * PACKETS_PER_KEY + 6, 1)[0]).toBe(0xfd);
    confirmKey(send, PACKETS_PER_KEY + 6);
    expect(sealed(send, 2 * PACKETS_PER_KEY + 7, 1)[0]).toBe(0xfc);
  });

  test("is followed by the receiver each time, with 0xFC and 0xFD in turn", () => {
    const send = createSendProtection(platformCrypto, KEY);
    const receive = createReceiveProtection(platformCrypto, KEY);
    for (let update = 0; update < 4; update += 1) {
      const number = update * PACKETS_PER_KEY;
      const datagram = sealed(send, number, 1, update);
      expect(datagram[0]).toBe(update % 2 === 0 ? 0xfc : 0xfd);
      expect(opened(receive, datagram, number, update * 1_000)).toEqual([1, update]);
      confirmKey(send, number);
    }
    expect(receive.forgeries).toBe(0);
  });

  test("still accepts late packets with the previous key for 3 probe timeouts", () => {
    const { first, late } = updated();
    const receive = createReceiveProtection(platformCrypto, KEY);
    expect(opened(receive, first, PACKETS_PER_KEY, 1_000)).toEqual([1]);
    expect(opened(receive, late, PACKETS_PER_KEY - 1, 1_000 + KEEP - 1)).toEqual([1]);
    expect(receive.forgeries).toBe(0);
    expect(opened(receive, late, PACKETS_PER_KEY - 1, 1_000 + KEEP)).toBeNull();
    expect(receive.forgeries).toBe(1);
    // The late packet looks like an update, and does not cause one.
    expect(receive).toMatchObject({ phase: 1, previous: null });
  });

  test("may be overtaken by later packets, which decrypt too", () => {
    const { send, first, late } = updated();
    const second = sealed(send, PACKETS_PER_KEY + 1, 2);
    const receive = createReceiveProtection(platformCrypto, KEY);
    expect(opened(receive, second, PACKETS_PER_KEY + 1)).toEqual([2]);
    expect(opened(receive, late, PACKETS_PER_KEY - 1)).toEqual([1]);
    expect(opened(receive, first, PACKETS_PER_KEY)).toEqual([1]);
  });

  test("is not accepted while the previous key is kept", () => {
    const { send, first } = updated();
    const receive = createReceiveProtection(platformCrypto, KEY);
    opened(receive, first, PACKETS_PER_KEY, 1_000);
    confirmKey(send, PACKETS_PER_KEY);
    const next = sealed(send, 2 * PACKETS_PER_KEY, 3);
    expect(next[0]).toBe(0xfc);
    expect(opened(receive, next, 2 * PACKETS_PER_KEY, 1_000 + KEEP - 1)).toBeNull();
    expect(opened(receive, next, 2 * PACKETS_PER_KEY, 1_000 + KEEP)).toEqual([3]);
  });

  test("can't be forged: the other first byte alone changes nothing", () => {
    const datagram = sealed(createSendProtection(platformCrypto, KEY), 42, 1);
    datagram[0] = 0xfd;
    const receive = createReceiveProtection(platformCrypto, KEY);
    expect(opened(receive, datagram, 42)).toBeNull();
    expect(receive).toMatchObject({ key: KEY, phase: 0, previous: null, forgeries: 1 });
  });

  test("leaves no packet that the previous key decrypts", () => {
    const { first } = updated();
    const old = createReceiveProtection(platformCrypto, KEY);
    first[0] = 0xfc;
    expect(opened(old, first, PACKETS_PER_KEY)).toBeNull();
  });
});
