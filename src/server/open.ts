// A server with all it needs: a log and a secret, in a folder or in memory, and the host that its invitations
// name. For programs, `charla --server` among them.

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";

import { SECRET_BYTES } from "../identity/invitation.ts";
import { loadSecret } from "../identity/private-files.ts";
import { openMemoryLog } from "../log/memory-log.ts";
import { openSqliteLog } from "../log/sqlite-log.ts";
import { generateKeyPair } from "../net/node-crypto.ts";
import { ownAddresses } from "../net/own-addresses.ts";
import { KEY_BYTES } from "../protocol/crypto-provider.ts";
import { openInvitations } from "./invitations-file.ts";
import { openServer, type Server, type ServerOptions } from "./server.ts";

export interface OpenOptions extends Partial<
  Pick<
    ServerOptions,
    "bind" | "port" | "identity" | "authorized" | "limits" | "onOtherWire" | "onRefused"
  >
> {
  /** The folder that keeps what is said, and what lets others in; where it is left out, nothing is kept. */
  readonly data?: string | undefined;
  /** Lets anyone in; else it takes an invitation. */
  readonly open?: boolean | undefined;
}

/**
 * Opens a server in this program.
 *
 * @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE, STORE_LOCKED, STORE_TOO_NEW and their kin (docs/errors.md)
 */
export async function open(options: OpenOptions = {}): Promise<Server> {
  const { bind, port = 0, data } = options;
  const log =
    data === undefined
      ? openMemoryLog({ now: Date.now })
      : await openSqliteLog({ folder: data, now: Date.now });
  const isAnyAddress = bind === undefined || bind === "::" || bind === "0.0.0.0";
  try {
    const server = await openServer({
      ...options,
      port,
      identity: options.identity ?? generateKeyPair(randomBytes(KEY_BYTES)),
      secret: options.open === true ? null : secretOf(data),
      invitations: data === undefined ? undefined : openInvitations(data),
      log,
      host: isAnyAddress ? (ownAddresses(networkInterfaces())[0] ?? "localhost") : bind,
    });
    const close = async () => {
      await server.close();
      await log[Symbol.asyncDispose]();
    };
    return { ...server, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw error;
  }
}

function secretOf(data: string | undefined): Uint8Array {
  return data === undefined ? randomBytes(SECRET_BYTES) : loadSecret(data, randomBytes);
}
