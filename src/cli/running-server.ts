// The server that runs on this machine, for `charla stop` and for a second start: its process, in the file `server` of the
// data folder. A process number is used again once its process has ended, so the file also says when that was started:
// after a kill, or a restart of the machine, another program with this number is not taken for the server.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as v from "valibot";

import { readSmallFile, removeUnchangedFile, replaceFile } from "../identity/atomic-file.ts";

const FILE_NAME = "server";
const MAX_FILE_BYTES = 65_536;
/** Servers that were started before this one and still run: a few, if any. */
const MAX_EARLIER = 16;

const server = v.object({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** As `processStart` has it. */
  started: v.string(),
  /** Where it listens, for people. */
  address: v.string(),
  /** The folder of its messages; null if it stores none. */
  data: v.nullable(v.string()),
  /** For this person's other programs on this machine. */
  invitation: v.string(),
});
const fileContent = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ ...server.entries, earlier: v.pipe(v.array(server), v.maxLength(MAX_EARLIER)) }),
);

export type RunningServer = v.InferOutput<typeof server>;

/** The server in this process. */
export function thisServer(
  about: Pick<RunningServer, "address" | "data" | "invitation">,
  platform: NodeJS.Platform = process.platform,
): RunningServer {
  return { pid: process.pid, started: processStart(process.pid, platform) ?? "", ...about };
}

/**
 * Records a server; removes the record on disposal, unless another server has replaced it.
 *
 * @param folder the data folder
 * @param earlier servers that were started before, newest first
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function recordServer(
  folder: string,
  newest: RunningServer,
  earlier: readonly RunningServer[],
): Disposable {
  const path = join(folder, FILE_NAME);
  replaceFile(path, `${JSON.stringify({ ...newest, earlier: earlier.slice(0, MAX_EARLIER) })}\n`);
  return {
    [Symbol.dispose]() {
      try {
        const text = readRecord(folder);
        // It may be there again, written by a later server that has ended.
        if (parseRecord(text)[0]?.pid !== newest.pid) return;
        removeUnchangedFile(path, text, MAX_FILE_BYTES);
      } catch {
        // It stays, and names a process that has ended.
      }
    },
  };
}

/**
 * The servers of a folder that were recorded, whether they still run or not, newest first; none where there is no record,
 * or it is damaged.
 *
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export function findServers(folder: string): RunningServer[] {
  return parseRecord(readRecord(folder));
}

function readRecord(folder: string): string {
  const file = readSmallFile(join(folder, FILE_NAME), MAX_FILE_BYTES);
  return file === null || typeof file === "string" ? "" : file.text;
}

function parseRecord(text: string): RunningServer[] {
  const parsed = v.safeParse(fileContent, text);
  if (!parsed.success) return [];
  const { earlier, ...newest } = parsed.output;
  return [newest, ...earlier];
}

/** False for every server on Windows, which has no ps. */
export function isRunning(
  { pid, started }: RunningServer,
  platform: NodeJS.Platform = process.platform,
): boolean {
  return processStart(pid, platform) === started;
}

/** When a process was started, as its system writes it; null for one that has ended. */
function processStart(pid: number, platform: NodeJS.Platform): string | null {
  return platform === "linux" ? startOnLinux(pid) : startByPs(pid);
}

/** In clock ticks since the machine was started (field 22 of proc(5)'s /proc/PID/stat), after the id of that boot. */
function startOnLinux(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses, which may contain blanks and parentheses.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    const [state = ""] = fields;
    // It has ended, and its parent has not asked for its status.
    if (ENDED.has(state)) return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${boot} ${fields[22 - 3]}`;
  } catch {
    return null;
  }
}

const ENDED: ReadonlySet<string> = new Set(["Z", "X", "x"]);

/** To the second, in the words of POSIX's ps and of where it is run. */
function startByPs(pid: number): string | null {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const { status, stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env,
  });
  return status === 0 ? stdout.trim() : null;
}
