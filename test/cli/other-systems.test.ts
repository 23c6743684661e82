// What commands do on systems that lack what Linux has, forced here by arguments.

import { expect, test } from "bun:test";

import { hideSecrets } from "../../src/cli/own-arguments.ts";
import { isRunning, thisServer } from "../../src/cli/running-server.ts";
import { newFolder } from "../harness/folder.ts";
import { testWith } from "../harness/peer-programs.ts";

const ABOUT = { address: "[::]:12345", data: null, invitation: "charla://localhost/main" };

testWith(["ps"], "without /proc, ps tells a running server from one that has ended", async () => {
  const server = thisServer(ABOUT, "darwin");
  expect(server.started).toMatch(/^\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}$/);
  expect(isRunning(server, "darwin")).toBe(true);
  // The same number, of a process that was started at another time.
  expect(isRunning({ ...server, started: "Thu Jan  1 00:00:00 1970" }, "darwin")).toBe(false);
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  expect(isRunning({ ...server, pid: ended.pid }, "darwin")).toBe(false);
});

test("without /proc the arguments stay as they are", () => {
  using folder = newFolder();
  expect(() => hideSecrets(folder.path)).not.toThrow();
  expect(folder.list()).toEqual([]);
});
