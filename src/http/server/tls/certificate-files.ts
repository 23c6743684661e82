// The user's own certificate and key, read from PEM files and checked.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

import { CharlaError, describeCause } from "../../../errors.ts";
import type { TlsIdentity } from "./certificate.ts";

/**
 * @param certificatePath the server's certificate first, then the chain to one that clients trust
 * @throws {CharlaError} FILE_NOT_READABLE, CERTIFICATE_UNUSABLE
 */
export async function readCertificateFiles(
  certificatePath: string,
  keyPath: string,
  now: Date,
): Promise<TlsIdentity> {
  const [certificate, key] = await Promise.all([readPem(certificatePath), readPem(keyPath)]);
  const first = parseCertificate(certificate, certificatePath);
  if (!first.checkPrivateKey(parseKey(key, keyPath))) {
    throw unusable(
      `the key in ${keyPath} does not belong to the certificate in ${certificatePath}`,
      "the server's own certificate must be the first in its file",
    );
  }
  if (Date.parse(first.validTo) < now.getTime()) {
    throw unusable(
      `the certificate in ${certificatePath} expired on ${first.validTo}`,
      "renew it, or use --tls to make one",
    );
  }
  return { certificate, key, fingerprint: first.fingerprint256 };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch (error) {
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `cannot read ${path}: ${describeCause(error)}`,
      "give the path of a readable PEM file",
      { cause: error },
    );
  }
}

function parseCertificate(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw unusable(
      `there is no PEM certificate in ${path}`,
      'it must begin with "-----BEGIN CERTIFICATE-----"',
      error,
    );
  }
}

function parseKey(text: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw unusable(
      `the key in ${path} is encrypted with a passphrase`,
      `make an unencrypted copy that only you can read: openssl pkey -in ${path} -out FILE`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw unusable(
      `there is no PEM private key in ${path}`,
      'it must begin with "-----BEGIN PRIVATE KEY-----", "... EC PRIVATE KEY" or "... RSA PRIVATE KEY"',
      error,
    );
  }
}

function unusable(message: string, hint: string, cause?: unknown): CharlaError {
  return new CharlaError("CERTIFICATE_UNUSABLE", message, hint, { cause });
}
