// The load of the fan-out: a C program that is the sender and all listeners at once (crowd.c, tcp-members.c and
// sealed-members.c), in a process of its own. Knows no server.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type LoadKind = "tcp" | "sealed" | "sealed-websockets";

export interface LoadPrograms extends Disposable {
  /** The path of the program that only writes to each (floor.c). */
  readonly floor: string;
  /** @param members the lines that tcp-members.c or sealed-members.c reads */
  start(kind: LoadKind, members: readonly string[]): Promise<Load>;
}

export interface Load extends AsyncDisposable {
  /** `window` messages in flight, as fast as all listeners receive them. */
  full(server: number, window: number, duration: number): Promise<Measured>;
  paced(server: number, rate: number, duration: number): Promise<PacedMeasured>;
  /** Sends nothing until nothing was received for `duration` s. */
  rest(duration: number): Promise<void>;
}

export interface Measured {
  readonly deliveries: number;
  /** Deliveries a second. */
  readonly rate: number;
  /** us of the server's CPU for each delivery. */
  readonly cpu: number;
  /** Parts of a core. */
  readonly serverBusy: number;
  readonly loadBusy: number;
}

export interface PacedMeasured extends Measured {
  /** From sending to receiving, ms. */
  readonly p50: number;
  readonly p99: number;
}

const SEALED = ["crowd.c", "sealed-members.c"];

/** Null if they cannot be compiled; the compiler's errors are on stderr. */
export function compileLoad(): LoadPrograms | null {
  const folder = mkdtempSync(join(tmpdir(), "charla-fanout-load-"));
  const remove = () => rmSync(folder, { recursive: true });
  const parts = {
    floor: ["floor.c"],
    tcp: ["crowd.c", "tcp-members.c"],
    sealed: [...SEALED, "udp-datagrams.c", "-lcrypto"],
    "sealed-websockets": [...SEALED, "websocket-datagrams.c", "-lcrypto"],
  };
  const compiler = Bun.which("cc");
  for (const [name, sources] of Object.entries(parts)) {
    const files = sources.map((each) => (each.endsWith(".c") ? join(import.meta.dir, each) : each));
    const command = ["-O2", "-o", join(folder, name), ...files];
    const stdio = ["ignore", "inherit", "inherit"] as const;
    if (compiler !== null && Bun.spawnSync([compiler, ...command], { stdio: [...stdio] }).success) {
      continue;
    }
    remove();
    return null;
  }
  return {
    floor: join(folder, "floor"),
    start: (kind, members) => startLoad(join(folder, kind), members),
    [Symbol.dispose]: remove,
  };
}

async function startLoad(program: string, members: readonly string[]): Promise<Load> {
  const child = Bun.spawn([program], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const output = child.stdout.getReader();
  const answer = async (line: string): Promise<number[]> => {
    void child.stdin.write(line);
    await child.stdin.flush();
    const { value } = await output.read();
    const numbers = new TextDecoder().decode(value).trim().split(" ").map(Number);
    const [deliveries, , , , lost] = numbers;
    if (value === undefined || deliveries === undefined) throw new Error("the load has ended");
    if (lost !== undefined && lost > 0) throw new Error(`${lost} messages were not received`);
    return numbers;
  };
  await answer(`${members.join("\n")}\n`);
  return {
    full: async (server, window, duration) =>
      measured(await answer(`full ${server} ${window} ${duration}\n`)),
    async paced(server, rate, duration) {
      const numbers = await answer(`paced ${server} ${rate} ${duration}\n`);
      const [, , , , , p50 = Number.NaN, p99 = Number.NaN] = numbers;
      return { ...measured(numbers), p50, p99 };
    },
    async rest(duration) {
      await answer(`rest ${duration}\n`);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

function measured(numbers: readonly number[]): Measured {
  const [deliveries = 0, time = 0, server = 0, load = 0] = numbers;
  const [rate, cpu] = [deliveries / time, (server / deliveries) * 1e6];
  return { deliveries, rate, cpu, serverBusy: server / time, loadBusy: load / time };
}
