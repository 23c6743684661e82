// A server of the sealed wire, and the invitation to it that it tells.

import { charla, type Program, type StartOptions } from "./program.ts";

export interface SealedServer extends Program {
  readonly port: string;
  readonly invitation: string;
}

/** Starts `charla --server` of Ana's on a free port and waits until it has told its invitation. */
export async function startSealedServer(
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<SealedServer> {
  const server = charla(["--server", "--name", "ana", "--port", "0", ...args], options);
  const stream = args.includes("--json") ? "stdout" : "stderr";
  const [invitation] = await server.until(stream, /charla:\/\/[^'"\s]+/);
  const [, port = ""] = /:(\d+)\//.exec(invitation) ?? [];
  return Object.assign(server, { port, invitation });
}
