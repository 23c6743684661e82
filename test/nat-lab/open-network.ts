// A network of the lab that exists: its routers run, and hosts can be linked to it.

import { newFolder } from "../harness/folder.ts";
import type { Program } from "../harness/program.ts";
import { KINDS } from "./kinds.ts";
import { batch, type Namespaces, settingsScript } from "./namespaces.ts";
import {
  hostLink,
  hostPort,
  hostSettings,
  internetSettings,
  type Network,
  PROXY_PORT,
  routerIpv4,
  routerName,
  routerNamespaces,
  routerSettings,
  routersOf,
} from "./network.ts";
import { openRouter, type Router } from "./router.ts";
import { startPortMapping, startProxy } from "./services.ts";

/** So many hosts fit beside each other. */
const MAX_HOSTS = 8;

export interface OpenNetwork extends AsyncDisposable {
  readonly network: Network;
  readonly router: Router;
  /** How many times its outer address has changed. */
  readonly change: number;
  /** Links a host to it, and returns the host's number in it. */
  link(name: string): Promise<number>;
  unlink(name: string): Promise<void>;
}

export async function openNetwork(network: Network, namespaces: Namespaces): Promise<OpenNetwork> {
  await namespaces.configure(
    [
      batch(routerNamespaces(network)),
      ...routersOf(network).map((_, index) =>
        settingsScript(routerName(network, index), routerSettings(network, index, 0)),
      ),
      settingsScript("internet", internetSettings(network, 0)),
    ].join("\n"),
  );
  const hosts = new Map<string, number>();
  let linked = 0;
  let change = 0;
  using folder = new DisposableStack();
  const router = await openRouter({
    namespaces,
    network,
    hosts,
    startService: serviceOf(network, namespaces, folder.use(newFolder()).path),
    onChange(next) {
      change = next;
    },
  });
  const files = folder.move();
  return {
    network,
    router,
    get change() {
      return change;
    },
    async link(name) {
      const host = linked++;
      if (host >= MAX_HOSTS) throw new Error(`a network has at most ${MAX_HOSTS} hosts`);
      if (host > 0 && network.kind === "open") throw new Error("an open host is alone");
      hosts.set(name, host);
      await namespaces.configure(
        [
          batch([hostLink(network, name, host)]),
          settingsScript(routerName(network, 0), hostPort(host)),
          settingsScript(name, hostSettings(network, change, host)),
        ].join("\n"),
      );
      return host;
    },
    async unlink(name) {
      hosts.delete(name);
      await namespaces.configure(settingsScript(name, { ip: ["link del eth0"] }));
    },
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      files.dispose();
    },
  };
}

/** What runs on the network's first router. */
function serviceOf(
  network: Network,
  namespaces: Namespaces,
  folder: string,
): (() => Promise<Program>) | null {
  const { service } = KINDS[network.kind].routers[0];
  if (service === undefined) return null;
  const options = {
    enter: (command: readonly string[]) => namespaces.enter(routerName(network, 0), command),
    address: routerIpv4(network),
    folder,
  };
  return () => (service === "proxy" ? startProxy(PROXY_PORT, options) : startPortMapping(options));
}
