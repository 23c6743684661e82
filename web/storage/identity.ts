// The person's key (X25519) in this browser, made on first use. Where the page is in a secure context and the browser has
// X25519, the private half is a CryptoKey that can't be read, by this page or by a script that somebody gets into it; such a
// script can use it while it runs. Elsewhere, as over plain http, it is bytes in the same database.
//
// The protocol's cryptography is synchronous, and WebCrypto's is not. So the one Diffie-Hellman of the static key, `se` of
// Noise XXpsk3, is derived before the answer is handed over, in which the responder's ephemeral key is in the clear.

import * as v from "valibot";

import { generateKeyPair } from "#crypto";

import { SharedSecrets, type StaticKeys } from "../../src/net/shared-secrets.ts";
import { KEY_BYTES, prepared } from "../../src/protocol/crypto-provider.ts";
import { readSessionPacket } from "../../src/protocol/packets.ts";
import type { Database, Key } from "./database.ts";

const IDENTITY: Key = ["identity"];
const X25519 = "X25519";

const identityRecord = v.object({
  publicKey: v.custom<Uint8Array<ArrayBuffer>>(isKeyBytes),
  privateKey: v.custom<Uint8Array<ArrayBuffer> | CryptoKey>(
    (value) => isKeyBytes(value) || isCryptoKey(value),
  ),
});
type IdentityRecord = v.InferOutput<typeof identityRecord>;

/** The person's key; one of this page alone where the database can't keep it. */
export async function loadIdentity(database: Database): Promise<StaticKeys> {
  const known = await database.get(IDENTITY).catch(() => undefined);
  if (v.is(identityRecord, known)) return toStaticKeys(known);
  const unreadable = await generateCryptoKey();
  const readable = generateBytes();
  const kept =
    (unreadable && (await keep(database, unreadable))) ??
    // Private windows may keep bytes, but no CryptoKey.
    (await keep(database, readable)) ??
    readable;
  return toStaticKeys(kept);
}

function toStaticKeys({ publicKey, privateKey }: IdentityRecord): StaticKeys {
  if (privateKey instanceof Uint8Array) return generateKeyPair(privateKey);
  const secrets = new SharedSecrets();
  return {
    publicKey,
    privateKey: new Uint8Array(0),
    [prepared]: secrets,
    prepare(datagram) {
      const packet = readSessionPacket(datagram);
      return packet?.kind === "answer" ? derive(secrets, privateKey, packet.noise) : null;
    },
  };
}

/** @param message Noise message 2, which begins with `e` (docs/protocol.md s. 8.3) */
async function derive(
  secrets: SharedSecrets,
  privateKey: CryptoKey,
  message: Uint8Array,
): Promise<void> {
  const ephemeral = message.slice(0, KEY_BYTES);
  try {
    const peer = await crypto.subtle.importKey("raw", ephemeral, X25519, false, []);
    const algorithm = { name: X25519, public: peer };
    const secret = await crypto.subtle.deriveBits(algorithm, privateKey, KEY_BYTES * 8);
    secrets.add(ephemeral, new Uint8Array(secret));
  } catch {
    // A point of small order, which the handshake refuses too (noise/public-key.ts).
  }
}

/** What is kept then: another tab may have been faster. Null when nothing is. */
async function keep(database: Database, made: IdentityRecord): Promise<IdentityRecord | null> {
  try {
    const kept = await database.insert(IDENTITY, made);
    return v.is(identityRecord, kept) ? kept : null;
  } catch {
    return null;
  }
}

/** Null over plain http, and in a browser without X25519 (the last to get it was Chromium 133, in 2025). */
async function generateCryptoKey(): Promise<IdentityRecord | null> {
  const subtle: SubtleCrypto | undefined = crypto.subtle;
  try {
    const keys = await subtle?.generateKey(X25519, false, ["deriveBits"]);
    if (keys === undefined || !("privateKey" in keys)) return null;
    const publicKey = new Uint8Array(await subtle.exportKey("raw", keys.publicKey));
    return { publicKey, privateKey: keys.privateKey };
  } catch {
    return null;
  }
}

function generateBytes(): IdentityRecord {
  const privateKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const publicKey = Uint8Array.from(generateKeyPair(privateKey).publicKey);
  return { publicKey, privateKey };
}

function isKeyBytes(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === KEY_BYTES;
}

/** Where there is no WebCrypto, there is no class either. */
function isCryptoKey(value: unknown): boolean {
  return typeof CryptoKey === "function" && value instanceof CryptoKey;
}
