// Networks on this machine, made of namespaces: hosts behind NATs and firewalls, and the internet between them. They exist
// until the end of the scope, also when the process that opened them is killed (namespaces.ts).
//
//   await using lab = await openLab({ ana: "home", ben: "symmetric", relay: "open" });
//   const { ana, ben } = lab.sides;
//   const server = ana.start(["ncat", "-lu", "7000"]);
//   await ben.router.changeAddress();

import { newFolder } from "../harness/folder.ts";
import {
  type Program,
  run,
  start,
  type StartOptions,
  type Transcript,
} from "../harness/program.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { holdNamespaces, type Namespaces, settingsScript } from "./namespaces.ts";
import {
  type Addresses,
  alternateIpv4,
  hostLink,
  hostSettings,
  innerAddresses,
  INTERNET,
  internetSettings,
  MAX_NETWORKS,
  type Network,
  outerAddresses,
  PROXY_PORT,
  routerIpv4,
  routerName,
  routerNamespaces,
  routerSettings,
  routersOf,
} from "./network.ts";
import { openRouter, type Router } from "./router.ts";
import { startPortMapping, startProxy } from "./services.ts";

export interface SideOptions {
  readonly kind: Kind;
  /** Has IPv6 as well, with public addresses behind a firewall; `ipv6-only` and `open` have it anyway. */
  readonly ipv6?: boolean;
  /** s for which a silent UDP mapping of its NATs lives, instead of that of the kind. */
  readonly udpTimeout?: number;
  /** A second public address; only for an open host. */
  readonly alternate?: boolean;
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
  /** Starts a program on the host. */
  start(command: readonly string[], options?: StartOptions): Program;
  /** Takes the host's interface down: it has no network, and is told so by the kernel. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  /** The host leaves its network for a new one, as a telephone or a laptop does; its programs run on. */
  moveTo(kind: Kind | SideOptions): Promise<void>;
}

export interface Lab<Name extends string> extends AsyncDisposable {
  readonly sides: Readonly<Record<Name, Side>>;
}

/** They become names of interfaces, of at most 15 characters. */
const NAME = /^[a-z]{1,9}$/;
const TOO_MANY = `a lab has at most ${MAX_NETWORKS} networks`;

/** @throws Error when a name does not fit, or this machine has no such networks (machine.ts) */
export async function openLab<Name extends string>(
  wanted: Readonly<Record<Name, Kind | SideOptions>>,
): Promise<Lab<Name>> {
  const entries = Object.entries<Kind | SideOptions>(wanted);
  const names = entries.map(([name]) => name);
  const unfit = names.find((name) => !NAME.test(name) || name === "internet");
  if (unfit !== undefined) throw new Error(`a side of the lab can't be called "${unfit}"`);
  if (names.length > MAX_NETWORKS) throw new Error(TOO_MANY);
  const stack = new AsyncDisposableStack();
  try {
    const namespaces = stack.use(await holdNamespaces());
    await namespaces.configure(
      [
        batch(["netns add internet", ...names.map((name) => `netns add ${name}`)]),
        settingsScript("internet", INTERNET),
      ].join("\n"),
    );
    const attach = attacher(namespaces, stack);
    const sides = new Map<string, Side>();
    await Promise.all(
      entries.map(async ([name, options]) => {
        sides.set(name, await openSide(name, options, namespaces, attach));
      }),
    );
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

/** A network with a host in it. */
interface Attached {
  readonly network: Network;
  readonly router: Router;
  /** How many times its outer address has changed. */
  readonly change: number;
}

type Attach = (host: string, options: SideOptions) => Promise<Attached>;

/** Makes networks of one lab, each with a number of its own. */
function attacher(namespaces: Namespaces, stack: AsyncDisposableStack): Attach {
  let count = 0;
  return async (host, { kind, ipv6 = false, udpTimeout, alternate = false }) => {
    const number = ++count;
    if (number > MAX_NETWORKS) throw new Error(TOO_MANY);
    const { families } = KINDS[kind];
    const network: Network = {
      kind,
      name: `${host}${number}`,
      number,
      families: ipv6 && !families.includes(6) ? [...families, 6] : families,
      udpTimeout,
      alternate,
    };
    await namespaces.configure(
      [
        batch([...routerNamespaces(network), ...hostLink(network, host)]),
        ...routersOf(network).map((_, index) =>
          settingsScript(routerName(network, index), routerSettings(network, index, 0)),
        ),
        settingsScript(host, hostSettings(network, 0)),
        settingsScript("internet", internetSettings(network, 0)),
      ].join("\n"),
    );
    const attached = { network, change: 0 };
    const router = await openRouter({
      namespaces,
      network,
      host,
      startService: serviceOf(network, namespaces, stack),
      onChange(change) {
        attached.change = change;
      },
    });
    stack.use(router);
    return Object.assign(attached, { router });
  };
}

/** What runs on the network's first router. */
function serviceOf(
  network: Network,
  namespaces: Namespaces,
  stack: AsyncDisposableStack,
): (() => Promise<Program>) | null {
  const { service } = KINDS[network.kind].routers[0];
  if (service === undefined) return null;
  const options = {
    enter: (command: readonly string[]) => namespaces.enter(routerName(network, 0), command),
    address: routerIpv4(network),
    folder: stack.use(newFolder()).path,
  };
  return () => (service === "proxy" ? startProxy(PROXY_PORT, options) : startPortMapping(options));
}

async function openSide(
  name: string,
  wanted: Kind | SideOptions,
  namespaces: Namespaces,
  attach: Attach,
): Promise<Side> {
  let at = await attach(name, optionsOf(wanted));
  const enter = (command: readonly string[]) => namespaces.enter(name, command);
  return {
    name,
    get kind() {
      return at.network.kind;
    },
    get inner() {
      return innerAddresses(at.network, at.change);
    },
    get outer() {
      return outerAddresses(at.network, at.change);
    },
    get alternate() {
      return at.network.alternate ? alternateIpv4(at.network) : null;
    },
    get router() {
      return at.router;
    },
    get proxy() {
      const { service } = KINDS[at.network.kind].routers[0];
      return service === "proxy" ? `http://${routerIpv4(at.network)}:${PROXY_PORT}` : null;
    },
    enter,
    run: (command, options) => run(enter(command), options),
    start: (command, options) => start(enter(command), options),
    unplug: () => namespaces.configure(settingsScript(name, { ip: ["link set eth0 down"] })),
    plug: () => namespaces.configure(settingsScript(name, hostSettings(at.network, at.change))),
    async moveTo(kind) {
      await namespaces.configure(settingsScript(name, { ip: ["link del eth0"] }));
      at = await attach(name, optionsOf(kind));
    },
  };
}

function optionsOf(wanted: Kind | SideOptions): SideOptions {
  return typeof wanted === "string" ? { kind: wanted } : wanted;
}

function batch(lines: readonly string[]): string {
  return `ip -batch - << 'IP'\n${lines.join("\n")}\nIP`;
}
