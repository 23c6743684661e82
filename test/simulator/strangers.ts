// Strangers who only want to take the places of a responder's unfinished handshakes (docs/protocol.md s. 8.3): they prove an
// address, and never send a finish.

import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import { type Endpoint, receiveDatagram } from "../../src/protocol/endpoint.ts";
import {
  createHandshake,
  writeMessage,
  XXpsk3,
} from "../../src/protocol/handshake/noise/handshake-state.ts";
import { addKeyProof, deriveKeyProofKey } from "../../src/protocol/handshake/proofs.ts";
import { readPacket, writeHello } from "../../src/protocol/packets.ts";
import type { SocketAddress } from "../../src/protocol/socket-address.ts";
import type { SeededRandom } from "./random.ts";

/** Noise message 1, which they need not make anew for each hello. */
const MESSAGE = writeMessage(
  createHandshake({
    crypto: platformCrypto,
    pattern: XXpsk3,
    role: "initiator",
    prologue: new TextEncoder().encode("charla 1\0"),
    staticKeys: generateKeyPair(new Uint8Array(32).fill(0x77)),
    ephemeralKeys: generateKeyPair(new Uint8Array(32).fill(0x78)),
    psk: new Uint8Array(32),
  }),
  new Uint8Array(0),
);

export interface Stranger {
  readonly from: SocketAddress;
  readonly random: SeededRandom;
  readonly knowsKey: boolean;
  readonly now: number;
}

/** Sends a hello with a cookie; returns the first byte of its answer, undefined when it got none. */
export function takePlace(endpoint: Endpoint, stranger: Stranger): number | undefined {
  const { random, from, knowsKey, now } = stranger;
  const { staticKeys } = endpoint.options;
  const id = random.bytes(8);
  const padding = random.bytes(1_200);
  const answerTo = (cookie: Uint8Array) => {
    const hello = writeHello(id, cookie, MESSAGE, padding);
    const key = deriveKeyProofKey(platformCrypto, staticKeys.publicKey);
    if (knowsKey) addKeyProof(platformCrypto, key, hello);
    const queued = endpoint.answers.length;
    receiveDatagram(endpoint, hello, from, now);
    return endpoint.answers.splice(queued)[0]?.bytes;
  };
  const retry = readPacket(answerTo(new Uint8Array(0)) ?? new Uint8Array(0));
  if (retry?.kind !== "retry") throw new Error("a hello without a cookie had no retry");
  return answerTo(retry.cookie)?.[0];
}
