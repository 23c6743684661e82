// `charla stop`: ends this person's server on this machine, and waits until it has ended.

import { setTimeout as sleep } from "node:timers/promises";

import { CharlaError, systemCode, usageError } from "../errors.ts";
import { dataFolder } from "../identity/folders.ts";
import type { Io } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { printerOptions, quoteWord } from "./command-options.ts";
import type { CommandLine } from "./options.ts";
import { findServers, isRunning } from "./running-server.ts";

/** How long to wait for the end, ms; a server with members who don't read needs some 3 s. */
const PATIENCE = 15_000;
/** How often to look whether it has ended, ms: nobody notices such a delay. */
const LOOK_EVERY = 20;

/** @returns the exit status */
export async function stop(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, values } = commandLine;
  if (words.length > 0) {
    throw usageError(
      `stop takes no arguments, but got ${quoteWord(words[0])}`,
      "--data DIR stops the server that stores its messages in DIR",
    );
  }
  const folder = values.get("data") ?? dataFolder(io.env);
  const servers = findServers(folder);
  const server = servers.find((each) => isRunning(each));
  if (server === undefined) {
    throw notRunning(
      servers.length === 0
        ? `no server of ${folder} runs on this machine`
        : `the server of ${folder} does not run any more: it was killed`,
    );
  }
  signalToEnd(server.pid);
  const start = performance.now();
  while (isRunning(server)) {
    if (performance.now() - start > PATIENCE) throw stillRunning(server.pid);
    await sleep(LOOK_EVERY);
  }
  const message = `the server at ${server.address} has ended`;
  await createPrinter(io, printerOptions(commandLine)).event({
    type: "notice",
    code: "STOPPED",
    message,
  });
  return 0;
}

function signalToEnd(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (cause) {
    const code = systemCode(cause);
    // It has ended just now.
    if (code === "ESRCH") return;
    if (code !== "EPERM") throw cause;
    throw new CharlaError(
      "NOT_RUNNING",
      `the server is another user's: this one may not end its process ${pid}`,
      "run charla stop as that user, or as root",
      { cause },
    );
  }
}

function notRunning(message: string): CharlaError {
  return new CharlaError(
    "NOT_RUNNING",
    message,
    "charla --server --background starts one; --data DIR names the folder of another",
  );
}

function stillRunning(pid: number): CharlaError {
  return new CharlaError(
    "TIMED_OUT",
    `the server was asked to end, and has not within ${PATIENCE / 1_000} s`,
    `wait, or end its process: kill -9 ${pid}; no message that it has stored is lost`,
  );
}
