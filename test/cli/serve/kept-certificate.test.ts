// The certificate of `charla serve --tls`, which stays the same from one start to the next.

import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";

import { keptCertificate } from "../../../src/cli/serve/kept-certificate.ts";
import { CharlaError } from "../../../src/errors.ts";
import { type Folder, newFolder } from "../../harness/folder.ts";

const NOW = new Date("2026-11-29T12:00:00Z");
const DAY = 24 * 3_600_000;
const AT_HOME = ["localhost", "127.0.0.1", "::1", "laptop.local", "192.168.1.5"] as const;
const ELSEWHERE = ["localhost", "127.0.0.1", "::1", "laptop.local", "10.1.2.3"] as const;

const keep = (folder: Folder, names: readonly [string, ...string[]] = AT_HOME, now: Date = NOW) =>
  keptCertificate(names, { XDG_CONFIG_HOME: folder.path }, now);

const keyOf = (certificate: string) =>
  new X509Certificate(certificate).publicKey.export({ type: "spki", format: "pem" });

test("the certificate is the same the next time, and only its owner can read its key", () => {
  using folder = newFolder();
  const first = keep(folder);
  expect(first.notKept).toBeNull();
  expect(keep(folder, AT_HOME, new Date(NOW.getTime() + 300 * DAY)).identity).toEqual(
    first.identity,
  );
  const path = join(folder.path, "charla", "serve-tls.pem");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("with another address it is made anew, with the same key, and is the same for both networks from then on", () => {
  using folder = newFolder();
  const home = keep(folder).identity;
  const away = keep(folder, ELSEWHERE).identity;
  expect(away.fingerprint).not.toBe(home.fingerprint);
  expect(keyOf(away.certificate)).toEqual(keyOf(home.certificate));
  const certificate = new X509Certificate(away.certificate);
  for (const address of ["192.168.1.5", "10.1.2.3", "::1"]) {
    expect(certificate.checkIP(address)).toBe(address);
  }
  expect(certificate.checkHost("laptop.local")).toBe("laptop.local");
  expect(keep(folder).identity).toEqual(away);
  expect(keep(folder, ELSEWHERE).identity).toEqual(away);
});

test("it is made anew a month before it expires, with the same key", () => {
  using folder = newFolder();
  const first = keep(folder).identity;
  const later = keep(folder, AT_HOME, new Date(NOW.getTime() + 370 * DAY)).identity;
  expect(later.fingerprint).not.toBe(first.fingerprint);
  expect(keyOf(later.certificate)).toEqual(keyOf(first.certificate));
});

function codeOf(action: () => unknown): string {
  try {
    action();
    return "";
  } catch (error) {
    return error instanceof CharlaError ? `${error.code}: ${error.message}` : String(error);
  }
}

test("a file that is damaged, or that others can read, is an error that says so", () => {
  using folder = newFolder();
  keep(folder);
  const path = join(folder.path, "charla", "serve-tls.pem");
  const text = folder.read("charla/serve-tls.pem");
  folder.write("charla/serve-tls.pem", text.slice(0, 300));
  expect(codeOf(() => keep(folder))).toMatch(
    /^CERTIFICATE_UNUSABLE: .*does not hold a certificate/,
  );
  folder.write("charla/serve-tls.pem", text);
  if (process.platform === "win32") return;
  chmodSync(path, 0o644);
  expect(codeOf(() => keep(folder))).toMatch(/^CERTIFICATE_UNUSABLE: .*open to other users/);
});

test("where nothing can be written, there is a certificate all the same", () => {
  using folder = newFolder();
  folder.write("charla", "a file in the folder's place");
  const { identity, notKept } = keep(folder);
  expect(identity.fingerprint).toMatch(/^[0-9A-F:]{95}$/);
  expect(notKept?.code).toBe("FOLDER_NOT_WRITABLE");
});
