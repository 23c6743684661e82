// Two sides of one handshake, from keys written down here: those of the published vectors.

import { generateKeyPair, platformCrypto } from "../../../../src/net/crypto.ts";
import {
  createHandshake,
  type HandshakeOptions,
  type HandshakeState,
  readMessage,
  writeMessage,
  XXpsk3,
} from "../../../../src/protocol/handshake/noise/handshake-state.ts";

export const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
export const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
export const text = (words: string) => new TextEncoder().encode(words);
export const EMPTY = new Uint8Array(0);

export const initiatorStatic = generateKeyPair(
  fromHex("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"),
);
export const responderStatic = generateKeyPair(
  fromHex("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"),
);

const COMMON = {
  crypto: platformCrypto,
  pattern: XXpsk3,
  prologue: text("charla 1\0"),
  psk: text("p".repeat(32)),
};

export const INITIATOR: HandshakeOptions = {
  ...COMMON,
  role: "initiator",
  staticKeys: initiatorStatic,
  ephemeralKeys: generateKeyPair(
    fromHex("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"),
  ),
};

export const RESPONDER: HandshakeOptions = {
  ...COMMON,
  role: "responder",
  staticKeys: responderStatic,
  ephemeralKeys: generateKeyPair(
    fromHex("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"),
  ),
};

export interface BothSides {
  readonly initiator: HandshakeState;
  readonly responder: HandshakeState;
}

/** Both sides, and what differs from the keys above. */
export function startBoth(
  initiator: Partial<HandshakeOptions> = {},
  responder: Partial<HandshakeOptions> = initiator,
): BothSides {
  return {
    initiator: createHandshake({ ...INITIATOR, ...initiator }),
    responder: createHandshake({ ...RESPONDER, ...responder }),
  };
}

/** What each side sends: the first is the initiator's. */
export const PAYLOADS = [text("hello"), text("good day"), text("how are you?")] as const;

/** The writer's and the reader's side of message 0, 1 or 2. */
export function writerAndReader(
  { initiator, responder }: BothSides,
  message: number,
): [HandshakeState, HandshakeState] {
  return message % 2 === 0 ? [initiator, responder] : [responder, initiator];
}

/** Carries the messages before `until` across; all of them arrive. */
export function carry(both: BothSides, until: number): void {
  for (const [index, payload] of PAYLOADS.slice(0, until).entries()) {
    const [writer, reader] = writerAndReader(both, index);
    const reading = readMessage(reader, writeMessage(writer, payload));
    if (reading.type !== "payload") throw new Error(`message ${index + 1} was ${reading.type}`);
  }
}

/** The payload of a reading that has one. */
export function readPayload(reading: ReturnType<typeof readMessage>): Uint8Array {
  if (reading.type === "payload") return reading.payload;
  throw new Error(`the message was ${reading.type}`);
}
