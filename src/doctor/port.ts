// Whether charla can listen on its UDP port, or on any; and which program has the port. Linux tells that in /proc
// (proc(5)), except of other users' programs; other systems don't.

import { readdir, readFile, readlink } from "node:fs/promises";

import { openUdpSocket } from "#udp-socket";

import { CharlaError } from "../errors.ts";
import { DEFAULT_PORT } from "../net/address.ts";
import { type Check, note, ok, problemFrom } from "./report.ts";

const NAME = "port";

/** @param ownServerPort the port of this person's own server, when it answers */
export async function checkPort(ownServerPort: number | null): Promise<Check[]> {
  const error = await listenError(DEFAULT_PORT);
  if (error === null) return [ok(NAME, `UDP port ${DEFAULT_PORT} is free to listen on`)];
  if (error.code !== "PORT_IN_USE") return [problemFrom(NAME, error), ...(await checkAnyPort())];
  if (ownServerPort === DEFAULT_PORT) {
    return [ok(NAME, `UDP port ${DEFAULT_PORT} is in use by your own server`)];
  }
  return [describePortInUse(await findPortOwner(DEFAULT_PORT)), ...(await checkAnyPort())];
}

export function describePortInUse(owner: PortOwner | null): Check {
  const program =
    owner === null ? "another program" : `${owner.command} (process ${owner.processId})`;
  return note(
    NAME,
    `UDP port ${DEFAULT_PORT} is in use by ${program}`,
    "to open a conversation as well, choose another port: charla --server --port 0 takes any free one",
    owner ?? undefined,
  );
}

async function checkAnyPort(): Promise<Check[]> {
  const error = await listenError(0);
  return [error === null ? ok(NAME, "other UDP ports are free") : problemFrom(NAME, error)];
}

async function listenError(port: number): Promise<CharlaError | null> {
  try {
    using _socket = await openUdpSocket({ port, onDatagram() {}, onError() {} });
    return null;
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}

export interface PortOwner {
  readonly processId: number;
  /** The command line that started it. */
  readonly command: string;
}

/** Characters of a command line that are shown. */
const MAX_COMMAND = 60;

export async function findPortOwner(port: number): Promise<PortOwner | null> {
  const tables = await Promise.all(["/proc/net/udp", "/proc/net/udp6"].map(readText));
  const sockets = new Set(tables.flatMap((table) => socketsAt(table, port)));
  if (sockets.size === 0) return null;
  for (const entry of await readEntries("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const descriptors = `/proc/${entry}/fd`;
    for (const descriptor of await readEntries(descriptors)) {
      const link = await readlink(`${descriptors}/${descriptor}`).catch(() => "");
      if (!sockets.has(link)) continue;
      const command = (await readText(`/proc/${entry}/cmdline`)).replaceAll("\0", " ").trim();
      return { processId: Number(entry), command: shorten(command) };
    }
  }
  return null;
}

/** The sockets with a port in a table like /proc/net/udp, in the form of the links in /proc/PID/fd. */
export function socketsAt(table: string, port: number): string[] {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = ""]) => local.endsWith(`:${hexadecimal}`))
    .map((fields) => `socket:[${fields[9] ?? ""}]`);
}

function shorten(command: string): string {
  return command.length > MAX_COMMAND ? `${command.slice(0, MAX_COMMAND - 1)}…` : command;
}

/** Empty when it can't be read. */
function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

/** Empty when it can't be read. */
function readEntries(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
