// The guarantee of a room (docs/protocol.md s. 18): each member gets each message once, in order, however often
// connections are lost, and server and members killed. And rules broken on purpose: each must make some seed fail.

import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FULL_SIZE } from "../harness/full-size.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root, run } from "../harness/program.ts";
import { simulateRoom } from "./rooms.ts";

const SEEDS = FULL_SIZE ? 5_000 : 15;

test(
  `${SEEDS} rooms whose members lose their connections keep the guarantee`,
  async () => {
    const faults: string[] = [];
    let said = 0;
    let reconnections = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const outcome = await simulateRoom(seed);
      if (outcome.fault !== null) faults.push(`seed ${seed}: ${outcome.fault}`);
      said += outcome.said;
      reconnections += outcome.reconnections;
    }
    expect(faults).toEqual([]);
    // A simulator in which nothing went wrong would keep the guarantee as well.
    expect(said).toBeGreaterThan(SEEDS * 30);
    expect(reconnections).toBeGreaterThan(SEEDS * 3);
  },
  SEEDS * 600,
);

test("a seed gives the same run each time", async () => {
  expect(await simulateRoom(7)).toEqual(await simulateRoom(7));
});

interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const MUTATIONS: readonly Mutation[] = [
  {
    rule: "what is not known to be stored is not sent again over the next connection",
    file: "client/room-client/entering.ts",
    from: "for (const message of client.outbox.values()) send(client, message, now, actions);",
    to: "",
  },
  {
    rule: "what is stored stays in the outbox",
    file: "client/room-client/outbox.ts",
    from: 'if (client.outbox.delete(number)) actions.push({ type: "stored", number });',
    to: 'if (client.outbox.has(number)) actions.push({ type: "stored", number });',
  },
  {
    rule: "a note that something is stored is taken for more than it says",
    file: "client/room-client/outbox.ts",
    from: "if (number > upTo || echoing.size === MAX_ECHOING) break;",
    to: "if (echoing.size === MAX_ECHOING) break;",
  },
  {
    rule: "a member comes back without saying what it has already",
    file: "client/room-client/step.ts",
    from: "if (isNew) client.received = at;",
    to: "",
  },
  {
    rule: "for its members a server that goes away has ended the conversation",
    file: "client/sealed-room.ts",
    from: "if (end.code === GOING_AWAY) {",
    to: "if (end.code === -1) {",
  },
  {
    rule: "a member that was kicked reconnects",
    file: "client/room-client/step.ts",
    from: 'if (end.type === "refused" && connection.name !== "closing") {',
    to: 'if (end.type === "refused" && connection.name === "closing") {',
  },
  {
    rule: "the server stores a message again that it is sent again",
    file: "log/memory-log.ts",
    from: "if (stored !== undefined) return stored;",
    to: "",
  },
];

for (const { rule, file, from, to } of MUTATIONS) {
  test(
    `the simulator notices that ${rule}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "charla-mutation-"));
      try {
        for (const part of ["src", "test/simulator", "package.json", "tsconfig.json"]) {
          cpSync(join(root, part), join(folder, part), { recursive: true });
        }
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
        const path = join(folder, "src", file);
        const source = readFileSync(path, "utf8");
        // If the source has changed here, change this test, too.
        expect(source.split(from)).toHaveLength(2);
        writeFileSync(
          path,
          source.replace(from, () => to),
        );
        const rooms = join(folder, "test/simulator/rooms.ts");
        const ended = await run([process.execPath, rooms, "1", "50"], { cwd: folder });
        expect(ended).toMatchObject({ stdout: expect.stringMatching(/^seed \d+: /), status: 1 });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    END_TO_END_TIMEOUT,
  );
}
