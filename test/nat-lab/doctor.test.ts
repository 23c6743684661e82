// `charla doctor` in the lab's networks.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { CHARLA } from "../harness/program.ts";
import { openLab, type Side } from "./lab.ts";
import { testInLab } from "./machine.ts";

async function portMapping(side: Side): Promise<unknown> {
  const { stdout } = await side.run([...CHARLA, "doctor", "--json"]);
  const checks = stdout.trim().split("\n");
  const check = checks.find((line) => line.includes('"name":"port-mapping"'));
  expect(check).toBeDefined();
  return JSON.parse(check ?? "null");
}

if (FULL_SIZE) {
  testInLab(
    "the doctor names the protocols by which the router maps ports, and leaves no mapping there",
    ["miniupnpd", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping", ben: "home", carl: "open" });
      const { ana, ben, carl } = lab.sides;
      expect(await portMapping(ana)).toMatchObject({
        status: "ok",
        message: `the router at 192.168.1.1 maps ports by PCP, NAT-PMP, and UPnP: its outer address is ${ana.outer.ipv4}`,
      });
      const { stdout } = await ana.run(["upnpc", "-i", "-l"]);
      expect(stdout).not.toContain("->192.168.1.2");
      expect(await portMapping(ben)).toMatchObject({
        status: "note",
        message:
          "the router at 192.168.2.1 maps no ports: it answers neither PCP, NAT-PMP nor UPnP",
      });
      expect(await portMapping(carl)).toMatchObject({ status: "ok" });
    },
  );
}
