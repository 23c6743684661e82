import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  base64urlLength,
  decodeBase64url,
  encodeBase64url,
  fingerprint,
  isFingerprint,
} from "../../src/identity/key-text.ts";
import { testWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("base64url without padding (RFC 4648 s. 5)", () => {
  test.each([
    [[], ""],
    [[0x66], "Zg"],
    [[0x66, 0x6f], "Zm8"],
    [[0x66, 0x6f, 0x6f], "Zm9v"],
    [[0xfb, 0xff, 0xfe], "-__-"],
  ])("the bytes %j are written as %p, and read back", (bytes, text) => {
    expect(encodeBase64url(Uint8Array.from(bytes))).toBe(text);
    expect(decodeBase64url(text, bytes.length)).toEqual(Uint8Array.from(bytes));
    expect(base64urlLength(bytes.length)).toBe(text.length);
  });

  test.each([
    ["padding", "Zg==", 1],
    ["the alphabet of plain base64", "+//+", 3],
    ["a blank", "Zm 9v", 3],
    ["a newline at the end", "Zm9v\n", 3],
    ["a character of no alphabet", "Zm9*", 3],
    ["spare bits that are set (s. 3.5)", "Zh", 1],
    ["fewer bytes than wanted", "Zg", 2],
    ["more bytes than wanted", "Zm9v", 2],
    ["nothing", "", 1],
  ])("text with %s is not read: %p", (_what, text, length) => {
    expect(decodeBase64url(text, length)).toBeNull();
  });
});

// Computed with Python's hashlib and base64.
test.each([
  [0x00, "SHA256:Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0"],
  [0x60, "SHA256:TY0nT/fhdq+XepWgBVyMXzR404ZANDoGDO6JPlbzmVc"],
])("the fingerprint of the 32 bytes from %d up is %s", (from, expected) => {
  expect(fingerprint(Uint8Array.from({ length: 32 }, (_, index) => from + index))).toBe(expected);
});

test("isFingerprint accepts only the spelling of fingerprint", () => {
  const digest = "Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKS";
  expect(isFingerprint(`SHA256:${digest}U`)).toBe(true);
  // The last character holds four bits of the digest; its two spare ones are zero (RFC 4648 s. 3.5).
  const others = ["V", "", "U=", "UA", "-", "\n"].map((end) => `SHA256:${digest}${end}`);
  others.push("", "SHA256:", `${digest}U`, ` SHA256:${digest}U`, `sha256:${digest}U`);
  expect(others.filter(isFingerprint)).toEqual([]);
});

testWith(["ssh-keygen"], "a fingerprint is written as ssh-keygen writes it", async () => {
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
