// A self-signed certificate for the names and addresses of a machine. Written in DER, of which it needs little.

import { Buffer } from "node:buffer";
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";

import { ipBytes } from "../../../ip-bytes.ts";

/** A certificate and its private key, as PEM (RFC 7468). */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** SHA-256 of the certificate, written like browsers and openssl do: pairs of hexadecimal digits with colons. */
  readonly fingerprint: string;
}

const DAY = 24 * 3_600_000;

/** ms: clients accept no certificate that is valid for more than 398 days (CA/Browser Forum, ballot SC-31). */
const VALID_FOR = 396 * DAY;

/** ms before now, for clients whose clock is slow. */
const VALID_SINCE = DAY;

/** At most 20, positive and unpredictable (RFC 5280 s. 4.1.2.2). */
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
 * A self-signed certificate (RFC 5280).
 *
 * @param names the host names and IP addresses that it is for; the first is its common name
 * @param privateKey of P-256; by default a new one
 */
export function makeCertificate(
  names: readonly [string, ...string[]],
  now: Date,
  privateKey: KeyObject = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
): TlsIdentity {
  const publicKeyInfo = createPublicKey(privateKey).export({ type: "spki", format: "der" });
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
  const certificate = new X509Certificate(sequence(toBeSigned, algorithm, bitString(signature)));

  return {
    certificate: certificate.toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    fingerprint: certificate.fingerprint256,
  };
}

function distinguishedName(commonName: string): Uint8Array {
  // A common name has at most 64 characters (RFC 5280 appendix A.1). Clients don't check it.
  const text = commonName.slice(0, 64);
  return sequence(set(sequence(objectIdentifier(OID.commonName), utf8String(text))));
}

/** Enough for strict verifiers, and no right to sign other certificates (RFC 5280 s. 4.2.1). */
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
    // Only digitalSignature, the first bit: TLS 1.3, and 1.2 with ECDHE, need no more.
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

// DER (ITU-T X.690).

/** Universal tags (X.690 s. 8.1.2); those of structures include the bit for "constructed". */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A length below 128 takes one byte; a longer one follows the number of its bytes (X.690 s. 8.1.3). */
function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), content]);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  return Buffer.concat([Uint8Array.of(tag, 0x80 | bytes.length), bytes, content]);
}

const sequence = (...parts: Uint8Array[]) => element(TAG.sequence, Buffer.concat(parts));
const set = (...parts: Uint8Array[]) => element(TAG.set, Buffer.concat(parts));
const octetString = (content: Uint8Array) => element(TAG.octetString, content);
const utf8String = (text: string) => element(TAG.utf8String, Buffer.from(text));
const boolean = (value: boolean) => element(TAG.boolean, Uint8Array.of(value ? 0xff : 0));

/** Big-endian and as short as possible; a leading zero byte keeps it positive (X.690 s. 8.3). */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Uint8Array.of(0) : bytes.subarray(start);
  const isHigh = (digits[0] ?? 0) >= 0x80;
  return element(TAG.integer, isHigh ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

/** X.690 s. 8.6. @param unused bits at the end */
function bitString(content: Uint8Array, unused = 0): Uint8Array {
  return element(TAG.bitString, Buffer.concat([Uint8Array.of(unused), content]));
}

/** The first two numbers share a byte; the others take seven bits of each byte (X.690 s. 8.19). */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(
    TAG.objectIdentifier,
    Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]),
  );
}

function base128(number: number): number[] {
  const bytes = [number % 128];
  for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) {
    bytes.unshift((left % 128) | 0x80);
  }
  return bytes;
}

/** The year has two digits until 2049, and four from then on (RFC 5280 s. 4.1.2.5). */
export function time(moment: Date): Uint8Array {
  const digits = moment.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return moment.getUTCFullYear() < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits));
}

/** A context-specific tag, which the surrounding structure defines (X.690 s. 8.14). */
function tagged(
  number: number,
  content: Uint8Array,
  form: "primitive" | "constructed",
): Uint8Array {
  return element(0x80 | (form === "constructed" ? 0x20 : 0) | number, content);
}
