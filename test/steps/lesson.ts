// The lesson's programs: ours in TypeScript, and their counterparts as the Python lesson writes them.

import { createSocket } from "node:dgram";
import { on } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Loopback } from "../harness/loopback.ts";
import { fullTestWith, testWith } from "../harness/peer-programs.ts";
import { type Program, root, start } from "../harness/program.ts";

export type Language = "TypeScript" | "Python";

/** The languages of the two ends: ours with ours, and ours with Python both ways. */
export const PAIRS: { serverLanguage: Language; clientLanguage: Language; needs: string[] }[] = [
  { serverLanguage: "TypeScript", clientLanguage: "TypeScript", needs: [] },
  { serverLanguage: "TypeScript", clientLanguage: "Python", needs: ["python3"] },
  { serverLanguage: "Python", clientLanguage: "TypeScript", needs: ["python3"] },
];

/** Of tests whose address makes no difference, once one of them has shown that there is a conversation at it. */
export function testAt(address: Loopback): typeof fullTestWith {
  return address === "127.0.0.1" ? testWith : fullTestWith;
}

/** How soon both ends have ended after one of them said bye, in ms. */
const GOODBYE = 2000;

/** Text whose characters take two, three and four bytes in UTF-8. */
export const UNICODE = "é 日本 🎉";

/** The command that runs a program of the lesson, such as `1-one-way/client`. */
export function command(language: Language, program: string, ...args: string[]): string[] {
  return language === "TypeScript"
    ? [process.execPath, join(root, "steps", `${program}.ts`), ...args]
    : [
        "python3",
        "-u",
        "-B",
        "-X",
        "utf8",
        join(root, "test/steps/peers", `${program}.py`),
        ...args,
      ];
}

/** What a server is given to wait on a free port: the lesson's Python knows one family at a time. */
export function anyPort(language: Language, address: Loopback): string[] {
  return language === "Python" && address === "::1" ? ["0", "::"] : ["0"];
}

/** How a server or a client prints a message and its sender. */
export function withSender(
  language: Language,
  separator: " " | " from ",
  { message, address, port = "\\d+" }: { message: string; address: Loopback; port?: string },
): RegExp {
  const ipv6 = address === "::1" ? ", 0, 0" : "";
  const sender =
    language === "TypeScript"
      ? ` from ${address} port ${port}`
      : `${separator}\\('${address}', ${port}${ipv6}\\)`;
  return new RegExp(`^${RegExp.escape(message)}${sender}\n$`);
}

/** The exit statuses of both ends, which must have ended 2 s from now: call it once bye is typed. */
export async function goodbye(...ends: Program[]): Promise<number[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const printed = ends.map(({ stdout, stderr }) => JSON.stringify({ stdout, stderr }));
    late.reject(new Error(`not both ended ${GOODBYE} ms after bye: ${printed.join(" ")}`));
  }, GOODBYE);
  try {
    return await Promise.race([Promise.all(ends.map(({ exited }) => exited)), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A bare socket as the other end: it says and hears what a test wants. */
export async function bareSocket(address: Loopback, port = 0) {
  const socket = createSocket(address === "::1" ? "udp6" : "udp4");
  const datagrams = on(socket, "message");
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return {
    port: socket.address().port,
    /** On its way when this resolves. */
    send(text: string, toPort: string | number): Promise<void> {
      return new Promise((resolve, reject) => {
        socket.send(text, Number(toPort), address, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    },
    /** The next message that came, and the port it came from. */
    async receive(): Promise<{ text: string; from: number }> {
      const { value: [datagram, sender] = [] } = await datagrams.next();
      return { text: String(datagram), from: Number(sender.port) };
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

/** The port on which a program of the lesson waits, once it does: give it port 0 to be given a free one. */
export async function portOf(server: Program): Promise<string> {
  const [, port = ""] = await server.until("stdout", /^Waiting on port (\d+)\n/);
  return port;
}

/** What a server printed after it said where it waits. */
export function printedAfterWaiting(server: Program, port: string): string {
  const waiting = `Waiting on port ${port}\n`;
  if (!server.stdout.startsWith(waiting)) throw new Error(`it printed ${server.stdout}`);
  return server.stdout.slice(waiting.length);
}

/** Starts ncat as the one who waits for a datagram. */
export async function ncatWaiting(address: string, port: string): Promise<Program> {
  const ncat = start(["ncat", "-v", "--udp", "--listen", address, port]);
  await ncat.until("stderr", /listening on/i);
  return ncat;
}

/** A new folder with these files, removed at the end of the scope. */
export async function folder(
  files: Record<string, string>,
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "charla-steps-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true });
    },
  };
}
