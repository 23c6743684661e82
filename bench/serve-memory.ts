// The memory that `charla serve` takes for what is larger than memory: a file of 4 GiB to 8 clients at once, and an
// upload as long.

import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { machine } from "./harness/machine.ts";
import { CHARLA, start, type WebServer } from "./serve/web-servers.ts";

const BYTES = 4 * 1024 ** 3;
const CLIENTS = 8;

/** The most memory that a process has taken so far, MiB (proc(5), VmHWM). */
function peak(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

async function curl(...args: string[]): Promise<void> {
  const child = Bun.spawn(["curl", "--silent", "--show-error", "--fail", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if ((await child.exited) !== 0) throw new Error(`curl ${args.join(" ")} failed`);
}

const uploading: WebServer = {
  name: CHARLA.name,
  command(folder, port) {
    const command = CHARLA.command(folder, port);
    return command === null ? null : [...command, "--upload", "--max-upload", "8G"];
  },
};

const folder = mkdtempSync(join(tmpdir(), "charla-serve-"));
const file = join(folder, "large.bin");
// Its bytes take no room on the disk, and as long to be sent as any.
const descriptor = openSync(file, "w");
ftruncateSync(descriptor, BYTES);
closeSync(descriptor);

console.log(`the most memory that charla serve takes, MiB\n${machine}`);
for (const title of ["downloads", "upload"] as const) {
  await using server = await start(uploading, folder);
  if (server === null) throw new Error("charla is not on this machine");
  const before = peak(server.pid);
  const { url } = server;
  if (title === "upload") await curl("--upload-file", file, `${url}/uploaded.bin`);
  else await Promise.all(Array.from({ length: CLIENTS }, () => curl(`${url}/large.bin`)));
  const what = title === "upload" ? "4 GiB come" : `4 GiB go to ${CLIENTS} clients`;
  console.log(`  ${what}: ${peak(server.pid).toFixed(0)} (${before.toFixed(0)} before)`);
}
rmSync(folder, { recursive: true });
