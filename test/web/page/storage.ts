// What test/web/storage.test.ts calls in a browser, by the name `storage`.

import { generateKeyPair, platformCrypto, randomBytes } from "#crypto";

import { NOISE_PROTOCOL } from "../../../src/protocol/handshake/initiator-handshake.ts";
import {
  createHandshake,
  finishHandshake,
  readMessage,
  writeMessage,
} from "../../../src/protocol/handshake/noise/handshake-state.ts";
import { openDatabase } from "../../../web/storage/database.ts";
import { type KeptDevice, openDevice } from "../../../web/storage/device.ts";
import { loadIdentity } from "../../../web/storage/identity.ts";
import { loadName, openMemory } from "../../../web/storage/settings.ts";

const server = "KEY";
const database = await openDatabase();
const troubles: string[] = [];
const devices = new Map<string, KeptDevice>();

/** Noise XXpsk3 against this page's key: what the other end learns of it. */
async function shakeHands(): Promise<number[] | null> {
  const staticKeys = await loadIdentity(database);
  const shared = { ...NOISE_PROTOCOL, crypto: platformCrypto, psk: randomBytes(32) };
  const initiator = createHandshake({
    ...shared,
    role: "initiator",
    staticKeys,
    ephemeralKeys: generateKeyPair(randomBytes(32)),
  });
  const responder = createHandshake({
    ...shared,
    role: "responder",
    staticKeys: generateKeyPair(randomBytes(32)),
    ephemeralKeys: generateKeyPair(randomBytes(32)),
  });
  const empty = new Uint8Array(0);
  readMessage(responder, writeMessage(initiator, empty));
  const answer = writeMessage(responder, randomBytes(8));
  const datagram = Uint8Array.of(0xfa, ...randomBytes(8), ...answer);
  await staticKeys.prepare?.(datagram);
  readMessage(initiator, answer);
  readMessage(responder, writeMessage(initiator, empty));
  return [...finishHandshake(responder).remoteStatic];
}

Object.assign(window, {
  storage: {
    isLasting: database.isLasting,
    troubles,
    devices,
    async open(room: string) {
      const device = await openDevice(database, { server, room }, (trouble) =>
        troubles.push(trouble),
      );
      devices.set(room, device);
      const { id, unstored, cursor } = device;
      return { id, unstored, cursor };
    },
    async identity() {
      const keys = await loadIdentity(database);
      const kept: unknown = await database.get(["identity"]);
      return { ...keys, publicKey: [...keys.publicKey], privateKey: [...keys.privateKey], kept };
    },
    shakeHands,
    loadName: () => loadName(database),
    memory: openMemory(database, server),
  },
});
