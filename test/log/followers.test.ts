import { expect, test } from "bun:test";

import type { LogEntry } from "../../src/chat/log-entry.ts";
import { createFollowers } from "../../src/log/followers.ts";
import { entry } from "./drafts.ts";

/** A store across a network: what is read there has been on its way for a while. */
function slowStore() {
  const entries: LogEntry[] = [];
  const places: number[] = [];
  const followers = createFollowers(async (_, after, limit) => {
    places.push(after);
    const read = entries.slice(after, after + limit);
    await Bun.sleep(5);
    return read;
  });
  return {
    /** After which place it was read, each time. */
    places,
    followers,
    append: (...sequences: number[]) => {
      const appended = sequences.map((sequence) => entry(sequence));
      entries.push(...appended);
      followers.announce("main", appended);
    },
  };
}

test("a follower misses nothing that is appended while it reads that there is nothing", async () => {
  const { followers, append } = slowStore();
  const following = followers.follow("main", 0, AbortSignal.timeout(1_000))[Symbol.asyncIterator]();
  const next = following.next();
  append(1);
  expect((await next).value).toEqual([entry(1)]);
});

test("a follower at the end of the log is given what is appended without reading it again", async () => {
  const { followers, append, places } = slowStore();
  append(1, 2);
  const following = followers.follow("main", 0, AbortSignal.timeout(1_000))[Symbol.asyncIterator]();
  expect((await following.next()).value).toEqual([entry(1), entry(2)]);
  const next = following.next();
  await Bun.sleep(20);
  append(3);
  expect((await next).value).toEqual([entry(3)]);
  append(4, 5);
  expect((await following.next()).value).toEqual([entry(4), entry(5)]);
  expect(places).toEqual([0, 2]);
});

test("a follower that was busy meanwhile reads what it missed, and nothing is held for it", async () => {
  const { followers, append, places } = slowStore();
  append(1);
  const following = followers.follow("main", 0, AbortSignal.timeout(1_000))[Symbol.asyncIterator]();
  await following.next();
  append(2);
  append(3);
  append(4);
  expect((await following.next()).value).toEqual([entry(2), entry(3), entry(4)]);
  expect(places).toEqual([0, 1]);
});
