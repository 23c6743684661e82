// What the completion scripts offer for a value: rooms and servers that are known on this machine. Only from files, and
// nothing secret. Names come from other people: one with a character that means something to a shell is left out, so
// that a shell can insert and run what it is offered.

import { join } from "node:path";

import { listLocalLogs } from "../../client/local-log.ts";
import { CharlaError } from "../../errors.ts";
import { configFolder, dataFolder, type Environment } from "../../identity/folders.ts";
import { listKnownServers } from "../../identity/known-servers.ts";
import { openSqliteReader } from "../../log/sqlite-log.ts";

/** Kinds of values that are known on this machine; as in `ValueKind`. */
export const KNOWN_KINDS = ["room", "server", "room-or-joined"] as const;
export type KnownKind = (typeof KNOWN_KINDS)[number];

/** Values offered: more than anyone chooses from, and read by a shell in a few milliseconds. */
const MAX_VALUES = 500;
/** Names of rooms (docs/protocol.md s. 18) and HOST:PORT, but none that begins like an option. */
const SAFE_ROOM = /^(?!-)[\p{L}\p{N}_.-]{1,40}$/u;
const SAFE_SERVER = /^(?!-)[\p{L}\p{N}_.:%[\]-]{1,300}$/u;

/** The word as the shell passes it on: without quotes and backslashes, `~` as the home folder. Nothing else is expanded. */
export function unquote(word: string, home: string | undefined): string {
  const plain = home === undefined ? word : word.replace(/^~(?=\/|$)/, () => home);
  return plain.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
    (_quoted, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\([$`"\\])/g, "$1") ?? escaped ?? "",
  );
}

/** @param folder where the messages are */
export async function knownValues(
  kind: KnownKind,
  environment: Environment,
  folder: string = dataFolder(environment),
): Promise<string[]> {
  const logs = await orNone(() => listLocalLogs(join(folder, "rooms")));
  const joined = logs.filter(({ where, room }) => SAFE_SERVER.test(where) && SAFE_ROOM.test(room));
  const values =
    kind === "server"
      ? [...(await knownServers(environment)), ...joined.map(({ where }) => where)]
      : [
          ...(await roomsHere(folder)),
          ...joined.map(({ where, room }) => (kind === "room" ? room : `${where}/${room}`)),
        ];
  return [...new Set(values)].toSorted().slice(0, MAX_VALUES);
}

async function knownServers(environment: Environment): Promise<string[]> {
  const servers = await orNone(() => listKnownServers(configFolder(environment)));
  return servers.filter((server) => SAFE_SERVER.test(server));
}

/** Those of the server that stores its messages there. */
async function roomsHere(folder: string): Promise<string[]> {
  const rooms = await orNone(async () => {
    await using log = await openSqliteReader(folder);
    return await log.rooms();
  });
  return rooms.map(({ name }) => name).filter((name) => SAFE_ROOM.test(name));
}

/** Somebody who presses Tab has no use for an error. */
async function orNone<Value>(list: () => Value[] | Promise<Value[]>): Promise<Value[]> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof CharlaError) return [];
    throw error;
  }
}
