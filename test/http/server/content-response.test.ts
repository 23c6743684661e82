// Large files, which the kernel sends: each response is the file's content at that moment.

import { expect, setSystemTime, test } from "bun:test";

import { serveFolder } from "../../harness/file-server.ts";

const MEBIBYTE = 1_048_576;

test("while a large file is being changed, each response is complete and of one version", async () => {
  await using server = await serveFolder();
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

test("clients that disconnect in the middle leave the others alone", async () => {
  await using server = await serveFolder();
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
