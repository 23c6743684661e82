// Whether this machine lets charla listen: on its port, on any, and in both families.

import { CharlaError } from "../errors.ts";
import { DEFAULT_PORT } from "../net/address.ts";
import { openUdpSocket } from "../net/udp-socket.ts";
import { type Check, note, ok, problem, problemOf } from "./check.ts";
import type { OwnServer } from "./own-server.ts";
import { findPortOwner, type PortOwner } from "./port-owner.ts";

const NAME = "port";
/** How long a datagram may take from this machine to itself, ms. */
const PATIENCE = 500;

export async function checkPort(server: OwnServer): Promise<Check[]> {
  const refusal = await refusalOf(DEFAULT_PORT);
  if (refusal === null) return [ok(NAME, `UDP port ${DEFAULT_PORT} is free to listen on`)];
  if (refusal.code !== "PORT_IN_USE") return [problemOf(NAME, refusal), ...(await checkAnyPort())];
  if (server.type === "answers" && server.port === DEFAULT_PORT) {
    return [ok(NAME, `UDP port ${DEFAULT_PORT} is in use by your own server`)];
  }
  return [describePortInUse(await findPortOwner(DEFAULT_PORT)), ...(await checkAnyPort())];
}

export function describePortInUse(owner: PortOwner | null): Check {
  const whose =
    owner === null ? "another program" : `${owner.command} (process ${owner.processId})`;
  return note(
    NAME,
    `UDP port ${DEFAULT_PORT} is in use by ${whose}`,
    "to open a conversation beside it, choose another port: charla --server --port 0 takes any free one",
    owner ?? undefined,
  );
}

async function checkAnyPort(): Promise<Check[]> {
  const refusal = await refusalOf(0);
  return [refusal === null ? ok(NAME, "other UDP ports are free") : problemOf(NAME, refusal)];
}

async function refusalOf(port: number): Promise<CharlaError | null> {
  try {
    using _socket = await openUdpSocket({ port, onDatagram() {}, onError() {} });
    return null;
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

/** Whether this machine can talk to itself: then it has the family, and no firewall that knows nobody. */
export async function checkFamily(family: "IPv4" | "IPv6", loopback: string): Promise<Check> {
  const name = family.toLowerCase();
  const heard = Promise.withResolvers<boolean>();
  try {
    using socket = await openUdpSocket({
      bind: loopback,
      port: 0,
      onDatagram: () => heard.resolve(true),
      onError: () => heard.resolve(false),
    });
    const patience = setTimeout(() => heard.resolve(false), PATIENCE);
    await socket.send(new Uint8Array(1), socket.address);
    const isHeard = await heard.promise;
    clearTimeout(patience);
    if (isHeard) return ok(name, `${family} works on this machine`);
    return problem(
      name,
      `${family} datagrams do not come through from this machine to itself`,
      "look at its firewall: it should let everything pass on the loopback interface",
    );
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    return note(
      name,
      `this machine has no ${family}`,
      `who has only ${family} cannot be talked to; that is no harm while the others have the other family`,
      { code: error.code },
    );
  }
}
