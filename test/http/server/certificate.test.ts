// The certificate that --tls creates, checked by openssl and a TLS client; and certificates from files.

import { expect, test } from "bun:test";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";

import { CharlaError } from "../../../src/errors.ts";
import { readCertificateFiles } from "../../../src/http/server/tls/certificate-files.ts";
import {
  makeCertificate,
  objectIdentifier,
  time,
  unsignedInteger,
} from "../../../src/http/server/tls/certificate.ts";
import { ipBytes } from "../../../src/ip-bytes.ts";
import { testWith } from "../../harness/peer-programs.ts";
import { run } from "../../harness/program.ts";

const NOW = new Date("2026-11-24T12:00:00Z");

const made = makeCertificate(
  ["localhost", "laptop.local", "127.0.0.1", "::1", "2001:db8::ff00:42"],
  NOW,
);
const parsed = new X509Certificate(made.certificate);

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "charla-tls-"));
  write(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }
  [Symbol.dispose]() {
    rmSync(this.path, { recursive: true });
  }
}

test("integers, identifiers and times are valid DER", () => {
  expect([...unsignedInteger(Uint8Array.of(0, 0, 0x7f))]).toEqual([0x02, 1, 0x7f]);
  expect([...unsignedInteger(Uint8Array.of(0x80))]).toEqual([0x02, 2, 0, 0x80]);
  expect([...unsignedInteger(Uint8Array.of(0, 0))]).toEqual([0x02, 1, 0]);
  // The identifier of RSA Laboratories, another well-known example than that of X.690 s. 8.19.5.
  expect([...objectIdentifier("1.2.840.113549")]).toEqual([
    0x06, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
  ]);
  expect(Buffer.from(time(new Date("2049-12-31T23:59:59Z"))).toString("latin1")).toBe(
    "\x17\x0d491231235959Z",
  );
  expect(Buffer.from(time(new Date("2050-01-01T00:00:00Z"))).toString("latin1")).toBe(
    "\x18\x0f20500101000000Z",
  );
});

test.each([
  ["192.168.0.255", "c0a800ff"],
  ["::", "00000000000000000000000000000000"],
  ["::1", "00000000000000000000000000000001"],
  ["2001:DB8::ff00:42", "20010db80000000000000000ff000042"],
  ["fe80::", "fe800000000000000000000000000000"],
  ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
])("the address %s is %s in bytes", (address, hexadecimal) => {
  expect(Buffer.from(ipBytes(address)).toString("hex")).toBe(hexadecimal);
});

test("the certificate is valid for every name and address, and for a server only", () => {
  expect(parsed.subjectAltName).toBe(
    "DNS:localhost, DNS:laptop.local, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:FF00:42",
  );
  for (const name of ["localhost", "laptop.local"]) expect(parsed.checkHost(name)).toBe(name);
  expect(parsed.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(parsed.checkHost("example.org")).toBeUndefined();
  expect(parsed.ca).toBe(false);
  expect(parsed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
});

test("the certificate is signed with its own key", () => {
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(parsed.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
  expect(parsed.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
});

test("the certificate is valid for 13 months, no longer than browsers accept, and since a day ago for slow clocks", () => {
  expect(Date.parse(parsed.validFrom)).toBe(Date.parse("2026-11-23T12:00:00Z"));
  expect(Date.parse(parsed.validTo)).toBe(Date.parse("2027-12-25T12:00:00Z"));
});

test("the fingerprint is the one that other tools print, and differs for each certificate", () => {
  expect(made.fingerprint).toBe(parsed.fingerprint256);
  expect(made.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const other = makeCertificate(["localhost"], NOW);
  expect(other.fingerprint).not.toBe(made.fingerprint);
  expect(new X509Certificate(other.certificate).serialNumber).not.toBe(parsed.serialNumber);
});

test("a long host name is truncated in the common name only", () => {
  const name = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
  const long = new X509Certificate(makeCertificate([name], NOW).certificate);
  expect(long.subject).toBe(`CN=${name.slice(0, 64)}`);
  expect(long.checkHost(name)).toBe(name);
});

testWith(["openssl"], "openssl accepts the certificate in strict mode", async () => {
  using folder = new Folder();
  const current = makeCertificate(["localhost", "127.0.0.1"], new Date());
  const path = folder.write("certificate.pem", current.certificate);
  const verified = await run([
    "openssl",
    "verify",
    "-x509_strict",
    "-purpose",
    "sslserver",
    "-verify_hostname",
    "localhost",
    "-CAfile",
    path,
    path,
  ]);
  expect(verified.stdout).toContain("OK");
  const printed = await run(["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256"]);
  expect(printed.stdout.trim()).toEndWith(`=${current.fingerprint}`);
});

test("a client that trusts the certificate connects to its server", async () => {
  const current = makeCertificate(["localhost", "127.0.0.1"], new Date());
  const server = createServer({ key: current.key, cert: current.certificate }, (socket) =>
    socket.end("hello"),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const socket = connect({
    host: "127.0.0.1",
    port: bound.port,
    ca: current.certificate,
    servername: "localhost",
  });
  let received = "";
  for await (const chunk of socket) received += String(chunk);
  expect(received).toBe("hello");
  expect(socket.authorized).toBe(true);
  server.close();
});

async function failureOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof CharlaError) return error.message;
    throw error;
  }
  return "nothing";
}

test("a certificate and its key are read from files", async () => {
  using folder = new Folder();
  const identity = makeCertificate(["localhost"], NOW);
  const read = await readCertificateFiles(
    folder.write("c.pem", identity.certificate),
    folder.write("k.pem", identity.key),
    NOW,
  );
  expect(read).toEqual(identity);
});

test.each<[string, (folder: Folder) => [string, string], RegExp]>([
  [
    "a missing file",
    (folder) => [folder.write("c.pem", made.certificate), join(folder.path, "none.pem")],
    /^cannot read .*none\.pem/,
  ],
  [
    "a key of another certificate",
    (folder) => [
      folder.write("c.pem", made.certificate),
      folder.write("k.pem", makeCertificate(["localhost"], NOW).key),
    ],
    /does not belong/,
  ],
  [
    "a key in place of the certificate",
    (folder) => [folder.write("c.pem", made.key), folder.write("k.pem", made.key)],
    /no PEM certificate in .*c\.pem/,
  ],
  [
    "a certificate in place of the key",
    (folder) => [folder.write("c.pem", made.certificate), folder.write("k.pem", made.certificate)],
    /no PEM private key in .*k\.pem/,
  ],
  [
    "a key with a passphrase",
    (folder) => [
      folder.write("c.pem", made.certificate),
      folder.write(
        "k.pem",
        createPrivateKey(made.key).export({
          type: "pkcs8",
          format: "pem",
          cipher: "aes-256-cbc",
          passphrase: "secret",
        }),
      ),
    ],
    /encrypted with a passphrase/,
  ],
])("%s is an error", async (_what, write, message) => {
  using folder = new Folder();
  const [certificate, key] = write(folder);
  expect(await failureOf(readCertificateFiles(certificate, key, NOW))).toMatch(message);
});

test("an expired certificate is refused", async () => {
  using folder = new Folder();
  const later = new Date("2028-01-01T00:00:00Z");
  const reading = readCertificateFiles(
    folder.write("c.pem", made.certificate),
    folder.write("k.pem", made.key),
    later,
  );
  expect(await failureOf(reading)).toContain("expired on Dec 25 12:00:00 2027 GMT");
});
