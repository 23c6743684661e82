// The relays of the config file, on real sockets.

import { expect, test } from "bun:test";

import { checkKnownRelays } from "../../src/doctor/known-relays.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openRelay } from "../../src/relay/relay.ts";

const HOST = "127.0.0.1";
const identity = generateKeyPair(new Uint8Array(32).fill(1));

async function check(port: number) {
  const checks = await Array.fromAsync(checkKnownRelays([{ host: HOST, port }], {}));
  return checks.filter(({ name }) => name === "relay");
}

test("a relay that answers by UDP is not asked by WebSocket", async () => {
  await using relay = await openRelay({ bind: HOST, port: 0, identity, web: {} });
  const { port } = relay.local;
  expect(await check(port)).toEqual([
    expect.objectContaining({ status: "ok", message: `the relay ${HOST}:${port} answers` }),
  ]);
});

test("a relay that does not answer by UDP is asked by WebSocket as well", async () => {
  await using relay = await openRelay({ bind: HOST, port: 0, identity, web: { port: 0 } });
  // Only TCP leads to it there.
  const { port } = relay.webSockets?.local ?? { port: 0 };
  expect(await check(port)).toEqual([
    expect.objectContaining({
      status: "note",
      message: `the relay ${HOST}:${port} does not answer by UDP`,
    }),
    expect.objectContaining({
      status: "ok",
      message: `the relay ${HOST}:${port} answers by WebSocket`,
    }),
  ]);
});

test("of a relay that does not answer at all both ways are named", async () => {
  const [udp, webSocket, ...others] = await check(1);
  expect(others).toEqual([]);
  expect(udp).toMatchObject({
    status: "problem",
    message: `the relay ${HOST}:1 does not answer by UDP`,
  });
  expect(webSocket?.status).toBe("note");
  expect(webSocket?.message).toStartWith(
    `the relay ${HOST}:1 does not answer by WebSocket either: no WebSocket to `,
  );
});
