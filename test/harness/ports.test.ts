import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

import { reservePort } from "./ports.ts";

const CHOSEN = "/proc/sys/net/ipv4/ip_local_port_range";

test.skipIf(!existsSync(CHOSEN))("a reserved port is none that the system chooses", async () => {
  const [first = 0, last = 0] = readFileSync(CHOSEN, "utf8").split(/\s+/).map(Number);
  expect(await reservePort()).not.toBeWithin(first, last + 1);
});

test("a port that a socket of any kind has is not reserved, nor one that another process has reserved", async () => {
  const first = await reservePort();
  const [ofAnother, withUdp, withTcp] = [first + 2, first + 4, first + 6];
  await using lock = createServer().listen(ofAnother + 1, "127.0.0.1");
  await using server = createServer().listen(withTcp, "127.0.0.1");
  await using socket = createSocket("udp4").bind(withUdp, "127.0.0.1");
  await Promise.all([lock, server, socket].map((each) => once(each, "listening")));
  expect([ofAnother, withUdp, withTcp]).not.toContain(await reservePort());
});
