// Checks a server: every way to it one by one, its names, what answers at its addresses and past its relays; the path to it, and,
// once it lets us in, its clock and the NAT between.

import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

import { sealedTarget } from "../client/find-target.ts";
import type { Environment } from "../identity/folders.ts";
import {
  formatAddress,
  formatRelay,
  type HostAndPort,
  type SocketAddress,
} from "../net/address.ts";
import { addressScope, isOnOwnNetwork } from "../net/own-addresses.ts";
import { probeRelayByWebSocket, probeRelays } from "../net/relay-probe.ts";
import { resolve } from "../net/resolve.ts";
import { type Hellos, openServerProbe, type ServerProbe } from "../net/sealed-probe.ts";
import { relayWebSocketUrls } from "../net/websocket-urls.ts";
import {
  describeLoss,
  describeRoundTrip,
  describeShortSizes,
  describeSizes,
  formatMs,
} from "./path.ts";
import { describeNatMapping, describeRelay, describeWebSocket } from "./relays.ts";
import { type Check, note, ok, problem, problemFrom } from "./report.ts";
import { checkSession, interfaceAddresses } from "./session.ts";

/** With these, one lost is 5 %; answered, they take a second. */
const HELLOS = 20;
/** Addresses of one host that are checked. */
const MAX_ADDRESSES = 4;
const START_THERE =
  "start charla --server there, or check the port: an invitation has the right one";

interface FoundRelay {
  /** As the invitation names it: it may have several addresses. */
  readonly way: HostAndPort;
  readonly relay: SocketAddress;
}

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
  const relays: FoundRelay[] = [];
  const unknownRelays: HostAndPort[] = [];
  for (const way of target.ways) {
    try {
      const found = (await resolve(way)).slice(0, MAX_ADDRESSES);
      if (way.kind === "direct") addresses.push(...found);
      else relays.push(...found.map((relay) => ({ way, relay })));
      const ips = found.map(({ address }) => address);
      if (isIP(way.host) === 0) yield ok("name", `${way.host} is ${ips.join(" and ")}`, ips);
    } catch (error) {
      yield problemFrom("name", error);
      if (way.kind === "relay") unknownRelays.push(way);
    }
  }

  using probes = new DisposableStack();
  const [probed, past] = await Promise.all([
    Promise.all(
      addresses.map(async (address): Promise<Probed> => {
        const probe = probes.use(await openServerProbe(address));
        return { address, probe, hellos: await probe.hellos(HELLOS) };
      }),
    ),
    probeRelays(
      relays.map(({ relay }) => relay),
      target.trust.expected,
    ),
  ]);
  const answering = probed.filter(({ hellos }) => hellos.found.type === "server");
  const heard = new Set(
    relays.filter((_, index) => past.relays[index]?.status !== null).map(({ way }) => way),
  );
  const silent = new Set(relays.map(({ way }) => way).filter((way) => !heard.has(way)));
  const byWebSocket = await Promise.all(
    [...silent, ...unknownRelays].map(async (way) => ({
      name: formatRelay(way),
      answer: await probeRelayByWebSocket(relayWebSocketUrls(way), target.trust.expected, env),
    })),
  );
  const interfaces = networkInterfaces();
  const throughRelay = [...past.relays, ...byWebSocket.map(({ answer }) => answer)];
  const isReached =
    answering.length > 0 || throughRelay.some(({ roundTrip }) => roundTrip !== null);
  for (const { address, hellos } of probed) {
    yield describeFound(address, hellos, isReached, isOnOwnNetwork(address.address, interfaces));
  }
  for (const [index, found] of past.relays.entries()) {
    const way = relays[index]?.way;
    yield describeRelay(way === undefined ? "" : formatRelay(way), found, isReached);
  }
  for (const { name, answer } of byWebSocket) yield describeWebSocket(name, answer, isReached);
  const mapping = describeNatMapping(past, interfaceAddresses());
  if (mapping !== null) yield mapping;

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

/**
 * @param isElsewhere the server is reached by another way
 * @param isNear the address is of a network that this machine is in
 */
export function describeFound(
  to: SocketAddress,
  { found, roundTrips }: Pick<Hellos, "found" | "roundTrips">,
  isElsewhere: boolean,
  isNear = true,
): Check {
  const where = formatAddress(to);
  const value = { address: where, found: found.type };
  const wrong = (message: string, hint: string, more = {}) =>
    (isElsewhere ? note : problem)("server", message, hint, { ...value, ...more });
  switch (found.type) {
    case "server": {
      const roundTrip = Math.min(...roundTrips);
      return ok("server", `a server answers at ${where} in ${formatMs(roundTrip)}`, {
        ...value,
        roundTrip,
      });
    }
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
      if (!isNear && addressScope(to.address) === "site") {
        return wrong(
          `nothing answers at ${where}, a private address of another network`,
          "only programs in that network reach it: join by another way, such as a relay",
        );
      }
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
