// What a test can do to a network while programs run in it.

import { expect } from "bun:test";
import { setTimeout } from "node:timers/promises";

import { FULL_SIZE } from "../harness/full-size.ts";
import { until } from "../harness/until.ts";
import { startEcho, startEchoClient } from "./echo.ts";
import { type Kind } from "./kinds.ts";
import { openLab } from "./lab.ts";
import { canDelay, testInLab } from "./machine.ts";

/** How long an answer may take, in ms: long, for a busy machine. */
const PATIENCE = 15_000;
/** Without an answer for so many ms there will be none. */
const SILENCE = 600;

if (FULL_SIZE) {
  testInLab(
    "a router that restarts forgets which ports it gave",
    ["conntrack", "socat"],
    async () => {
      await using lab = await openLab({ ana: "symmetric", server: "open" });
      const { ana, server } = lab.sides;
      await using _ = await startEcho(server);
      await using client = startEchoClient(ana, server);
      const before = await client.ask(PATIENCE);
      expect(before).not.toBe(null);
      expect(await client.ask(PATIENCE)).toBe(before);
      expect(await ana.router.mappings()).toContain("dport=7000");
      await ana.router.restart();
      expect(await ana.router.mappings()).toBe("");
      const after = await client.ask(PATIENCE);
      expect(after).not.toBe(null);
      expect(after).not.toBe(before);
    },
  );

  testInLab(
    "a network's outer address changes under a program that runs on",
    ["socat"],
    async () => {
      const kinds: Kind[] = ["home", "double", "mapping"];
      for (const kind of kinds) {
        await using lab = await openLab({ ana: kind, server: "open" });
        const { ana, server } = lab.sides;
        await using _ = await startEcho(server);
        await using client = startEchoClient(ana, server);
        expect(await client.ask(PATIENCE)).toBe("198.18.1.10 4000");
        await ana.router.changeAddress();
        expect(ana.outer.ipv4).toBe("198.18.1.11");
        expect(await client.ask(PATIENCE)).toBe("198.18.1.11 4000");
      }
    },
  );

  testInLab(
    "an open host's address changes with that of its network, and an IPv6 host's prefix",
    ["socat"],
    async () => {
      const kinds: Kind[] = ["open", "ipv6-only"];
      for (const kind of kinds) {
        await using lab = await openLab({ ana: kind, server: "open" });
        const { ana, server } = lab.sides;
        await using _ = await startEcho(server);
        const before = ana.outer;
        await ana.router.changeAddress();
        expect(ana.inner).toEqual(ana.outer);
        expect(ana.outer).not.toEqual(before);
        await using client = startEchoClient(ana, server);
        expect(await client.ask(PATIENCE)).toBe(`${ana.outer.ipv4 ?? ana.outer.ipv6} 4000`);
      }
    },
  );

  testInLab(
    "a link is cut without a word, mended, and blocked for some of what passes",
    ["socat"],
    async () => {
      await using lab = await openLab({ ana: "home", server: "open" });
      const { ana, server } = lab.sides;
      await using _ = await startEcho(server);
      await using client = startEchoClient(ana, server);
      expect(await client.ask(PATIENCE)).toBe("198.18.1.10 4000");
      await ana.router.cut();
      expect(await client.ask(SILENCE)).toBe(null);
      await ana.router.mend();
      expect(await client.ask(PATIENCE)).toBe("198.18.1.10 4000");
      await ana.router.block("udp dport 9000");
      expect(await client.ask(PATIENCE)).toBe("198.18.1.10 4000");
      await ana.router.block("meta l4proto udp");
      expect(await client.ask(SILENCE)).toBe(null);
      await ana.router.unblock();
      expect(await client.ask(PATIENCE)).toBe("198.18.1.10 4000");
    },
  );

  testInLab("a link delays what is sent, where there are TUN interfaces", ["socat"], async () => {
    if (!canDelay()) return;
    await using lab = await openLab({ ana: "home", server: "open" });
    const { ana, server } = lab.sides;
    await using _ = await startEcho(server);
    await using client = startEchoClient(ana, server);
    expect(await client.ask(PATIENCE)).not.toBe(null);
    await ana.router.impair({ delay: 200 });
    const start = performance.now();
    expect(await client.ask(PATIENCE)).not.toBe(null);
    expect(performance.now() - start).toBeWithin(199, PATIENCE);
    await ana.router.impair({});
    expect(await client.ask(PATIENCE)).not.toBe(null);
  });

  testInLab("a link loses packets", ["bash", "socat"], async () => {
    await using lab = await openLab({ ana: "home", server: "open" });
    const { ana, server } = lab.sides;
    await using _ = await startEcho(server);
    await using client = startEchoClient(ana, server);
    await ana.router.impair({ loss: 1 });
    expect(await client.ask(SILENCE)).toBe(null);
    await using received = server.start(["socat", "-u", "UDP-RECV:9000", "STDOUT"]);
    await ana.router.impair({ loss: 0.5 });
    const send = `for i in $(seq 200); do echo x > /dev/udp/${server.outer.ipv4}/9000; done`;
    await ana.run(["bash", "-c", send]);
    const count = () => received.stdout.length / 2;
    // 5 standard deviations, of 7 each, off the mean.
    await until("half of the datagrams arrive", () => count() >= 65);
    await setTimeout(200);
    expect(count()).toBeLessThan(135);
    await ana.router.impair({});
    expect(await client.ask(PATIENCE)).not.toBe(null);
  });

  testInLab(
    "a host is unplugged, plugged in again, and moves to another network while its programs run",
    ["socat"],
    async () => {
      await using lab = await openLab({ ana: "home", server: "open" });
      const { ana, server } = lab.sides;
      await using _ = await startEcho(server);
      await ana.unplug();
      const without = await ana.run(["socat", "-u", "-", `UDP:${server.outer.ipv4}:7000`], {
        input: "1\n",
      });
      expect(without.stderr).toContain("Network is unreachable");
      await ana.plug();
      {
        await using client = startEchoClient(ana, server);
        expect(await client.ask(PATIENCE)).toBe("198.18.1.10 4000");
      }
      await using unbound = ana.start([
        "socat",
        "-",
        `UDP-DATAGRAM:${server.outer.ipv4}:7000,bind=:4000`,
      ]);
      unbound.type("here\n");
      await unbound.until("stdout", "here from 198.18.1.10 4000");
      await ana.moveTo("carrier");
      expect(ana.kind).toBe("carrier");
      expect(ana.inner.ipv4).toBe("100.64.3.2");
      unbound.type("there\n");
      await unbound.until("stdout", "there from 198.18.3.30 4000");
    },
  );

  testInLab(
    "two hosts of one network reach each other inside it, not at its outer address, and one is moved beside another",
    ["socat"],
    async () => {
      await using lab = await openLab({ ana: "home", ben: { beside: "ana" }, server: "open" });
      const { ana, ben, server } = lab.sides;
      expect([ana.inner.ipv4, ben.inner.ipv4]).toEqual(["192.168.1.2", "192.168.1.3"]);
      expect(ben.outer).toEqual(ana.outer);
      await using _ = await startEcho(server);
      await using __ = await startEcho(ana);
      await using inside = startEchoClient(ben, ana.inner.ipv4);
      expect(await inside.ask(PATIENCE)).toBe("192.168.1.3 4000");
      await using hairpin = startEchoClient(ben, ana.outer.ipv4, 4_001);
      expect(await hairpin.ask(SILENCE)).toBe(null);
      await server.router.cut();
      expect(await inside.ask(PATIENCE)).toBe("192.168.1.3 4000");
      await server.moveTo({ beside: "ana" });
      await using guest = startEchoClient(server, ana.inner.ipv4);
      expect(await guest.ask(PATIENCE)).toBe("192.168.1.4 4000");
    },
  );
}
