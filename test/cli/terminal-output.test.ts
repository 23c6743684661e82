import { expect, spyOn, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";

import { terminalOutput } from "../../src/cli/terminal-output.ts";
import { systemCode } from "../../src/errors.ts";
import { newFolder } from "../harness/folder.ts";
import { until } from "../harness/until.ts";

/** A pipe has room for 4 to 64 KiB, as a terminal has for some: then a write has to wait. */
const CHUNKS = Array.from({ length: 250 }, (_, index) => `${index} `.repeat(600));

/** Of the stream only the size is needed. */
const stream = Object.assign(new Writable(), { columns: 70, rows: 20 });

function newPipe() {
  const folder = newFolder();
  const path = join(folder.path, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return {
    path,
    reader,
    [Symbol.dispose]() {
      closeSync(reader);
      folder[Symbol.dispose]();
    },
  };
}

test("a terminal that does not read blocks nobody, and gets everything in order once it reads", async () => {
  using pipe = newPipe();
  const { path, reader } = pipe;
  const output = terminalOutput(stream, path);
  let written = 0;
  for (const chunk of CHUNKS) output.write(chunk, () => (written += 1));
  expect(output.writableNeedDrain).toBe(true);
  let before = 0;
  await until("a full pipe", () => {
    const isFull = written > 0 && written === before;
    before = written;
    return isFull;
  });
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(CHUNKS.length);

  const expected = CHUNKS.join("");
  const into = Buffer.alloc(10_000);
  let read = "";
  while (read.length < expected.length) {
    try {
      read += into.toString("latin1", 0, readSync(reader, into));
    } catch (error) {
      if (systemCode(error) !== "EAGAIN") throw error;
      await Bun.sleep(1);
    }
  }
  expect(read).toBe(expected);
  output.destroy();
});

test("a terminal that does not read is tried again after waits that grow slowly, up to 50 ms", async () => {
  using pipe = newPipe();
  using timers = spyOn(globalThis, "setTimeout");
  const output = terminalOutput(stream, pipe.path);
  for (const chunk of CHUNKS) output.write(chunk);
  const expected = [1];
  while ((expected.at(-1) ?? 50) < 50) expected.push(Math.min(50, 1.25 * (expected.at(-1) ?? 50)));
  // What runs in the same process may have timers of its own.
  const waits = () => {
    const all = timers.mock.calls.map(([, wait = 0]) => wait);
    return all.filter((wait) => expected.includes(wait) && wait !== 50);
  };
  await until("the longest wait", () => waits().length >= expected.length - 1);
  await until("the longest wait", () => timers.mock.calls.some(([, wait]) => wait === 50));
  expect(waits()).toEqual(expected.slice(0, -1));
  output.destroy();
});

test("the size of the output to a terminal is that of the stream", () => {
  using pipe = newPipe();
  const output = terminalOutput(stream, pipe.path);
  expect([output.isTTY, output.columns, output.rows]).toEqual([true, 70, 20]);
  output.destroy();
});

test("where the terminal cannot be opened, the stream itself is the output", () => {
  expect(terminalOutput(stream, "/no/such/terminal")).toBe(stream);
});
