// The certificate and the key that somebody brings as PEM files, and what may be wrong with them.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

import { CharlaError } from "../../../errors.ts";
import type { TlsIdentity } from "./certificate.ts";

/**
 * @param certificatePath the server's certificate first, then those that lead to one that clients know
 * @throws {CharlaError} FILE_NOT_READABLE, CERTIFICATE_UNUSABLE
 */
export async function readCertificateFiles(
  certificatePath: string,
  keyPath: string,
  now: Date,
): Promise<TlsIdentity> {
  const [certificate, key] = await Promise.all([textOf(certificatePath), textOf(keyPath)]);
  const first = certificateIn(certificate, certificatePath);
  if (!first.checkPrivateKey(keyIn(key, keyPath))) {
    throw unusable(
      `the key in ${keyPath} does not belong to the certificate in ${certificatePath}`,
      "the server's own certificate has to be the first one in its file",
    );
  }
  if (Date.parse(first.validTo) < now.getTime()) {
    throw unusable(
      `the certificate in ${certificatePath} was valid until ${first.validTo}`,
      "renew it, or let --tls make one on the spot",
    );
  }
  return { certificate, key, fingerprint: first.fingerprint256 };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch (error) {
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
      "give the path of a PEM file that you may read",
      { cause: error },
    );
  }
}

function certificateIn(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw unusable(
      `there is no PEM certificate in ${path}`,
      'it has to begin with "-----BEGIN CERTIFICATE-----"',
      error,
    );
  }
}

function keyIn(text: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw unusable(
      `the key in ${path} is locked by a passphrase`,
      `write an open copy that only you can read: openssl pkey -in ${path} -out FILE`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw unusable(
      `there is no PEM private key in ${path}`,
      'it has to begin with "-----BEGIN PRIVATE KEY-----", "... EC PRIVATE KEY" or "... RSA PRIVATE KEY"',
      error,
    );
  }
}

function unusable(message: string, hint: string, cause?: unknown): CharlaError {
  return new CharlaError("CERTIFICATE_UNUSABLE", message, hint, { cause });
}
