// A server that charla is compared with: how it is started, and what its members send. Knows no load.

import { openSync } from "node:fs";
import { join } from "node:path";

import type { LoadKind } from "../load.ts";

/** The text of every message. */
export const TEXT = "x".repeat(64);

/** Some servers are in /usr/sbin, which is in root's PATH only. */
export const PATH = `${process.env["PATH"]}:/usr/sbin`;

export interface Peer {
  readonly name: string;
  /** The Debian package that contains it; null if none is needed. */
  readonly debian: string | null;
  /** The most listeners that it supports. */
  readonly maxListeners?: number;
  /** @param folder for its files */
  start(folder: string, listeners: number): Promise<RunningPeer>;
}

export interface RunningPeer extends AsyncDisposable {
  readonly pid: number;
  /** The load that speaks its protocol. */
  readonly load: LoadKind;
  /** The lines that the load reads: see tcp-members.c and sealed-members.c. */
  members(): Promise<string[]>;
  /** Runs its garbage collector, if it has one. */
  collect(): void;
}

/** What the members of a TCP server send, in the format of tcp-members.c: `#` is the member's number. */
export interface Speech {
  /** What each listener sends; the next step follows when the server's answers to the one before have arrived. */
  readonly listener: readonly string[];
  readonly sender: readonly string[];
  readonly message: string;
}

/** @param port where the server will listen; null if it prints its port */
export async function startTcp(
  command: readonly string[],
  folder: string,
  port: number | null,
  listeners: number,
  speech: Speech,
): Promise<RunningPeer> {
  const log = openSync(join(folder, "server.log"), "w");
  const child = Bun.spawn([...command], {
    cwd: folder,
    stdio: ["ignore", port === null ? "pipe" : log, log],
    env: { ...process.env, HOME: folder, PATH },
  });
  const serverPort = port ?? (await printedPort(child.stdout));
  await untilListening(serverPort, child);
  return {
    pid: child.pid,
    load: "tcp",
    members: async () => [
      `connect ${serverPort} ${listeners}`,
      ...speech.listener.map((bytes) => `all ${bytes}`),
      ...speech.sender.map((bytes) => `sender ${bytes}`),
      `message ${speech.message}`,
    ],
    collect() {
      if (command.includes("--expose-gc")) child.kill("SIGUSR2");
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** A text's UTF-8 bytes in hexadecimal digits; a `#` is not converted: it stands for the member's number. */
export function digits(text: string): string {
  return text
    .split("#")
    .map((part) => Buffer.from(part).toString("hex"))
    .join("#");
}

/** A port on which no program listens. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

export async function printedPort(
  output: ReadableStream<Uint8Array> | number | undefined,
): Promise<number> {
  if (!(output instanceof ReadableStream)) throw new Error("the server prints nothing");
  const reader = output.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value));
  if (!(port > 0)) throw new Error("the server has ended before it listened");
  reader.releaseLock();
  return port;
}

async function untilListening(port: number, child: { exitCode: number | null }): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server has ended with ${child.exitCode}`);
    if (await accepts(port)) return;
    await Bun.sleep(50);
  }
  throw new Error("the server does not listen after 10 s");
}

/** Reads the kernel's tables, because a connection would count as a member. */
async function accepts(port: number): Promise<boolean> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await Bun.file(table).text()).split("\n");
    if (lines.some((line) => line.includes(wanted) && / 0A /.test(line))) return true;
  }
  return false;
}
