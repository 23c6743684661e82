// Checks this machine: what others need to reach it, and what charla needs to run. Leaves nothing changed.

import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

import { openUdpSocket } from "#udp-socket";

import { CharlaError } from "../errors.ts";
import { dataFolder, type Environment } from "../identity/folders.ts";
import { fingerprint } from "../identity/key-text.ts";
import { readLocalInvitation } from "../identity/local-invitation.ts";
import { findOwnIdentity } from "../identity/private-files.ts";
import { DEFAULT_PORT, formatHostAndPort, type HostAndPort } from "../net/address.ts";
import { type AddressScope, addressScope, ownAddresses } from "../net/own-addresses.ts";
import { resolve } from "../net/resolve.ts";
import { openServerProbe } from "../net/sealed-probe.ts";
import { LARGE_RECEIVE_BUFFER } from "../net/socket-options.ts";
import { checkFolders } from "./folders.ts";
import { checkKnownRelays } from "./known-relays.ts";
import { checkPort } from "./port.ts";
import { type Check, note, ok, problem, problemFrom } from "./report.ts";
import { checkRouter } from "./router.ts";

/** @param relays at which this person's servers register */
export async function* checkThisMachine(
  env: Environment,
  relays: readonly HostAndPort[],
): AsyncGenerator<Check, void, undefined> {
  const server = await findOwnServer(env);
  yield* await checkPort(server.type === "answers" ? server.port : null);
  yield await checkFamily("IPv4", "127.0.0.1");
  yield await checkFamily("IPv6", "::1");
  yield* checkAddresses(networkInterfaces());
  yield await checkRouter();
  yield* checkKnownRelays(relays, env);
  yield await checkReceiveBuffer();
  yield* checkFolders(env);
  yield checkIdentity(env);
  yield describeOwnServer(server);
}

/** How long a datagram may take from this machine to itself, ms. */
const LOOPBACK_TIME = 500;

/** Sends a datagram from this machine to itself: does it have the address family, and does no firewall drop it? */
export async function checkFamily(family: "IPv4" | "IPv6", loopback: string): Promise<Check> {
  const name = family.toLowerCase();
  const received = Promise.withResolvers<boolean>();
  try {
    using socket = await openUdpSocket({
      bind: loopback,
      port: 0,
      onDatagram: () => received.resolve(true),
      onError: () => received.resolve(false),
    });
    const timer = setTimeout(() => received.resolve(false), LOOPBACK_TIME);
    await socket.send(new Uint8Array(1), socket.address);
    const isReceived = await received.promise;
    clearTimeout(timer);
    if (isReceived) return ok(name, `${family} works on this machine`);
    return problem(
      name,
      `${family} datagrams from this machine to itself do not arrive`,
      "check its firewall: it should let everything pass on the loopback interface",
    );
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    return note(
      name,
      `this machine has no ${family}`,
      `you cannot talk to people who have only ${family}; others are not affected`,
      { code: error.code },
    );
  }
}

/** Which addresses reach this machine, and from where. */
export function checkAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): Check[] {
  const groups = Map.groupBy(ownAddresses(interfaces), addressScope);
  if (groups.size === 0) {
    return [
      note(
        "addresses",
        "no address reaches this machine from outside",
        "connect it to a network; programs on this machine can still talk to each other",
        [],
      ),
    ];
  }
  return Array.from(groups, ([scope, addresses]) => describeAddresses(scope, addresses));
}

function describeAddresses(scope: AddressScope, addresses: readonly string[]): Check {
  const reach = `${addresses.join(", ")} ${addresses.length === 1 ? "reaches" : "reach"} this machine`;
  if (scope === "everywhere") {
    const message = `${reach} from everywhere, unless a firewall blocks it`;
    return ok("addresses", message, addresses);
  }
  if (scope === "provider") {
    return note(
      "addresses",
      `${reach} from your provider's network only`,
      "people elsewhere cannot join you: let them open the conversation, and join it",
      addresses,
    );
  }
  return note(
    "addresses",
    `${reach} from the same network only`,
    `for others, forward UDP port ${DEFAULT_PORT} of the router to this machine, or join them instead`,
    addresses,
  );
}

/** How to raise each system's limit: by its administrator, and on Linux so that it survives a restart. */
const HOW_TO_RAISE: Readonly<Record<string, string>> = {
  linux: `sudo sysctl -w net.core.rmem_max=${LARGE_RECEIVE_BUFFER}, and the same line in /etc/sysctl.d/charla.conf to keep it`,
  darwin: `sudo sysctl -w kern.ipc.maxsockbuf=${2 * LARGE_RECEIVE_BUFFER}`,
};

async function checkReceiveBuffer(): Promise<Check> {
  using socket = await openUdpSocket({
    port: 0,
    receiveBuffer: LARGE_RECEIVE_BUFFER,
    onDatagram() {},
    onError() {},
  });
  return describeReceiveBuffer(socket.receiveBuffer, process.platform);
}

/** @param reported bytes as the system counts them; null if unknown */
export function describeReceiveBuffer(reported: number | null, platform: string): Check {
  const name = "receive-buffer";
  const wanted = LARGE_RECEIVE_BUFFER;
  if (reported === null) {
    return note(
      name,
      "this system does not tell the size of a socket's receive buffer",
      "nothing has to be done: bursts may be slower",
    );
  }
  // socket(7): Linux doubles the number for its own bookkeeping.
  const granted = platform === "linux" ? reported / 2 : reported;
  const value = { granted, wanted };
  if (granted >= wanted) return ok(name, `a socket's receive buffer is ${inKib(granted)}`, value);
  return note(
    name,
    `a socket's receive buffer is ${inKib(granted)}; a busy server needs ${inKib(wanted)} for bursts`,
    HOW_TO_RAISE[platform] ?? "raise the system's limit for receive buffers",
    value,
  );
}

function inKib(bytes: number): string {
  return `${Math.floor(bytes / 1_024)} KiB`;
}

function checkIdentity(env: Environment): Check {
  const name = "identity";
  try {
    const identity = findOwnIdentity(env);
    if (identity === null) return ok(name, "your identity key is made on first use");
    const own = fingerprint(identity.publicKey);
    return ok(name, `your identity key has the fingerprint ${own}`, { fingerprint: own });
  } catch (error) {
    return problemFrom(name, error);
  }
}

type OwnServer =
  | { readonly type: "none" }
  | { readonly type: "unknown"; readonly error: CharlaError }
  | { readonly type: "answers" | "silent"; readonly host: string; readonly port: number };

/** On one machine no datagram is lost by chance. */
const OWN_SERVER_HELLOS = 3;

/** Finds this person's server on this machine, by its local invitation. */
async function findOwnServer(env: Environment): Promise<OwnServer> {
  try {
    const invitation = readLocalInvitation(dataFolder(env));
    if (invitation === null) return { type: "none" };
    // It has one way: the address at which the server listens.
    const [way] = invitation.ways;
    if (way === undefined) return { type: "none" };
    const { host, port } = way;
    const addresses = await resolve(way);
    const answers = await Promise.all(
      addresses.map(async (address) => {
        using probe = await openServerProbe(address);
        return (await probe.hellos(OWN_SERVER_HELLOS)).found.type === "server";
      }),
    );
    return { type: answers.includes(true) ? "answers" : "silent", host, port };
  } catch (error) {
    if (error instanceof CharlaError) return { type: "unknown", error };
    throw error;
  }
}

function describeOwnServer(server: OwnServer): Check {
  const name = "own-server";
  if (server.type === "none") return ok(name, "no server of yours is open on this machine");
  if (server.type === "unknown") return problemFrom(name, server.error);
  const { host, port } = server;
  const where = formatHostAndPort({ host, port });
  if (server.type === "answers") return ok(name, `your server at ${where} answers`, { host, port });
  return note(
    name,
    `your server at ${where} does not answer; it may have been killed`,
    "start it again with charla --server, which also replaces its invitation for this machine",
    { host, port },
  );
}
