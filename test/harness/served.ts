// `charla serve` on a free port, and its URL: in the test's own process, or as a process.

import { charla } from "./in-process.ts";
import { charla as charlaProcess, type Program, type StartOptions } from "./program.ts";

export interface Served extends Program {
  readonly port: number;
  /** As it is printed. */
  readonly url: string;
}

/** Starts it and waits until it is listening. */
export function startServing(args: string[], options: StartOptions = {}): Promise<Served> {
  return listening(charla(["serve", "-p", "0", ...args], options));
}

/** The same as a process of its own, for signals and for what it leaves behind. */
export function startServingProcess(args: string[]): Promise<Served> {
  return listening(charlaProcess(["serve", "-p", "0", ...args]));
}

async function listening(server: Program): Promise<Served> {
  const [, url = "", port = ""] = await server.until(
    "stderr",
    /^Open (https?:\/\/[^:\s]+:(\d+))$/m,
  );
  // The streams of a program grow: it is extended, not copied.
  return Object.assign(server, { port: Number(port), url });
}
