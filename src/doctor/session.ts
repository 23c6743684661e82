// What a server says once it lets us in, before we enter a room: its clock, and the address at which it sees us. Counts
// as a use of an invitation with a number of uses, as joining does.

import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

import { connectToFirst } from "../client/connect.ts";
import type { Connection } from "../client/join-attempt.ts";
import type { SealedTarget } from "../client/sealed-target.ts";
import { createServerViewer, type ServerView } from "../client/server-view.ts";
import { CharlaError } from "../errors.ts";
import type { Environment } from "../identity/folders.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { ownOrTemporaryIdentity } from "../identity/private-files.ts";
import { canonicalAddress, DEFAULT_PORT, isLoopback, type SocketAddress } from "../net/address.ts";
import { type Check, note, ok, problemFrom } from "./report.ts";

/** The clock is compared by the fastest of so many exchanges. */
const EXCHANGES = 5;

/** @param others addresses at which the same server answers */
export async function* checkSession(
  { secret, trust }: SealedTarget,
  env: Environment,
  address: SocketAddress,
  others: readonly SocketAddress[],
): AsyncGenerator<Check, void, undefined> {
  let connection: Connection;
  try {
    const staticKeys = ownOrTemporaryIdentity(env).keyPair;
    connection = await connectToFirst([address], { secret, trust, staticKeys });
  } catch (error) {
    return yield describeRefusal(secret, error);
  }
  const { link } = connection;
  await using socket = connection.socket;
  yield ok("session", "the server lets you in");
  const view = createServerViewer(link);
  const views: ServerView[] = [];
  while (views.length < EXCHANGES) {
    const seen = await view();
    if (seen === null) break;
    views.push(seen);
  }
  const seen = views.at(-1)?.address ?? null;
  if (seen === null) {
    return yield note(
      "nat",
      "the server does not say at which address it sees this machine",
      "it may be of an earlier version; the present one also tells its clock and the NAT between",
    );
  }
  yield describeClock(views);
  const other = others.find(({ address }) => isIPv4(address) === isIPv4(link.peer.address));
  let elsewhere: string | null = null;
  if (other !== undefined) {
    const psk = secretToPsk(secret);
    const second = socket.join({ to: other, psk, expected: link.peerKey });
    if (await second.joined) elsewhere = (await createServerViewer(second)())?.address ?? null;
  }
  yield describeNat({
    address: seen,
    localPort: socket.local.port,
    elsewhere,
    own: interfaceAddresses(),
  });
}

function describeRefusal(secret: Uint8Array | null, error: unknown): Check {
  const needsInvitation =
    error instanceof CharlaError && error.code === "WRONG_SECRET" && secret === null;
  if (!needsInvitation) return problemFrom("session", error);
  return note(
    "session",
    "the server lets in only people with its invitation, and tells others nothing",
    "charla doctor INVITATION also checks its clock and the NAT between",
  );
}

/** All of this machine, in canonical form. */
export function interfaceAddresses(): ReadonlySet<string> {
  const interfaces = Object.values(networkInterfaces()).flatMap((infos = []) => infos);
  return new Set(interfaces.map(({ address }) => canonicalAddress(address.replace(/%.*$/, ""))));
}

/** Ms from which the times beside messages look wrong to people. */
const NOTICEABLE = 2_000;
/** Both clocks are read in whole ms. */
const RESOLUTION = 1;

/** How far the server's clock is from this one, by the fastest exchange (RFC 5905 s. 8). */
export function describeClock(views: readonly ServerView[]): Check {
  const name = "clock";
  const [best] = views
    .map(({ serverTime, askedAt, answeredAt }) => ({
      ahead: serverTime - (askedAt + answeredAt) / 2,
      uncertain: Math.abs(answeredAt - askedAt) / 2 + RESOLUTION,
    }))
    .toSorted((one, other) => one.uncertain - other.uncertain);
  if (best === undefined) throw new Error("no exchange to compare clocks by");
  const { ahead, uncertain } = best;
  const value = { ahead, uncertain };
  const margin = `give or take ${formatDuration(uncertain)}`;
  if (Math.abs(ahead) <= uncertain) {
    return ok(name, `the server's clock and this one are the same, ${margin}`, value);
  }
  const message = `the server's clock is ${formatDuration(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} this one, ${margin}`;
  if (Math.abs(ahead) - uncertain < NOTICEABLE) return ok(name, message, value);
  return note(
    name,
    message,
    "messages carry the server's time: set both clocks by the network (NTP; on Linux: timedatectl set-ntp true)",
    value,
  );
}

function formatDuration(duration: number): string {
  if (duration < 1_000) return `${Math.round(duration)} ms`;
  const seconds = duration / 1_000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const minutes = seconds / 60;
  return minutes < 120 ? `${Math.round(minutes)} minutes` : `${Math.round(minutes / 60)} hours`;
}

interface SeenAddress {
  /** HOST:PORT at which the server sees the socket. */
  readonly address: string;
  /** The socket's own port. */
  readonly localPort: number;
  /** HOST:PORT at which another address of the server sees it; null where there is none. */
  readonly elsewhere: string | null;
  /** All addresses of this machine, in canonical form. */
  readonly own: ReadonlySet<string>;
}

/** Which NAT is between this machine and the server, as far as its address there shows (RFC 4787). */
export function describeNat({ address, localPort, elsewhere, own }: SeenAddress): Check {
  const name = "nat";
  const seen = splitAddress(address);
  const isOwn = own.has(seen.host) || isLoopback({ address: seen.host, port: 0 });
  const keepsPort = seen.port === localPort;
  if (isOwn && keepsPort) {
    const message = `no NAT on the path: the server sees this machine's own address, ${address}`;
    return ok(name, message, { address, translated: false });
  }
  const compared = address === elsewhere ? "endpoint-independent" : "address-dependent";
  const mapping = elsewhere === null ? null : compared;
  const value = { address, localPort, translated: true, keepsPort, mapping };
  const port = keepsPort ? "port kept" : `port ${localPort} changed`;
  if (isOwn) {
    return note(
      name,
      `a program on this machine is between: the server sees ${address} (${port})`,
      "nothing has to be done if that is your proxy, container network or VPN",
      value,
    );
  }
  return note(
    name,
    `behind a NAT: the server sees this machine at ${address} (${port}); ${MAPPINGS[mapping ?? "unknown"]}`,
    `you can join others; for others to join you, forward UDP port ${DEFAULT_PORT} of the router to this machine, or let them open the conversation`,
    value,
  );
}

/** RFC 4787 s. 4.1. An address-dependent mapping may depend on the port, too; that is not checked. */
const MAPPINGS = {
  "endpoint-independent":
    "another address of the server sees the same (endpoint-independent mapping)",
  "address-dependent":
    "another address of the server sees a different one (address-dependent mapping)",
  unknown: "a server with one address cannot tell whether others see the same",
};

/** The server may have sent anything: what is not an address matches none of ours. */
function splitAddress(text: string): { host: string; port: number } {
  const [, bracketed, bare = "", port] = /^(?:\[([^\]%]*)[^\]]*\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  return { host: canonicalAddress(bracketed ?? bare), port: Number(port) };
}
