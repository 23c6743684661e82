// Who may read the counts of a relay: programs of this machine, and no page in its browser.

import { expect, test } from "bun:test";

import { serveMetrics } from "../../src/relay/metrics.ts";

const STATE = {
  servers: 1,
  joiners: 2,
  sessions: 1,
  webSockets: 0,
  forwarded: 3,
  bytes: 4,
  unproven: 0,
  limited: 0,
  tooLong: 0,
};

test("the counts are for requests by a name of this machine, and for no other that leads to it", async () => {
  await using metrics = await serveMetrics(0, () => STATE);
  const { port } = new URL(metrics.url);
  const statusFor = async (host: string) => {
    const response = await fetch(metrics.url, { headers: { host } });
    await response.text();
    return response.status;
  };
  expect(await statusFor(`127.0.0.1:${port}`)).toBe(200);
  expect(await statusFor(`localhost:${port}`)).toBe(200);
  expect(await statusFor("LOCALHOST")).toBe(200);
  expect(await statusFor(`rebound.example:${port}`)).toBe(421);
  expect(await statusFor("127.0.0.1.rebound.example")).toBe(421);
});
