// SIGTERM while members talk: the server closes their sessions, keeps what it has acknowledged, and they wait for it.

import { expect, test } from "bun:test";

import { openSqliteReader } from "../../src/log/sqlite-log.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { allTexts, entered, joinServed, serve, shownTo } from "./served.ts";

const MEMBERS = 20;
/** At a time from each member. */
const LANES = 5;

test(
  "a server that is stopped while twenty members talk loses nothing, and all come back when it does",
  async () => {
    using folder = temporaryFolder();
    const { program, port } = await serve(folder.path);
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
    await until("talk", () => seen.every(({ texts }) => texts.length >= 1_000));
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
