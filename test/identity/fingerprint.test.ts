import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { fingerprint, isFingerprint } from "../../src/identity/fingerprint.ts";
import { testWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Computed with Python's hashlib and base64.
test.each([
  [0x00, "SHA256:Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0"],
  [0x60, "SHA256:TY0nT/fhdq+XepWgBVyMXzR404ZANDoGDO6JPlbzmVc"],
])("the fingerprint of the 32 bytes from %d up is %s", (from, expected) => {
  expect(fingerprint(Uint8Array.from({ length: 32 }, (_, index) => from + index))).toBe(expected);
});

test("what is written so is told from what is not", () => {
  const digest = "Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKS";
  expect(isFingerprint(`SHA256:${digest}U`)).toBe(true);
  // The last character holds four bits of the digest; its two spare ones are zero (RFC 4648 s. 3.5).
  const others = ["V", "", "U=", "UA", "-", "\n"].map((end) => `SHA256:${digest}${end}`);
  others.push("", "SHA256:", `${digest}U`, ` SHA256:${digest}U`, `sha256:${digest}U`);
  expect(others.filter(isFingerprint)).toEqual([]);
});

testWith(["ssh-keygen"], "it is written as ssh-keygen writes one", async () => {
  using folder = temporaryFolder();
  // An Ed25519 key in OpenSSH's form (RFC 8709 s. 4): ssh-keygen hashes all of these bytes.
  const name = Buffer.from("ssh-ed25519");
  const blob = Buffer.concat([
    Buffer.of(0, 0, 0, name.length),
    name,
    Buffer.of(0, 0, 0, 32),
    Buffer.alloc(32, 7),
  ]);
  const path = join(folder.path, "key.pub");
  writeFileSync(path, `ssh-ed25519 ${blob.toString("base64")} ana\n`);
  const { stdout } = await run(["ssh-keygen", "-l", "-f", path]);
  expect(stdout.split(" ")[1]).toBe(fingerprint(blob));
});
