// What carries the datagrams between a server and its members, for tests of a conversation that is the same over all of them.

import { FULL_SIZE } from "./full-size.ts";
import { type Loopback, LOOPBACKS_TRIED } from "./loopback.ts";
import { type SealedServer, startSealedServer, startSealedServerProcess } from "./sealed-server.ts";
import { openTcpProxy } from "./tcp-proxy.ts";

export interface Carrier {
  readonly name: "UDP" | "WebSocket";
  readonly hosts: readonly Loopback[];
  /** A server of Ana's, whose invitation leads to it by this carrier alone. */
  readonly open: Start;
  /** The same in a process of its own. */
  readonly openProcess: Start;
}

type Start = typeof startSealedServer;

const UDP: Carrier = {
  name: "UDP",
  hosts: LOOPBACKS_TRIED,
  open: startSealedServer,
  openProcess: startSealedServerProcess,
};
const WEB_SOCKET: Carrier = {
  name: "WebSocket",
  hosts: ["127.0.0.1"],
  open: (...settings) => openBehindTcp(startSealedServer, ...settings),
  openProcess: (...settings) => openBehindTcp(startSealedServerProcess, ...settings),
};

/** Pages have nothing but WebSockets; with `--full` they are tried in terminals and pipes, too. */
export const CARRIERS: readonly Carrier[] = FULL_SIZE ? [UDP, WEB_SOCKET] : [UDP];

/** At the proxy's port there is no UDP: the system refuses it at once. */
async function openBehindTcp(
  start: Start,
  ...[args, options]: Parameters<Start>
): Promise<SealedServer> {
  await using opened = new AsyncDisposableStack();
  const server = await start(args, options);
  opened.defer(server[Symbol.asyncDispose].bind(server));
  const proxy = opened.use(await openTcpProxy(Number(server.port)));
  const all = opened.move();
  return Object.assign(server, {
    invitation: server.invitation.replace(/^charla:\/\/[^/]*/, `charla://127.0.0.1:${proxy.port}`),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  });
}
