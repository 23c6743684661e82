// The edge to HTTP, against servers on this machine that do what a router should not.

import { expect, test } from "bun:test";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { SYSTEM } from "../../../src/net/port-mapping/system.ts";

async function ask(
  listener: RequestListener,
  post: Parameters<typeof SYSTEM.request>[1] = null,
): ReturnType<typeof SYSTEM.request> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens at a port
  const { port } = server.address() as AddressInfo;
  try {
    return await SYSTEM.request(new URL(`http://127.0.0.1:${port}/ctl?a=1`), post);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("an action is posted with its headers and its length, and answered with status and body", async () => {
  const post = { headers: { soapaction: '"a#b"' }, body: "<é/>" };
  const answer = await ask((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { soapaction } = request.headers;
      const length = request.headers["content-length"];
      const body = Buffer.concat(chunks).toString();
      response
        .writeHead(500)
        .end(`${request.method} ${request.url} ${String(soapaction)} ${length} ${body}`);
    });
  }, post);
  expect(answer).toEqual({ status: 500, body: 'POST /ctl?a=1 "a#b" 5 <é/>' });
});

test("a redirect is not followed", async () => {
  let requests = 0;
  const answer = await ask((_, response) => {
    requests += 1;
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  expect(answer?.status).toBe(302);
  expect(requests).toBe(1);
});

test("an answer of more than 64 KiB is none, however long it goes on", async () => {
  const answer = await ask((_, response) => {
    const send = () => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
    };
    response.on("drain", send);
    send();
  });
  expect(answer).toBe(null);
});

test("an answer that takes longer than a second is none, also when some of it comes all the time", async () => {
  const start = performance.now();
  expect(await ask(() => {})).toBe(null);
  expect(
    await ask((_, response) => {
      const timer = setInterval(() => response.write("x"), 50);
      response.on("close", () => clearInterval(timer));
    }),
  ).toBe(null);
  expect(performance.now() - start).toBeWithin(1_900, 10_000);
});

test("a connection that is refused or cut is no answer", async () => {
  expect(await SYSTEM.request(new URL("http://127.0.0.1:1/"), null)).toBe(null);
  expect(
    await ask((_, response) => {
      response.write("x");
      response.socket?.destroy();
    }),
  ).toBe(null);
});
