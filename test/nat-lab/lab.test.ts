// A lab's own life: what is opened is gone afterwards, however it ends, and nothing else of the machine changes.

import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { run, start } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { openLab } from "./lab.ts";
import { testInLab } from "./machine.ts";

const LAB = join(import.meta.dirname, "lab.ts");

/** How many network namespaces processes of this machine are in, and which. */
function namespacesInUse(): Set<string> {
  const namespaces = new Set<string>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      namespaces.add(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      // It has ended.
    }
  }
  return namespaces;
}

/** What the machine has of its own: names of namespaces, interfaces, addresses, routes and rules. */
async function machine(): Promise<string[]> {
  const commands = ["ip netns", "ip -br link", "ip -br addr", "ip route", "nft list ruleset"];
  const printed = await Promise.all(commands.map((command) => run(command.split(" "))));
  return printed.map(({ stdout }) => stdout);
}

/** The processor time, in ms, of child processes that have ended: proc(5), fields 16 and 17 of stat, of 10 ms each. */
function childrensTime(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function failure(sides: Record<string, "open">): Promise<string> {
  try {
    await using _ = await openLab(sides);
    return "none";
  } catch (error) {
    return String(error);
  }
}

if (FULL_SIZE) {
  testInLab(
    "two labs with the same names are open at once, and leave nothing on the machine",
    [],
    async () => {
      const before = await machine();
      const inside = new Set<string>();
      {
        await using one = await openLab({ ana: "double", relay: "open" });
        await using other = await openLab({ ana: "home", relay: "open" });
        expect(one.sides.ana.inner.ipv4).toBe("192.168.1.2");
        expect(other.sides.ana.inner.ipv4).toBe("192.168.1.2");
        expect(await machine()).toEqual(before);
        for (const lab of [one, other]) {
          const namespace = await lab.sides.ana.run(["readlink", "/proc/self/ns/net"]);
          inside.add(namespace.stdout.trim());
          // A program that the test forgets.
          lab.sides.ana.start(["sleep", "60"]);
        }
        expect(inside.size).toBe(2);
        await until("both programs run", () => inside.isSubsetOf(namespacesInUse()));
      }
      expect(namespacesInUse().isDisjointFrom(inside)).toBe(true);
      expect(await machine()).toEqual(before);
    },
  );

  testInLab(
    "a lab goes when the process that opened it is killed",
    ["miniupnpd", "tinyproxy"],
    async () => {
      const program = `
      import { openLab } from ${JSON.stringify(LAB)};
      const lab = await openLab({ ana: "mapping", ben: "proxy" });
      const sleeping = lab.sides.ana.start(["sh", "-c", "readlink /proc/self/ns/net; sleep 60 & wait"]);
      console.log((await sleeping.until("stdout", /net:.*/))[0]);
      await new Promise((done) => setTimeout(done, 60_000));
    `;
      await using opener = start([process.execPath, "-e", program]);
      const [namespace] = await opener.until("stdout", /net:.*\d+\]/);
      expect(namespacesInUse()).toContain(namespace);
      opener.signal("SIGKILL");
      await until("nothing runs in the lab", () => !namespacesInUse().has(namespace));
    },
  );

  testInLab("hosts know the open ones by name, by the families that they have", [], async () => {
    await using lab = await openLab({ ana: "home", ben: "ipv6-only", relay: "open" });
    const { ana, ben, relay } = lab.sides;
    const { ipv4, ipv6 } = relay.outer;
    for (const [side, address] of [
      [ana, ipv4],
      [ben, ipv6],
    ] as const) {
      const { stdout } = await side.run(["getent", "ahosts", "relay.example"]);
      expect(new Set(stdout.match(/^\S+/gm))).toEqual(new Set([`${address}`]));
    }
  });

  testInLab("a lab of three networks costs less than a second of processor time", [], async () => {
    const before = childrensTime();
    {
      await using _ = await openLab({ ana: "double", ben: "symmetric", relay: "open" });
    }
    expect(childrensTime() - before).toBeLessThan(1_000);
  });

  testInLab("a lab that can't be opened leaves nothing, and says why", [], async () => {
    expect(await failure({ "ana of far away": "open" })).toBe(
      'Error: a side of the lab can\'t be called "ana of far away"',
    );
    const many = Array.from({ length: 25 }, (_, index) => `a${String.fromCodePoint(97 + index)}`);
    expect(await failure(Object.fromEntries(many.map((name) => [name, "open"])))).toBe(
      "Error: a lab has at most 24 networks",
    );
  });
}
