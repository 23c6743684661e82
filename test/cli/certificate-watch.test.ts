// A relay's certificate that is renewed while the relay runs.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { readCertificate, watchCertificate } from "../../src/cli/certificate-watch.ts";
import { KEY, SELF_SIGNED, TRUSTED } from "../harness/certificates.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";

test("a certificate is used once its files have changed, and an unusable one is reported once", async () => {
  using folder = temporaryFolder();
  const files = { certificate: join(folder.path, "chain.pem"), key: join(folder.path, "key.pem") };
  writeFileSync(files.certificate, TRUSTED);
  writeFileSync(files.key, KEY);
  const renewed: string[] = [];
  const unusable: string[] = [];
  expect((await readCertificate(files)).certificate).toBe(TRUSTED);
  using _watch = watchCertificate(files, {
    onRenewed: ({ certificate }) => void renewed.push(certificate),
    onUnusable: ({ code }) => void unusable.push(code),
    interval: 20,
  });
  await Bun.sleep(100);
  expect(renewed).toEqual([]);
  writeFileSync(files.certificate, SELF_SIGNED);
  await until("the new one", () => renewed.length === 1);
  expect(renewed).toEqual([SELF_SIGNED]);
  writeFileSync(files.certificate, "half of a certif");
  await until("the report", () => unusable.length === 1);
  await Bun.sleep(100);
  expect(unusable).toEqual(["CERTIFICATE_UNUSABLE"]);
  writeFileSync(files.certificate, TRUSTED);
  await until("the old one", () => renewed.length === 2);
  expect(renewed).toEqual([SELF_SIGNED, TRUSTED]);
  expect(unusable).toHaveLength(1);
});
