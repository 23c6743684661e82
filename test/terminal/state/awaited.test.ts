// Who is shown to have come and left after the connection was lost, and the server was restarted: only what has changed.

import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { seeded } from "../../harness/random.ts";
import { entered, joined, left, openRoom, openVirtualScreen, says } from "./virtual-screen.ts";

const named = (name: string, key: string) => ({
  name,
  fingerprint: `key of ${key}`,
  away: false,
});
const LOST = { type: "disconnected", message: "restarted" } as const;
const BACK = { type: "reconnected" } as const;
const LINES = [
  "-- connection to the server lost (restarted); reconnecting",
  "-- reconnected to the server",
];

/** With `others` here. */
function openRoomWithServer(...others: readonly string[]) {
  const screen = openRoom(...others);
  return {
    ...screen,
    /** The server answers that these are here, if it was asked. */
    answer(...names: readonly string[]): void {
      expect(screen.effects()).toContainEqual({ type: "ask-people" });
      screen.dispatch({ type: "people", people: entered(...names).members });
    },
    here: () => [...screen.state.room.here.values()],
  };
}

/** The same, after the connection was lost and is back. */
function reconnected(...others: readonly string[]) {
  const screen = openRoomWithServer(...others);
  screen.emit(LOST, BACK);
  expect(screen.printed()).toEqual(LINES);
  return screen;
}

describe("after the connection was lost", () => {
  test("nothing is shown of those who were here and are again, whether they came before or after", () => {
    const screen = reconnected("ben", "eva");
    screen.answer("ben");
    expect(screen.here()).toEqual(["ana", "ben"]);
    screen.wait(20_000);
    screen.emit(joined("eva"));
    screen.wait(100_000);
    expect([screen.printed(), screen.live()]).toEqual([[], []]);
    expect(screen.here()).toEqual(["ana", "ben", "eva"]);
    expect(screen.effects()).toEqual([]);
  });

  test("those who are gone left, once they had 35 s to come back", () => {
    const screen = reconnected("ben", "eva", "tom");
    screen.answer("ben");
    screen.wait(34_999);
    expect(screen.live()).toEqual([]);
    screen.wait(1);
    screen.answer("ben");
    expect(screen.live()).toEqual(["eva, tom left"]);
    expect(screen.here()).toEqual(["ana", "ben"]);
    screen.wait(1_000);
    screen.emit(joined("eva"));
    expect(screen.live()).toEqual(["tom left"]);
  });

  test("nobody has left who is here at the end by the server's answer, announced or not", () => {
    const screen = reconnected("ben");
    screen.answer();
    screen.wait(35_000);
    screen.answer("ben");
    screen.emit(joined("ben"));
    screen.wait(10_000);
    expect([screen.printed(), screen.live()]).toEqual([[], []]);
    expect(screen.here()).toEqual(["ana", "ben"]);
  });

  test("those joined who were not here before, and only once", () => {
    const screen = reconnected("ben");
    screen.answer("zoe");
    screen.emit(joined("ben"), joined("zoe"), joined("kim"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["zoe, kim joined"]);
    expect(screen.here()).toEqual(["ana", "zoe", "ben", "kim"]);
  });

  test("somebody who was shown to leave before is shown to be back", () => {
    const screen = openRoomWithServer("ben", "olga");
    screen.emit(left("olga"), LOST, BACK);
    expect(screen.printed()).toEqual(["-- olga left", ...LINES]);
    screen.answer("olga");
    screen.emit(joined("ben"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["olga joined"]);
  });

  test("leaving is shown at once again when all are back", () => {
    const screen = reconnected("ben", "eva");
    screen.emit(joined("eva"));
    screen.answer("ben", "eva");
    screen.emit(left("ben"));
    expect(screen.live()).toEqual(["ben left"]);
  });

  test("somebody who comes back and leaves has left", () => {
    const screen = reconnected("ben", "eva");
    screen.answer();
    screen.emit(joined("ben"), left("ben"));
    expect(screen.live()).toEqual(["ben left"]);
    screen.wait(35_000);
    screen.answer("eva");
    expect(screen.live()).toEqual(["ben left"]);
  });

  test("somebody who leaves before it was known that they were back is shown at the end", () => {
    const screen = reconnected("ben", "eva");
    screen.emit(left("ben"));
    screen.answer("eva");
    expect(screen.live()).toEqual([]);
    screen.wait(35_000);
    screen.answer("eva");
    expect(screen.live()).toEqual(["ben left"]);
  });

  test("somebody who is kicked has a line, and no other", () => {
    const screen = reconnected("ben");
    screen.emit(left("ben", "kicked by olga"));
    screen.answer();
    screen.wait(100_000);
    expect(screen.printed()).toEqual(["-- ben left: kicked by olga"]);
    expect(screen.live()).toEqual([]);
  });

  test("somebody who is back under another name has that, unless they have the old one in another window", () => {
    const screen = reconnected("ben", "eva", "tom");
    screen.emit({ type: "joined", peer: "Ben", fingerprint: "key of ben" });
    expect(screen.printed()).toEqual(["-- ben is now Ben"]);
    const windows = [named("eva-2", "eva"), named("eva", "eva"), named("Thomas", "tom")];
    const people = [...entered().members, named("Ben", "ben"), ...windows];
    screen.dispatch({ type: "people", people });
    expect(screen.printed()).toEqual(["-- tom is now Thomas"]);
    expect(screen.live()).toEqual([]);
  });

  test("it may be lost again: who was here at first is awaited still", () => {
    const screen = reconnected("ben", "eva");
    screen.answer();
    screen.wait(34_000);
    screen.emit(joined("eva"), LOST);
    screen.wait(600_000);
    expect(screen.live()).toEqual([]);
    screen.emit(BACK);
    expect(screen.printed()).toEqual(LINES);
    screen.answer("ben");
    screen.wait(35_000);
    screen.answer("ben");
    expect(screen.live()).toEqual(["eva left"]);
  });

  test("somebody who came meanwhile, and leaves before the server has said who is here, was never shown", () => {
    const screen = reconnected("ben");
    screen.emit(left("zoe"));
    screen.answer("ben");
    screen.wait(100_000);
    expect([screen.printed(), screen.live()]).toEqual([[], []]);
  });

  test("an answer that came too late, while the connection is lost, is none", () => {
    const screen = openRoomWithServer("ben");
    screen.emit(LOST);
    screen.dispatch({ type: "people", people: entered("zoe").members });
    screen.emit(BACK);
    expect(screen.here()).toEqual(["ana", "ben"]);
    screen.answer("ben", "zoe");
    screen.wait(3_000);
    expect(screen.live()).toEqual(["zoe joined"]);
  });

  test("nobody left only because the server does not answer", () => {
    const screen = reconnected("ben");
    screen.wait(600_000);
    expect(screen.live()).toEqual([]);
    screen.answer();
    expect(screen.live()).toEqual(["ben left"]);
  });

  test("in another room nobody of the last one is awaited, nor announced", () => {
    const screen = openRoomWithServer("ben");
    screen.emit(joined("eva"), LOST, BACK, { ...entered("tom"), room: "lunch" });
    screen.printed();
    screen.wait(100_000);
    expect([screen.printed(), screen.live()]).toEqual([[], []]);
  });

  test("of more than 200 people nobody is compared, since the server may not list all", () => {
    const crowd = Array.from({ length: 201 }, (_, index) => `p${index}`);
    const screen = reconnected(...crowd);
    screen.answer("p0", "zoe");
    screen.wait(600_000);
    expect(screen.live()).toEqual([]);
    screen.emit(left("p0"));
    expect(screen.live()).toEqual(["p0 left"]);
  });

  test("with --verbose those who are new have a line at once, and those who are back have none", () => {
    const screen = openVirtualScreen({ verbose: true });
    screen.emit(entered("ben"), LOST, BACK);
    screen.printed();
    screen.dispatch({ type: "people", people: entered("zoe").members });
    screen.emit(joined("ben"), joined("zoe"));
    expect(screen.printed()).toEqual(["-- zoe joined", "-- fingerprint: key of zoe"]);
  });

  test("nothing is shown with --quiet", () => {
    const screen = openVirtualScreen({ quiet: true });
    screen.emit(entered("ben"), LOST, BACK);
    screen.dispatch({ type: "people", people: entered("zoe").members });
    screen.wait(35_000);
    screen.dispatch({ type: "people", people: entered("zoe").members });
    screen.wait(10_000);
    screen.emit(says("zoe", "hello"));
    expect(screen.printed()).toEqual(["zoe: hello"]);
  });
});

const KEYS = ["ben", "eva", "tom", "kim", "zoe"];

/** Those who are here, as the lines say that were shown. */
function readLines(before: Iterable<string>, lines: readonly string[]): string[] {
  const here = new Set(before);
  for (const line of lines.flatMap((each) => each.replace(/^-- /, "").split("; "))) {
    const [, from, to = ""] = /^(.*) is now (.*)$/.exec(line) ?? [];
    const [, names = "", what] = /^(.*) (joined|left)$/.exec(line) ?? [];
    const gone = from === undefined ? (what === "left" ? names.split(", ") : []) : [from];
    const come = from === undefined ? (what === "joined" ? names.split(", ") : []) : [to];
    // Nobody is said to leave who is not here, nor to come who is.
    for (const name of gone) expect([line, name, here.delete(name)]).toEqual([line, name, true]);
    for (const name of come) {
      expect([line, name, here.has(name)]).toEqual([line, name, false]);
      here.add(name);
    }
  }
  return [...here].toSorted();
}

test("people come, go and take other names while connections are lost and servers restart, and the lines tell in the end who is here", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seeded(seed);
    const screen = openVirtualScreen();
    const names = new Map(KEYS.map((key) => [key, key]));
    const nameOf = (key: string) => names.get(key) ?? "";
    const start = KEYS.filter(() => random(2) === 0);
    const here = new Set(start);
    const lines: string[] = [];
    let isConnected = true;

    function happen(...events: readonly ConversationEvent[]): void {
      if (isConnected) screen.emit(...events);
      for (const effect of screen.effects()) {
        if (effect.type !== "ask-people" || !isConnected) continue;
        const members = [...here].map((key) => named(nameOf(key), key));
        screen.dispatch({ type: "people", people: [...entered().members, ...members] });
      }
      lines.push(...screen.printed());
    }
    function comeOrGo(key: string): void {
      const peer = nameOf(key);
      if (here.delete(key)) return happen({ type: "left", peer, reason: "" });
      here.add(key);
      happen({ type: "joined", peer, fingerprint: `key of ${key}` });
    }
    function rename(key: string): void {
      const from = nameOf(key);
      const to = from === key ? key.toUpperCase() : key;
      names.set(key, to);
      if (here.has(key)) happen({ type: "renamed", from, to });
    }
    function lose(): void {
      happen(LOST);
      isConnected = false;
    }
    function connect(): void {
      isConnected = true;
      happen(BACK);
    }
    /** In steps, so that what is asked is answered in time. */
    function wait(ms: number): void {
      for (let waited = 0; waited < ms; waited += 500) {
        screen.wait(500);
        happen();
      }
    }

    screen.emit(entered(...start));
    screen.printed();
    for (let step = 0; step < 60; step += 1) {
      const key = KEYS[random(KEYS.length)] ?? "";
      const what = random(10);
      if (what < 5) comeOrGo(key);
      else if (what === 5) rename(key);
      else if (what === 6 && isConnected) lose();
      else if (what === 7 && isConnected) {
        // A restart: nobody is there, and those who were come back one after the other, but for some.
        lose();
        here.clear();
      } else if (what > 7 && !isConnected) connect();
      else wait(random(10) * 1_000);
    }
    if (!isConnected) connect();
    wait(50_000);
    const present = [...here].map(nameOf).toSorted();
    expect([...screen.state.room.here.values()].slice(1).toSorted()).toEqual(present);
    expect(readLines(start, [...lines, ...screen.live()])).toEqual(present);
  }
});

test("of people that a server invents before each loss, 2,000 are awaited", () => {
  const screen = openRoom();
  for (let loss = 0; loss < 3; loss += 1) {
    const names = Array.from({ length: 900 }, (_, number) => `eva ${loss}-${number}`);
    screen.emit(...names.map(joined), LOST);
    expect(screen.state.awaited?.people.size).toBe(Math.min(2_000, 900 * (loss + 1)));
    screen.emit(BACK, ...names.map((name) => left(name, "")));
  }
});
