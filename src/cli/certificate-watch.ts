// A relay's certificate: read from its files, and again when they change, so that one that certbot has renewed is in use without a
// restart.

import { statSync } from "node:fs";

import { CharlaError } from "../errors.ts";
import { readCertificateFiles } from "../http/server/tls/certificate-files.ts";
import type { TlsIdentity } from "../http/server/tls/certificate.ts";

/** How often the files are looked at, ms: a certificate is renewed weeks before its end. */
const INTERVAL = 10_000;

/** Paths of files in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateWatchOptions {
  onRenewed(certificate: TlsIdentity): void;
  /** What is in the files now can't be used, and the one before stays in use; once for each change. */
  onUnusable(error: CharlaError): void;
  /** ms. */
  readonly interval?: number;
}

/** @throws {CharlaError} FILE_NOT_READABLE, CERTIFICATE_UNUSABLE */
export function readCertificate({ certificate, key }: CertificateFiles): Promise<TlsIdentity> {
  return readCertificateFiles(certificate, key, new Date());
}

export function watchCertificate(
  files: CertificateFiles,
  options: CertificateWatchOptions,
): Disposable {
  let inUse = versionOf(files);
  /** A change is read at the next look only, when both files are written. */
  let changedTo = inUse;
  let isOver = false;

  async function look(): Promise<void> {
    const version = versionOf(files);
    if (version === inUse) return;
    if (version !== changedTo) {
      changedTo = version;
      return;
    }
    inUse = version;
    try {
      const certificate = await readCertificate(files);
      if (!isOver) options.onRenewed(certificate);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      if (!isOver) options.onUnusable(error);
    }
  }

  const timer = setInterval(() => void look(), options.interval ?? INTERVAL);
  timer.unref();
  return {
    [Symbol.dispose]() {
      isOver = true;
      clearInterval(timer);
    },
  };
}

/** Differs when one of the files, or what its link names, is another one. */
function versionOf({ certificate, key }: CertificateFiles): string {
  try {
    const found = [statSync(certificate), statSync(key)];
    return found.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join(" ");
  } catch {
    // Reading them says why.
    return "not readable";
  }
}
