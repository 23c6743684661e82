// `charla get` compared with curl: 1 GiB from loopback into a file (`npm run bench -- get`). The server is a second process of
// this file. The result is the ratio of the median times.

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { machine } from "./harness/machine.ts";
import { reportUsage, startOther } from "./harness/other-process.ts";
import { median } from "./harness/quantiles.ts";

const ROUNDS = 7;
const BYTES = 1_073_741_824;
const charla = join(import.meta.dir, "..", "src", "cli", "main.ts");

interface Figures {
  /** From start to end, ms. */
  readonly time: number;
  /** CPU time of all threads, ms. */
  readonly cpu: number;
}

function measure(command: string[], file: string): Figures {
  rmSync(file, { force: true });
  // Pending writes of the run before must not count.
  Bun.spawnSync(["sync"]);
  const start = performance.now();
  const { exitCode, resourceUsage } = Bun.spawnSync(command, { stdout: "ignore" });
  const time = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  if (Bun.file(file).size !== BYTES) throw new Error(`${command.join(" ")} fetched something else`);
  return { time, cpu: Number(resourceUsage.cpuTime.total) / 1_000 };
}

async function compare(): Promise<void> {
  if (Bun.which("curl") === null) {
    console.error("curl is missing\nhint: install it (Debian: apt-get install curl)");
    process.exit(1);
  }
  const folder = mkdtempSync(join(tmpdir(), "charla-get-"));
  const file = join(folder, "file");
  await using server = await startOther(import.meta.path);
  const url = `http://127.0.0.1:${server.port}/`;
  const commands = {
    curl: ["curl", "--silent", "--output", file, url],
    charla: [process.execPath, charla, "get", "--quiet", "--output", file, url],
  };
  const figures: Record<keyof typeof commands, Figures[]> = { curl: [], charla: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // In turns, so that other load on the machine affects both.
    for (const name of ["curl", "charla"] as const) {
      figures[name].push(measure(commands[name], file));
    }
  }
  rmSync(folder, { recursive: true });

  const middle = (of: readonly Figures[], what: keyof Figures) => {
    return median(of.map((each) => each[what]));
  };
  console.log(`1 GiB from loopback to a file, median of ${ROUNDS} runs each, taken in turns`);
  console.log(machine);
  for (const name of ["curl", "charla"] as const) {
    const own = figures[name];
    const times = own.map(({ time }) => time);
    const ratio = middle(own, "time") / middle(figures.curl, "time");
    console.log(
      `${name.padEnd(7)} ${(median(times) / 1_000).toFixed(2)} s ` +
        `(${(Math.min(...times) / 1_000).toFixed(2)} to ${(Math.max(...times) / 1_000).toFixed(2)}), ` +
        `${ratio.toFixed(2)} times curl; ${(middle(own, "cpu") / 1_000).toFixed(2)} s of CPU`,
    );
  }
}

function serve(): void {
  const folder = mkdtempSync(join(tmpdir(), "charla-get-"));
  const path = join(folder, "served");
  writeFileSync(path, "");
  // A sparse file: nothing is read from the disk.
  truncateSync(path, BYTES);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.on("SIGTERM", () => process.exit(0));
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(Bun.file(path)),
  });
  if (server.port === undefined) throw new Error("no port was given");
  reportUsage(server.port);
}

if (process.argv[2] === "serve") serve();
else await compare();
