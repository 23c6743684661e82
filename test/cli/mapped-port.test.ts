// The port of a server at routers that map it at once, late or never, without sockets and with time that a test lets pass.

import { expect, test } from "bun:test";

import type { NoticeText } from "../../src/chat/events.ts";
import { mapServerPort } from "../../src/cli/mapped-port.ts";
import type { SocketAddress } from "../../src/net/address.ts";
import {
  attachRouter,
  createNetwork,
  HOME,
  type ScriptedRouter,
} from "../net/port-mapping/scripted-network.ts";

const PORT = 12_345;
const OUTER = { address: "203.0.113.10", port: PORT };

function setUp(changes: Partial<ScriptedRouter> = {}, bind?: string) {
  const network = createNetwork();
  const router = Object.assign(attachRouter(network), changes);
  const changed: NoticeText[] = [];
  const opened: { port?: AsyncDisposable; at?: number; outer: SocketAddress | null } = {
    outer: null,
  };
  void mapServerPort({
    bind,
    port: PORT,
    onChange(outer, notice) {
      opened.outer = outer;
      if (notice !== null) changed.push(notice);
    },
    system: network.system,
  }).then((port) => Object.assign(opened, { port, at: network.now() }));
  return { network, router, changed, opened };
}

async function end({ network, opened }: ReturnType<typeof setUp>): Promise<void> {
  const ended = opened.port?.[Symbol.asyncDispose]();
  await network.pass(3_000);
  await ended;
}

test("a router that maps the port at once is waited for, and nothing is said of it", async () => {
  const set = setUp();
  await set.network.pass(10);
  expect(set.opened.at).toBeLessThanOrEqual(10);
  expect(set.opened.outer).toEqual(OUTER);
  expect(set.changed).toEqual([]);
  await end(set);
  expect(set.router.asked.at(-1)).toBe("PCP tcp 0 0");
});

test("without a router nothing is waited for, and for a silent one a second at most", async () => {
  const without = setUp();
  without.network.place = null;
  await without.network.pass(10);
  expect(without.opened.at).toBeLessThanOrEqual(10);
  await end(without);
  const silent = setUp({ isUp: false });
  await silent.network.pass(2_000);
  expect(silent.opened.at).toBe(1_000);
  expect(silent.opened.outer).toBeNull();
  await end(silent);
});

test("that the port is mapped later, is mapped at another address and is lost is said each time", async () => {
  const set = setUp({ isUp: false });
  await set.network.pass(2_000);
  set.router.isUp = true;
  await set.network.pass(60_000);
  expect(set.opened.outer).toEqual(OUTER);
  set.router.started = set.network.now();
  set.router.outerAddress = "203.0.113.11";
  await set.network.pass(60_000);
  set.network.place = null;
  await set.network.pass(10_000);
  expect(set.opened.outer).toBeNull();
  expect(set.changed.map(({ code, message }) => `${code} ${message}`)).toEqual([
    "PORT_MAPPED the router maps the port now (PCP): people elsewhere reach this server at 203.0.113.10:12345",
    "PORT_MAPPED the router maps the port now (PCP): people elsewhere reach this server at 203.0.113.11:12345",
    "PORT_MAPPING_LOST the router no longer maps the port: people elsewhere may not reach this server",
  ]);
  await end(set);
});

test("a server at one address has its port mapped only if that is the one the router maps to", async () => {
  for (const [bind, outer] of [
    [HOME.own, OUTER],
    ["0.0.0.0", OUTER],
    ["::", OUTER],
    ["10.9.9.9", null],
    ["127.0.0.1", null],
  ] as const) {
    const set = setUp({}, bind);
    await set.network.pass(10);
    expect([bind, set.opened.outer]).toEqual([bind, outer]);
    await end(set);
  }
});
