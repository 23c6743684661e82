// `charla serve` as a process, and where it is reached.

import { charla, type Program, type StartOptions } from "./program.ts";

export interface Served extends Program {
  readonly port: number;
  /** As it prints it. */
  readonly url: string;
}

/** Starts it on a port that is free, and waits until it has said where it is. */
export async function startServing(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Served> {
  const server = charla(["serve", "-p", "0", ...args], options);
  const [, url = "", port = ""] = await server.until(
    "stderr",
    /^Open (https?:\/\/[^:\s]+:(\d+))$/m,
  );
  return Object.assign(server, { port: Number(port), url });
}
