// The life of a mapping, and routers and hosts that lie, without sockets and with time that a test lets pass.

import { expect, test } from "bun:test";

import type { PortMapping } from "../../../src/net/port-mapping/map-port.ts";
import {
  attachRouter,
  createNetwork,
  INTERNAL_PORT,
  ROUTER,
  type ScriptedRouter,
  startClient,
} from "./scripted-network.ts";

const MAPPED: PortMapping = {
  protocol: "PCP",
  outer: { address: "203.0.113.10", port: INTERNAL_PORT },
  tcp: true,
  lifetime: 7_200,
};
const MAP = ["PCP udp 12345 7200", "PCP tcp 12345 7200"];
const UNMAP = ["PCP udp 0 0", "PCP tcp 0 0"];

function setUp(changes: Partial<ScriptedRouter> = {}) {
  const network = createNetwork();
  const router = Object.assign(attachRouter(network), changes);
  return { network, router, client: startClient(network) };
}

test("a PCP router maps UDP and TCP at once, and is not asked by NAT-PMP to map them again", async () => {
  const { network, router, client } = setUp();
  await network.pass(10);
  expect(client.events).toEqual([MAPPED]);
  expect(router.asked).toEqual(MAP);
  await client.end();
});

test("both mappings are removed at the end, with the nonces that made them (RFC 6887 s. 15.1)", async () => {
  const { network, router, client } = setUp();
  await network.pass(10);
  await client.end();
  expect(router.asked).toEqual([...MAP, ...UNMAP]);
  expect(router.nonces.size).toBe(2);
  expect(client.events).toEqual([MAPPED]);
});

test("a signal ends it, also before it began", async () => {
  const network = createNetwork();
  const router = attachRouter(network);
  const abort = new AbortController();
  const client = startClient(network, abort.signal);
  await network.pass(10);
  abort.abort();
  await network.pass(10);
  expect(router.asked).toEqual([...MAP, ...UNMAP]);
  await client.end();
  const late = startClient(network, abort.signal);
  await network.pass(60_000);
  expect(late.events).toEqual([]);
  expect(router.asked).toHaveLength(4);
});

test("the end takes a second at most when the router is silent", async () => {
  const { network, router, client } = setUp();
  await network.pass(10);
  router.isUp = false;
  const start = network.now();
  await client.end(1_000);
  expect(network.now() - start).toBe(1_000);
});

test("a mapping is renewed at half of its lifetime, and that is not reported (RFC 6887 s. 11.2.1)", async () => {
  const { network, router, client } = setUp({ lifetime: 120 });
  await network.pass(58_000);
  expect(router.asked).toEqual(MAP);
  await network.pass(4_000);
  expect(router.asked).toEqual([...MAP, ...MAP]);
  expect(client.events).toHaveLength(1);
  await client.end();
});

test("a lifetime of 1 s makes renewals no more frequent than every 4 s, one of 2^32-1 counts as a day", async () => {
  const short = setUp({ lifetime: 1 });
  await short.network.pass(60_000);
  expect(short.router.asked.length).toBeWithin(20, 34);
  await short.client.end();
  const long = setUp({ lifetime: 2 ** 32 - 1 });
  await long.network.pass(10);
  expect(long.client.events).toEqual([{ ...MAPPED, lifetime: 86_400 }]);
  await long.client.end();
});

test("a router that restarted is asked again for the same port within 30 s (RFC 6887 s. 8.5)", async () => {
  const { network, router, client } = setUp();
  await network.pass(10_000);
  router.started = network.now();
  router.outerAddress = "203.0.113.11";
  await network.pass(32_000);
  expect(router.asked).toEqual([...MAP, ...MAP]);
  const moved = { ...MAPPED, outer: { ...MAPPED.outer, address: "203.0.113.11" } };
  expect(client.events).toEqual([MAPPED, moved]);
  // And no more after that.
  await network.pass(300_000);
  expect(router.asked).toHaveLength(4);
  await client.end();
});

test("an announcement makes the mapping be renewed at once, and a flood of them once in 2 s (RFC 6887 s. 14.1.3)", async () => {
  const { network, router, client } = setUp();
  await network.pass(10);
  const announcement = new Uint8Array(24);
  network.send(announcement, { address: "192.168.1.66", port: 5_351 }, 5_350);
  await network.pass(4_000);
  expect(router.asked).toEqual(MAP);
  network.send(announcement, ROUTER, 5_350);
  await network.pass(2_000);
  expect(router.asked).toEqual([...MAP, ...MAP]);
  for (let sent = 0; sent < 100; sent++) {
    network.send(announcement, ROUTER, 5_350);
    await network.pass(100);
  }
  expect(router.asked.length).toBeLessThanOrEqual(4 + 2 * 6);
  await client.end();
});

test("where another program listens for announcements there are none", async () => {
  const network = createNetwork();
  attachRouter(network);
  network.taken.add(5_350);
  const client = startClient(network);
  await network.pass(10);
  expect(client.events).toEqual([MAPPED]);
  await client.end();
});

test("a router that falls silent has lost the mapping after three checks, and is asked again later", async () => {
  const { network, router, client } = setUp();
  await network.pass(10);
  router.isUp = false;
  await network.pass(35_000);
  expect(client.events).toEqual([MAPPED]);
  await network.pass(35_000);
  expect(client.events).toEqual([MAPPED, "lost"]);
  router.isUp = true;
  await network.pass(40_000);
  expect(client.events).toEqual([MAPPED, "lost", MAPPED]);
  await client.end();
});

test("in another network its router is asked, within 4 s", async () => {
  const { network, router, client } = setUp();
  await network.pass(10);
  network.place = null;
  await network.pass(4_000);
  expect(client.events).toEqual([MAPPED, "lost"]);
  // There was nobody to ask for it.
  expect(router.asked).toEqual(MAP);
  network.place = { gateway: ROUTER.address, own: "192.168.1.7" };
  await network.pass(4_000);
  expect(client.events).toEqual([MAPPED, "lost", MAPPED]);
  await client.end();
});

test("a network that was gone and comes back is asked at once, though its router mapped nothing before", async () => {
  const { network, router, client } = setUp({ isUp: false });
  await network.pass(10_000);
  router.isUp = true;
  network.place = null;
  await network.pass(3_000);
  expect(client.events).toEqual([]);
  network.place = { gateway: ROUTER.address, own: "192.168.1.2" };
  await network.pass(3_000);
  expect(client.events).toEqual([MAPPED]);
  await client.end();
});

test("TCP at another outer port is given back, and not reported", async () => {
  const { network, router, client } = setUp({ portFor: (wanted, isTcp) => wanted + Number(isTcp) });
  await network.pass(10);
  expect(client.events).toEqual([{ ...MAPPED, tcp: false }]);
  expect(router.asked).toEqual([...MAP, "PCP tcp 0 0"]);
  await client.end();
});

test("TCP is asked for at the outer port that UDP was given, and renewals ask for that", async () => {
  const { network, router, client } = setUp({
    lifetime: 60,
    portFor: (wanted, isTcp) => (isTcp || wanted === 40_000 ? wanted : 40_000),
  });
  await network.pass(32_000);
  const outer = { ...MAPPED.outer, port: 40_000 };
  expect(client.events).toEqual([{ ...MAPPED, outer, lifetime: 60 }]);
  const renewed = ["PCP udp 40000 7200", "PCP tcp 40000 7200"];
  expect(router.asked).toEqual(["PCP udp 12345 7200", "PCP tcp 40000 7200", ...renewed]);
  await client.end();
});

test("a router without PCP maps by NAT-PMP within a second, and its new address is noticed (RFC 6886 s. 3.2)", async () => {
  const { network, router, client } = setUp({ speaksPcp: false });
  await network.pass(1_000);
  const mapped = { ...MAPPED, protocol: "NAT-PMP" } as const;
  expect(client.events).toEqual([mapped]);
  router.outerAddress = "203.0.113.12";
  await network.pass(32_000);
  const moved = { ...mapped, outer: { ...mapped.outer, address: "203.0.113.12" } };
  expect(client.events).toEqual([mapped, moved]);
  await client.end();
  expect(router.asked.slice(-2)).toEqual(["NAT-PMP udp 0 0", "NAT-PMP tcp 0 0"]);
});

test("a router that refuses by PCP is asked by NAT-PMP (RFC 6887 s. 7.4, NOT_AUTHORIZED)", async () => {
  const { network, client } = setUp({ pcpResult: 2 });
  await network.pass(1_000);
  expect(client.events).toEqual([{ ...MAPPED, protocol: "NAT-PMP" }]);
  await client.end();
});

test.each<[string, Partial<ScriptedRouter>]>([
  ["a lifetime of 0", { lifetime: 0 }],
  ["outer port 0", { portFor: () => 0 }],
  ["a private outer address, behind another NAT", { outerAddress: "10.0.0.7" }],
  ["an outer address of a multicast group", { outerAddress: "224.0.0.1" }],
  ["this host itself", { outerAddress: "127.0.0.1" }],
])("a grant with %s is not reported, and is given back", async (_, changes) => {
  const { network, router, client } = setUp({ ...changes, speaksNatPmp: false });
  await network.pass(5_000);
  expect(client.events).toEqual([]);
  expect(router.asked.slice(-2)).toEqual(UNMAP);
  await client.end();
});

test.each<[string, ScriptedRouter["tamper"]]>([
  ["another host", (answer) => ({ answer, from: { ...ROUTER, address: "192.168.1.66" } })],
  ["another port of the router", (answer) => ({ answer, from: { ...ROUTER, port: 5_352 } })],
  ["somebody who doesn't know the nonce", (answer) => ({ answer: tampered(answer, 30) })],
  ["a mapping of another port", (answer) => ({ answer: tampered(answer, 41) })],
  ["a router with another protocol in mind", (answer) => ({ answer: tampered(answer, 36) })],
  ["a router that cuts what it sends", (answer) => ({ answer: answer.subarray(0, 23) })],
])("an answer of %s maps nothing (RFC 6887 s. 8.3 and 11.4)", async (_, tamper) => {
  const { network, client } = setUp({ tamper, speaksNatPmp: false });
  await network.pass(20_000);
  expect(client.events).toEqual([]);
  await client.end();
});

function tampered(answer: Uint8Array, at: number): Uint8Array {
  return answer.length > at ? answer.with(at, (answer[at] ?? 0) ^ 1) : answer;
}

test("a flood of garbage before the answer changes nothing", async () => {
  const { network, router, client } = setUp({ speaksNatPmp: false });
  const { onQuestion } = network;
  let sent = 0;
  network.onQuestion = (question) => {
    for (let index = 0; index < 10_000 && sent < 100_000; index++, sent++) {
      const garbage = Uint8Array.from(
        { length: index % 64 },
        (_, at) => (index * 31 + at * 7) & 0xff,
      );
      if (garbage.length > 1) garbage.set([2, 0x81]);
      question.reply(garbage);
    }
    onQuestion(question);
  };
  await network.pass(10);
  expect(sent).toBeGreaterThan(10_000);
  expect(client.events).toEqual([MAPPED]);
  expect(router.asked).toEqual(MAP);
  await client.end();
});

test("a router whose answers come too late is one without, and is asked less and less often", async () => {
  const network = createNetwork();
  const router = attachRouter(network);
  const { onQuestion } = network;
  let questions = 0;
  network.onQuestion = (question) => {
    questions += 1;
    void network.system.clock
      .sleep(2_500, new AbortController().signal)
      .then(() => onQuestion(question));
  };
  const client = startClient(network);
  await network.pass(3_600_000);
  expect(client.events).toEqual([]);
  expect(router.asked).toEqual([]);
  // 4 to port 5351 and 4 searches, each time.
  expect(questions / 8).toBeLessThan(20);
  await client.end();
});

test("the first attempt is over when the port is mapped, or once every protocol was asked in vain", async () => {
  for (const [isUp, from, to] of [
    [true, 0, 10],
    [false, 1_000, 1_500],
  ] as const) {
    const { network, client } = setUp({ isUp });
    let attemptedAt = Number.POSITIVE_INFINITY;
    void client.attempted.then(() => (attemptedAt = network.now()));
    await network.pass(2_000);
    expect(attemptedAt).toBeWithin(from, to);
    await client.end();
  }
});

test("the end takes no time while nothing was mapped", async () => {
  const { network, client } = setUp({ isUp: false });
  await network.pass(100);
  const start = network.now();
  await client.end(0);
  expect(network.now()).toBe(start);
});
