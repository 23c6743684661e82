// Ten thousand idle sessions of one endpoint, with keep-alives only: their memory and CPU time, and whether a message
// costs more because of them. The initiators are all in another process.

import { generateKeyPair } from "../src/net/crypto.ts";
import type { SealedLink } from "../src/net/sealed-link.ts";
import { openSealedSocket, type SealedSocket } from "../src/net/sealed-socket.ts";
import { respondWith } from "../src/protocol/responder.ts";
import { machine } from "./harness/machine.ts";
import { type OtherProcess, reportUsage, startOther } from "./harness/other-process.ts";
import { quantile } from "./harness/quantiles.ts";

const PSK = new Uint8Array(32);
const MESSAGE = new Uint8Array(64).fill(1);
const FEW = 10;
const MANY = 10_000;
/** Sessions that begin at the same time. */
const AT_ONCE = 32;
/** Long enough for two keep-alives of every session, ms. */
const IDLE = 45_000;
const ECHOES = 10_000;
/** Echoes before the measurement, in which the compiler optimizes. */
const WARM_UP = 20_000;
/** Wait for the delayed ACKs, ms. */
const SETTLED = 500;

const keys = () => generateKeyPair(crypto.getRandomValues(new Uint8Array(32)));

interface Echoing {
  readonly link: SealedLink;
  /** Called for each echo. */
  onEcho: () => void;
}

async function serve(): Promise<void> {
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys(),
    respond: respondWith({ admission: PSK }),
    onJoined: (link) => ({
      onMessages(messages) {
        for (const message of messages) void link.say(message);
      },
    }),
  });
  reportUsage(socket.local.port);
}

async function joinOne(client: SealedSocket, port: number): Promise<Echoing> {
  const session: Echoing = {
    link: client.join(
      { to: { address: "127.0.0.1", port }, psk: PSK, expected: null },
      { onMessages: () => session.onEcho() },
    ),
    onEcho() {},
  };
  await echo(session);
  return session;
}

/** The round trip of one message, ms. */
async function echo(session: Echoing): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  session.onEcho = resolve;
  const start = performance.now();
  void session.link.say(MESSAGE);
  await promise;
  return performance.now() - start;
}

async function joinUntil(count: number, sessions: Echoing[], client: SealedSocket, port: number) {
  while (sessions.length < count) {
    const more = Math.min(AT_ONCE, count - sessions.length);
    sessions.push(
      ...(await Promise.all(Array.from({ length: more }, () => joinOne(client, port)))),
    );
  }
  await Bun.sleep(SETTLED);
}

/** CPU time of the server for a message, us, and its median round trip, us. */
async function costOfAnEcho(sessions: readonly Echoing[], echoes: number, server: OtherProcess) {
  const times: number[] = [];
  const before = await server.usage();
  for (let count = 0; count < echoes; count += 1) {
    const session = sessions[count % sessions.length];
    if (session !== undefined) times.push(await echo(session));
  }
  const after = await server.usage();
  return { cpu: (after.cpu - before.cpu) / echoes, p50: quantile(times, 0.5) * 1_000 };
}

async function measure(): Promise<void> {
  await using server = await startOther(import.meta.path);
  await using client = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys(),
  });
  const sessions: Echoing[] = [];
  await joinUntil(FEW, sessions, client, server.port);
  await costOfAnEcho(sessions, WARM_UP, server);
  const amongFew = await costOfAnEcho(sessions, ECHOES, server);
  const empty = await server.collect();

  await joinUntil(MANY, sessions, client, server.port);
  const full = await server.collect();
  await Bun.sleep(IDLE);
  const after = await server.usage();
  const idle = (after.cpu - full.cpu) / (IDLE * 1_000);
  const amongMany = await costOfAnEcho(sessions.slice(0, FEW), ECHOES, server);
  const each = (await server.collect()).memory - empty.memory;

  console.log(`${MANY} idle sessions of one endpoint, the initiators in another process`);
  console.log(machine);
  console.log(`memory (RSS)       ${(each / (MANY - FEW) / 1_024).toFixed(1)} KiB a session`);
  console.log(`CPU, keep-alives   ${(idle * 100).toFixed(1)} % of one core over ${IDLE / 1_000} s`);
  const report = (cost: typeof amongFew) =>
    `${cost.cpu.toFixed(1)} us of CPU, p50 ${cost.p50.toFixed(0)} us`;
  console.log(`an echo, of ${FEW}      ${report(amongFew)}`);
  const ratio = (amongMany.cpu / amongFew.cpu).toFixed(2);
  console.log(`an echo, of ${MANY}   ${report(amongMany)}; ${ratio} times the CPU`);
}

await (process.argv[2] === "serve" ? serve() : measure());
