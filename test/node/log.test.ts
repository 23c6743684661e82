// The tests of the log under Node.js: one suite for both runtimes. They take all processors in a full-size run; a small
// run has those of the store that is read and written.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { testWithStoringNode } from "../harness/node.ts";
import { runTests } from "./run-tests.ts";

const FILES = FULL_SIZE
  ? [
      "agreement",
      "crash",
      "group-commit",
      "memory-log",
      "retention",
      "schema",
      "selection",
      "sqlite-log",
      "store-failures",
      "time-slices",
    ]
  : ["schema"];

testWithStoringNode(
  `the log's own tests pass under Node.js: ${FILES.join(", ")}`,
  async (node) => {
    const programs = ["append-until-killed", "append-until-refused", "open-and-report"];
    const result = await runTests(node, {
      files: FILES.map((name) => `test/log/${name}.test.ts`),
      programs: programs.map((name) => `test/log/${name}.ts`),
    });
    expect(result).toEqual({ passed: expect.any(Number), failures: "" });
    expect(result.passed).toBeGreaterThan(FULL_SIZE ? 300 : 5);
  },
  600_000,
);
