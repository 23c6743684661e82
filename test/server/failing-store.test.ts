// The disk of a server fails while its members talk: they get the reason, nothing that was acknowledged is lost, and
// the conversation goes on once the disk works again.

import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";

import type { Conversation } from "../../src/chat/conversation.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { start } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { testOnDisk } from "../log/own-disk.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { entered, joinServed, serve, shownTo } from "./served.ts";

const MEMBERS = 3;

/**
 * A server whose store has a disk of 2 MiB to itself; the file beside it, of 1 MB, goes at the first line on standard
 * input, and the server at the second.
 */
const ON_SMALL_DISK = `
  mount -t tmpfs -o size=2048k tmpfs "$1"
  head -c 1000000 /dev/zero > "$1"/ballast
  "$2" "$3" "$1" 0 <&- & server=$!
  read -r line && rm "$1"/ballast
  read -r line; kill $server; wait $server`;

interface Talker {
  readonly member: Conversation;
  readonly seen: ReturnType<typeof shownTo>;
  readonly stored: string[];
  readonly refused: { readonly text: string; readonly error: unknown }[];
  talking: boolean;
}

async function joinAs(port: number, name: string): Promise<Talker> {
  const member = joinServed(port, name);
  const seen = shownTo(member);
  await entered(seen);
  return { member, seen, stored: [], refused: [], talking: true };
}

/** Sends one long message after the other, stored or refused. */
async function talk(talker: Talker, name: string): Promise<void> {
  for (let number = 0; talker.talking; number += 1) {
    const text = `${name} says ${number} `.padEnd(5_000, "x");
    try {
      await talker.member.say(text);
      talker.stored.push(text);
    } catch (error) {
      talker.refused.push({ text, error });
      await Bun.sleep(5);
    }
  }
}

async function whileAllTalk(
  port: number,
  during: (members: readonly Talker[]) => Promise<void>,
): Promise<readonly Talker[]> {
  const names = Array.from({ length: MEMBERS }, (_, number) => `M${number}`);
  const members = await Promise.all(names.map((name) => joinAs(port, name)));
  const talks = members.map((each, index) => talk(each, names[index] ?? ""));
  try {
    await during(members);
  } finally {
    for (const each of members) each.talking = false;
  }
  await Promise.all(talks);
  return members;
}

async function leave(members: readonly Talker[]): Promise<void> {
  for (const { member, seen } of members) {
    await member.leave();
    await seen.ended;
  }
}

/** All have seen the same messages, none twice, and every stored message is among them. */
async function expectNothingLost(members: readonly Talker[]): Promise<void> {
  const [first, ...others] = members.map(({ seen }) => seen.texts);
  if (first === undefined) throw new Error("nobody was there");
  const stored = members.flatMap((each) => each.stored);
  const isShown = () => new Set(stored).isSubsetOf(new Set(first));
  await until("all of it", () => isShown() && others.every((each) => each.length === first.length));
  expect(new Set(first).size).toBe(first.length);
  for (const texts of others) expect(texts).toEqual(first);
}

testOnDisk(
  "a server whose disk is full refuses messages with the reason, and accepts them when there is space again",
  async () => {
    using folder = temporaryFolder();
    const script = ["unshare", "-rm", "sh", "-ec", ON_SMALL_DISK, "sh"];
    const serving = join(import.meta.dir, "serve.ts");
    await using server = start([...script, folder.path, process.execPath, serving]);
    const [, port = ""] = await server.until("stdout", /serves at (\d+)\n/);
    const members = await whileAllTalk(Number(port), async (all) => {
      await until("that it is full", () => all.every(({ refused }) => refused.length > 3));
      const before = all.map(({ stored }) => stored.length);
      server.type("make room\n");
      await until("talk goes on", () =>
        all.every(({ stored }, index) => stored.length > 3 + (before[index] ?? 0)),
      );
    });
    for (const { refused, seen } of members) {
      for (const { error } of refused) {
        const message = "the server has no space left for messages";
        expect(error).toMatchObject({ code: "REFUSED", message });
      }
      expect(seen.shown.filter(({ type }) => type === "disconnected")).toEqual([]);
    }
    await expectNothingLost(members);
    const refused = members.flatMap((each) => each.refused.map(({ text }) => text));
    expect(refused.filter((text) => members[0]?.seen.texts.includes(text))).toEqual([]);
    server.type("end\n");
    expect(await server.exited).toBe(0);
    await leave(members);
  },
);

test(
  "a server whose folder disappears refuses messages with the reason, and accepts them when it is back",
  async () => {
    using base = temporaryFolder();
    const [folder, elsewhere] = [join(base.path, "data"), join(base.path, "elsewhere")];
    const { program, port } = await serve(folder);
    await using _ = program;
    const members = await whileAllTalk(port, async (all) => {
      await until("talk", () => all.every(({ stored }) => stored.length > 3));
      renameSync(folder, elsewhere);
      await until("that it is gone", () => all.every(({ refused }) => refused.length > 3));
      const before = all.map(({ stored }) => stored.length);
      renameSync(elsewhere, folder);
      await until("talk goes on", () =>
        all.every(({ stored }, index) => stored.length > 3 + (before[index] ?? 0)),
      );
    });
    const message = "the server's store has failed";
    for (const { refused } of members) {
      for (const { error } of refused) expect(error).toMatchObject({ code: "REFUSED", message });
    }
    await expectNothingLost(members);
    // Except what was being stored when the folder disappeared: at most one message of each member.
    const refused = members.flatMap((each) => each.refused.map(({ text }) => text));
    const stored = refused.filter((text) => members[0]?.seen.texts.includes(text));
    expect(stored.length).toBeLessThanOrEqual(MEMBERS);
    program.signal("SIGTERM");
    const ended = [await program.exited, program.stderr];
    await leave(members);
    expect(ended).toEqual([0, ""]);
  },
  END_TO_END_TIMEOUT,
);

test(
  "a second server of the same folder is refused, and the first one's members notice nothing",
  async () => {
    using folder = temporaryFolder();
    const { program, port } = await serve(folder.path);
    await using _ = program;
    const members = await whileAllTalk(port, async (all) => {
      const second = start([process.execPath, join(import.meta.dir, "serve.ts"), folder.path, "0"]);
      expect(await second.exited).toBe(1);
      expect(second.stderr).toContain("STORE_LOCKED");
      const before = all.map(({ stored }) => stored.length);
      await until("talk goes on", () =>
        all.every(({ stored }, index) => stored.length > 3 + (before[index] ?? 0)),
      );
    });
    expect(members.flatMap(({ refused }) => refused)).toEqual([]);
    await expectNothingLost(members);
  },
  END_TO_END_TIMEOUT,
);
