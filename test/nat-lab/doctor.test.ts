// `charla doctor` in the lab's networks.

import { expect } from "bun:test";

import { makeCertificate } from "../../src/http/server/tls/certificate.ts";
import { newFolder } from "../harness/folder.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { CHARLA } from "../harness/program.ts";
import { openLab, type Side } from "./lab.ts";
import { testInLab } from "./machine.ts";

/** All that the doctor finds on a host, of one name. */
async function checks(side: Side, name: string, relays: readonly Side[] = []): Promise<unknown[]> {
  const env = {
    CHARLA_SERVER_RELAY: relays.map((relay) => `${relay.name}.example`).join(","),
    ...(side.proxy === null ? {} : { HTTPS_PROXY: side.proxy }),
  };
  const { stdout } = await side.run([...CHARLA, "doctor", "--json"], { env });
  const lines = stdout.trim().split("\n");
  return lines
    .filter((line) => line.includes(`"name":"${name}"`))
    .map((line): unknown => JSON.parse(line));
}

/** The first of these. */
async function check(side: Side, name: string, relays: readonly Side[] = []): Promise<unknown> {
  const [first] = await checks(side, name, relays);
  expect(first).toBeDefined();
  return first;
}

if (FULL_SIZE) {
  testInLab(
    "the doctor names the protocols by which the router maps ports, and leaves no mapping there",
    ["miniupnpd", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping", ben: "home", carl: "open" });
      const { ana, ben, carl } = lab.sides;
      expect(await check(ana, "port-mapping")).toMatchObject({
        status: "ok",
        message: `the router at 192.168.1.1 maps ports by PCP, NAT-PMP, and UPnP: its outer address is ${ana.outer.ipv4}`,
      });
      const { stdout } = await ana.run(["upnpc", "-i", "-l"]);
      expect(stdout).not.toContain("->192.168.1.2");
      expect(await check(ben, "port-mapping")).toMatchObject({
        status: "note",
        message:
          "the router at 192.168.2.1 maps no ports: it answers neither PCP, NAT-PMP nor UPnP",
      });
      expect(await check(carl, "port-mapping")).toMatchObject({ status: "ok" });
    },
  );

  testInLab("two relays show the doctor which kind of NAT a network has", [], async () => {
    await using lab = await openLab({
      open: "open",
      home: "home",
      symmetric: "symmetric",
      relay: "open",
      other: "open",
    });
    const { open, home, symmetric, relay, other } = lab.sides;
    const relays = [relay, other];
    await using one = relay.start([...CHARLA, "relay"]);
    await using two = other.start([...CHARLA, "relay"]);
    for (const program of [one, two]) await program.until("stderr", "relaying on");
    const found = [];
    for (const side of [open, home, symmetric]) {
      found.push(await check(side, "nat-mapping", relays));
    }
    expect(found).toMatchObject([
      { status: "ok", value: { mapping: "none" } },
      { status: "ok", value: { mapping: "endpoint-independent" } },
      { status: "note", value: { mapping: "address-dependent" } },
    ]);
    expect(await check(home, "nat-mapping")).toMatchObject({ value: { mapping: null } });
  });

  testInLab(
    "where only TCP 443 goes out, the doctor finds the relay by WebSocket",
    ["tinyproxy"],
    async () => {
      await using lab = await openLab({ ana: "udp-blocked", ben: "proxy", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      using files = newFolder();
      const { certificate, key } = makeCertificate(["relay.example"], new Date());
      files.write("certificate.pem", certificate);
      files.write("key.pem", key);
      const tls = [
        "--tls-cert",
        `${files.path}/certificate.pem`,
        "--tls-key",
        `${files.path}/key.pem`,
      ];
      await using program = relay.start([...CHARLA, "relay", ...tls]);
      await program.until("stderr", "WebSockets over TLS on");
      const found = await Promise.all([ana, ben].map((side) => checks(side, "relay", [relay])));
      for (const each of found) {
        expect(each).toMatchObject([
          {
            status: "note",
            message: expect.stringMatching(/^the relay .* does not answer by UDP$/),
          },
          { status: "ok", message: "the relay relay.example answers by WebSocket" },
        ]);
      }
    },
  );
}
