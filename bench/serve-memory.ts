// The memory of `charla serve` for large files: one of 4 GiB sent to 8 clients at once, and an upload of the same size.

import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { machine } from "./harness/machine.ts";
import { CHARLA, start, type WebServer } from "./serve/web-servers.ts";

const BYTES = 4 * 1024 ** 3;
const CLIENTS = 8;

/** The peak memory of a process, in MiB (proc(5), VmHWM). */
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
// A sparse file: it takes no disk space, but as long to send as any other.
const descriptor = openSync(file, "w");
ftruncateSync(descriptor, BYTES);
closeSync(descriptor);

console.log(`peak memory of charla serve, MiB\n${machine}`);
for (const title of ["downloads", "upload"] as const) {
  await using server = await start(uploading, folder);
  if (server === null) throw new Error("charla could not be started");
  const before = peak(server.pid);
  const { url } = server;
  if (title === "upload") await curl("--upload-file", file, `${url}/uploaded.bin`);
  else await Promise.all(Array.from({ length: CLIENTS }, () => curl(`${url}/large.bin`)));
  const what = title === "upload" ? "4 GiB uploaded" : `4 GiB to ${CLIENTS} clients`;
  console.log(`  ${what}: ${peak(server.pid).toFixed(0)} (${before.toFixed(0)} before)`);
}
rmSync(folder, { recursive: true });
