// The key between message 2 and message 3, under which a refusal is authenticated.

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";

import { generateKeyPair } from "../../../../src/net/crypto.ts";
import {
  exportKey,
  finishHandshake,
  readMessage,
  writeMessage,
  XX,
} from "../../../../src/protocol/handshake/noise/handshake-state.ts";
import { split } from "../../../../src/protocol/handshake/noise/symmetric-state.ts";
import { carry, PAYLOADS, startBoth, text, toHex } from "./both-sides.ts";

const LABEL = "charla refusal";
const OTHER_KEYS = generateKeyPair(new Uint8Array(32).fill(0x42));

describe("an exported key", () => {
  test("is the same 32 bytes on both sides after message 2", () => {
    const both = startBoth();
    carry(both, 2);
    const key = exportKey(both.initiator, LABEL);
    expect(exportKey(both.responder, LABEL)).toEqual(key);
    expect(toHex(key)).toBe("5deca37139fc861e31c2c426e6553f79feac4a8fb1f1786513d0725c94a37e86");
  });

  test("is HKDF of the chaining key, with the label and the hash as info (RFC 5869 s. 2.2, 2.3)", () => {
    const both = startBoth();
    carry(both, 2);
    const { chainingKey, hash } = both.responder.progress.symmetric;
    const extracted = createHmac("sha256", chainingKey).digest();
    const expected = createHmac("sha256", extracted).update(LABEL).update(hash).update("\u0001");
    expect(toHex(exportKey(both.responder, LABEL))).toBe(expected.digest("hex"));
  });

  test("does not depend on the psk, which is not mixed in yet", () => {
    const both = startBoth({}, { psk: text("q".repeat(32)) });
    carry(both, 2);
    const key = exportKey(both.initiator, LABEL);
    const message = writeMessage(both.initiator, PAYLOADS[2]);
    expect(readMessage(both.responder, message)).toEqual({ type: "wrong-psk" });
    expect(exportKey(both.responder, LABEL)).toEqual(key);
  });

  test("does not change the handshake", () => {
    const [plain, exported] = [startBoth(), startBoth()];
    carry(plain, 3);
    carry(exported, 2);
    exportKey(exported.initiator, LABEL);
    exportKey(exported.responder, LABEL);
    readMessage(exported.responder, writeMessage(exported.initiator, PAYLOADS[2]));
    expect(finishHandshake(exported.responder)).toEqual(finishHandshake(plain.responder));
  });

  test("equals no key or value of Noise, before or after", () => {
    const both = startBoth();
    carry(both, 1);
    const early = both.initiator.progress.symmetric;
    readMessage(both.initiator, writeMessage(both.responder, PAYLOADS[1]));
    const exported = exportKey(both.initiator, LABEL);
    const between = both.initiator.progress.symmetric;
    readMessage(both.responder, writeMessage(both.initiator, PAYLOADS[2]));
    const late = both.initiator.progress.symmetric;
    const { sendKey, receiveKey, handshakeHash } = finishHandshake(both.initiator);
    const states = [early, between, late].flatMap(({ chainingKey, hash, key }) => [
      toHex(chainingKey),
      toHex(hash),
      toHex(key ?? new Uint8Array(32)),
    ]);
    const others = [...states, ...split(between).map(toHex), toHex(sendKey), toHex(receiveKey)];
    expect(others).toContain(toHex(handshakeHash));
    expect(others).not.toContain(toHex(exported));
  });

  test.each([
    ["ephemeral key of the initiator", { ephemeralKeys: OTHER_KEYS }, {}],
    ["ephemeral key of the responder", {}, { ephemeralKeys: OTHER_KEYS }],
    ["static key of the responder", {}, { staticKeys: OTHER_KEYS }],
    ["prologue", { prologue: text("charla 2\0") }, { prologue: text("charla 2\0") }],
    ["pattern", { pattern: XX, psk: null }, { pattern: XX, psk: null }],
  ])("differs with another %s", (_what, initiator, responder) => {
    const [one, other] = [startBoth(), startBoth(initiator, responder)];
    carry(one, 2);
    carry(other, 2);
    const key = exportKey(other.initiator, LABEL);
    expect(exportKey(other.responder, LABEL)).toEqual(key);
    expect(toHex(key)).not.toBe(toHex(exportKey(one.initiator, LABEL)));
  });

  test("differs with another payload or label", () => {
    const both = startBoth();
    carry(both, 1);
    readMessage(both.initiator, writeMessage(both.responder, text("good night")));
    const usual = startBoth();
    carry(usual, 2);
    const keys = [
      exportKey(both.initiator, LABEL),
      exportKey(usual.initiator, LABEL),
      exportKey(usual.initiator, `${LABEL}s`),
      exportKey(usual.initiator, LABEL.slice(0, -1)),
    ];
    expect(new Set(keys.map(toHex)).size).toBe(4);
  });

  test("throws when it is exported earlier or later", () => {
    for (const messages of [0, 1, 3]) {
      const both = startBoth();
      carry(both, messages);
      for (const side of [both.initiator, both.responder]) {
        expect(() => exportKey(side, LABEL)).toThrow(
          "a key is exported just before the last message",
        );
      }
    }
  });

  test("throws without a label, for it could then be one of Noise's own keys", () => {
    const both = startBoth();
    carry(both, 2);
    expect(() => exportKey(both.initiator, "")).toThrow("a key is exported under a label");
  });
});
