// The options of `charla serve` about access, uploads and TLS, read and checked.

import { hostname, networkInterfaces } from "node:os";
import { resolve } from "node:path";

import { CharlaError } from "../../errors.ts";
import { readCertificateFiles } from "../../http/server/tls/certificate-files.ts";
import { makeCertificate, type TlsIdentity } from "../../http/server/tls/certificate.ts";
import { ownAddresses } from "../../net/own-addresses.ts";
import { parseBytes } from "../amounts.ts";
import { type CommandLine, helpFor } from "../options.ts";
import { LOOPBACK } from "./listen-addresses.ts";

/** Bytes of a file, by default: a mistake or a prank must not fill the disk. */
const DEFAULT_MAX_UPLOAD = 1_073_741_824;

export interface AccessOptions {
  /** USER:PASSWORD; null for no password. */
  readonly credentials: string | null;
  /** Null for no uploads. */
  readonly upload: { readonly overwrite: boolean; readonly limit: number } | null;
}

/** @throws {CharlaError} USAGE */
export function readAccessOptions({ flags, values }: CommandLine): AccessOptions {
  const credentials = values.get("auth") ?? null;
  if (credentials !== null && !/^[^:\p{Cc}]+:\P{Cc}+$/u.test(credentials)) {
    throw new CharlaError(
      "USAGE",
      "--auth needs a user and a password, separated by a colon",
      "write it as --auth USER:PASSWORD",
    );
  }
  if (!flags.has("upload")) {
    const option = ["overwrite", "max-upload"].find((name) => flags.has(name));
    if (option === undefined) return { credentials, upload: null };
    throw new CharlaError("USAGE", `--${option} has no effect without uploads`, "add --upload");
  }
  const written = values.get("max-upload");
  const limit = written === undefined ? DEFAULT_MAX_UPLOAD : parseBytes(written);
  if (limit === null) {
    throw new CharlaError(
      "USAGE",
      `--max-upload ${JSON.stringify(written)} is not a number of bytes`,
      `write one such as 500K, 20M or 2G; ${helpFor("serve")}`,
    );
  }
  return { credentials, upload: { overwrite: flags.has("overwrite"), limit } };
}

/**
 * The certificate from files, or a new one; null without TLS.
 *
 * @throws {CharlaError} USAGE, FILE_NOT_READABLE, CERTIFICATE_UNUSABLE
 */
export async function readTlsOptions(
  { flags, values }: CommandLine,
  cwd: string,
): Promise<TlsIdentity | null> {
  const certificate = values.get("tls-cert");
  const key = values.get("tls-key");
  if (certificate === undefined && key === undefined) {
    return flags.has("tls") ? makeCertificate(ownNames(), new Date()) : null;
  }
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? "--tls-cert" : "--tls-key";
    throw new CharlaError(
      "USAGE",
      "a certificate needs its key, and a key its certificate",
      `add ${missing} FILE, or use --tls to make both`,
    );
  }
  if (flags.has("tls")) {
    throw new CharlaError(
      "USAGE",
      "--tls makes a certificate and cannot be combined with --tls-cert",
      helpFor("serve"),
    );
  }
  return readCertificateFiles(resolve(cwd, certificate), resolve(cwd, key), new Date());
}

/** The names and addresses of this machine. */
function ownNames(): [string, ...string[]] {
  const host = hostname().toLowerCase();
  const names = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(host) ? [host] : [];
  const [first, ...others] = LOOPBACK;
  return ["localhost", first, ...others, ...names, ...ownAddresses(networkInterfaces())];
}
