// A certificate made on the spot (RFC 5280): self-signed, for the names and addresses by which this machine is
// reached. Its key is made with it and never leaves the memory of the process.

import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

import { ipBytes } from "../../../ip-bytes.ts";
import {
  bitString,
  boolean,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
  time,
  unsignedInteger,
  utf8String,
} from "./der.ts";

/** What a TLS server shows, and the key to it: PEM (RFC 7468). */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** SHA-256 of the certificate as browsers and openssl write it: pairs of hexadecimal digits and colons. */
  readonly fingerprint: string;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Long enough for a server that nobody restarts for a while; who wants more brings a certificate. */
const VALID_FOR = 30 * DAY;

/** Before now: the other's clock may be slow. */
const VALID_SINCE = DAY;

/** RFC 5280 s. 4.1.2.2: at most 20 bytes, positive, hard to guess. */
const SERIAL_BYTES = 16;

const OID = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
} as const;

/**
 * @param names host names and IP addresses that the certificate is for; the first is also its common name
 */
export function makeCertificate(names: readonly [string, ...string[]], now: Date): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKeyInfo = publicKey.export({ type: "spki", format: "der" });
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const name = distinguishedName(names[0]);

  const toBeSigned = sequence(
    // Version 3 is written as 2.
    tagged(0, unsignedInteger(Uint8Array.of(2)), "constructed"),
    unsignedInteger(randomBytes(SERIAL_BYTES)),
    algorithm,
    name,
    sequence(
      time(new Date(now.getTime() - VALID_SINCE)),
      time(new Date(now.getTime() + VALID_FOR)),
    ),
    name,
    publicKeyInfo,
    tagged(3, extensions(names, publicKeyInfo), "constructed"),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, algorithm, bitString(signature));

  return {
    certificate: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    fingerprint: fingerprintOf(certificate),
  };
}

export function fingerprintOf(der: Uint8Array): string {
  const digest = createHash("sha256").update(der).digest("hex").toUpperCase();
  return digest.replaceAll(/..(?=.)/g, "$&:");
}

function distinguishedName(commonName: string): Uint8Array {
  // RFC 5280 appendix A.1: a common name has at most 64 characters. It is for the reader's eye alone.
  const text = commonName.slice(0, 64);
  return sequence(set(sequence(objectIdentifier(OID.commonName), utf8String(text))));
}

/** s. 4.2.1: enough for strict verifiers, and no right to sign anything else with it. */
function extensions(names: readonly string[], publicKeyInfo: Uint8Array): Uint8Array {
  const keyIdentifier = createHash("sha1").update(publicKeyInfo).digest();
  const alternatives = names.map((name) =>
    isIP(name) === 0
      ? tagged(2, Buffer.from(name, "latin1"), "primitive")
      : tagged(7, ipBytes(name), "primitive"),
  );
  return sequence(
    extension(OID.subjectAlternativeName, sequence(...alternatives)),
    extension(OID.basicConstraints, sequence(), "critical"),
    // The first bit, digitalSignature: all that TLS 1.3, and 1.2 with ECDHE, ask of the key.
    extension(OID.keyUsage, bitString(Uint8Array.of(0x80), 7), "critical"),
    extension(OID.extendedKeyUsage, sequence(objectIdentifier(OID.serverAuthentication))),
    extension(OID.subjectKeyIdentifier, octetString(keyIdentifier)),
    extension(OID.authorityKeyIdentifier, sequence(tagged(0, keyIdentifier, "primitive"))),
  );
}

function extension(id: string, value: Uint8Array, criticality?: "critical"): Uint8Array {
  const critical = criticality === undefined ? [] : [boolean(true)];
  return sequence(objectIdentifier(id), ...critical, octetString(value));
}

function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
