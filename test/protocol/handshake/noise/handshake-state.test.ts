// What a handshake is for those who mean well: turns, lengths, keys, and what both must agree on.

import { describe, expect, test } from "bun:test";

import { generateKeyPair } from "../../../../src/net/crypto.ts";
import {
  createHandshake,
  finishHandshake,
  type HandshakePattern,
  type HandshakeState,
  handshakeTurn,
  readMessage,
  remoteStaticKey,
  writeMessage,
  XX,
} from "../../../../src/protocol/handshake/noise/handshake-state.ts";
import {
  carry,
  EMPTY,
  INITIATOR,
  initiatorStatic,
  PAYLOADS,
  readPayload,
  responderStatic,
  startBoth,
  text,
  writerAndReader,
} from "./both-sides.ts";

const PLAIN = { pattern: XX, psk: null };

/** What each action does to a handshake whose turn it is not: it throws, and changes nothing. */
function expectOnly(handshake: HandshakeState, turn: "write" | "read" | "finish"): void {
  const before = handshake.progress;
  expect(handshakeTurn(handshake)).toBe(turn);
  if (turn !== "write") {
    expect(() => writeMessage(handshake, EMPTY)).toThrow(
      `it is not the turn to write: ${turn} comes next`,
    );
  }
  if (turn !== "read") {
    expect(() => readMessage(handshake, EMPTY)).toThrow(
      `it is not the turn to read: ${turn} comes next`,
    );
  }
  if (turn !== "finish") {
    expect(() => finishHandshake(handshake)).toThrow(
      `the handshake is not over: ${turn} comes next`,
    );
  }
  expect(handshake.progress).toBe(before);
}

describe("the turns of a handshake (Noise s. 7.1)", () => {
  test("alternate, the initiator first, and a call out of turn throws", () => {
    const both = startBoth();
    for (const [index, payload] of PAYLOADS.entries()) {
      const [writer, reader] = writerAndReader(both, index);
      expectOnly(writer, "write");
      expectOnly(reader, "read");
      const message = writeMessage(writer, payload);
      expectOnly(writer, index === 2 ? "finish" : "read");
      expectOnly(reader, "read");
      expect(readPayload(readMessage(reader, message))).toEqual(payload);
      expectOnly(reader, index === 2 ? "finish" : "write");
    }
  });

  test("don't let a side write twice from one state, which would use a key twice (s. 14)", () => {
    const { initiator } = startBoth();
    writeMessage(initiator, text("one"));
    expect(() => writeMessage(initiator, text("two"))).toThrow("it is not the turn to write");
  });
});

describe("the messages of a handshake", () => {
  test.each([
    ["XXpsk3", {}, [48, 96, 64]],
    ["XX", PLAIN, [32, 96, 64]],
  ])(
    "of %s are this long when their payloads are empty (Noise s. 3)",
    (_name, options, lengths) => {
      const both = startBoth(options);
      const written = PAYLOADS.map((_, index) => {
        const [writer, reader] = writerAndReader(both, index);
        const message = writeMessage(writer, EMPTY);
        expect(readPayload(readMessage(reader, message))).toEqual(EMPTY);
        return message.byteLength;
      });
      expect(written).toEqual(lengths);
    },
  );

  test("are at most 65,535 bytes long; a longer payload throws and changes nothing (s. 3)", () => {
    for (const [index, room] of [65_487, 65_439, 65_471].entries()) {
      const both = startBoth();
      carry(both, index);
      const [writer, reader] = writerAndReader(both, index);
      const before = writer.progress;
      for (const length of [room + 1, 65_519, 65_536, 100_000]) {
        expect(() => writeMessage(writer, new Uint8Array(length))).toThrow();
      }
      expect(writer.progress).toBe(before);
      const message = writeMessage(writer, new Uint8Array(room));
      expect(message).toHaveLength(65_535);
      expect(readPayload(readMessage(reader, message))).toHaveLength(room);
    }
  });

  test("do not share memory with what is read from them", () => {
    for (const options of [{}, PLAIN]) {
      const both = startBoth(options);
      for (const [index, payload] of PAYLOADS.entries()) {
        const [writer, reader] = writerAndReader(both, index);
        const message = writeMessage(writer, payload);
        const reading = readMessage(reader, message);
        message.fill(0);
        expect(readPayload(reading)).toEqual(payload);
      }
      expect(finishHandshake(both.initiator).sendKey).toEqual(
        finishHandshake(both.responder).receiveKey,
      );
    }
  });

  test("can be read out of a larger datagram", () => {
    const both = startBoth();
    for (const [index, payload] of PAYLOADS.entries()) {
      const [writer, reader] = writerAndReader(both, index);
      const message = writeMessage(writer, payload);
      const datagram = Buffer.concat([Buffer.alloc(9, 0xfa), message, Buffer.alloc(9, 0xfa)]);
      const inside = datagram.subarray(9, 9 + message.byteLength);
      expect(readPayload(readMessage(reader, inside))).toEqual(payload);
    }
  });
});

describe("after the handshake", () => {
  test("each side receives with the key that the other sends with (Noise s. 5.2)", () => {
    const both = startBoth();
    carry(both, 3);
    const initiator = finishHandshake(both.initiator);
    const responder = finishHandshake(both.responder);
    expect(initiator.sendKey).toEqual(responder.receiveKey);
    expect(initiator.receiveKey).toEqual(responder.sendKey);
    expect(initiator.sendKey).not.toEqual(initiator.receiveKey);
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash);
    for (const bytes of [initiator.sendKey, initiator.receiveKey, initiator.handshakeHash]) {
      expect(bytes).toHaveLength(32);
    }
  });

  test("each side knows the other's static key (Noise s. 7.5)", () => {
    const both = startBoth();
    carry(both, 3);
    expect(finishHandshake(both.initiator).remoteStatic).toEqual(responderStatic.publicKey);
    expect(finishHandshake(both.responder).remoteStatic).toEqual(initiatorStatic.publicKey);
  });

  test("the initiator knows it since message 2, before it sends its own (s. 7.8)", () => {
    const known = [0, 1, 2, 3].map((messages) => {
      const { initiator, responder } = startBoth();
      carry({ initiator, responder }, messages);
      return [remoteStaticKey(initiator), remoteStaticKey(responder)];
    });
    const { publicKey } = responderStatic;
    expect(known).toEqual([
      [null, null],
      [null, null],
      [publicKey, null],
      [publicKey, initiatorStatic.publicKey],
    ]);
  });

  test("other ephemeral keys give other keys throughout (Noise s. 14)", () => {
    const results = [undefined, "i", "r"].map((changed) => {
      const fresh = { ephemeralKeys: generateKeyPair(new Uint8Array(32).fill(0x42)) };
      const both = startBoth(changed === "i" ? fresh : {}, changed === "r" ? fresh : {});
      carry(both, 3);
      return finishHandshake(both.initiator);
    });
    const values = results.flatMap(({ sendKey, receiveKey, handshakeHash }) => [
      Buffer.from(sendKey).toString("hex"),
      Buffer.from(receiveKey).toString("hex"),
      Buffer.from(handshakeHash).toString("hex"),
    ]);
    expect(new Set(values).size).toBe(9);
  });
});

describe("a psk that the two do not share (Noise s. 9)", () => {
  test("is noticed at message 3 and not before, by the responder alone", () => {
    const both = startBoth({}, { psk: text("q".repeat(32)) });
    carry(both, 2);
    const message = writeMessage(both.initiator, PAYLOADS[2]);
    expect(readMessage(both.responder, message)).toEqual({ type: "wrong-psk" });
    expect(handshakeTurn(both.responder)).toBe("read");
  });

  test("is distinguished from a message 3 of somebody else, whose static key does not decrypt", () => {
    const both = startBoth({}, { psk: text("q".repeat(32)) });
    carry(both, 2);
    const message = writeMessage(both.initiator, PAYLOADS[2]);
    message[0] = (message[0] ?? 0) ^ 1;
    expect(readMessage(both.responder, message)).toEqual({ type: "forged" });
  });

  test("looks the same as a static key that the initiator does not own", () => {
    const { publicKey } = initiatorStatic;
    const impostor = { ...generateKeyPair(new Uint8Array(32).fill(9)), publicKey };
    const both = startBoth({ staticKeys: impostor }, {});
    carry(both, 2);
    const message = writeMessage(both.initiator, PAYLOADS[2]);
    expect(readMessage(both.responder, message)).toEqual({ type: "wrong-psk" });
  });
});

describe("a prologue that the two do not share (Noise s. 6)", () => {
  test("is noticed at message 1 with a psk, since its payload is encrypted", () => {
    const { initiator, responder } = startBoth({}, { prologue: text("charla 2\0") });
    const reading = readMessage(responder, writeMessage(initiator, PAYLOADS[0]));
    expect(reading).toEqual({ type: "forged" });
  });

  test("is noticed at message 2 without one", () => {
    const both = startBoth(PLAIN, { ...PLAIN, prologue: text("charla 2\0") });
    carry(both, 1);
    const reading = readMessage(both.initiator, writeMessage(both.responder, PAYLOADS[1]));
    expect(reading).toEqual({ type: "forged" });
  });
});

test("a responder that does not own its static key is noticed at message 2 (Noise s. 7.7)", () => {
  const { publicKey } = responderStatic;
  const impostor = { ...generateKeyPair(new Uint8Array(32).fill(9)), publicKey };
  const both = startBoth({}, { staticKeys: impostor });
  carry(both, 1);
  const reading = readMessage(both.initiator, writeMessage(both.responder, PAYLOADS[1]));
  expect(reading).toEqual({ type: "forged" });
});

describe("a handshake can't be created", () => {
  test("with a psk of another length than 32 bytes (Noise s. 9)", () => {
    for (const length of [0, 16, 31, 33]) {
      expect(() => createHandshake({ ...INITIATOR, psk: new Uint8Array(length) })).toThrow(
        `a psk is 32 bytes long, not ${length}`,
      );
    }
  });

  test("without the psk that its pattern mixes in, or with one that it does not (s. 9.2)", () => {
    expect(() => createHandshake({ ...INITIATOR, psk: null })).toThrow("XXpsk3 needs a psk");
    expect(() => createHandshake({ ...INITIATOR, pattern: XX })).toThrow("XX has no psk");
  });
});

test("a pattern that uses a key before a message has carried it throws (Noise s. 7.3)", () => {
  const pattern: HandshakePattern = { name: "XX", messages: [["e", "es"]] };
  const handshake = createHandshake({ ...INITIATOR, pattern, psk: null });
  expect(() => writeMessage(handshake, EMPTY)).toThrow(
    "the pattern uses a key that has not arrived yet",
  );
});
