// `charla serve` compared with nginx, Caddy, Python and npm packages, under load from wrk: a small file for many
// connections measures the cost of a request, and a large file for a few connections the cost of a byte.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { machine } from "./harness/machine.ts";
import { median } from "./harness/quantiles.ts";
import { CHARLA, installPackages, others, type RunningServer, start } from "./serve/web-servers.ts";

const ROUNDS = 3;
/** Of one measurement, s. */
const DURATION = 3;
const LOADS = [
  { title: "1 KiB at 32 connections", file: "small.txt", bytes: 1_024, connections: 32 },
  { title: "10 MiB at 4 connections", file: "large.bin", bytes: 10 * 1_048_576, connections: 4 },
] as const;

const wrk = Bun.which("wrk");
if (wrk === null) {
  console.error("wrk is missing\nhint: install it (Debian: apt-get install wrk)");
  process.exit(1);
}

/** CPU time of a process and its children, in ticks of 10 ms (proc(5), utime and stime). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  const own = Number(fields[11]) + Number(fields[12]);
  return children.reduce((sum, child) => sum + (child === "" ? 0 : cpuTicks(Number(child))), own);
}

interface Figure {
  /** Requests a second. */
  readonly rate: number;
  /** us of the server's CPU for each request. */
  readonly cpu: number;
}

function drive({ url: base, pid }: RunningServer, file: string, connections: number): Figure {
  const url = `${base}/${file}`;
  const args = ["-t", "1", "-c", `${connections}`, "-d", `${DURATION}s`, url];
  const before = cpuTicks(pid);
  const { stdout } = Bun.spawnSync([wrk ?? "wrk", ...args]);
  const spent = (cpuTicks(pid) - before) * 10_000;
  const report = stdout.toString();
  if (/Non-2xx|Socket errors/.test(report)) throw new Error(`${url}: ${report}`);
  const [rate = 0, count = 0] = [/Requests\/sec:\s+([\d.]+)/, /(\d+) requests in/].map((pattern) =>
    Number(pattern.exec(report)?.[1]),
  );
  return { rate, cpu: spent / count };
}

const folder = mkdtempSync(join(tmpdir(), "charla-serve-"));
for (const { file, bytes } of LOADS) writeFileSync(join(folder, file), Buffer.alloc(bytes, "x"));
const packages = installPackages();
if (packages === null) console.log("the npm packages could not be installed, and are left out");
const servers = [CHARLA, ...others(packages?.folder ?? null)];

/** By server and load, one for each round. */
const figures = new Map<string, Figure[]>();
for (let round = 0; round < ROUNDS; round += 1) {
  // In turns, so that other load on the machine affects all.
  for (const server of servers) {
    await using running = await start(server, folder);
    if (running === null) continue;
    for (const { title, file, connections } of LOADS) {
      const key = `${server.name} ${title}`;
      const figure = drive(running, file, connections);
      figures.set(key, [...(figures.get(key) ?? []), figure]);
    }
  }
}
packages?.[Symbol.dispose]();
rmSync(folder, { recursive: true });

console.log(`files over HTTP, median of ${ROUNDS} rounds of ${DURATION} s each, taken in turns`);
console.log(machine);
for (const { title, bytes } of LOADS) {
  const nginx = median((figures.get(`nginx ${title}`) ?? []).map(({ rate }) => rate));
  console.log(`\n${title}`);
  for (const { name } of servers) {
    const rounds = figures.get(`${name} ${title}`);
    if (rounds === undefined) {
      console.log(`  ${name.padEnd(14)} is not installed`);
      continue;
    }
    const rate = median(rounds.map((figure) => figure.rate));
    const cpu = median(rounds.map((figure) => figure.cpu)).toFixed(0);
    const volume = ((rate * bytes) / 1_048_576).toFixed(0);
    const ratio = Number.isNaN(nginx) ? "" : `, ${(rate / nginx).toFixed(2)} times nginx`;
    console.log(
      `  ${name.padEnd(14)} ${rate.toFixed(0).padStart(7)} a second, ${volume} MiB/s, ${cpu} us of CPU each${ratio}`,
    );
  }
}
