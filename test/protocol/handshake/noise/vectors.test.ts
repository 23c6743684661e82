// The published vectors: every byte of every message, both ways.

import { describe, expect, test } from "bun:test";

import { generateKeyPair, platformCrypto } from "../../../../src/net/crypto.ts";
import { TAG_BYTES } from "../../../../src/protocol/crypto-provider.ts";
import { open, seal } from "../../../../src/protocol/handshake/noise/cipher.ts";
import {
  createHandshake,
  finishHandshake,
  type HandshakeOptions,
  type HandshakeResult,
  readMessage,
  writeMessage,
  XX,
  XXpsk3,
} from "../../../../src/protocol/handshake/noise/handshake-state.ts";
import { EMPTY, fromHex, toHex } from "./both-sides.ts";
import file from "./vectors.json" with { type: "json" };

type Vector = (typeof file.vectors)[number];

const PATTERNS = [XX, XXpsk3];

function parseOptions(vector: Vector): [HandshakeOptions, HandshakeOptions] {
  const pattern = PATTERNS.find(({ name }) => vector.protocol_name.startsWith(`Noise_${name}_`));
  if (pattern === undefined) throw new Error(`no pattern for ${vector.protocol_name}`);
  return [
    {
      crypto: platformCrypto,
      pattern,
      role: "initiator",
      prologue: fromHex(vector.init_prologue),
      staticKeys: generateKeyPair(fromHex(vector.init_static)),
      ephemeralKeys: generateKeyPair(fromHex(vector.init_ephemeral)),
      psk: onePsk(vector.init_psks),
    },
    {
      crypto: platformCrypto,
      pattern,
      role: "responder",
      prologue: fromHex(vector.resp_prologue),
      staticKeys: generateKeyPair(fromHex(vector.resp_static)),
      ephemeralKeys: generateKeyPair(fromHex(vector.resp_ephemeral)),
      psk: onePsk(vector.resp_psks),
    },
  ];
}

function onePsk(psks: readonly string[] | undefined): Uint8Array | null {
  const [psk] = psks ?? [];
  return psk === undefined ? null : fromHex(psk);
}

/** The handshake messages as the initiator and the responder exchange them, and how it ends. */
function shakeHands(vector: Vector): [HandshakeResult, HandshakeResult] {
  const [initiator, responder] = parseOptions(vector).map(createHandshake);
  if (initiator === undefined || responder === undefined) throw new Error("two sides are needed");
  for (const [index, { payload, ciphertext }] of vector.messages.slice(0, 3).entries()) {
    const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator];
    expect(toHex(writeMessage(writer, fromHex(payload)))).toBe(ciphertext);
    expect(readMessage(reader, fromHex(ciphertext))).toEqual({
      type: "payload",
      payload: fromHex(payload),
    });
  }
  return [finishHandshake(initiator), finishHandshake(responder)];
}

describe.each(file.vectors)("the published vector of $protocol_name", (vector) => {
  test("has the handshake messages that each side writes and reads (Noise s. 5.3)", () => {
    expect(vector.messages).toHaveLength(6);
    shakeHands(vector);
  });

  test("has the handshake hash of both sides (Noise s. 11.2)", () => {
    const [initiator, responder] = shakeHands(vector);
    expect(toHex(initiator.handshakeHash)).toBe(vector.handshake_hash);
    expect(toHex(responder.handshakeHash)).toBe(vector.handshake_hash);
  });

  test("gives each side the other's static public key (Noise s. 7.5)", () => {
    const [initiator, responder] = shakeHands(vector);
    const [initiatorOptions, responderOptions] = parseOptions(vector);
    expect(initiator.remoteStatic).toEqual(responderOptions.staticKeys.publicKey);
    expect(responder.remoteStatic).toEqual(initiatorOptions.staticKeys.publicKey);
  });

  test("has the transport messages that each side seals and opens (Noise s. 5.2, 12.4)", () => {
    const [initiator, responder] = shakeHands(vector);
    const sent = { initiator: 0, responder: 0 };
    for (const [index, { payload, ciphertext }] of vector.messages.entries()) {
      if (index < 3) continue;
      const writer = index % 2 === 0 ? "initiator" : "responder";
      const [from, to] = writer === "initiator" ? [initiator, responder] : [responder, initiator];
      const plaintext = fromHex(payload);
      const sealed = new Uint8Array(plaintext.byteLength + TAG_BYTES);
      const number = sent[writer]++;
      seal(platformCrypto, from.sendKey, number, EMPTY, plaintext, sealed, 0);
      expect(toHex(sealed)).toBe(ciphertext);
      expect(toHex(open(platformCrypto, to.receiveKey, number, EMPTY, sealed) ?? EMPTY)).toBe(
        payload,
      );
    }
    expect(sent).toEqual({ initiator: 1, responder: 2 });
  });
});
