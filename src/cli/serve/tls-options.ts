// What `charla serve` shows who comes over TLS: a certificate from files, or one made on the spot.

import { hostname, networkInterfaces } from "node:os";

import { CharlaError } from "../../errors.ts";
import { readCertificateFiles } from "../../http/server/tls/certificate-files.ts";
import { makeCertificate, type TlsIdentity } from "../../http/server/tls/certificate.ts";
import { ownAddresses } from "../../net/own-addresses.ts";
import { type CommandLine, helpFor } from "../options.ts";
import { LOOPBACK } from "./listen-addresses.ts";

/**
 * @returns null where TLS is not asked for
 * @throws {CharlaError} USAGE, FILE_NOT_READABLE, CERTIFICATE_UNUSABLE
 */
export async function tlsIdentity({ flags, values }: CommandLine): Promise<TlsIdentity | null> {
  const certificate = values.get("tls-cert");
  const key = values.get("tls-key");
  if (certificate === undefined && key === undefined) {
    return flags.has("tls") ? makeCertificate(ownNames(), new Date()) : null;
  }
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? "--tls-cert" : "--tls-key";
    throw new CharlaError(
      "USAGE",
      "a certificate goes with its key, and both are in files",
      `add ${missing} FILE, or let --tls make both`,
    );
  }
  if (flags.has("tls")) {
    throw new CharlaError(
      "USAGE",
      "--tls makes a certificate, and --tls-cert brings one",
      helpFor("serve"),
    );
  }
  return readCertificateFiles(certificate, key, new Date());
}

/** By which this machine is called from itself and from the network. */
function ownNames(): [string, ...string[]] {
  const host = hostname().toLowerCase();
  const names = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(host) ? [host] : [];
  const [first, ...others] = LOOPBACK;
  return ["localhost", first, ...others, ...names, ...ownAddresses(networkInterfaces())];
}
