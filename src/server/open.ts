// A server with all it needs: a log and a secret, in a folder or in memory, and the ways that its invitations
// hold. For programs, `charla --server` among them.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { dirname, join, resolve } from "node:path";

import { CharlaError } from "../errors.ts";
import { waysFrom } from "../identity/invitation-ways.ts";
import { SECRET_BYTES } from "../identity/invitation.ts";
import { loadResetSalt, loadSecret } from "../identity/private-files.ts";
import type { Log } from "../log/log.ts";
import { openMemoryLog } from "../log/memory-log.ts";
import { createRetention, type Keep } from "../log/retention.ts";
import { openSqliteLog, type SqliteLog, STORE } from "../log/sqlite-log.ts";
import { generateKeyPair } from "../net/crypto.ts";
import { addressScope, ownAddresses, unstableAddresses } from "../net/own-addresses.ts";
import { ANY_IPV4_ADDRESS, isAnyAddress } from "../net/udp-socket.ts";
import { KEY_BYTES } from "../protocol/crypto-provider.ts";
import { openInvitationFile } from "./invitations-file.ts";
import { openModerationFile } from "./moderation-file.ts";
import { systemTimer } from "./server-state.ts";
import { openServer, type Server, type ServerOptions } from "./server.ts";

/** The first Node.js with all that a server uses, such as iterator helpers (ECMA-262, 2025). */
const FIRST_NODE = 22;

export interface OpenOptions extends Partial<
  Pick<
    ServerOptions,
    | "bind"
    | "port"
    | "identity"
    | "authorized"
    | "limits"
    | "onOtherWire"
    | "onRefused"
    | "onRenewed"
    | "onStorage"
    | "page"
    | "relays"
    | "web"
  >
> {
  /** How others reach this machine, such as the name of a router that forwards the port; without a port, the server's own. */
  readonly publicHost?: { readonly host: string; readonly port?: number | undefined } | undefined;
  /** The folder of the log, the secret and the invitations; without it, everything is only in memory. */
  readonly data?: string | undefined;
  /** What is kept of each room; without it, everything. */
  readonly keep?: Keep | undefined;
  /**
   * Bytes of the disk that all messages together may take; without it, what they take and half of what is free on
   * that disk now. In memory, 256 MB of texts.
   */
  readonly quota?: number | undefined;
  /** Lets anyone in; otherwise an invitation is needed. */
  readonly open?: boolean | undefined;
  /** Closes the server when it aborts, as `close()` does. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a server in this program.
 *
 * @throws {CharlaError} RUNTIME_TOO_OLD, PORT_IN_USE, ADDRESS_NOT_AVAILABLE, STORE_LOCKED, STORE_TOO_NEW and the like (docs/errors.md)
 * @throws the reason of `signal`, if that aborts before the server is open
 */
export async function open(options: OpenOptions = {}): Promise<Server> {
  checkRuntime();
  options.signal?.throwIfAborted();
  const log = await openLog(options);
  try {
    return await openOn(log, options);
  } catch (error) {
    // Nothing was said in it yet: `charla history` would show an empty conversation that never was.
    await ("discard" in log ? log.discard() : log[Symbol.asyncDispose]());
    throw error;
  }
}

/** Bun says which Node.js it is like. */
function checkRuntime(): void {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) >= FIRST_NODE) return;
  throw new CharlaError(
    "RUNTIME_TOO_OLD",
    `a server needs Node.js 22, and this is ${version}`,
    "use Node.js 22.16 or newer, or Bun; to join a conversation, Node.js 20.4 is enough",
  );
}

async function openLog({ data, quota }: OpenOptions): Promise<Log | SqliteLog> {
  if (data === undefined) {
    return openMemoryLog({
      now: Date.now,
      ...(quota === undefined ? {} : { maxCharacters: quota }),
    });
  }
  return openSqliteLog({ folder: data, now: Date.now, quota: quota ?? defaultQuota(data) });
}

async function openOn(log: Log, options: OpenOptions): Promise<Server> {
  const { bind, port = 0, data, keep, publicHost, signal } = options;
  const server = await openServer({
    ...options,
    port,
    identity: options.identity ?? generateKeyPair(randomBytes(KEY_BYTES)),
    secret: options.open === true ? null : findSecret(data),
    resetSalt: data === undefined ? undefined : loadResetSalt(data, randomBytes),
    invitations: data === undefined ? undefined : openInvitationFile(data),
    moderation: data === undefined ? undefined : openModerationFile(data),
    isOwnHost:
      options.open === true ? (host) => isOwnHost(host, [hostname(), publicHost?.host]) : undefined,
    isTemporary: data === undefined,
    log,
    ways: (atPort, outer) =>
      waysFrom({
        publicHost: publicHost && { host: publicHost.host, port: publicHost.port ?? atPort },
        own: invitedAddresses(bind, publicHost !== undefined),
        port: atPort,
        outer: outer.map((seen) => ({ host: seen.address, port: seen.port })),
        relays: (options.relays ?? []).map(({ relay }) => relay),
      }),
  });
  if (signal?.aborted === true) {
    await server.close();
    signal.throwIfAborted();
  }
  // Once nothing can fail any more: a server that does not start deletes nothing.
  const retention =
    keep === undefined
      ? null
      : createRetention({ log, keep, now: Date.now, setTimer: systemTimer });
  const onAbort = () => void close();
  signal?.addEventListener("abort", onAbort);
  async function closeAll(): Promise<void> {
    signal?.removeEventListener("abort", onAbort);
    retention?.[Symbol.dispose]();
    try {
      await server.close();
    } finally {
      await log[Symbol.asyncDispose]();
    }
  }
  let ending: Promise<void> | null = null;
  const close = () => (ending ??= closeAll());
  // Also after a failure the rest is closed, and the signal is given back.
  const closed = server.closed.then(close, close);
  // Those who await one of the two get the failure; the other is no unhandled rejection.
  closed.catch(() => {});
  return { ...server, close, closed, [Symbol.asyncDispose]: close };
}

/**
 * Whether a host is an address, or a name that no other name server can say is at an address of this machine (RFC 6761 s. 6.3,
 * RFC 6762 s. 3).
 *
 * @param host in a URL
 * @param own names of this machine
 */
export function isOwnHost(host: string, own: readonly (string | undefined)[]): boolean {
  if (host.startsWith("[") || isIPv4(host) || host === "localhost") return true;
  return /\.(?:local|localhost)$/.test(host) || own.some((name) => name?.toLowerCase() === host);
}

/**
 * The addresses at which the server listens, for its invitations.
 *
 * @param isNamed whether the owner has named another one: then none that leads nowhere else is needed
 */
function invitedAddresses(bind: string | undefined, isNamed: boolean): readonly string[] {
  if (bind !== undefined && !isAnyAddress(bind))
    return isNamed && addressScope(bind) === "machine" ? [] : [bind];
  const own = ownAddresses(networkInterfaces(), unstableAddresses(readAddressTable()));
  const bound = bind === ANY_IPV4_ADDRESS ? own.filter(isIPv4) : own;
  return bound.length === 0 && !isNamed ? ["localhost"] : bound;
}

/** Empty on systems without it, and where this user may not read it: then all addresses count as stable. */
function readAddressTable(): string {
  try {
    return readFileSync("/proc/net/if_inet6", "latin1");
  } catch {
    return "";
  }
}

/** The rest of the disk is for others, whatever is said here. */
function defaultQuota(folder: string): number {
  try {
    const used = statSync(join(folder, STORE), { throwIfNoEntry: false })?.size ?? 0;
    // The folder may be missing yet.
    let existing = resolve(folder);
    while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
    const { bavail, bsize } = statfsSync(existing);
    return used + Math.floor((bavail * bsize) / 2);
  } catch {
    // Whatever is wrong with the folder is reported when the log is opened.
    return Number.POSITIVE_INFINITY;
  }
}

function findSecret(data: string | undefined): Uint8Array {
  return data === undefined ? randomBytes(SECRET_BYTES) : loadSecret(data, randomBytes);
}
