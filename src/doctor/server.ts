// The doctor's look at a server: its name, who answers at its addresses, the way there, and, where it lets
// us in, what it sees of us.

import { isIP } from "node:net";

import { type FoundTarget, sealedTarget } from "../client/sealed-target.ts";
import { CharlaError } from "../errors.ts";
import type { Environment } from "../identity/folders.ts";
import type { SocketAddress } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import { type Hellos, openServerProbe, type ServerProbe } from "../net/sealed-probe.ts";
import { type Check, ok, problemOf } from "./check.ts";
import { describeLoss, describeRoundTrip, describeShortSizes, describeSizes } from "./path.ts";
import { describeFound } from "./probe-report.ts";
import { checkSession } from "./session.ts";

/** One lost is 5 %. Answered, they take a second. */
const HELLOS = 20;
/** Addresses of one host that are looked at. */
const MAX_ADDRESSES = 4;

interface Probed {
  readonly address: SocketAddress;
  readonly probe: ServerProbe;
  readonly hellos: Hellos;
}

/**
 * @param written HOST, HOST:PORT or an invitation
 * @throws {CharlaError} INVALID_INVITATION, INVALID_ADDRESS, PORT_OUT_OF_RANGE, and what keeps us from looking
 */
export async function* checkServer(
  written: string,
  env: Environment,
): AsyncGenerator<Check, void, undefined> {
  const { target } = sealedTarget(written, env);
  const named = await addressesOf(target);
  if (named instanceof CharlaError) return yield problemOf("name", named);
  if (isIP(target.host) === 0) {
    const addresses = named.map(({ address }) => address);
    yield ok("name", `${target.host} is ${addresses.join(" and ")}`, addresses);
  }

  using probes = new DisposableStack();
  const probed = await Promise.all(
    named.slice(0, MAX_ADDRESSES).map(async (address): Promise<Probed> => {
      const probe = probes.use(await openServerProbe(address));
      return { address, probe, hellos: await probe.hellos(HELLOS) };
    }),
  );
  const answering = probed.filter(({ hellos }) => hellos.found.type === "server");
  for (const { address, hellos } of probed) {
    yield describeFound(address, hellos.found, answering.length > 0);
  }

  const [best, ...others] = answering;
  if (best === undefined) return yield* whySilent(probed);
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

async function addressesOf(
  host: FoundTarget["target"],
): Promise<readonly SocketAddress[] | CharlaError> {
  try {
    return await resolve(host);
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

/**
 * A way that carries short datagrams only looks like none. A program that is no server of ours gets three of them
 * to puzzle over.
 */
async function* whySilent(probed: readonly Probed[]): AsyncGenerator<Check, void, undefined> {
  for (const { address, probe, hellos } of probed) {
    if (hellos.found.type !== "nothing") continue;
    const check = describeShortSizes(await probe.shortSizes(), address);
    if (check !== null) yield check;
  }
}
