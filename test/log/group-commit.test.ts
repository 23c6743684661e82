import { describe, expect, test } from "bun:test";
import { setTimeout } from "node:timers/promises";

import { CharlaError } from "../../src/errors.ts";
import { createGroupCommit } from "../../src/log/sqlite/group-commit.ts";
import { rejection } from "../net/rejection.ts";

/** A transaction that records what happens; a test can make it fail at the end. */
function recorded() {
  const events: string[] = [];
  const group = createGroupCommit((body) => {
    events.push("begin");
    body();
    if (events.includes("full")) throw new Error("the disk is full");
    events.push("commit");
  });
  const add = (name: string) =>
    group.add(() => {
      events.push(name);
      return name;
    });
  return { group, events, add };
}

describe("a group commit", () => {
  test("items added in one turn of the event loop are written in one transaction, in order", async () => {
    const { events, add } = recorded();
    const results = [add("one"), add("two")];
    await Promise.resolve();
    results.push(add("three"));
    expect(events).toEqual([]);
    expect(await Promise.all(results)).toEqual(["one", "two", "three"]);
    expect(events).toEqual(["begin", "one", "two", "three", "commit"]);
  });

  test("items added in a later turn are written in another transaction", async () => {
    const { events, add } = recorded();
    await add("one");
    await add("two");
    expect(events).toEqual(["begin", "one", "commit", "begin", "two", "commit"]);
  });

  test("an item resolves only after it is committed", async () => {
    const { group, events, add } = recorded();
    void add("one").then((name) => events.push(`${name} resolved`));
    group.flush();
    await Promise.resolve();
    expect(events).toEqual(["begin", "one", "commit", "one resolved"]);
  });

  test("a failed transaction rejects all of its items, and the next one works", async () => {
    const { events, add } = recorded();
    const failing = [add("one"), add("full"), add("two")];
    const outcomes = await Promise.allSettled(failing);
    expect(
      outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason.message),
    ).toEqual(["the disk is full", "the disk is full", "the disk is full"]);
    events.length = 0;
    expect(await add("again")).toBe("again");
  });

  test("a refused item is rejected alone, and the others are written", async () => {
    const { group, events, add } = recorded();
    const refused = group.add(() => {
      throw new CharlaError("TOO_MANY_ROOMS", "no more rooms", "talk in another");
    });
    const taken = add("two");
    expect(await rejection(refused)).toMatchObject({ code: "TOO_MANY_ROOMS" });
    expect(await taken).toBe("two");
    expect(events).toEqual(["begin", "two", "commit"]);
  });

  test("flush commits at once, and nothing is left to commit later", async () => {
    const { group, events, add } = recorded();
    const result = add("one");
    group.flush();
    expect(events).toEqual(["begin", "one", "commit"]);
    group.flush();
    await setTimeout(1);
    expect(await result).toBe("one");
    expect(events).toHaveLength(3);
  });
});
