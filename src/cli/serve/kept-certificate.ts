// The certificate of `charla serve --tls`: made once and kept in the config folder with its key, so that a browser that was
// told to trust it goes on doing so. It is made anew, with the same key, when this machine has a name or an address that
// is not in it, or when it expires.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";

import { CharlaError } from "../../errors.ts";
import { makeCertificate, type TlsIdentity } from "../../http/server/tls/certificate.ts";
import { replaceFile } from "../../identity/atomic-file.ts";
import { configFolder, type Environment } from "../../identity/folders.ts";
import { readPrivateFile } from "../../identity/private-files.ts";
import { ipBytes, ipText } from "../../ip-bytes.ts";

const FILE = "serve-tls.pem";
const MAX_BYTES = 65_536;
/** ms before its end from which on it is made anew. */
const RENEWED_BEFORE = 30 * 24 * 3_600_000;
/** Names that are kept of networks where this machine was: with them a certificate is the same when it is back. */
const MAX_NAMES = 40;

export interface KeptCertificate {
  readonly identity: TlsIdentity;
  /** Why it will be another one the next time; null if it is kept. */
  readonly notKept: CharlaError | null;
}

/**
 * @param names of this machine, and its addresses
 * @throws {CharlaError} CERTIFICATE_UNUSABLE: the file is damaged, or others may read it; FILE_NOT_READABLE
 */
export function keptCertificate(
  names: readonly [string, ...string[]],
  environment: Environment,
  now: Date,
): KeptCertificate {
  let path: string;
  try {
    path = join(configFolder(environment), FILE);
  } catch (error) {
    return { identity: makeCertificate(names, now), notKept: asCharlaError(error) };
  }
  const kept = readKept(path);
  if (kept !== null && covers(kept, names, now)) return { identity: kept, notKept: null };
  const [first, ...others] = names;
  const all = new Set([...others, ...(kept === null ? [] : namesIn(kept))]);
  all.delete(first);
  const identity = makeCertificate(
    [first, ...Array.from(all).slice(0, MAX_NAMES)],
    now,
    kept === null ? undefined : createPrivateKey(kept.key),
  );
  try {
    replaceFile(path, identity.certificate + identity.key);
    return { identity, notKept: null };
  } catch (error) {
    return { identity, notKept: asCharlaError(error) };
  }
}

function readKept(path: string): TlsIdentity | null {
  const damaged = (how: string) =>
    new CharlaError(
      "CERTIFICATE_UNUSABLE",
      `the certificate ${path} ${how}`,
      "remove it, and charla serve --tls makes another one, which browsers will warn about",
    );
  const text = readPrivateFile({
    path,
    maxBytes: MAX_BYTES,
    user: process.getuid?.(),
    what: "the key of the certificate",
    variable: "XDG_CONFIG_HOME",
    exposed: "CERTIFICATE_UNUSABLE",
    removed: "charla serve --tls makes another one",
    damaged,
  });
  if (text === null) return null;
  const [certificate = "", key = ""] = text.split(/(?=-----BEGIN PRIVATE KEY-----)/);
  try {
    const parsed = new X509Certificate(certificate);
    if (!parsed.checkPrivateKey(createPrivateKey(key))) throw damaged("is not of its key");
    return { certificate, key, fingerprint: parsed.fingerprint256 };
  } catch (error) {
    throw error instanceof CharlaError ? error : damaged("does not hold a certificate and a key");
  }
}

function covers({ certificate }: TlsIdentity, names: readonly string[], now: Date): boolean {
  const parsed = new X509Certificate(certificate);
  if (Date.parse(parsed.validTo) - now.getTime() < RENEWED_BEFORE) return false;
  if (Date.parse(parsed.validFrom) > now.getTime()) return false;
  return names.every((name) =>
    isIP(name) === 0
      ? parsed.checkHost(name, { subject: "never" }) !== undefined
      : parsed.checkIP(name) !== undefined,
  );
}

/** As charla writes them: DNS names and addresses. */
function namesIn({ certificate }: TlsIdentity): string[] {
  const { subjectAltName = "" } = new X509Certificate(certificate);
  return subjectAltName.split(", ").flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return name === undefined ? [] : [isIP(name) === 6 ? ipText(ipBytes(name)) : name];
  });
}

function asCharlaError(error: unknown): CharlaError {
  if (error instanceof CharlaError) return error;
  throw error;
}
