// Signals as they reach a program that others have started: the same one comes from several.

import { expect, test } from "bun:test";

import { processIo } from "../../src/cli/io.ts";
import { until } from "../harness/until.ts";

test("a signal that comes at once again, passed on by a launcher, is the same one; a later one is another", async () => {
  using io = processIo();
  let count = 0;
  using _handler = io.onSignal("SIGHUP", () => {
    count += 1;
  });
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  expect(count).toBe(1);
  const end = performance.now() + 150;
  await until("the time to pass", () => performance.now() > end);
  process.emit("SIGHUP");
  expect(count).toBe(2);
});
