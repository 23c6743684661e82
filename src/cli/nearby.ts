// `charla` without arguments on a terminal: lists the servers that are announced on this network, and asks which to join. A
// server that is not announced is joined by its address or invitation. What the list shows was written by others, and proves
// nothing.

import { CharlaError } from "../errors.ts";
import { configFolder, dataFolder, type Environment } from "../identity/folders.ts";
import { fingerprint, isFingerprint } from "../identity/key-text.ts";
import { findKnownServer } from "../identity/known-servers.ts";
import { readLocalInvitation } from "../identity/local-invitation.ts";
import { formatAddress } from "../net/address.ts";
import type { FoundService } from "../net/discovery/service.ts";
import { type Io, isTerminal } from "../terminal/io.ts";
import { writeTo } from "../terminal/output-stream.ts";
import { takeFirstLine } from "../terminal/secret-line.ts";
import { visibleName } from "../terminal/visible-text.ts";
import { INVITATION_VARIABLE } from "./io.ts";
import type { CommandLine } from "./options.ts";

/** Servers that are listed: a window of 24 rows shows them with the question. */
const MAX_LISTED = 16;
/** Bytes of an answer. */
const MAX_ANSWER = 256;

export type Nearby =
  /** As HOST:PORT on the command line. */
  | { readonly type: "join"; readonly where: string }
  /** A conversation of one's own. */
  | { readonly type: "open" }
  /** Nothing was found. */
  | { readonly type: "none" }
  /** The input has ended instead of an answer. */
  | { readonly type: "left" };

interface ListedServer {
  readonly name: string;
  readonly where: string;
  readonly access: "open" | "joined before" | "by invitation";
}

/** Asks only where a person can answer; `none` where it was not asked, or nothing was found. */
export async function findNearby(commandLine: CommandLine, io: Io): Promise<Nearby> {
  if (!mayAsk(commandLine, io)) return { type: "none" };
  const { browse } = await import("../net/discovery/browse.ts");
  const servers = listServers(await browse(), io.env);
  return servers.length === 0 ? { type: "none" } : await ask(servers, io);
}

/** A person is at a terminal, and nothing else says where to join. */
function mayAsk({ words, flags, values }: CommandLine, io: Io): boolean {
  const isSaid =
    words.length > 0 ||
    values.has("invitation-file") ||
    (io.env[INVITATION_VARIABLE] ?? "") !== "" ||
    hasOwnServer(io.env);
  const isScript = flags.has("json") || flags.has("quiet") || io.stdout.isTTY !== true;
  return !isSaid && !isScript && isTerminal(io.stdin);
}

/** It is the one that is joined. */
function hasOwnServer(env: Environment): boolean {
  try {
    return readLocalInvitation(dataFolder(env)) !== null;
  } catch (error) {
    if (error instanceof CharlaError) return false;
    throw error;
  }
}

async function ask(servers: readonly ListedServer[], io: Io): Promise<Nearby> {
  const print = (text: string) => writeTo(io.stdout, text);
  const numbers = servers.length === 1 ? "1" : `1 to ${servers.length}`;
  await print(`on this network:\n${listText(servers)}\n`);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- until an answer can be used
    await print(`which one (${numbers}, or n for a new one of your own)? `);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const line = await takeFirstLine(io.stdin, MAX_ANSWER);
    if (line === null) return { type: "left" };
    const answer = line.trim().toLowerCase();
    if (answer === "n") return { type: "open" };
    const server = /^\d+$/.test(answer) ? servers[Number(answer) - 1] : undefined;
    if (server === undefined) continue;
    if (server.access !== "by invitation") return { type: "join", where: server.where };
    // oxlint-disable-next-line no-await-in-loop -- as above
    await print(
      `${server.name} lets people in by invitation: ask for one, and join with charla INVITATION\n`,
    );
  }
}

/** Those that one can join first. */
function listServers(found: readonly FoundService[], env: Environment): ListedServer[] {
  const servers = found
    .filter((service) => isFingerprint(service.fingerprint))
    .map((service): ListedServer => {
      const { instance, address, port, isOpen } = service;
      return {
        name: visibleName(instance),
        where: formatAddress({ address, port }),
        access: isKnown(service, env) ? "joined before" : isOpen ? "open" : "by invitation",
      };
    });
  const isLast = ({ access }: ListedServer) => (access === "by invitation" ? 1 : 0);
  return servers.toSorted((one, other) => isLast(one) - isLast(other)).slice(0, MAX_LISTED);
}

/** It was joined at this address, with this key: without an invitation, so that it needs none. */
function isKnown(service: FoundService, env: Environment): boolean {
  try {
    const place = { host: service.address, port: service.port };
    const known = findKnownServer(configFolder(env), place);
    return known !== null && fingerprint(known.key) === service.fingerprint;
  } catch (error) {
    if (error instanceof CharlaError) return false;
    throw error;
  }
}

function listText(servers: readonly ListedServer[]): string {
  const width = Math.max(...servers.map(({ where }) => where.length));
  return servers
    .map(({ name, where, access }, at) =>
      [String(at + 1).padStart(4), where.padEnd(width), access.padEnd(13), name].join("  "),
    )
    .join("\n");
}
