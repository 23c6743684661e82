// SIGTERM while members talk: the server closes their sessions, and keeps what it has acknowledged.

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
  "a server that is stopped while twenty members talk closes their sessions, and loses nothing that was stored",
  async () => {
    using folder = temporaryFolder();
    const { program, port } = await serve(folder.path);
    await using _ = program;
    const members = Array.from({ length: MEMBERS }, (__, number) => joinServed(port, `M${number}`));
    const seen = members.map(shownTo);
    for (const each of seen) await entered(each);
    const said = { stored: new Set<string>(), rejected: new Set<string>() };
    const talks = members.flatMap((member, index) =>
      Array.from({ length: LANES }, async (__, lane) => {
        for (let number = 0; ; number += 1) {
          const text = `${index}.${lane} says ${number}`;
          try {
            await member.say(text);
            said.stored.add(text);
          } catch (error) {
            expect(error).toMatchObject({ code: "CONVERSATION_OVER" });
            said.rejected.add(text);
            return;
          }
        }
      }),
    );
    await until("talk", () => seen.every(({ texts }) => texts.length >= 1_000));
    program.signal("SIGTERM");
    await Promise.all([...talks, ...seen.map(({ ended }) => ended)]);
    expect([await program.exited, program.stderr]).toEqual([0, ""]);

    await using log = await openSqliteReader(folder.path);
    const kept = await allTexts(log);
    const known = new Set(kept);
    expect(known.size).toBe(kept.length);
    expect(said.stored.difference(known)).toEqual(new Set());
    for (const [index, { shown, texts }] of seen.entries()) {
      const end = shown.at(-1);
      if (end?.type !== "ended") throw new Error(`${index} saw ${JSON.stringify(end)} at the end`);
      expect(end.reason).toBe("peer-left");
      expect(shown.filter(({ type }) => type === "notice" || type === "disconnected")).toEqual([]);
      expect(end.unsaid.filter((text) => !said.rejected.has(text))).toEqual([]);
      expect(texts).toEqual(kept.slice(0, texts.length));
    }
  },
  END_TO_END_TIMEOUT,
);
