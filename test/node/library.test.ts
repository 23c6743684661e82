// The tests of what joins, under Node.js: a few of them, and in a full-size run all that use nothing of the programs' own.

import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { testWithNode } from "../harness/node.ts";
import { root } from "../harness/program.ts";
import { runTests } from "./run-tests.ts";

const FEW = [
  "client/room-client",
  "net/udp-batch",
  "net/udp-socket",
  // Half of the time of all.
  ...(FULL_SIZE ? ["protocol/session/session"] : []),
].map((name) => `test/${name}.test.ts`);
/** Whatever is in them: pure functions and state machines. */
const FOLDERS = ["chat", "protocol"];

testWithNode(
  "the tests of what joins pass under Node.js",
  async (node) => {
    let passed = 0;
    for (const files of FULL_SIZE ? [FEW, ...FOLDERS.map(testsIn)] : [FEW]) {
      const result = await runTests(node, { files });
      expect(result).toEqual({ passed: expect.any(Number), failures: "" });
      passed += result.passed;
    }
    expect(passed).toBeGreaterThan(FULL_SIZE ? 600 : 100);
  },
  300_000,
);

function testsIn(folder: string): string[] {
  return readdirSync(join(root, "test", folder), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path}`)
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path}`)
    .filter(
      (path) =>
        !/\bBun\.|bun:ffi|\bspyOn\b|import\.meta/.test(readFileSync(join(root, path), "utf8")),
    );
}
