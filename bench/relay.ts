// What a relay forwards: datagrams of 1,200 bytes for each second of its processor time, and how much later they arrive,
// beside a C program that only receives them with recvmmsg and sends them on with sendmmsg. A third process, in C, is both
// ends. Processor time, since the processes share the machine's cores: a relay that has one for itself forwards as many a second.
// Then what idle registrations cost.

import { join } from "node:path";

import { platformCrypto, randomBytes } from "../src/net/crypto.ts";
import { openSealedSocket } from "../src/net/sealed-socket.ts";
import { respondWith } from "../src/protocol/responder.ts";
import { createForwarder, forward } from "../src/relay/forwarder.ts";
import { registerServer } from "../src/relay/relay-table.ts";
import { compile } from "./harness/c-program.ts";
import { machine } from "./harness/machine.ts";
import { reportUsage, startOther } from "./harness/other-process.ts";
import { median } from "./harness/quantiles.ts";
import { measureRegistrations } from "./relay/registrations.ts";

const ROUNDS = 7;
/** A sealed datagram of 1,200 bytes behind the relay's header. */
const SIZE = 1_217;
/** Datagrams on the way at once: they fit a receive buffer of any size. */
const WINDOW = 128;
const DATAGRAMS = 200_000;
const SINGLE = 5_000;
/** Pairs of a joiner and a server, whose datagrams come in turns. */
const CASES = [1, 16];
const MAX_PAIRS = 16;

const now = () => performance.now();

/** A program with a line for each answer. */
function startProgram(command: string[]) {
  const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  let buffered = "";
  return {
    child,
    async line(): Promise<string> {
      for (;;) {
        const end = buffered.indexOf("\n");
        if (end !== -1) {
          const line = buffered.slice(0, end);
          buffered = buffered.slice(end + 1);
          return line;
        }
        const { done, value } = await reader.read();
        if (done) throw new Error(`${command.join(" ")} has ended`);
        buffered += new TextDecoder().decode(value);
      }
    },
    ask(line: string): Promise<string> {
      void child.stdin.write(`${line}\n`);
      void child.stdin.flush();
      return this.line();
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

/** The relay's hot path, in a process of its own, with the servers of these pairs. */
async function serve(pairs: readonly string[]): Promise<void> {
  const unlimited = { rate: 1e12, totalRate: 1e12, slotsOfSource: MAX_PAIRS };
  const forwarder = createForwarder({
    crypto: platformCrypto,
    random: randomBytes,
    limits: unlimited,
    now: now(),
  });
  for (const [index, pair] of pairs.entries()) {
    const [, port] = pair.split(":");
    const slot = new Uint8Array(16).fill(index + 1);
    registerServer(forwarder, slot, { address: "127.0.0.1", port: Number(port) }, now());
  }
  const socket = await openSealedSocket({
    port: 0,
    staticKeys: platformCrypto.generateKeyPair(randomBytes(32)),
    respond: respondWith({ admission: new Uint8Array(32) }),
    onRelayPacket: (datagram, from) => forward(forwarder, datagram, from, now()),
  });
  reportUsage(socket.local.port);
}

/** Ms of processor time of a process so far, by the ticks of 10 ms that Linux counts. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await Bun.file(`/proc/${pid}/stat`).text();
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function compare(program: string, pairs: number): Promise<void> {
  await using load = startProgram([program, "load", `${SIZE}`, `${WINDOW}`, `${pairs}`]);
  const ports = (await load.line()).split(" ");
  await using plain = startProgram([program, "plain", ...ports]);
  const plainPort = await plain.line();
  await using relay = await startOther(import.meta.path, { PAIRS: ports.join(" ") });
  const [, directPort] = (ports[0] ?? "").split(":");

  const run = async (port: string, slots: 0 | 1) => {
    const [rate, lost] = (await load.ask(`${port} ${slots} ${DATAGRAMS}`)).split(" ").map(Number);
    return { rate: rate ?? Number.NaN, lost: lost ?? Number.NaN };
  };
  // Warm-up: the compiler optimizes.
  await run(`${relay.port}`, 1);
  const [ours, theirs, clock]: [number[], number[], number[]] = [[], [], []];
  let lost = 0;
  // In turns, so that other load on the machine affects both.
  for (let round = 0; round < ROUNDS; round += 1) {
    const plainBefore = await cpuOf(plain.child.pid);
    await run(plainPort, 0);
    theirs.push((DATAGRAMS / ((await cpuOf(plain.child.pid)) - plainBefore)) * 1_000);
    const before = await relay.usage();
    const outcome = await run(`${relay.port}`, 1);
    ours.push((DATAGRAMS / ((await relay.usage()).cpu - before.cpu)) * 1e6);
    clock.push(outcome.rate);
    lost += outcome.lost;
  }
  const ratios = ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN));
  const [least, most] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
  console.log(`${pairs} of a joiner and a server; ${lost} lost`);
  console.log(`  recvmmsg, sendmmsg  ${report(median(theirs))}`);
  console.log(`  relay               ${report(median(ours))}`);
  console.log(`                      ${median(ratios).toFixed(2)} of that (${least} to ${most})`);
  console.log(`                      ${report(median(clock))} by the clock, on shared cores`);
  if (pairs > 1) return;
  const times: Record<"direct" | "plain" | "relay", number[]> = {
    direct: [],
    plain: [],
    relay: [],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.direct.push(Number(await load.ask(`${directPort} 0 -${SINGLE}`)));
    times.plain.push(Number(await load.ask(`${plainPort} 0 -${SINGLE}`)));
    times.relay.push(Number(await load.ask(`${relay.port} 1 -${SINGLE}`)));
  }
  const direct = median(times.direct);
  console.log(`one at a time, the median: direct ${direct.toFixed(0)} us`);
  console.log(`  recvmmsg, sendmmsg  ${(median(times.plain) - direct).toFixed(0)} us more`);
  console.log(`  relay               ${(median(times.relay) - direct).toFixed(0)} us more`);
}

function report(rate: number): string {
  const rounded = (Math.round(rate / 1_000) * 1_000).toLocaleString("en");
  return `${rounded} a second, ${(1e6 / rate).toFixed(1)} us each`;
}

if (process.argv[2] === "serve") {
  await serve((process.env["PAIRS"] ?? "").split(" "));
} else {
  using program = compile(join(import.meta.dir, "forward.c"));
  if (program === null) {
    console.error(
      "there is no C compiler\nhint: install one that is called cc (Debian: apt-get install gcc)",
    );
    process.exit(1);
  }
  console.log(
    `datagrams of 1,200 bytes that a relay forwards, median of ${ROUNDS} rounds in turns`,
  );
  console.log(machine);
  for (const pairs of CASES) await compare(program.path, pairs);
  await measureRegistrations();
  // The registered servers are still there.
  process.exit(0);
}
