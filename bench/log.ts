// Appends a second to the log on the disk and to the one in memory, compared with the same rows by bun:sqlite alone,
// with the same pragmas, in the same run. "bare" indexes no words for searches; what that costs is the difference.

import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Draft } from "../src/chat/frames.ts";
import type { Log } from "../src/log/log.ts";
import { openMemoryLog } from "../src/log/memory-log.ts";
import { openSqliteLog } from "../src/log/sqlite-log.ts";
import { machine } from "./harness/machine.ts";
import { median, quantile } from "./harness/quantiles.ts";

const ROUNDS = 3;
/** Bytes of each text. */
const TEXT = 64;
/** Appends in each round, by the number in flight. */
const COUNTS = { 1: 2_000, 64: 100_000, 1_024: 300_000 } as const;
const WORDS = "and then we all went down to the river because there was nothing else to do".split(
  " ",
);

function draft(number: number): Draft {
  let text = String(number);
  for (let index = number; text.length < TEXT; index += 7)
    text += ` ${WORDS[index % WORDS.length]}`;
  const device = "fVbJfVbJfVbJfVbJfVbJfV";
  const author = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
  return { author, name: "someone", device, number, text: text.slice(0, TEXT) };
}

const DRAFTS = Array.from({ length: Math.max(...Object.values(COUNTS)) + 1_024 }, (_, number) =>
  draft(number),
);

interface Result {
  /** Appends a second. */
  readonly rate: number;
  /** The time of each group in flight, ms. */
  readonly times: number[];
}

/** Appends `inFlight` drafts at a time, the next ones when all of them are durable. */
async function measure(
  count: number,
  inFlight: number,
  group: (drafts: readonly Draft[]) => unknown,
): Promise<Result> {
  const times: number[] = [];
  const start = performance.now();
  for (let number = 0; number < count; number += inFlight) {
    const begun = performance.now();
    await group(DRAFTS.slice(number, number + inFlight));
    times.push(performance.now() - begun);
  }
  return { rate: (count / (performance.now() - start)) * 1_000, times };
}

async function toLog(log: Log, count: number, inFlight: number): Promise<Result> {
  return measure(count, inFlight, (drafts) =>
    Promise.all(drafts.map((each) => log.append("main", each))),
  );
}

async function bare(folder: string, count: number, inFlight: number): Promise<Result> {
  using database = new Database(join(folder, "bare.sqlite"));
  for (const pragma of ["journal_mode = WAL", "synchronous = FULL"])
    database.run(`PRAGMA ${pragma}`);
  database.run(
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, time INTEGER, name TEXT, text TEXT) STRICT",
  );
  const insert = database.prepare("INSERT INTO entries (time, name, text) VALUES (?, ?, ?)");
  return await measure(count, inFlight, (drafts) => {
    database.run("BEGIN IMMEDIATE");
    for (const { name, text } of drafts) insert.run(Date.now(), name, text);
    database.run("COMMIT");
  });
}

async function inFolder(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "charla-bench-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SUBJECTS: Readonly<Record<string, (count: number, inFlight: number) => Promise<Result>>> = {
  "bare bun:sqlite": (count, inFlight) => inFolder((folder) => bare(folder, count, inFlight)),
  "log on the disk": (count, inFlight) =>
    inFolder(async (folder) => {
      await using log = await openSqliteLog({ folder, now: Date.now });
      return await toLog(log, count, inFlight);
    }),
  "log in memory": async (count, inFlight) => {
    await using log = openMemoryLog({ now: Date.now });
    return await toLog(log, count, inFlight);
  },
};

console.log(`appends of ${TEXT} bytes to one room; medians of ${ROUNDS} rounds, taken in turns`);
console.log(machine);
for (const [flight, count] of Object.entries(COUNTS)) {
  const inFlight = Number(flight);
  const results = new Map<string, Result[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(SUBJECTS)) {
      results.set(name, [...(results.get(name) ?? []), await run(count, inFlight)]);
    }
  }
  console.log(`${inFlight} in flight`);
  for (const [name, rounds] of results) {
    const rate = Math.round(median(rounds.map((round) => round.rate)));
    const times = rounds.flatMap((round) => round.times);
    const [half, most] = [quantile(times, 0.5), quantile(times, 0.99)].map((ms) => ms.toFixed(3));
    console.log(
      `  ${name.padEnd(16)} ${rate.toLocaleString("en").padStart(9)} a second, p50 ${half} ms, p99 ${most} ms`,
    );
  }
}
