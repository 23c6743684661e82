// charla's own port mapping against miniupnpd: outsiders reach the port, again after the router's restart, and no longer
// after the end.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import type { Program } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { openLab, type Side } from "./lab.ts";
import { testInLab } from "./machine.ts";
import { INNER_PORT, startMapping } from "./port-mapping.ts";

/** Without an answer for so many seconds there will be none. */
const SILENCE = 1;

/** What comes back from a mapped port, by UDP or TCP; "" if nothing does. */
async function answer(
  outsider: Side,
  address: string | null,
  protocol = "UDP",
  port = INNER_PORT,
): Promise<string> {
  const to = `${protocol}:${address}:${port}`;
  const socat = ["socat", "-t", `${SILENCE}`, "-T", `${SILENCE}`, "-"];
  const limits = protocol === "TCP" ? ",connect-timeout=1" : "";
  const { stdout } = await outsider.run([...socat, to + limits], { input: "hello" });
  return stdout;
}

/** The lines that it has printed. */
function events(program: Program): unknown[] {
  const lines = program.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line): unknown => JSON.parse(line));
}

/** Blocks a service of the router, on the host: what is sent there gets no answer. */
async function silence(side: Side, match: string): Promise<void> {
  const rules = `add table inet t; add chain inet t o { type filter hook output priority 0; }; add rule inet t o ${match} drop`;
  const { status, stderr } = await side.run(["nft", rules]);
  expect([status, stderr]).toEqual([0, ""]);
}

if (FULL_SIZE) {
  testInLab(
    "an outsider reaches a port mapped by PCP, by UDP and TCP, again after the router's restart, and not after the end",
    ["conntrack", "miniupnpd", "socat"],
    async () => {
      await using lab = await openLab({ ana: "mapping", outsider: "open" });
      const { ana, outsider } = lab.sides;
      expect(await answer(outsider, ana.outer.ipv4)).toBe("");
      await using program = startMapping(ana);
      await program.until("stdout", "mapped");
      const [first] = events(program);
      expect(first).toEqual({
        mapped: "198.18.1.10:4000",
        protocol: "PCP",
        tcp: true,
        ms: expect.any(Number),
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as printed
      expect((first as { ms: number }).ms).toBeLessThan(1_000);
      expect(await answer(outsider, ana.outer.ipv4)).toBe("heard hello");
      expect(await answer(outsider, ana.outer.ipv4, "TCP")).toBe("heard hello");

      await ana.router.restart();
      await until(
        "the port is mapped again",
        async () => (await answer(outsider, ana.outer.ipv4)) === "heard hello",
      );
      expect(await answer(outsider, ana.outer.ipv4, "TCP")).toBe("heard hello");
      // It is the same mapping.
      expect(events(program)).toEqual([first]);

      program.signal("SIGTERM");
      await program.exited;
      expect(events(program)).toEqual([first, "removed"]);
      await using again = ana.start([
        "socat",
        "UDP-RECVFROM:4000,fork",
        "SYSTEM:echo somebody else",
      ]);
      await until("another program has the port", async () => {
        const { stdout } = await ana.run(["ss", "-Hlun", "sport = :4000"]);
        return stdout !== "";
      });
      expect(await answer(outsider, ana.outer.ipv4)).toBe("");
      expect(again.stderr).toBe("");
    },
  );

  testInLab(
    "a router that answers neither PCP nor NAT-PMP maps the port by UPnP, and removes it at the end",
    ["conntrack", "miniupnpd", "socat", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping", outsider: "open" });
      const { ana, outsider } = lab.sides;
      await silence(ana, "udp dport 5351");
      await using program = startMapping(ana);
      await program.until("stdout", "mapped");
      expect(events(program)).toEqual([
        { mapped: "198.18.1.10:4000", protocol: "UPnP", tcp: true, ms: expect.any(Number) },
      ]);
      expect(await answer(outsider, ana.outer.ipv4)).toBe("heard hello");
      expect(await answer(outsider, ana.outer.ipv4, "TCP")).toBe("heard hello");
      const list = async () => (await ana.run(["upnpc", "-i", "-l"])).stdout;
      expect(await list()).toContain("UDP  4000->192.168.1.2:4000  'charla'");
      program.signal("SIGTERM");
      await program.exited;
      expect(await list()).not.toContain("4000->");
    },
  );

  testInLab(
    "a router keeps the mapping of another program at the same outer port, and gives this one another by UPnP",
    ["conntrack", "miniupnpd", "socat", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping", outsider: "open" });
      const { ana, outsider } = lab.sides;
      await silence(ana, "udp dport 5351");
      // miniupnpd replaces what the same host has asked for, without an error.
      const other = await ana.run(["upnpc", "-i", "-a", "192.168.1.2", "5000", "4000", "UDP"]);
      expect(other.stdout).toContain("is redirected to internal 192.168.1.2:5000");
      await using program = startMapping(ana);
      await program.until("stdout", "mapped");
      const [first] = events(program);
      expect(first).toEqual({
        mapped: expect.stringMatching(/^198\.18\.1\.10:(?:49[1-9]|[5-6]\d\d)\d\d$/),
        protocol: "UPnP",
        tcp: true,
        ms: expect.any(Number),
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as printed
      const port = Number((first as { mapped: string }).mapped.split(":")[1]);
      expect(await answer(outsider, ana.outer.ipv4, "UDP", port)).toBe("heard hello");
      const list = async () => (await ana.run(["upnpc", "-i", "-l"])).stdout;
      expect(await list()).toContain("UDP  4000->192.168.1.2:5000");
      program.signal("SIGTERM");
      await program.exited;
      const left = await list();
      expect(left).toContain("UDP  4000->192.168.1.2:5000");
      expect(left).not.toContain("->192.168.1.2:4000");
    },
  );

  testInLab(
    "the mapping follows the host into another network, and the router's new outer address",
    ["conntrack", "miniupnpd", "socat"],
    async () => {
      await using lab = await openLab({ ana: "mapping", outsider: "open" });
      const { ana, outsider } = lab.sides;
      await using program = startMapping(ana);
      await program.until("stdout", "198.18.1.10:4000");
      await ana.router.changeAddress();
      await ana.router.restart();
      await program.until("stdout", "198.18.1.11:4000");
      expect(await answer(outsider, ana.outer.ipv4)).toBe("heard hello");
      await ana.moveTo("home");
      await program.until("stdout", "lost");
      await ana.moveTo("mapping");
      await program.until("stdout", `${ana.outer.ipv4}:4000`);
      expect(await answer(outsider, ana.outer.ipv4)).toBe("heard hello");
    },
  );

  testInLab(
    "after a program was killed, the next one has the same port mapped",
    ["conntrack", "miniupnpd", "socat"],
    async () => {
      await using lab = await openLab({ ana: "mapping", outsider: "open" });
      const { ana, outsider } = lab.sides;
      await using killed = startMapping(ana);
      await killed.until("stdout", "mapped");
      killed.signal("SIGKILL");
      await killed.exited;
      await using program = startMapping(ana);
      await program.until("stdout", "198.18.1.10:4000");
      expect(await answer(outsider, ana.outer.ipv4)).toBe("heard hello");
      expect(await answer(outsider, ana.outer.ipv4, "TCP")).toBe("heard hello");
    },
  );

  testInLab("behind a router that maps no ports nothing is reported", [], async () => {
    await using lab = await openLab({ ana: "home" });
    await using program = startMapping(lab.sides.ana);
    await Bun.sleep(2_500);
    program.signal("SIGTERM");
    await program.exited;
    expect(events(program)).toEqual(["removed"]);
    expect(program.stderr).toBe("");
  });
}
