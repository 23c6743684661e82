// Files that are too large to be read for one, and are read for several who ask at the same time: when that is so,
// and that all of them get what is in the file at that moment.

import { expect, setSystemTime, test } from "bun:test";
import { closeSync } from "node:fs";

import { contentAnswerer } from "../../../src/http/server/content-answer.ts";
import { openFolder } from "../../../src/http/server/folder.ts";
import type { Context } from "../../../src/http/server/middleware.ts";
import { readTarget } from "../../../src/http/server/target.ts";
import { serveFolder } from "../../harness/file-server.ts";
import { newFolder } from "../../harness/folder.ts";

const MEBIBYTE = 1_048_576;

/** A folder with files as long as they are called, in MiB. */
function houseOf(...sizes: number[]) {
  const shared = newFolder();
  for (const size of sizes) shared.write(String(size), new Uint8Array(size * MEBIBYTE).fill(size));
  const folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const answer = contentAnswerer({ listing: null, spa: false });

  /** How it is sent to who asks while so many requests are under way; its body is what is in the file. */
  async function sends(path: string, underWay: number, headers: Record<string, string> = {}) {
    const read = readTarget(path);
    if (read.kind !== "target") throw new Error(read.kind);
    const context: Context = {
      target: read.target,
      folder,
      client: null,
      opened: [],
      user: null,
      length: null,
      underWay: () => underWay,
    };
    const response = await answer(new Request(`http://localhost${path}`, { headers }), context);
    const body = await response.bytes();
    expect(context.length).toBe(body.length);
    const value = Number(path.slice(1));
    expect(body.every((byte) => byte === value)).toBe(true);
    for (const descriptor of context.opened) closeSync(descriptor);
    return context.opened.length === 0 ? "from memory" : "by the system";
  }
  return {
    sends,
    [Symbol.dispose]() {
      folder[Symbol.dispose]();
      shared[Symbol.dispose]();
    },
  };
}

test("a large file is sent by the system to the first, and from memory to who asks within a second", async () => {
  using house = houseOf(1, 2);
  expect(await house.sends("/1", 1)).toBe("by the system");
  expect(await house.sends("/2", 1)).toBe("by the system");
  expect(await house.sends("/1", 6)).toBe("from memory");
  expect(await house.sends("/1", 1)).toBe("from memory");
});

test("what is kept of it is not read again", async () => {
  using house = houseOf(1);
  // As if it had been there for a minute: what was just changed is not kept.
  setSystemTime(Date.now() + 60_000);
  try {
    for (let asked = 0; asked < 4; asked += 1) await house.sends("/1", 1);
    expect(await house.sends("/1", 1)).toBe("from memory");
    // Whoever takes it slowly has its memory meanwhile: no more than six at a time.
    expect(await house.sends("/1", 7)).toBe("by the system");
    expect(await house.sends("/1", 6)).toBe("from memory");
  } finally {
    setSystemTime();
  }
});

test("while more than six requests are under way, and past 16 MiB, it is sent by the system", async () => {
  using house = houseOf(1, 16, 17);
  for (let asked = 0; asked < 3; asked += 1) {
    expect(await house.sends("/1", 7)).toBe("by the system");
    expect(await house.sends("/17", 1)).toBe("by the system");
  }
  expect(await house.sends("/16", 1)).toBe("by the system");
  expect(await house.sends("/16", 1)).toBe("from memory");
});

test("a part of it is sent by the system", async () => {
  using house = houseOf(1);
  const range = { range: "bytes=0-99999" };
  for (let asked = 0; asked < 3; asked += 1) await house.sends("/1", 1);
  expect(await house.sends("/1", 1, range)).toBe("by the system");
});

test("many who ask for it while it is changed each get the whole of what it was then", async () => {
  await using server = serveFolder();
  setSystemTime(Date.now() + 60_000);
  try {
    for (let round = 1; round <= 10; round += 1) {
      const size = MEBIBYTE + round;
      server.folder.write("large", new Uint8Array(size).fill(round));
      const answers = await Promise.all(Array.from({ length: 4 }, () => server.get("/large")));
      answers.push(await server.get("/large"));
      for (const { body, headers } of answers) {
        expect([body.length, headers.get("content-length")]).toEqual([size, String(size)]);
        expect(body.every((byte) => byte === round)).toBe(true);
      }
    }
  } finally {
    setSystemTime();
  }
});

test("those who go in the middle leave their place to others", async () => {
  await using server = serveFolder();
  server.folder.write("large", new Uint8Array(16 * MEBIBYTE).fill(7));
  for (let round = 0; round < 20; round += 1) {
    const leaving = new AbortController();
    const { body } = await fetch(`${server.url}/large`, { signal: leaving.signal });
    await body?.getReader().read();
    leaving.abort();
  }
  const { body } = await server.get("/large");
  expect(body).toHaveLength(16 * MEBIBYTE);
});
