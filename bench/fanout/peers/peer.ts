// A server beside which charla is measured: how it is started, and what its members say. Knows no load.

import { openSync } from "node:fs";
import { join } from "node:path";

/** What is said, in every server. */
export const TEXT = "x".repeat(64);

/** Some servers are where only root looks. */
export const PATH = `${process.env["PATH"]}:/usr/sbin`;

export interface Peer {
  readonly name: string;
  /** The Debian package that has it; null where none is needed. */
  readonly debian: string | null;
  /** More listeners than this it cannot have. */
  readonly mostListeners?: number;
  /** Starts it with its files in a folder. */
  start(folder: string, listeners: number): Promise<RunningPeer>;
}

export interface RunningPeer extends AsyncDisposable {
  readonly pid: number;
  /** Which load speaks to it. */
  readonly load: "tcp" | "sealed";
  /** The lines that the load reads: see tcp-members.c and sealed-members.c. */
  members(): Promise<string[]>;
  /** Collects its garbage, where it has any. */
  collect(): void;
}

/** What the members of a TCP server send, as tcp-members.c wants it: `#` is the member's number. */
export interface Speech {
  /** Each listener, one after the other, each once the one before has had its effect. */
  readonly listener: readonly string[];
  readonly talker: readonly string[];
  readonly message: string;
}

/** @param listening prints its port, when `port` is null; else it is waited for */
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
      ...speech.talker.map((bytes) => `talker ${bytes}`),
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

/** The digits of a text's UTF-8 bytes; `#` stays, and stands for the member's number. */
export function digits(text: string): string {
  return text
    .split("#")
    .map((part) => Buffer.from(part).toString("hex"))
    .join("#");
}

/** One that nobody listens on now. */
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

/** Asks the system, for a connection would be a member. */
async function accepts(port: number): Promise<boolean> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await Bun.file(table).text()).split("\n");
    if (lines.some((line) => line.includes(wanted) && / 0A /.test(line))) return true;
  }
  return false;
}
