// Many members of a room behind a relay that loses 10 % each way and reorders: all get the same log in the same order.

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";

import { openSqliteReader } from "../../src/log/sqlite-log.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { type Program, start } from "../harness/program.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { allTexts, invitationTo, serve } from "../server/served.ts";

/** More in a full-size run. */
const MEMBERS = FULL_SIZE ? 1_000 : 12;
/** Processes of these members: enough to use every processor of a small machine. */
const CROWDS = 2;
/** Members of each process that send messages. */
const TALKERS = 5;
/** Messages of each member that sends. */
const EACH = 20;
const ALL = CROWDS * TALKERS * EACH;
/** How long all together may take to enter, or to receive everything, ms: long, for a busy 2-core machine. */
const PATIENCE = 60_000 + MEMBERS * 200;

const run = (name: string, ...args: (string | number)[]) =>
  start([process.execPath, join(import.meta.dir, name), ...args.map(String)]);

/** The match in each program's output, once all have one. */
async function fromAll(programs: readonly Program[], pattern: RegExp): Promise<string[]> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const said = programs.map(({ stdout }) => pattern.exec(stdout)?.[1]);
    const all = said.filter((text) => text !== undefined);
    if (all.length === programs.length) return all;
    const failed = programs.map(({ stderr }) => stderr).join("");
    if (failed !== "") throw new Error(failed);
    if (performance.now() > deadline) throw new Error(`no match in time for ${pattern.source}`);
    await Bun.sleep(20);
  }
}

test(
  `${MEMBERS} members that lose 10 % each way get the same log`,
  async () => {
    using folder = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const { program, port } = await serve(folder.path);
    stack.use(program);
    const relay = stack.use(run("crowd-relay.ts", port, 0.1, 5));
    const [, way] = await relay.until("stdout", /relays at (\d+)\n/);
    const crowds = Array.from({ length: CROWDS }, (_, index) =>
      stack.use(
        run(
          "crowd.ts",
          invitationTo(Number(way)),
          `Crowd${index}`,
          MEMBERS / CROWDS,
          TALKERS,
          EACH,
          ALL,
        ),
      ),
    );
    await fromAll(crowds, /(entered)\n/);
    for (const crowd of crowds) crowd.type("talk\n");
    const seen = await fromAll(crowds, /seen (.*)\n/);

    await using log = await openSqliteReader(folder.path);
    const stored = await allTexts(log);
    expect(new Set(stored).size).toBe(ALL);
    const digest = createHash("sha256").update(stored.map((text) => `${text}\n`).join(""));
    const expected = { [digest.digest("hex")]: MEMBERS / CROWDS };
    expect(seen.map((hash): unknown => JSON.parse(hash))).toEqual(crowds.map(() => expected));
  },
  2 * PATIENCE,
);
