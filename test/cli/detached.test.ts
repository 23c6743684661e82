// A program in the background and the one that starts it: neither depends on the other to be there.

import { expect, test } from "bun:test";
import { openSync } from "node:fs";
import { join } from "node:path";

import { startDetached } from "../../src/cli/detached.ts";
import { run } from "../harness/program.ts";
import { rejection } from "../net/rejection.ts";

test("a program that can't be started once more is reported", async () => {
  const { execPath } = process;
  process.execPath = "/nonexistent/charla";
  try {
    expect(await rejection(startDetached(openSync("/dev/null", "a")))).toMatchObject({
      code: "NOT_RUNNING",
      message: expect.stringContaining("charla can't be started once more: "),
    });
  } finally {
    process.execPath = execPath;
  }
});

test("a server goes on when its starter has ended before it reports", async () => {
  const io = join(import.meta.dir, "../../src/cli/io.ts");
  const program = `
    import { processIo } from ${JSON.stringify(io)};
    processIo().report("listening");
    console.log("goes on");`;
  // The reader of descriptor 3 ends at once, and the program begins after it.
  const command = `exec 4>&1; { sleep 0.3; CHARLA_DETACHED=1 exec "$1" -e "$2" 3>&1 >&4; } | sleep 0`;
  const ended = await run(["sh", "-c", command, "sh", process.execPath, program]);
  expect([ended.stderr, ended.stdout]).toEqual(["", "goes on\n"]);
});
