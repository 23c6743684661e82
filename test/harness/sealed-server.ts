// A server of the sealed wire, and the invitation to it that it prints.

import { charla } from "./in-process.ts";
import { charla as startProcess, type Program, type StartOptions } from "./program.ts";

export interface SealedServer extends Program {
  readonly port: string;
  readonly invitation: string;
}

/** Starts `charla --server` of Ana's on a free port and waits until it has printed its invitation. */
export function startSealedServer(
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<SealedServer> {
  return untilInvited(charla, args, options);
}

/** The same in a process of its own, which can be stopped and killed. */
export function startSealedServerProcess(
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<SealedServer> {
  return untilInvited(startProcess, args, options);
}

async function untilInvited(
  start: typeof startProcess,
  args: readonly string[],
  options: StartOptions,
): Promise<SealedServer> {
  const server = start(["--server", "--name", "ana", "--port", "0", ...args], options);
  const stream = args.includes("--json") ? "stdout" : "stderr";
  const [invitation] = await server.until(stream, /charla:\/\/[^'"\s]+/);
  // Those who join now find its owner there.
  await server.until(stream, /^you are .* in |"type":"entered"/m);
  return Object.assign(server, { port: portOf(invitation), invitation });
}

/** The server's port, as the invitation to it names it: that of the first address. */
export function portOf(invitation: string): string {
  return /:(\d+)[,/]/.exec(invitation)?.[1] ?? "";
}
