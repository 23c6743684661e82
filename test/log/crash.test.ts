// kill -9 while a program appends as fast as it can: every entry that was reported as durable is there afterwards.

import { expect, test } from "bun:test";
import { extname, join } from "node:path";

import { openConnection } from "#sqlite-connection";

import { openSqliteLog } from "../../src/log/sqlite-log.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { start } from "../harness/program.ts";
import { rounds } from "../harness/rounds.ts";
import { until } from "../harness/until.ts";
import { seededRandom } from "../simulator/random.ts";
import { draft } from "./drafts.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const ROUNDS = rounds(3, 10);
const random = seededRandom(9);

test(
  "a log that is killed again and again while it appends has every durable entry, without gaps",
  async () => {
    using folder = temporaryFolder();
    /** By "room sequence": device and number of the entries that were printed as durable. */
    const durable = new Map<string, string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const device = `device ${round}`;
      await using program = start([
        process.execPath,
        join(import.meta.dirname, `append-until-killed${extname(import.meta.filename)}`),
        folder.path,
        device,
      ]);
      // At another moment each time.
      const entries = random.between(300, 600);
      await program.until("stdout", new RegExp(`(?:.+\n){${entries}}`));
      program.signal("SIGKILL");
      await program.exited;
      // The last line may be incomplete.
      for (const line of program.stdout.split("\n").slice(1, -1)) {
        const [room, sequence, number] = line.split(" ");
        durable.set(`${room} ${sequence}`, `${device} ${number}`);
      }

      await using log = await openSqliteLog({ folder: folder.path, now: Date.now });
      const found = new Map<string, string>();
      for (const room of ["main", "garden"]) {
        let newest = { time: 0, sequence: 0 };
        const last = await log.last(room);
        while (newest.sequence < last) {
          const entries = await log.read(room, newest.sequence, 1_000);
          expect(entries).not.toEqual([]);
          for (const entry of entries) {
            expect(entry.sequence).toBe(newest.sequence + 1);
            expect(entry.time).toBeGreaterThanOrEqual(newest.time);
            newest = entry;
            found.set(`${room} ${entry.sequence}`, `${entry.device} ${entry.number}`);
          }
        }
      }
      expect(new Set(found.values()).size).toBe(found.size);
      for (const [place, mark] of durable)
        expect(`${place}: ${found.get(place)}`).toBe(`${place}: ${mark}`);
    }
    expect(durable.size).toBeGreaterThan(ROUNDS * 64);
    using file = openConnection(join(folder.path, "log.sqlite"), "read");
    {
      // The next program removes what those that were killed have deleted.
      await using log = await openSqliteLog({ folder: folder.path, now: Date.now });
      await log.deleteRoom("attic");
      const left = file.prepare("SELECT 1 FROM rooms WHERE name IS NULL");
      await until("the deleted rooms are removed", () => left.get() === null);
      expect((await log.rooms()).map(({ name }) => name).toSorted()).toEqual(["garden", "main"]);
      expect(await log.append("attic", draft(1))).toMatchObject({ sequence: expect.any(Number) });
    }
    expect(file.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(
      file.prepare("SELECT count(*) AS count FROM words WHERE words MATCH 'message'").get(),
    ).toEqual(file.prepare("SELECT count(*) AS count FROM entries").get());
  },
  END_TO_END_TIMEOUT,
);
