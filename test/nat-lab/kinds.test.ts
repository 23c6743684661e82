// Each kind of network is what it says, as programs of others see it: a STUN client that names NATs, socat, curl through tinyproxy,
// natpmpc and upnpc.

import { expect } from "bun:test";
import { setTimeout } from "node:timers/promises";

import { FULL_SIZE } from "../harness/full-size.ts";
import { until } from "../harness/until.ts";
import { startEcho, startEchoClient } from "./echo.ts";
import { openLab, type Side } from "./lab.ts";
import { testInLab } from "./machine.ts";

/** How long an answer may take, in ms: long, for a busy machine. */
const PATIENCE = 15_000;
/** Without an answer for so many ms there will be none. */
const SILENCE = 1_000;

/** Waits until a program listens at a port of the side. */
async function listening(side: Side, socket: "udp" | "tcp", port: number): Promise<void> {
  const option = socket === "udp" ? "-lun" : "-ltn";
  await until(`${side.name} listens at ${port}`, async () => {
    const { stdout } = await side.run(["ss", "-H", option, `sport = :${port}`]);
    return stdout !== "";
  });
}

/** The outer port that a server sees of port 4000; null if no answer comes. */
async function outerPort(side: Side, server: Side, patience = PATIENCE): Promise<number | null> {
  await using client = startEchoClient(side, server);
  const seen = await client.ask(patience);
  return seen === null ? null : Number(seen.split(" ")[1]);
}

/** The first line that a program prints, while its standard input stays open; null if it prints none in time, or ends. */
async function firstLine(
  side: Side,
  command: readonly string[],
  patience = PATIENCE,
): Promise<string | null> {
  await using program = side.start(command);
  const line = await program.until("stdout", /^(.*)\n/, patience).catch(() => null);
  return line?.[1] ?? null;
}

/** Greets each connection, and closes it. */
function startTcp(side: Side, port: number) {
  return side.start([
    "socat",
    `TCP6-LISTEN:${port},ipv6only=0,reuseaddr,fork`,
    "SYSTEM:echo hello",
  ]);
}

/** What a server says first; null if there is no connection. */
function greeting(
  side: Side,
  server: string,
  port: number,
  patience = PATIENCE,
): Promise<string | null> {
  return firstLine(side, ["socat", "-", `TCP:${server}:${port}`], patience);
}

/** A program that asks by PCP for outer port 5003, for its port 4000 (RFC 6887 s. 7.1, 7.2 and 11.1), and prints the answer. */
const PCP_MAP = `
  const mapped = (address) => Buffer.from([...Array(10).fill(0), 255, 255, ...address.split(".").map(Number)]);
  const request = Buffer.alloc(60);
  request.set([2, 1]);
  request.writeUInt32BE(300, 4);
  mapped(process.env.CLIENT).copy(request, 8);
  crypto.getRandomValues(request.subarray(24, 36));
  request[36] = 17;
  request.writeUInt16BE(4000, 40);
  request.writeUInt16BE(5003, 42);
  mapped("0.0.0.0").copy(request, 44);
  const socket = await Bun.udpSocket({ hostname: "0.0.0.0", socket: { data(socket, answer) {
    const [version, opcode, , result] = answer;
    const outerAddress = answer.subarray(56, 60).join(".");
    console.log(JSON.stringify({ version, opcode, result, outerPort: answer.readUInt16BE(42), outerAddress }));
    socket.close();
  } } });
  socket.send(request, 5351, process.env.ROUTER);
`;

if (FULL_SIZE) {
  testInLab(
    "a STUN client finds no NAT, an endpoint-independent mapping or a port-dependent one, and filtering by address and port",
    ["miniupnpd", "ss", "stun", "stund"],
    async () => {
      await using lab = await openLab({
        server: { kind: "open", alternate: true },
        open: "open",
        home: "home",
        symmetric: "symmetric",
        double: "double",
        carrier: "carrier",
        mapping: "mapping",
        blocked: "udp-blocked",
      });
      const { server, ...clients } = lab.sides;
      const [address, second] = [server.outer.ipv4 ?? "", server.alternate ?? ""];
      await using _ = server.start(["stund", "-h", address, "-a", second]);
      await listening(server, "udp", 3_478);
      const found = await Promise.all(
        Object.entries(clients).map(async ([name, side]) => {
          const { stdout } = await side.run(["stun", address, "-p", "40000"]);
          return [name, /^Primary: (.*?)\s*$/m.exec(stdout)?.[1]];
        }),
      );
      const endpointIndependent =
        "Independent Mapping, Port Dependent Filter, preserves ports, no hairpin";
      expect(Object.fromEntries(found)).toEqual({
        open: "Open",
        home: endpointIndependent,
        symmetric: "Dependent Mapping, random port, no hairpin",
        double: endpointIndependent,
        carrier: endpointIndependent,
        mapping: endpointIndependent,
        blocked: "Blocked or could not reach STUN server",
      });
    },
  );

  testInLab(
    "two servers see the same outer port of a home, and different ones of a symmetric NAT",
    ["socat"],
    async () => {
      await using lab = await openLab({
        home: "home",
        carrier: "carrier",
        double: "double",
        symmetric: "symmetric",
        six: "ipv6-only",
        one: "open",
        two: "open",
      });
      const { one, two, symmetric, six, ...preserving } = lab.sides;
      await using _ = await startEcho(one);
      await using __ = await startEcho(two);
      for (const side of Object.values(preserving)) {
        expect(await outerPort(side, one)).toBe(4_000);
        expect(await outerPort(side, two)).toBe(4_000);
      }
      const ports = [await outerPort(symmetric, one), await outerPort(symmetric, two)];
      expect(ports).not.toContain(null);
      expect(ports[0]).not.toBe(ports[1]);
      expect(await outerPort(six, one)).toBe(4_000);
      expect(await outerPort(six, two)).toBe(4_000);
    },
  );

  testInLab(
    "a datagram that was not asked for reaches an open host, and none behind a NAT or a firewall",
    ["socat", "ss"],
    async () => {
      await using lab = await openLab({
        sender: "open",
        other: "open",
        open: "open",
        home: "home",
        double: "double",
        carrier: "carrier",
        six: "ipv6-only",
        both: { kind: "home", ipv6: true },
      });
      const { sender, other, ...receivers } = lab.sides;
      for (const side of Object.values(receivers)) {
        const isIpv6 = side.outer.ipv6 !== null && side.kind !== "open";
        const at = isIpv6 ? `[${side.outer.ipv6}]` : side.outer.ipv4;
        const asked = isIpv6 ? `[${other.outer.ipv6}]` : other.outer.ipv4;
        // It has a mapping, for another destination.
        await using receiver = side.start([
          "socat",
          "-u",
          "UDP6-RECV:4000,ipv6only=0,reuseaddr",
          "STDOUT",
        ]);
        await listening(side, "udp", 4_000);
        const send = ["socat", "-u", "-"];
        const out = `UDP:${asked}:9,sourceport=4000,reuseaddr`;
        await side.run([...send, out], { input: "out" });
        await sender.run([...send, `UDP:${at}:4000`], { input: "unasked" });
        if (side.kind === "open") await receiver.until("stdout", "unasked");
        else await setTimeout(200);
        expect([side.kind, receiver.stdout]).toEqual([
          side.kind,
          side.kind === "open" ? "unasked" : "",
        ]);
      }
    },
  );

  testInLab(
    "a home with IPv6 is seen at the host's own address there, and at its router's by IPv4",
    ["socat"],
    async () => {
      await using lab = await openLab({
        home: { kind: "home", ipv6: true },
        double: { kind: "double", ipv6: true },
        server: "open",
      });
      const { server, ...hosts } = lab.sides;
      await using _ = await startEcho(server);
      for (const side of Object.values(hosts)) {
        for (const family of ["ipv4", "ipv6"] as const) {
          await using client = startEchoClient(side, server.outer[family]);
          expect(await client.ask(PATIENCE)).toBe(`${side.outer[family]} 4000`);
        }
        expect(side.inner.ipv6).toBe(side.outer.ipv6);
      }
    },
  );

  testInLab(
    "two homes with the same private addresses don't disturb each other",
    ["socat"],
    async () => {
      await using lab = await openLab({
        ana: { kind: "home", lan: 1 },
        ben: { kind: "home", lan: 1 },
        server: "open",
      });
      const { ana, ben, server } = lab.sides;
      await using _ = await startEcho(server);
      expect(ana.inner).toEqual(ben.inner);
      for (const [side, outer] of [
        [ana, "198.18.1.10 4000"],
        [ben, "198.18.2.20 4000"],
      ] as const) {
        await using client = startEchoClient(side, server);
        expect(await client.ask(PATIENCE)).toBe(outer);
      }
    },
  );

  testInLab(
    "a carrier forgets a UDP mapping after 25 s of silence, or after as many as a test says",
    ["conntrack", "socat", "ss"],
    async () => {
      await using lab = await openLab({
        usual: "carrier",
        short: { kind: "carrier", udpTimeout: 2 },
        server: "open",
      });
      const { usual, short, server } = lab.sides;
      await using _ = await startEcho(server);
      expect(await outerPort(usual, server)).toBe(4_000);
      // "udp 17 SECONDS src=…": what is left of its life, answered or not.
      expect(await usual.router.mappings()).toMatch(/^udp +17 2[0-5] src=100.64.1.2 .*dport=7000/);
      await usual.run(["socat", "-u", "-", `UDP:${server.outer.ipv4}:9999,sourceport=4000`], {
        input: "x",
      });
      expect(await usual.router.mappings()).toMatch(/^udp +17 2[0-5] src=100.64.1.2 .*dport=9999/m);

      expect(await outerPort(short, server)).toBe(4_000);
      const answered = performance.now();
      await until("the mapping is gone", async () => (await short.router.mappings()) === "");
      expect(performance.now() - answered).toBeWithin(500, 10_000);
    },
  );

  testInLab(
    "where UDP is blocked TCP to port 443 passes, and nothing else",
    ["socat", "ss"],
    async () => {
      await using lab = await openLab({ ana: "udp-blocked", server: "open" });
      const { ana, server } = lab.sides;
      await using _ = await startEcho(server);
      await using __ = startTcp(server, 443);
      await using ___ = startTcp(server, 80);
      await Promise.all([listening(server, "tcp", 443), listening(server, "tcp", 80)]);
      const address = server.outer.ipv4 ?? "";
      expect(await outerPort(ana, server, SILENCE)).toBe(null);
      expect(await greeting(ana, address, 443)).toBe("hello");
      expect(await greeting(ana, address, 80, SILENCE)).toBe(null);
    },
  );

  testInLab(
    "behind a proxy CONNECT to port 443 passes, and nothing else",
    ["curl", "ncat", "socat", "ss", "tinyproxy"],
    async () => {
      await using lab = await openLab({ ana: "proxy", server: "open" });
      const { ana, server } = lab.sides;
      await using _ = await startEcho(server);
      await using __ = startTcp(server, 443);
      await using ___ = startTcp(server, 80);
      await Promise.all([listening(server, "tcp", 443), listening(server, "tcp", 80)]);
      const address = server.outer.ipv4 ?? "";
      expect(await outerPort(ana, server, SILENCE)).toBe(null);
      expect(await greeting(ana, address, 443, SILENCE)).toBe(null);
      expect(await greeting(ana, address, 80, SILENCE)).toBe(null);
      const proxy = (ana.proxy ?? "").replace("http://", "");
      const connect = ["ncat", "--proxy", proxy, "--proxy-type", "http", address];
      expect(await firstLine(ana, [...connect, "443"])).toBe("hello");
      expect(await firstLine(ana, [...connect, "80"], SILENCE)).toBe(null);
      const get = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", ana.proxy ?? ""];
      expect((await ana.run([...get, `http://${address}/`])).stdout).toBe("403");
      expect((await ana.run([...get, `http://${address}:443/`])).stdout).toBe("403");
    },
  );

  testInLab(
    "a router maps a port by NAT-PMP, by UPnP and by PCP, and lets outsiders in there until it restarts",
    ["conntrack", "miniupnpd", "natpmpc", "socat", "ss", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping", outsider: "open" });
      const { ana, outsider } = lab.sides;
      await using heard = ana.start(["socat", "-u", "UDP-RECV:4000", "STDOUT"]);
      await listening(ana, "udp", 4_000);
      const knock = async (port: number, word: string) => {
        const to = `UDP:${ana.outer.ipv4}:${port}`;
        await outsider.run(["socat", "-u", "-", to], { input: `${word}\n` });
      };
      await knock(5_001, "too early");
      const natPmp = await ana.run(["natpmpc", "-a", "5001", "4000", "udp", "300"]);
      expect(natPmp.stdout).toContain(`Public IP address : ${ana.outer.ipv4}`);
      expect(natPmp.stdout).toContain("Mapped public port 5001 protocol UDP to local port 4000");
      await knock(5_001, "by NAT-PMP");
      // It also looks at the outer address, and thinks that it is no public one; -i makes it go on.
      const upnp = await ana.run(["upnpc", "-i", "-a", `${ana.inner.ipv4}`, "4000", "5002", "UDP"]);
      expect(upnp.stdout).toContain(`external ${ana.outer.ipv4}:5002 UDP is redirected`);
      await knock(5_002, "by UPnP");
      const pcp = await ana.run([process.execPath, "-e", PCP_MAP], {
        env: { ROUTER: "192.168.1.1", CLIENT: `${ana.inner.ipv4}` },
      });
      expect(JSON.parse(pcp.stdout)).toEqual({
        version: 2,
        opcode: 0x81,
        result: 0,
        outerPort: 5_003,
        outerAddress: ana.outer.ipv4,
      });
      await knock(5_003, "by PCP");
      await heard.until("stdout", "by PCP");
      expect(heard.stdout).toBe("by NAT-PMP\nby UPnP\nby PCP\n");
      await ana.router.restart();
      await knock(5_001, "too late");
      await setTimeout(200);
      expect(heard.stdout).toBe("by NAT-PMP\nby UPnP\nby PCP\n");
    },
  );
}
