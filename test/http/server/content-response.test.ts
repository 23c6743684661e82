// Large files that several clients request: when they are sent from memory, and that each response is the file's content at
// that moment.

import { expect, setSystemTime, test } from "bun:test";
import { closeSync } from "node:fs";

import { contentHandler } from "../../../src/http/server/content-response.ts";
import { openFolder } from "../../../src/http/server/folder.ts";
import type { Context } from "../../../src/http/server/middleware.ts";
import { parseTarget } from "../../../src/http/server/target.ts";
import { serveFolder } from "../../harness/file-server.ts";
import { newFolder } from "../../harness/folder.ts";

const MEBIBYTE = 1_048_576;

/** A folder with files whose names are their sizes in MiB. */
function serveSizes(...sizes: number[]) {
  const shared = newFolder();
  for (const size of sizes) shared.write(String(size), new Uint8Array(size * MEBIBYTE).fill(size));
  const folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const handler = contentHandler({ listing: null, spa: false });

  /** How a file is sent while this many requests are pending; its body is checked. */
  async function sends(path: string, pending: number, headers: Record<string, string> = {}) {
    const parsed = parseTarget(path);
    if (parsed.kind !== "target") throw new Error(parsed.kind);
    const context: Context = {
      target: parsed.target,
      folder,
      client: null,
      opened: [],
      user: null,
      length: null,
      pendingRequests: () => pending,
    };
    const response = await handler(new Request(`http://localhost${path}`, { headers }), context);
    const body = await response.bytes();
    expect(context.length).toBe(body.length);
    const value = Number(path.slice(1));
    expect(Buffer.alloc(body.length, value).equals(body)).toBe(true);
    for (const descriptor of context.opened) closeSync(descriptor);
    return context.opened.length === 0 ? "from memory" : "by the runtime";
  }
  return {
    sends,
    [Symbol.dispose]() {
      folder[Symbol.dispose]();
      shared[Symbol.dispose]();
    },
  };
}

test("a large file is sent by the runtime at first, and from memory if it is requested again within a second", async () => {
  using files = serveSizes(1, 2);
  expect(await files.sends("/1", 1)).toBe("by the runtime");
  expect(await files.sends("/2", 1)).toBe("by the runtime");
  expect(await files.sends("/1", 6)).toBe("from memory");
  expect(await files.sends("/1", 1)).toBe("from memory");
});

test("a cached file is not read again", async () => {
  using files = serveSizes(1);
  // A minute later: a file that has just changed is not cached.
  setSystemTime(Date.now() + 60_000);
  try {
    for (let count = 0; count < 4; count += 1) await files.sends("/1", 1);
    expect(await files.sends("/1", 1)).toBe("from memory");
    // A slow client keeps its response in memory: at most six at a time.
    expect(await files.sends("/1", 7)).toBe("by the runtime");
    expect(await files.sends("/1", 6)).toBe("from memory");
  } finally {
    setSystemTime();
  }
});

test("with more than six pending requests, or above 16 MiB, a large file is sent by the runtime", async () => {
  using files = serveSizes(1, 16, 17);
  for (let count = 0; count < 3; count += 1) {
    expect(await files.sends("/1", 7)).toBe("by the runtime");
    expect(await files.sends("/17", 1)).toBe("by the runtime");
  }
  expect(await files.sends("/16", 1)).toBe("by the runtime");
  expect(await files.sends("/16", 1)).toBe("from memory");
});

test("a range of a large file is sent by the runtime", async () => {
  using files = serveSizes(1);
  const range = { range: "bytes=0-99999" };
  for (let count = 0; count < 3; count += 1) await files.sends("/1", 1);
  expect(await files.sends("/1", 1, range)).toBe("by the runtime");
});

test("while a large file is being changed, each response is complete and of one version", async () => {
  await using server = serveFolder();
  setSystemTime(Date.now() + 60_000);
  try {
    for (let round = 1; round <= 10; round += 1) {
      const size = MEBIBYTE + round;
      server.folder.write("large", new Uint8Array(size).fill(round));
      const responses = await Promise.all(Array.from({ length: 4 }, () => server.get("/large")));
      responses.push(await server.get("/large"));
      for (const { body, headers } of responses) {
        expect([body.length, headers.get("content-length")]).toEqual([size, String(size)]);
        expect(Buffer.alloc(body.length, round).equals(body)).toBe(true);
      }
    }
  } finally {
    setSystemTime();
  }
});

test("clients that disconnect in the middle no longer count as pending", async () => {
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
