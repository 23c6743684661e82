// Whether a server of the same person runs on this machine: by the invitation that it has left there.

import { CharlaError } from "../errors.ts";
import { dataFolder, type Environment, homeFolder } from "../identity/folders.ts";
import { readLocalInvitation } from "../identity/local-invitation.ts";
import { formatAddress } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import { openServerProbe } from "../net/sealed-probe.ts";
import { type Check, note, ok, problemOf } from "./check.ts";

export type OwnServer =
  | { readonly type: "none" }
  | { readonly type: "unknown"; readonly error: CharlaError }
  | { readonly type: "answers" | "silent"; readonly host: string; readonly port: number };

const NAME = "own-server";
/** Its machine is this one: what is lost there is not by chance. */
const HELLOS = 3;

export async function findOwnServer(env: Environment): Promise<OwnServer> {
  try {
    const left = readLocalInvitation(dataFolder(env, homeFolder()));
    if (left === null) return { type: "none" };
    const { host, port } = left;
    const addresses = await resolve(left);
    const answers = await Promise.all(
      addresses.map(async (address) => {
        using probe = await openServerProbe(address);
        return (await probe.hellos(HELLOS)).found.type === "server";
      }),
    );
    return { type: answers.includes(true) ? "answers" : "silent", host, port };
  } catch (error) {
    if (error instanceof CharlaError) return { type: "unknown", error };
    throw error;
  }
}

export function describeOwnServer(server: OwnServer): Check {
  switch (server.type) {
    case "none":
      return ok(NAME, "no server of yours is open on this machine");
    case "unknown":
      return problemOf(NAME, server.error);
    case "answers": {
      const { host, port } = server;
      return ok(NAME, `your server at ${formatAddress({ address: host, port })} answers`, {
        host,
        port,
      });
    }
    case "silent": {
      const { host, port } = server;
      return note(
        NAME,
        `your server at ${formatAddress({ address: host, port })} has left an invitation, and does not answer`,
        "start it again with charla --server, which leaves another; until then charla alone leads nowhere",
        { host, port },
      );
    }
  }
}
