// The doctor's look at this machine: what others need to reach it, and what charla needs to run.

import { networkInterfaces } from "node:os";

import type { Environment } from "../identity/folders.ts";
import { checkAddresses } from "./addresses.ts";
import { checkFamily, checkPort } from "./binding.ts";
import type { Check } from "./check.ts";
import { checkFolders } from "./folders.ts";
import { checkIdentity } from "./identity.ts";
import { describeOwnServer, findOwnServer } from "./own-server.ts";
import { checkReceiveBuffer } from "./receive-buffer.ts";

export async function* checkThisMachine(env: Environment): AsyncGenerator<Check, void, undefined> {
  const server = await findOwnServer(env);
  yield* await checkPort(server);
  yield await checkFamily("IPv4", "127.0.0.1");
  yield await checkFamily("IPv6", "::1");
  yield* checkAddresses(networkInterfaces());
  yield await checkReceiveBuffer();
  yield* checkFolders(env);
  yield checkIdentity(env);
  yield describeOwnServer(server);
}
