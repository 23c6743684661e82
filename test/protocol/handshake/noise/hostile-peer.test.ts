// What a handshake does when somebody means ill: every message changed, cut, replayed, made up.

import { describe, expect, test } from "bun:test";

import { generateKeyPair } from "../../../../src/net/crypto.ts";
import type { KeyPair } from "../../../../src/protocol/crypto-provider.ts";
import {
  finishHandshake,
  type HandshakeState,
  readMessage,
  writeMessage,
  XX,
} from "../../../../src/protocol/handshake/noise/handshake-state.ts";
import { seeded } from "../../../harness/random.ts";
import {
  type BothSides,
  carry,
  EMPTY,
  fromHex,
  PAYLOADS,
  readPayload,
  startBoth,
  writerAndReader,
} from "./both-sides.ts";

const PLAIN = { pattern: XX, psk: null };

function flipped(message: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(message);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

/** Both sides where message `index` is on its way, and that message. */
function onItsWay(index: number, options = {}): [HandshakeState, Uint8Array, BothSides] {
  const both = startBoth(options);
  carry(both, index);
  const [writer, reader] = writerAndReader(both, index);
  return [reader, writeMessage(writer, PAYLOADS[index] ?? EMPTY), both];
}

/** `reader` refuses `changed`, without a throw, and is as it was. */
function expectRefused(reader: HandshakeState, changed: Uint8Array): void {
  const before = reader.progress;
  expect(readMessage(reader, changed).type).not.toBe("payload");
  expect(reader.progress).toBe(before);
}

describe.each([
  [1, 0],
  [2, 1],
  [3, 2],
])("message %d of XXpsk3", (_number, index) => {
  test("is rejected with any one bit changed, and accepted afterwards as it was (Noise s. 5.3, 9.2)", () => {
    const [reader, message] = onItsWay(index);
    for (let bit = 0; bit < message.byteLength * 8; bit += 1) {
      expectRefused(reader, flipped(message, bit));
    }
    expect(readPayload(readMessage(reader, message))).toEqual(PAYLOADS[index] ?? EMPTY);
  });

  test("is rejected when truncated to any length, at either end, or made longer (s. 5.3)", () => {
    const [reader, message] = onItsWay(index);
    for (let length = 0; length < message.byteLength; length += 1) {
      expectRefused(reader, message.subarray(0, length));
      expectRefused(reader, message.subarray(message.byteLength - length));
    }
    expectRefused(reader, Uint8Array.of(...message, 0));
    expectRefused(reader, Uint8Array.of(0, ...message));
    expect(readPayload(readMessage(reader, message))).toEqual(PAYLOADS[index] ?? EMPTY);
  });

  test("is rejected when it is longer than any message may be (s. 3)", () => {
    const [reader, message] = onItsWay(index);
    for (const length of [65_535, 65_536, 100_000]) {
      const long = new Uint8Array(length);
      long.set(message);
      expectRefused(reader, long);
    }
  });

  test("is rejected when it is another message of the same handshake, or of another one", () => {
    const other = { ephemeralKeys: generateKeyPair(new Uint8Array(32).fill(7)) };
    const elsewhere = startBoth(other, other);
    const strangers = PAYLOADS.map((payload, number) => {
      const [writer, reader] = writerAndReader(elsewhere, number);
      const message = writeMessage(writer, payload);
      readMessage(reader, message);
      return message;
    });
    const [reader] = onItsWay(index);
    for (const [number, stranger] of strangers.entries()) {
      const [, message] = onItsWay(number);
      if (number !== index) expectRefused(reader, message);
      // Another handshake's first message is a beginning like any other.
      if (number !== 0 || index !== 0) expectRefused(reader, stranger);
    }
  });
});

describe("without a psk, in XX,", () => {
  test("message 1 is in the clear and accepted with a bit changed, but message 2 fails (s. 5.2)", () => {
    const [, message, { initiator }] = onItsWay(0, PLAIN);
    for (let bit = 0; bit < message.byteLength * 8; bit += 1) {
      const { responder } = startBoth(PLAIN);
      expect(readMessage(responder, flipped(message, bit)).type).toBe("payload");
      expectRefused(initiator, writeMessage(responder, EMPTY));
    }
  });

  test("message 1 is rejected when its key is truncated; with less payload message 2 fails (s. 5.2)", () => {
    const [, message, { initiator }] = onItsWay(0, PLAIN);
    for (let length = 0; length < message.byteLength; length += 1) {
      const { responder } = startBoth(PLAIN);
      const reading = readMessage(responder, message.subarray(0, length));
      expect(reading.type).toBe(length < 32 ? "forged" : "payload");
      if (length >= 32) expectRefused(initiator, writeMessage(responder, EMPTY));
    }
  });

  test("message 1 is rejected when it is longer than any message may be (s. 3)", () => {
    const [responder, message] = onItsWay(0, PLAIN);
    const long = new Uint8Array(65_536);
    long.set(message);
    expectRefused(responder, long);
    expect(readPayload(readMessage(responder, long.subarray(0, 65_535)))).toHaveLength(65_503);
  });

  test.each([
    [2, 1],
    [3, 2],
  ])("message %d is rejected with any one bit changed (s. 5.2)", (_number, index) => {
    const [reader, message] = onItsWay(index, PLAIN);
    for (let bit = 0; bit < message.byteLength * 8; bit += 1) {
      const changed = flipped(message, bit);
      expectRefused(reader, changed);
      expect(readMessage(reader, changed)).toEqual({ type: "forged" });
    }
    expect(readPayload(readMessage(reader, message))).toEqual(PAYLOADS[index] ?? EMPTY);
  });
});

/** A pair with another public key, as a hostile peer could use it. */
function saying(publicKey: Uint8Array): KeyPair {
  return { ...generateKeyPair(new Uint8Array(32).fill(5)), publicKey };
}

describe("a key of small order in an otherwise valid message (RFC 7748 s. 6.1)", () => {
  const points = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  ].map(fromHex);

  test("is rejected as the initiator's ephemeral key, before it could make an answer fail", () => {
    for (const options of [{}, PLAIN]) {
      for (const point of points) {
        const { initiator, responder } = startBoth(
          { ...options, ephemeralKeys: saying(point) },
          options,
        );
        const message = writeMessage(initiator, EMPTY);
        expect(readMessage(responder, message)).toEqual({ type: "forged" });
      }
    }
  });

  test("is rejected as the responder's ephemeral key", () => {
    for (const point of points) {
      const both = startBoth({}, { ephemeralKeys: saying(point) });
      carry(both, 1);
      const message = writeMessage(both.responder, EMPTY);
      expect(readMessage(both.initiator, message)).toEqual({ type: "forged" });
    }
  });

  test("is rejected as either side's static key", () => {
    for (const point of points) {
      const fromResponder = startBoth({}, { staticKeys: saying(point) });
      carry(fromResponder, 1);
      const message2 = writeMessage(fromResponder.responder, EMPTY);
      expect(readMessage(fromResponder.initiator, message2)).toEqual({ type: "forged" });

      const fromInitiator = startBoth({ staticKeys: saying(point) }, {});
      carry(fromInitiator, 2);
      const message3 = writeMessage(fromInitiator.initiator, EMPTY);
      expect(readMessage(fromInitiator.responder, message3)).toEqual({ type: "forged" });
    }
  });
});

/** One of the ways in which a datagram is not what was sent. */
function mutated(
  message: Uint8Array,
  others: readonly Uint8Array[],
  random: (below: number) => number,
): Uint8Array {
  const at = random(message.byteLength + 1);
  const noise = () => Uint8Array.from({ length: random(200) }, () => random(256));
  switch (random(6)) {
    case 0:
      return flipped(message, random(message.byteLength * 8));
    case 1:
      return message.subarray(random(at + 1), at);
    case 2:
      return Buffer.concat([message.subarray(0, at), noise(), message.subarray(at)]);
    case 3:
      return Buffer.concat([message.subarray(0, at), (others[random(3)] ?? EMPTY).subarray(at)]);
    case 4:
      return message.map((byte, index) => (index < at ? byte : random(256)));
    default:
      return noise();
  }
}

test("a thousand random mutations of each message never throw and change nothing", () => {
  const random = seeded(7748);
  const everyMessage = [0, 1, 2].map((index) => onItsWay(index)[1]);
  const both = startBoth();
  for (const [index, payload] of PAYLOADS.entries()) {
    const [writer, reader] = writerAndReader(both, index);
    const message = writeMessage(writer, payload);
    for (let count = 0; count < 1_000; count += 1) {
      const changed = mutated(message, everyMessage, random);
      if (Buffer.compare(changed, message) !== 0) expectRefused(reader, changed);
    }
    expect(readPayload(readMessage(reader, message))).toEqual(payload);
  }
  expect(finishHandshake(both.initiator).sendKey).toEqual(
    finishHandshake(both.responder).receiveKey,
  );
});
