// The tests of the server under Node.js, in a full-size run; but those that start charla, or wait for a short time of the
// clock.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { testWithStoringNode } from "../harness/node.ts";
import { runTests } from "./run-tests.ts";

const FILES = [
  "allowances",
  "authorized-keys",
  "claim-name",
  "hostile-member",
  "invitations",
  "limits",
  "local-channel",
  "member-session",
  "moderation",
  "open",
  "own-channel",
  "requests",
  "room",
  "server-view",
  "storage-watch",
];

if (FULL_SIZE) {
  testWithStoringNode(
    "the server's own tests pass under Node.js",
    async (node) => {
      const files = FILES.map((name) => `test/server/${name}.test.ts`);
      const { passed, failures } = await runTests(node, { files });
      expect(failures).toBe("");
      expect(passed).toBeGreaterThan(150);
    },
    300_000,
  );
}
