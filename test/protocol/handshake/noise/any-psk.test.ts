// A last message whose pre-shared key is one of several that the reader knows.

import { describe, expect, test } from "bun:test";

import {
  finishHandshake,
  readMessage,
  readMessageWithAnyPsk,
  writeMessage,
} from "../../../../src/protocol/handshake/noise/handshake-state.ts";
import {
  type BothSides,
  carry,
  EMPTY,
  initiatorStatic,
  PAYLOADS,
  startBoth,
  text,
} from "./both-sides.ts";

const key = (byte: number) => ({ psk: new Uint8Array(32).fill(byte), byte });
const KEYS = [1, 2, 3, 4].map(key);

/** Where the initiator, who has the psk of that byte, has written its last message. */
function lastMessage(byte: number): [BothSides, Uint8Array] {
  const both = startBoth({ psk: key(byte).psk }, { psk: "one of several" });
  carry(both, 2);
  return [both, writeMessage(both.initiator, PAYLOADS[2])];
}

describe("a message with one of several pre-shared keys", () => {
  test.each([1, 2, 3, 4])("is read with key %d of them, and both sides agree", (byte) => {
    const [both, message] = lastMessage(byte);
    const claimed: Uint8Array[] = [];
    const reading = readMessageWithAnyPsk(both.responder, message, (remote) => {
      claimed.push(remote);
      return KEYS;
    });
    expect(reading).toEqual({ type: "payload", payload: PAYLOADS[2], key: key(byte) });
    expect(claimed).toEqual([initiatorStatic.publicKey]);
    const [ours, theirs] = [finishHandshake(both.initiator), finishHandshake(both.responder)];
    expect(theirs.handshakeHash).toEqual(ours.handshakeHash);
    expect(theirs.receiveKey).toEqual(ours.sendKey);
    expect(theirs.remoteStatic).toEqual(initiatorStatic.publicKey);
  });

  test("tries no more of them than it needs", () => {
    const [both, message] = lastMessage(2);
    let asked = 0;
    function* keys() {
      for (const each of KEYS) {
        asked += 1;
        yield each;
      }
    }
    expect(readMessageWithAnyPsk(both.responder, message, keys).type).toBe("payload");
    expect(asked).toBe(2);
  });

  test("is rejected if none of them fits, and accepted with one that is added later", () => {
    const [both, message] = lastMessage(9);
    const before = both.responder.progress;
    expect(readMessageWithAnyPsk(both.responder, message, () => KEYS)).toEqual({
      type: "wrong-psk",
      tried: 4,
    });
    expect(readMessageWithAnyPsk(both.responder, message, () => [])).toEqual({
      type: "wrong-psk",
      tried: 0,
    });
    expect(both.responder.progress).toBe(before);
    const reading = readMessageWithAnyPsk(both.responder, message, () => [...KEYS, key(9)]);
    expect(reading).toMatchObject({ type: "payload", key: { byte: 9 } });
  });

  test("is forged, before any of them is tried, when its static key is not authentic", () => {
    const [both, message] = lastMessage(1);
    message[5] = (message[5] ?? 0) ^ 1;
    const reading = readMessageWithAnyPsk(both.responder, message, () => {
      throw new Error("a key was asked for");
    });
    expect(reading).toEqual({ type: "forged" });
    expect(readMessageWithAnyPsk(both.responder, EMPTY, () => KEYS)).toEqual({ type: "forged" });
    expect(readMessageWithAnyPsk(both.responder, new Uint8Array(65_536), () => KEYS)).toEqual({
      type: "forged",
    });
  });
});

describe("a bug throws", () => {
  test("when the psk is not given", () => {
    const [both, message] = lastMessage(1);
    expect(() => readMessage(both.responder, message)).toThrow("the psk is not given");
  });

  test("when a psk has another length, or the message does not end in one", () => {
    const [both, message] = lastMessage(1);
    const short = { psk: text("short") };
    expect(() => readMessageWithAnyPsk(both.responder, message, () => [short])).toThrow(
      "a psk is 32 bytes long, not 5",
    );
    const fresh = startBoth({ psk: "one of several" });
    expect(() => readMessageWithAnyPsk(fresh.responder, message, () => KEYS)).toThrow(
      "the message does not end in a psk",
    );
  });
});
