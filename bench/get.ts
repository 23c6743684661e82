// `charla get` compared with curl (`npm run bench -- get`): 1 GiB from loopback into a file, 5 GiB to /dev/null, and one short
// response, which is mostly the program's start. The server is a second process of this file. The result is the ratio of the
// median times; the shortest say more where others use the machine.

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { machine } from "./harness/machine.ts";
import { reportUsage, startOther } from "./harness/other-process.ts";
import { median } from "./harness/quantiles.ts";

const root = join(import.meta.dir, "..");
const GIB = 1_073_741_824;

interface Case {
  readonly name: string;
  /** Of the server: also the size of its response in bytes. */
  readonly bytes: number;
  readonly rounds: number;
  readonly to: "file" | "/dev/null" | "stdout";
}

const CASES: readonly Case[] = [
  { name: "1 GiB to a file", bytes: GIB, rounds: 7, to: "file" },
  { name: "5 GiB to /dev/null", bytes: 5 * GIB, rounds: 5, to: "/dev/null" },
  { name: "start, and 5 bytes", bytes: 5, rounds: 31, to: "stdout" },
];

interface Figures {
  /** From start to end, ms. */
  readonly time: number;
  /** CPU time of all threads, ms. */
  readonly cpu: number;
}

function measure(command: string[]): Figures {
  const start = performance.now();
  const { exitCode, resourceUsage } = Bun.spawnSync(command, { stdout: "ignore" });
  const time = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return { time, cpu: Number(resourceUsage.cpuTime.total) / 1_000 };
}

async function compare(): Promise<void> {
  if (Bun.which("curl") === null) {
    console.error("curl is missing\nhint: install it (Debian: apt-get install curl)");
    process.exit(1);
  }
  const folder = mkdtempSync(join(tmpdir(), "charla-get-"));
  try {
    const built = Bun.spawnSync(["node", join(root, "scripts", "build.mjs")]);
    if (built.exitCode !== 0) throw new Error(built.stderr.toString());
    const charla = join(root, "dist", "charla");
    await using server = await startOther(import.meta.path);
    console.log(machine);
    for (const each of CASES) compareCase(each, charla, `http://127.0.0.1:${server.port}/`, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compareCase(
  { name, bytes, rounds, to }: Case,
  charla: string,
  at: string,
  folder: string,
) {
  const file = join(folder, "file");
  const output = to === "stdout" ? [] : ["--output", to === "file" ? file : "/dev/null"];
  const url = `${at}${bytes}`;
  const commands = {
    curl: ["curl", "--silent", ...output, url],
    charla: [charla, "get", "--quiet", ...output, url],
  };
  const figures: Record<keyof typeof commands, Figures[]> = { curl: [], charla: [] };
  for (let round = 0; round < rounds; round += 1) {
    // In turns, so that other load on the machine affects both.
    for (const tool of ["curl", "charla"] as const) {
      if (to === "file") {
        rmSync(file, { force: true });
        // Pending writes of the run before must not count.
        Bun.spawnSync(["sync"]);
      }
      figures[tool].push(measure(commands[tool]));
      if (to === "file" && Bun.file(file).size !== bytes)
        throw new Error(`${tool} fetched something else`);
    }
  }
  const times = (of: readonly Figures[]) => of.map(({ time }) => time);
  console.log(`${name}, median of ${rounds} runs each, taken in turns`);
  for (const tool of ["curl", "charla"] as const) {
    const own = times(figures[tool]);
    const ratio = median(own) / median(times(figures.curl));
    const cpu = median(figures[tool].map((each) => each.cpu));
    console.log(
      `  ${tool.padEnd(7)} ${median(own).toFixed(0)} ms (${Math.min(...own).toFixed(0)} to ` +
        `${Math.max(...own).toFixed(0)}), ${ratio.toFixed(2)} times curl; ${cpu.toFixed(0)} ms of CPU`,
    );
  }
}

function serve(): void {
  const folder = mkdtempSync(join(tmpdir(), "charla-get-"));
  for (const { bytes } of CASES) {
    const path = join(folder, String(bytes));
    writeFileSync(path, "");
    // A sparse file: nothing is read from the disk.
    truncateSync(path, bytes);
  }
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.on("SIGTERM", () => process.exit(0));
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => new Response(Bun.file(join(folder, new URL(url).pathname))),
  });
  if (server.port === undefined) throw new Error("no port was given");
  reportUsage(server.port);
}

if (process.argv[2] === "serve") serve();
else await compare();
