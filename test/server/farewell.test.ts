// SIGTERM while members talk: the server closes their sessions, keeps what it has acknowledged, and they wait for it. After
// `/close`, members who were away learn that it is over when they are back.

import { expect, test } from "bun:test";

import { joinRoom } from "../../src/client/join-room.ts";
import { openSqliteReader } from "../../src/log/sqlite-log.ts";
import { openLossyRelay } from "../harness/lossy-relay.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { charla } from "../harness/program.ts";
import { rounds } from "../harness/rounds.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { BOB, ownerOf } from "./admitting.ts";
import { allTexts, entered, invitationTo, joinServed, openHere, serve, shownTo } from "./served.ts";

const LOST = /connection to the server lost/g;
const MEMBERS = rounds(8, 20);
/** At a time from each member. */
const LANES = 5;

test(
  "a server that is stopped while many members talk loses nothing, and all come back when it does",
  async () => {
    using folder = temporaryFolder();
    const { program, port } = await serve(folder.path, await reservePort());
    await using _ = program;
    const members = Array.from({ length: MEMBERS }, (__, number) => joinServed(port, `M${number}`));
    const seen = members.map(shownTo);
    for (const each of seen) await entered(each);
    const stored = new Set<string>();
    let talking = true;
    const talks = members.flatMap((member, index) =>
      Array.from({ length: LANES }, async (__, lane) => {
        for (let number = 0; talking; number += 1) {
          const text = `${index}.${lane} says ${number}`;
          await member.say(text);
          stored.add(text);
        }
      }),
    );
    await until("talk", () => seen.every(({ texts }) => texts.length >= 400));
    program.signal("SIGTERM");
    expect([await program.exited, program.stderr]).toEqual([0, ""]);
    const lost = { type: "disconnected", message: "the server was stopped" } as const;
    await until("that it is noticed", () =>
      seen.every(({ shown }) => shown.some(({ type }) => type === "disconnected")),
    );
    for (const { shown } of seen)
      expect(shown.filter(({ type }) => type === lost.type)).toEqual([lost]);
    await using log = await openSqliteReader(folder.path);
    expect(stored.difference(new Set(await allTexts(log)))).toEqual(new Set());

    await using again = (await serve(folder.path, port)).program;
    const before = stored.size;
    await until("talk goes on", () => stored.size > before + MEMBERS * LANES);
    talking = false;
    await Promise.all(talks);
    const kept = await allTexts(log);
    expect(new Set(kept).size).toBe(kept.length);
    expect(stored).toEqual(new Set(kept));
    for (const { texts } of seen) {
      await until("all of it", () => texts.length === kept.length);
      expect(texts).toEqual(kept);
    }
    await Promise.all(members.map((member) => member.leave()));
    for (const { shown, ended } of seen) {
      await ended;
      expect(shown.at(-1)).toEqual({ type: "ended", reason: "left", unsaid: [] });
    }
    again.signal("SIGTERM");
    expect(await again.exited).toBe(0);
  },
  END_TO_END_TIMEOUT,
);

/** A member behind a relay, who is away. */
async function withAwayMember(use: AsyncDisposableStack) {
  const server = use.use(await openHere());
  const owner = await ownerOf(server);
  const { port } = server.local;
  const to = { address: "127.0.0.1", port };
  const relay = use.use(await openLossyRelay({ seed: 1, loss: 0, jitter: 0, server: to }));
  const seen = shownTo(joinRoom(invitationTo(relay.port), { name: "Bob", identity: BOB }));
  await entered(seen);
  const others = shownTo(joinServed(port, "Carl"));
  await entered(others);
  relay.silent = true;
  // The server notices it when something that it sends is not acknowledged.
  await owner.say("is anybody here?");
  await until("that he is away", async () =>
    (await owner.who()).some(({ name, away }) => name === "Bob" && away),
  );
  return { server, owner, relay, seen, others };
}

/** It does not wait out its minute, since nobody is awaited any more. */
async function expectClosedSoon(server: Awaited<ReturnType<typeof openHere>>): Promise<void> {
  const start = performance.now();
  await server.closed;
  expect(performance.now() - start).toBeLessThan(20_000);
  expect(server.countAwaited()).toBe(0);
}

const closedBy = (name: string) => [
  { type: "notice", code: "SERVER_SAYS", message: `${name} closed the conversation` },
  { type: "ended", reason: "peer-left", unsaid: [] },
];

test(
  "a member whose network was away when the owner closed the conversation learns it when they are back",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server, owner, relay, seen, others } = await withAwayMember(stack);
    await owner.close();
    await others.ended;
    expect(others.shown.slice(-2)).toMatchObject(closedBy("Olga"));
    expect(server.countAwaited()).toBe(1);
    // Longer than it takes to close the sessions of those who are there.
    await Bun.sleep(5_000);
    relay.silent = false;
    await seen.ended;
    expect(seen.shown.slice(-2)).toMatchObject(closedBy("Olga"));
    await server.closed;
    expect(server.countAwaited()).toBe(0);
  },
  END_TO_END_TIMEOUT,
);

test(
  "a server does not wait for a member who learned over their old session that it is over",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server, owner, relay, seen } = await withAwayMember(stack);
    await owner.close();
    relay.silent = false;
    await seen.ended;
    expect(seen.shown.slice(-2)).toMatchObject(closedBy("Olga"));
    await expectClosedSoon(server);
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member who was away learns that it is over in a new session, and the server does not wait for the old one",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server, owner } = await withAwayMember(stack);
    await owner.close();
    const again = shownTo(
      joinRoom(invitationTo(server.local.port), { name: "Bob", identity: BOB }),
    );
    await again.ended;
    expect(again.shown.slice(-2)).toMatchObject(closedBy("Olga"));
    await expectClosedSoon(server);
  },
  END_TO_END_TIMEOUT,
);

test(
  "a server that is closed by its program waits for nobody who is away",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server, owner } = await withAwayMember(stack);
    await owner.close();
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeLessThan(20_000);
  },
  END_TO_END_TIMEOUT,
);

test(
  "a server that ends while a member is stopped waits a second for that one, and each other member reads once that it has ended",
  async () => {
    using folder = temporaryFolder();
    const { program, port } = await serve(folder.path);
    await using _ = program;
    await using members = new AsyncDisposableStack();
    const [carl, dora, eva] = ["carl", "dora", "eva"].map((name) =>
      members.use(charla([invitationTo(port), "-n", name])),
    );
    if (carl === undefined || dora === undefined || eva === undefined) throw new Error("nobody");
    for (const member of [carl, dora, eva]) await member.until("stderr", /^you are /m);
    eva.signal("SIGSTOP");
    carl.type("are you there, Eva?\n");
    await dora.until("stdout", "carl: are you there, Eva?\n");
    const start = performance.now();
    program.signal("SIGTERM");
    expect(await program.exited).toBe(0);
    // Three seconds for those who are heard, and don't read.
    expect(performance.now() - start).toBeLessThan(2_800);
    for (const member of [carl, dora]) await member.until("stderr", LOST);
    // Long enough for several attempts to reconnect.
    await Bun.sleep(2_000);
    for (const { stderr } of [carl, dora]) expect(stderr.match(LOST)).toHaveLength(1);
    eva.signal("SIGCONT");
    await eva.until("stderr", LOST, 90_000);
  },
  END_TO_END_TIMEOUT,
);

test(
  "a server that is ending lets nobody in any more",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { server } = await withAwayMember(stack);
    const closed = server.close();
    const late = shownTo(joinServed(server.local.port, "Dora"));
    expect(await late.ended.catch((error: unknown) => error)).toMatchObject({
      code: expect.stringMatching(/^(?:NOBODY_LISTENING|NO_ANSWER)$/),
    });
    expect(late.shown).toEqual([]);
    await closed;
  },
  END_TO_END_TIMEOUT,
);
