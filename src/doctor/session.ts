// What a server tells once it has let us in, without our coming into a room: its clock, and where it sees us.
// An invitation for a number of uses is used by it, as by any program of the same person.

import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

import { type Connection, connectToFirst } from "../client/connect.ts";
import type { SealedTarget } from "../client/sealed-target.ts";
import { createServerViewRequests, type ServerView } from "../client/server-view.ts";
import { CharlaError } from "../errors.ts";
import type { Environment } from "../identity/folders.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { ownIdentity } from "../identity/private-files.ts";
import { canonicalAddress, type SocketAddress } from "../net/address.ts";
import { type Check, note, ok, problemOf } from "./check.ts";
import { describeClock } from "./clock.ts";
import { describeNat } from "./nat.ts";

const NAME = "session";
/** The fastest of so many tells the clock best. */
const LOOKS = 5;

/** @param others addresses at which the same server answers */
export async function* checkSession(
  target: SealedTarget,
  env: Environment,
  address: SocketAddress,
  others: readonly SocketAddress[],
): AsyncGenerator<Check, void, undefined> {
  const connection = await connectAt(target, env, address);
  if (connection instanceof CharlaError) return yield describeRefusal(target, connection);
  yield ok(NAME, "the server lets you in");
  try {
    yield* describeViews(target, connection, others);
  } finally {
    await connection.socket.close();
  }
}

async function connectAt(
  { secret, trust }: SealedTarget,
  env: Environment,
  address: SocketAddress,
): Promise<Connection | CharlaError> {
  try {
    const staticKeys = ownIdentity(env).keyPair;
    return await connectToFirst([address], { secret, trust, staticKeys });
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

function describeRefusal({ secret }: SealedTarget, error: CharlaError): Check {
  if (error.code !== "WRONG_SECRET" || secret !== null) return problemOf(NAME, error);
  return note(
    NAME,
    "the server lets in only who has its invitation, and tells nobody else what it sees",
    "charla doctor INVITATION asks it for its clock and for what stands between",
  );
}

async function* describeViews(
  target: SealedTarget,
  { link, socket }: Connection,
  others: readonly SocketAddress[],
): AsyncGenerator<Check, void, undefined> {
  const requests = createServerViewRequests();
  link.receive(requests);
  const views: ServerView[] = [];
  while (views.length < LOOKS) {
    const view = await requests.send(link);
    if (view === null) break;
    views.push(view);
  }
  const seen = views.at(-1)?.address ?? null;
  if (seen === null) {
    return yield note(
      "nat",
      "the server does not tell what it sees of this machine",
      "it may be of an earlier version; with the present one it tells its clock and the NAT between",
    );
  }
  yield describeClock(views);
  const { psk, expected } = { psk: secretToPsk(target.secret), expected: link.peerKey };
  const isSameFamily = ({ address }: SocketAddress) =>
    isIPv4(address) === isIPv4(link.peer.address);
  const other = others.find(isSameFamily);
  let elsewhere: string | null = null;
  if (other !== undefined) {
    const again = createServerViewRequests();
    const second = socket.join({ to: other, psk, expected }, again);
    if (await second.joined) elsewhere = (await again.send(second))?.address ?? null;
  }
  yield describeNat({
    address: seen,
    localPort: socket.local.port,
    elsewhere,
    own: ownAddressesOfAllKinds(),
  });
}

function ownAddressesOfAllKinds(): ReadonlySet<string> {
  const infos = Object.values(networkInterfaces()).flatMap((its = []) => its);
  return new Set(infos.map(({ address }) => canonicalAddress(address.replace(/%.*$/, ""))));
}
