// What can happen to a network of the lab while programs run in it: its routers restart, its outer address changes, its link
// with the internet is cut, slow or lossy, something is blocked.

import { join } from "node:path";

import { type Program, start } from "../harness/program.ts";
import { type Namespaces, settingsScript } from "./namespaces.ts";
import {
  hostAddresses,
  internetSettings,
  type Network,
  routerAddresses,
  routerName,
  routersOf,
} from "./network.ts";
import { MAPPING_CHAINS } from "./ruleset.ts";

const DELAY_LINE = join(import.meta.dirname, "delay-line.ts");
/** Routing tables, one for each delayed link. */
const FIRST_TABLE = 100;

export interface Impairment {
  /** The fraction of packets that are lost, in each direction, 0 to 1. */
  readonly loss?: number;
  /** ms by which everything that the network sends to the internet comes later; what it receives does not. */
  readonly delay?: number;
}

export interface Router extends AsyncDisposable {
  /** All mappings are forgotten, those made on request too. */
  restart(): Promise<void>;
  /** A new outer address, and with IPv6 a new prefix. Mappings are forgotten, as Linux does when an address goes. */
  changeAddress(): Promise<void>;
  /** The link with the internet drops everything, silently. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Drops what matches an expression of nft(8), such as `meta l4proto udp`, in both directions. */
  block(match: string): Promise<void>;
  unblock(): Promise<void>;
  /** Makes the link with the internet slow or lossy; `{}` makes it as good as new. */
  impair(impairment: Impairment): Promise<void>;
  /** Mappings that the NAT nearest to the internet has, one a line, as conntrack(8) prints them. */
  mappings(): Promise<string>;
}

export interface RouterOptions {
  readonly namespaces: Namespaces;
  readonly network: Network;
  /** The hosts of the network: their namespaces, and their numbers in it. */
  readonly hosts: ReadonlyMap<string, number>;
  /** Starts what runs on the first router. */
  readonly startService: (() => Promise<Program>) | null;
  /** Called with the number of the change, before it is made. */
  readonly onChange: (change: number) => void;
}

export async function openRouter(options: RouterOptions): Promise<Router> {
  const { namespaces, network, hosts, startService, onChange } = options;
  const names = routersOf(network).map((_, index) => routerName(network, index));
  const outermost = routerName(network, names.length - 1);
  const link = { change: 0, isCut: false, loss: 0 };
  let service = (await startService?.()) ?? null;
  let delayLine: Program | null = null;

  async function onEach(routers: readonly string[], command: string): Promise<void> {
    const scripts = routers.map((name) => `ip netns exec ${name} ${command}`);
    await namespaces.configure(scripts.join("\n"));
  }

  function setLink(): Promise<void> {
    const isDead = link.isCut || link.loss >= 1;
    const lost = Math.round(link.loss * 1_000);
    const verdict = isDead ? "drop" : `numgen random mod 1000 < ${lost} drop`;
    const { name } = network;
    return namespaces.configure(
      settingsScript("internet", {
        nft: `
          table inet ${name} { }
          delete table inet ${name}
          table inet ${name} {
            chain forward {
              type filter hook forward priority filter
              iifname "${name}" ${verdict}
              oifname "${name}" ${verdict}
            }
          }`,
      }),
    );
  }

  /** Packets from the network are routed through a TUN interface of the internet; those that come out of it, as always. */
  async function setDelay(ms: number): Promise<void> {
    const table = FIRST_TABLE + network.number;
    const tun = `late${network.number}`;
    const families = network.families.map((family) => `-${family}`);
    if (delayLine !== null) {
      const rules = families.map((family) => `ip -n internet ${family} rule del table ${table}`);
      await namespaces.configure(rules.join("\n"));
      await delayLine[Symbol.asyncDispose]();
      delayLine = null;
    }
    if (ms === 0) return;
    const command = [process.execPath, DELAY_LINE, tun, `${ms}`];
    delayLine = start(namespaces.enter("internet", command));
    await delayLine.until("stdout", "ready");
    const ip = "ip -n internet";
    await namespaces.configure(
      [
        `${ip} link set ${tun} up`,
        ...families.flatMap((family) => [
          `${ip} ${family} route add default dev ${tun} table ${table}`,
          `${ip} ${family} rule add iif ${network.name} table ${table}`,
        ]),
      ].join("\n"),
    );
  }

  return {
    async restart() {
      await service?.[Symbol.asyncDispose]();
      await onEach(names, "sh -c 'conntrack -F 2> /dev/null'");
      if (service === null) return;
      for (const chain of MAPPING_CHAINS)
        await onEach(names.slice(0, 1), `nft flush chain inet ${chain}`);
      service = (await startService?.()) ?? null;
    },
    async changeAddress() {
      const before = link.change;
      link.change = (before + 1) % 10;
      const { change } = link;
      onChange(change);
      const routes = internetSettings(network, before).ip?.filter((line) =>
        line.startsWith("route"),
      );
      await namespaces.configure(
        [
          ...names.flatMap((name, index) =>
            readdress(
              name,
              ["lan", "wan"],
              routerAddresses(network, index, before),
              routerAddresses(network, index, change),
            ),
          ),
          ...Array.from(hosts).flatMap(([name, host]) =>
            readdress(
              name,
              ["eth0"],
              hostAddresses(network, before, host),
              hostAddresses(network, change, host),
            ),
          ),
          settingsScript("internet", {
            ip: (routes ?? []).map((line) => line.replace("replace", "del")),
          }),
          settingsScript("internet", internetSettings(network, change)),
        ].join("\n"),
      );
    },
    async cut() {
      link.isCut = true;
      await setLink();
    },
    async mend() {
      link.isCut = false;
      await setLink();
    },
    block: (match) => onEach([outermost], `nft add rule inet filter blocked ${match} drop`),
    unblock: () => onEach([outermost], "nft flush chain inet filter blocked"),
    async impair({ loss = 0, delay = 0 }) {
      link.loss = loss;
      await setLink();
      await setDelay(delay);
    },
    async mappings() {
      const command = namespaces.enter(outermost, ["conntrack", "-L"]);
      await using program = start(command, { input: "" });
      await program.exited;
      return program.stdout;
    },
    async [Symbol.asyncDispose]() {
      await service?.[Symbol.asyncDispose]();
      await delayLine?.[Symbol.asyncDispose]();
    },
  };
}

/** Gives the devices of a namespace other addresses. What keeps those it has, such as a host behind a NAT, notices nothing. */
function readdress(
  namespace: string,
  devices: readonly string[],
  before: readonly string[],
  after: readonly string[],
): string[] {
  if (before.join("\n") === after.join("\n")) return [];
  const flush = devices.map((device) => `addr flush dev ${device}`);
  return [settingsScript(namespace, { ip: [...flush, ...after] })];
}
