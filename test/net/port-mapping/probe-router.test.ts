import { expect, test } from "bun:test";

import { probeRouter } from "../../../src/net/port-mapping/probe-router.ts";
import { attachRouter, createNetwork, HOME, type ScriptedRouter } from "./scripted-network.ts";

/** ms in which a router that answers nothing has been asked by all protocols. */
const LONGEST = 10_000;

async function probe(changes: Partial<ScriptedRouter>) {
  const network = createNetwork();
  const router = Object.assign(attachRouter(network), changes);
  const probed = probeRouter(network.system);
  await network.pass(LONGEST);
  return { probed: await probed, asked: router.asked };
}

test("a router is asked by each protocol to map a port and to remove it", async () => {
  const { probed, asked } = await probe({});
  const outer = { address: "203.0.113.10", port: 50_000 };
  expect(probed).toEqual({
    gateway: HOME.gateway,
    answers: [
      { protocol: "PCP", outer },
      { protocol: "NAT-PMP", outer },
    ],
  });
  expect(asked).toEqual([
    "PCP udp 50000 7200",
    "PCP udp 0 0",
    "NAT-PMP udp 50000 7200",
    "NAT-PMP udp 0 0",
  ]);
});

test("a router that refuses, or whose outer address is private, answers and maps nothing", async () => {
  const refusing = await probe({ pcpResult: 2, speaksNatPmp: false });
  expect(refusing.probed?.answers).toEqual([{ protocol: "PCP", outer: null }]);
  const inner = await probe({ outerAddress: "10.0.0.2" });
  expect(inner.probed?.answers.map(({ outer }) => outer)).toEqual([null, null]);
});

test("a router that maps no ports answers nothing, and where there is none nothing is asked", async () => {
  const { probed } = await probe({ isUp: false });
  expect(probed).toEqual({ gateway: HOME.gateway, answers: [] });
  const network = createNetwork();
  network.place = null;
  expect(await probeRouter(network.system)).toBeNull();
});
