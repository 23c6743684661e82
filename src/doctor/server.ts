// Checks a server: its name, what answers at its addresses, the path to it, and, once it lets us in, its clock and the
// NAT between.

import { isIP } from "node:net";

import { sealedTarget } from "../client/sealed-target.ts";
import type { Environment } from "../identity/folders.ts";
import { formatAddress, formatHostAndPort, type SocketAddress } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import { type Found, type Hellos, openServerProbe, type ServerProbe } from "../net/sealed-probe.ts";
import { describeLoss, describeRoundTrip, describeShortSizes, describeSizes } from "./path.ts";
import { type Check, note, ok, problem, problemFrom } from "./report.ts";
import { checkSession } from "./session.ts";

/** With these, one lost is 5 %; answered, they take a second. */
const HELLOS = 20;
/** Addresses of one host that are checked. */
const MAX_ADDRESSES = 4;
const START_THERE =
  "start charla --server there, or check the port: an invitation has the right one";

interface Probed {
  readonly address: SocketAddress;
  readonly probe: ServerProbe;
  readonly hellos: Hellos;
}

/**
 * @param written HOST, HOST:PORT or an invitation
 * @throws {CharlaError} INVALID_INVITATION, INVALID_ADDRESS, PORT_OUT_OF_RANGE, and what no socket can be opened for
 */
export async function* checkServer(
  written: string,
  env: Environment,
): AsyncGenerator<Check, void, undefined> {
  const { target } = sealedTarget(written, env);
  const addresses: SocketAddress[] = [];
  for (const way of target.ways) {
    if (way.kind === "relay") {
      yield note(
        "relay",
        `the relay ${formatHostAndPort(way)} is not checked`,
        "use a later charla",
      );
      continue;
    }
    try {
      const found = (await resolve(way)).slice(0, MAX_ADDRESSES);
      addresses.push(...found);
      const ips = found.map(({ address }) => address);
      if (isIP(way.host) === 0) yield ok("name", `${way.host} is ${ips.join(" and ")}`, ips);
    } catch (error) {
      yield problemFrom("name", error);
    }
  }

  using probes = new DisposableStack();
  const probed = await Promise.all(
    addresses.map(async (address): Promise<Probed> => {
      const probe = probes.use(await openServerProbe(address));
      return { address, probe, hellos: await probe.hellos(HELLOS) };
    }),
  );
  const answering = probed.filter(({ hellos }) => hellos.found.type === "server");
  for (const { address, hellos } of probed) {
    yield describeFound(address, hellos.found, answering.length > 0);
  }

  const [best, ...others] = answering;
  if (best === undefined) return yield* checkShortDatagrams(probed);
  yield describeRoundTrip(best.hellos);
  yield describeLoss(best.hellos);
  yield describeSizes(await best.probe.sizes(best.hellos), best.address);
  yield* checkSession(
    target,
    env,
    best.address,
    others.map(({ address }) => address),
  );
}

/** @param isElsewhere a server answers at another address of the same host, so it can be reached */
export function describeFound(to: SocketAddress, found: Found, isElsewhere: boolean): Check {
  const where = formatAddress(to);
  const value = { address: where, found: found.type };
  const wrong = (message: string, hint: string, more = {}) =>
    (isElsewhere ? note : problem)("server", message, hint, { ...value, ...more });
  switch (found.type) {
    case "server":
      return ok("server", `a server answers at ${where}`, value);
    case "other-version":
      return wrong(
        `the server at ${where} speaks another version of charla's protocol`,
        "use the same version of charla at both ends: charla --version",
      );
    case "other-wire":
      return wrong(
        `the program at ${where} does not speak the sealed wire`,
        `if it is a conversation opened with --plain, join it with charla --plain ${where}`,
      );
    case "refused": {
      const { code, message, hint } = found.error;
      return wrong(message, code === "NOBODY_LISTENING" ? START_THERE : hint, { code });
    }
    case "nothing":
      return wrong(
        `nothing answers at ${where}`,
        `check the address, and that charla --server runs there; a firewall there or on the path may drop UDP: it has to let port ${to.port} in`,
      );
  }
}

/**
 * A path that carries only short datagrams looks as if no server were there. Another program that ignores charla gets
 * three meaningless datagrams.
 */
async function* checkShortDatagrams(
  probed: readonly Probed[],
): AsyncGenerator<Check, void, undefined> {
  for (const { address, probe, hellos } of probed) {
    if (hellos.found.type !== "nothing") continue;
    const check = describeShortSizes(await probe.shortSizes(), address);
    if (check !== null) yield check;
  }
}
