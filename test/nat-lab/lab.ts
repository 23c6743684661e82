// Networks on this machine, made of namespaces: hosts behind NATs and firewalls, and the internet between them. They exist
// until the end of the scope, also when the process that opened them is killed (namespaces.ts).
//
//   await using lab = await openLab({ ana: "home", ben: "symmetric", relay: "open" });
//   const { ana, ben } = lab.sides;
//   const server = ana.start(["ncat", "-lu", "7000"]);
//   await ben.router.changeAddress();
//
// All hosts know each open one as NAME.example, instead of what /etc/hosts of this machine says.

import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import {
  type Program,
  run,
  start,
  type StartOptions,
  type Transcript,
} from "../harness/program.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { batch, holdNamespaces, type Namespaces, settingsScript } from "./namespaces.ts";
import {
  type Addresses,
  alternateIpv4,
  hostSettings,
  innerAddresses,
  INTERNET,
  MAX_NETWORKS,
  type Network,
  outerAddresses,
  PROXY_PORT,
  routerIpv4,
} from "./network.ts";
import { type OpenNetwork, openNetwork } from "./open-network.ts";
import type { Router } from "./router.ts";

export interface SideOptions {
  readonly kind: Kind;
  /** Has IPv6 as well, with public addresses behind a firewall; `ipv6-only` and `open` have it anyway. */
  readonly ipv6?: boolean;
  /** s for which a silent UDP mapping of its NATs lives, instead of that of the kind. */
  readonly udpTimeout?: number;
  /** 192.168.LAN.0/24, or what its kind has instead: two sides with the same have the same inner address, as many homes do. */
  readonly lan?: number;
  /** A second public address; only for an open host. */
  readonly alternate?: boolean;
}

/** A host in the same network as another one of the lab, on the same link. */
export interface Beside {
  /** The name of the other. */
  readonly beside: string;
}

/** A host, and the network between it and the internet. */
export interface Side {
  readonly name: string;
  readonly kind: Kind;
  /** The host's own addresses. */
  readonly inner: Addresses;
  /** Those that the internet sees. */
  readonly outer: Addresses;
  /** The second IPv4 address of an open host; null without the option. */
  readonly alternate: string | null;
  /** The network's routers: what happens to its link with the internet happens to the outermost. */
  readonly router: Router;
  /** http://HOST:PORT, for kind `proxy`. */
  readonly proxy: string | null;
  /** The command that runs another on the host. */
  enter(command: readonly string[]): string[];
  /** Runs a program on the host to its end. */
  run(command: readonly string[], options?: StartOptions): Promise<Transcript>;
  /** Starts a program on the host. One that starts others must end them, or the end of its scope waits for them. */
  start(command: readonly string[], options?: StartOptions): Program;
  /** Takes the host's interface down: it has no network, and the kernel says so. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  /** The host leaves its network for another one, as a telephone or a laptop does; its programs run on. */
  moveTo(where: Kind | SideOptions | Beside): Promise<void>;
}

export interface Lab<Name extends string> extends AsyncDisposable {
  readonly sides: Readonly<Record<Name, Side>>;
}

/** They become names of interfaces, of at most 15 characters. */
const NAME = /^[a-z]{1,9}$/;
const TOO_MANY = `a lab has at most ${MAX_NETWORKS} networks`;

/** @throws Error when a name does not fit, or this machine has no such networks (machine.ts) */
export async function openLab<Name extends string>(
  wanted: Readonly<Record<Name, Kind | SideOptions | Beside>>,
): Promise<Lab<Name>> {
  const entries = Object.entries<Kind | SideOptions | Beside>(wanted);
  const names = entries.map(([name]) => name);
  const unfit = names.find((name) => !NAME.test(name) || name === "internet");
  if (unfit !== undefined) throw new Error(`a side of the lab can't be called "${unfit}"`);
  if (names.length > MAX_NETWORKS) throw new Error(TOO_MANY);
  const stack = new AsyncDisposableStack();
  try {
    const folder = stack.use(newFolder());
    folder.write("hosts", hostNames([]));
    const namespaces = stack.use(await holdNamespaces(join(folder.path, "hosts")));
    await namespaces.configure(
      [
        batch(["netns add internet", ...names.map((name) => `netns add ${name}`)]),
        settingsScript("internet", INTERNET),
      ].join("\n"),
    );
    const sides = new Map<string, Side>();
    const places = new Map<string, Place>();
    let count = 0;
    const settle: Settle = async (name, options) => {
      const open =
        "beside" in options
          ? places.get(options.beside)?.open
          : stack.use(await openNetwork(networkOf(name, ++count, options), namespaces));
      if (open === undefined) throw new Error(`${name} is beside a side that the lab doesn't have`);
      const place = { open, host: await open.link(name) };
      places.set(name, place);
      return place;
    };
    // Those beside others come after them.
    const [first, later] = [false, true].map((isBeside) =>
      entries.filter(([, options]) => "beside" in optionsOf(options) === isBeside),
    );
    for (const group of [first, later]) {
      await Promise.all(
        (group ?? []).map(async ([name, options]) => {
          sides.set(name, await openSide(name, options, namespaces, settle));
        }),
      );
    }
    folder.write("hosts", hostNames([...sides.values()]));
    return {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the names that were wanted
      sides: Object.fromEntries(sides) as Record<Name, Side>,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** hosts(5) */
function hostNames(sides: readonly Side[]): string {
  const open = sides.filter(({ kind }) => kind === "open");
  const lines = open.flatMap(({ name, outer: { ipv4, ipv6 } }) =>
    [ipv4, ipv6].map((address) => `${address} ${name}.example`),
  );
  return ["127.0.0.1 localhost", "::1 localhost", ...lines, ""].join("\n");
}

/** Where a host is. */
interface Place {
  readonly open: OpenNetwork;
  /** Its number in the network. */
  readonly host: number;
}

type Settle = (name: string, options: SideOptions | Beside) => Promise<Place>;

function networkOf(name: string, number: number, options: SideOptions): Network {
  const { kind, ipv6 = false, udpTimeout, lan = number, alternate = false } = options;
  if (number > MAX_NETWORKS) throw new Error(TOO_MANY);
  const families = ipv6 ? ([4, 6] as const) : KINDS[kind].families;
  return { kind, name: `${name}${number}`, number, lan, families, udpTimeout, alternate };
}

async function openSide(
  name: string,
  wanted: Kind | SideOptions | Beside,
  namespaces: Namespaces,
  settle: Settle,
): Promise<Side> {
  let { open, host } = await settle(name, optionsOf(wanted));
  const enter = (command: readonly string[]) => namespaces.enter(name, command);
  return {
    name,
    get kind() {
      return open.network.kind;
    },
    get inner() {
      return innerAddresses(open.network, open.change, host);
    },
    get outer() {
      return outerAddresses(open.network, open.change, host);
    },
    get alternate() {
      return open.network.alternate ? alternateIpv4(open.network) : null;
    },
    get router() {
      return open.router;
    },
    get proxy() {
      const { service } = KINDS[open.network.kind].routers[0];
      return service === "proxy" ? `http://${routerIpv4(open.network)}:${PROXY_PORT}` : null;
    },
    enter,
    run: (command, options) => run(enter(command), options),
    start: (command, options) => start(enter(command), options),
    unplug: () => namespaces.configure(settingsScript(name, { ip: ["link set eth0 down"] })),
    plug: () =>
      namespaces.configure(settingsScript(name, hostSettings(open.network, open.change, host))),
    async moveTo(where) {
      await open.unlink(name);
      ({ open, host } = await settle(name, optionsOf(where)));
    },
  };
}

function optionsOf(wanted: Kind | SideOptions | Beside): SideOptions | Beside {
  return typeof wanted === "string" ? { kind: wanted } : wanted;
}
