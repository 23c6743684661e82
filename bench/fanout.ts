// One member sends, N receive: charla, which encrypts messages and stores them on the disk first, compared with servers
// that do neither, and with a plain `write` to each receiver. Servers are measured one after the other. The sender and
// all receivers are one C program, which reports its own load.
//
//   npm run bench -- fanout                                          all: half an hour
//   bun bench/fanout.ts --listeners 10,100 --seconds 2 --only charla,redis

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { compileLoad, type Load, type LoadPrograms, type Measured } from "./fanout/load.ts";
import { mosquitto, nats, ncat, redis } from "./fanout/peers/brokers.ts";
import { charla, charlaByWebSockets } from "./fanout/peers/charla.ts";
import { inspircd, ngircd } from "./fanout/peers/irc.ts";
import { installPackages, nodePeers } from "./fanout/peers/node.ts";
import { digits, PATH, type Peer, type RunningPeer, startTcp, TEXT } from "./fanout/peers/peer.ts";
import { machine } from "./harness/machine.ts";
import { median } from "./harness/quantiles.ts";

const WINDOWS = [1, 64];
/** Messages a second at an even pace. */
const PACE = 50;
/** Wait for the garbage collection and for empty queues, s. */
const SETTLED = 1;

const { values: options } = parseArgs({
  options: {
    listeners: { type: "string", default: "10,100,1000,5000" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const LISTENERS = options.listeners.split(",").map(Number);
const SECONDS = Number(options.seconds);
const ROUNDS = Number(options.rounds);
const ONLY = options.only?.split(",");

interface Figures {
  readonly full: readonly Measured[];
  readonly p50: number;
  readonly p99: number;
  /** RSS for each listener, KiB. */
  readonly memory: number;
}

function floor({ floor: program }: LoadPrograms): Peer {
  return {
    name: "write to each",
    debian: null,
    start(folder, listeners) {
      const speech = { listener: [], sender: [], message: digits(`${TEXT}\n`) };
      return startTcp([program, String(listeners)], folder, null, listeners, speech);
    },
  };
}

/** The installed servers; prints a hint for each that is missing. */
function installedPeers(programs: LoadPrograms, packages: string | null): Peer[] {
  const debian = [ncat, redis, nats, inspircd, ngircd, mosquitto];
  const missing = debian.filter(({ debian: name }) => !isInstalled(name));
  for (const { name, debian: packageName } of missing) {
    console.log(`${name} is missing: apt-get install ${packageName}`);
  }
  if (packages === null && ONLY === undefined) {
    console.log("ws and socket.io are missing: they need node, npm and npm's registry");
  }
  const peers = [
    charla,
    charlaByWebSockets,
    floor(programs),
    ...debian.filter((peer) => !missing.includes(peer)),
  ];
  if (packages !== null) peers.push(...nodePeers(packages));
  return peers.filter(({ name }) => ONLY?.some((one) => name.startsWith(one)) ?? true);
}

function isInstalled(name: string | null): boolean {
  return name === null || Bun.which(name, { PATH }) !== null;
}

async function measure(peer: Peer, listeners: number, programs: LoadPrograms): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "charla-fanout-"));
  try {
    await using server = await peer.start(folder, listeners);
    const empty = await memoryOf(server);
    await using load = await programs.start(server.load, await server.members());
    const memory = ((await memoryOf(server)) - empty) / listeners;
    const full: Measured[] = [];
    for (const window of WINDOWS) full.push(await medianOf(load, server, window));
    const { p50, p99 } = await load.paced(server.pid, PACE, SECONDS);
    return { full, p50, p99, memory };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function medianOf(load: Load, { pid }: RunningPeer, window: number): Promise<Measured> {
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push(await load.full(pid, window, SECONDS));
  const middle = median(rounds.map(({ rate }) => rate));
  const result = rounds.find(({ rate }) => rate === middle);
  if (result === undefined) throw new Error("no round has the median rate");
  return result;
}

/** RSS, KiB. */
async function memoryOf(server: RunningPeer): Promise<number> {
  server.collect();
  await Bun.sleep(SETTLED * 1_000);
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

function row(name: string, { full, p50, p99, memory }: Figures): string {
  const cells = full.flatMap(({ rate, cpu, serverBusy, loadBusy }) => [
    Math.round(rate / 100)
      .toLocaleString("en")
      .padStart(9),
    cpu.toFixed(2).padStart(7),
    `${(serverBusy * 100).toFixed(0)}/${(loadBusy * 100).toFixed(0)}`.padStart(8),
  ]);
  const times = [p50.toFixed(2).padStart(8), p99.toFixed(2).padStart(8)];
  return [name.padEnd(14), ...cells, ...times, memory.toFixed(1).padStart(8)].join(" ");
}

using programs = compileLoad();
if (programs === null) {
  console.error(
    "the load cannot be compiled\nhint: install a C compiler and OpenSSL's headers (Debian: apt-get install gcc libssl-dev)",
  );
  process.exit(1);
}
using packages = ONLY?.every((one) => !["ws", "socket.io"].includes(one))
  ? null
  : installPackages();
const peers = installedPeers(programs, packages?.folder ?? null);
console.log(
  `one sends, N receive, ${TEXT.length} bytes; medians of ${ROUNDS} rounds of ${SECONDS} s. For each number of messages in flight:`,
);
console.log(
  "  hundreds of deliveries a second, us of the server's CPU for each, % of a core of server/load;",
);
console.log(
  `  then p50 and p99, ms, at ${PACE} messages a second, and KiB of RSS for each idle receiver`,
);
console.log(machine);
for (const listeners of LISTENERS) {
  console.log(`${listeners.toLocaleString("en")} receivers; in flight: ${WINDOWS.join(", ")}`);
  for (const peer of peers) {
    if (listeners > (peer.maxListeners ?? Infinity)) {
      console.log(`  ${peer.name.padEnd(14)} does not support so many`);
      continue;
    }
    try {
      console.log(`  ${row(peer.name, await measure(peer, listeners, programs))}`);
    } catch (error) {
      console.log(
        `  ${peer.name.padEnd(14)} ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
