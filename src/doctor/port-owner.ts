// Which program has a UDP port, as Linux tells in /proc (proc(5)); elsewhere, and of other people's programs,
// nobody knows.

import { readdir, readFile, readlink } from "node:fs/promises";

export interface PortOwner {
  readonly processId: number;
  /** As it was started. */
  readonly command: string;
}

/** Characters of a command that are worth a line. */
const MAX_COMMAND = 60;

export async function findPortOwner(port: number): Promise<PortOwner | null> {
  const tables = await Promise.all(["/proc/net/udp", "/proc/net/udp6"].map(textOf));
  const wanted = new Set(tables.flatMap((table) => socketsAt(table, port)));
  if (wanted.size === 0) return null;
  for (const entry of await entriesOf("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const descriptors = `/proc/${entry}/fd`;
    for (const descriptor of await entriesOf(descriptors)) {
      const link = await readlink(`${descriptors}/${descriptor}`).catch(() => "");
      if (!wanted.has(link)) continue;
      const command = (await textOf(`/proc/${entry}/cmdline`)).replaceAll("\0", " ").trim();
      return { processId: Number(entry), command: shorten(command) };
    }
  }
  return null;
}

/** The sockets of a port in a table of the kernel's, as links to them are written. */
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

/** Nothing where there is nothing to read, or not for us. */
function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function entriesOf(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
