// Who comes and who leaves: one line that holds the net change.

import { describe, expect, test } from "bun:test";

import { cpuTime } from "../../harness/cpu-time.ts";
import { entered, joined, left, openRoom, openVirtualScreen, says } from "./virtual-screen.ts";

describe("somebody who joins", () => {
  test("is shown in a line that changes once they have stayed for three seconds", () => {
    const screen = openRoom();
    screen.emit(joined("ben"));
    screen.wait(2_999);
    expect(screen.live()).toEqual([]);
    screen.wait(1);
    expect(screen.live()).toEqual(["ben joined"]);
    expect(screen.printed()).toEqual([]);
  });

  test("stands in the same line as others who came or left meanwhile", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"));
    screen.wait(1_000);
    screen.emit(joined("eva"), left("tom"));
    expect(screen.live()).toEqual(["tom left"]);
    screen.wait(2_000);
    expect(screen.live()).toEqual(["ben joined; tom left"]);
    screen.wait(1_000);
    expect(screen.live()).toEqual(["ben, eva joined; tom left"]);
  });

  test("and leaves within three seconds is never shown, only what they said", () => {
    const screen = openRoom();
    screen.emit(joined("ben"), says("ben", "done"), left("ben"));
    screen.wait(60_000);
    expect(screen.live()).toEqual([]);
    expect(screen.printed()).toEqual(["ben: done"]);
  });

  test("and speaks at once is not announced after that, but leaves like everybody", () => {
    const screen = openRoom();
    screen.emit(joined("ben"), says("ben", "hello"), joined("eva"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["eva joined"]);
    screen.emit(left("ben"));
    expect(screen.live()).toEqual(["eva joined; ben left"]);
    expect(screen.printed()).toEqual(["ben: hello"]);
  });

  test("stands above what others say after that, and with the time at which they came", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"));
    screen.wait(1_000);
    screen.emit(joined("eva"), says("ben", "hello"), says("tom", "hello ben"));
    screen.wait(60_000);
    expect(screen.live()).toEqual([]);
    const notice = screen.items().find(({ type }) => type === "notice");
    expect(notice).toMatchObject({ text: "eva joined", time: screen.now - 60_000 });
  });

  test("stands above a notice that is about them, and with the time at which they came", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"));
    screen.wait(1_000);
    screen.emit({ type: "notice", code: "OPERATOR", message: "ben is an operator now" });
    expect(screen.items()).toMatchObject([
      { type: "notice", text: "ben joined", time: screen.now - 1_000 },
      { type: "notice", text: "ben is an operator now", time: screen.now },
    ]);
    screen.wait(60_000);
    expect(screen.live()).toEqual([]);
  });

  test("stands above that they are away, and above that somebody else is kicked", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"), { type: "away", peer: "ben", away: true });
    expect(screen.printed()).toEqual(["-- ben joined", "-- ben is away"]);
    screen.emit(joined("eva"), left("tom", "kicked by eva"));
    expect(screen.printed()).toEqual(["-- eva joined", "-- tom left: kicked by eva"]);
  });

  test("stands above the answer to a command that was given after that", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"));
    screen.dispatch({ type: "answered", id: 1, outcome: { type: "done" } });
    expect(screen.printed()).toEqual([]);
    const people = entered("tom", "ben").members;
    screen.dispatch({ type: "answered", id: 1, outcome: { type: "people", people } });
    expect(screen.items()).toMatchObject([
      { type: "notice", text: "ben joined" },
      { type: "answer", answer: { type: "people" } },
    ]);
    screen.emit(joined("eva"));
    const lines = ["eva is not muted"];
    screen.dispatch({ type: "answered", id: 2, outcome: { type: "text", lines } });
    expect(screen.printed()).toEqual(["-- eva joined", "-- eva is not muted"]);
  });

  test("while messages from before one came are still being shown stands below those", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"), says("tom", "old", screen.now - 60_000, true));
    expect(screen.printed()).toEqual(["~ earlier", "tom: old"]);
    screen.emit(says("tom", "hello ben"));
    expect(screen.printed()).toEqual(["~ now", "-- ben joined", "tom: hello ben"]);
  });

  test("is shown by the name that they have then", () => {
    const screen = openRoom();
    screen.emit(joined("ben"), { type: "renamed", from: "ben", to: "benno" });
    screen.wait(3_000);
    expect(screen.live()).toEqual(["benno joined"]);
    expect(screen.printed()).toEqual([]);
  });
});

describe("the line about who came and left", () => {
  test("has the names that they had, and another name is a line below it", () => {
    const screen = openVirtualScreen();
    screen.emit(entered("ben"), joined("tom"));
    screen.wait(4_000);
    screen.printed();
    screen.emit({ type: "renamed", from: "tom", to: "Thomas" });
    expect(screen.printed()).toEqual(["-- tom joined", "-- tom is now Thomas"]);
    expect(screen.live()).toEqual([]);
  });

  test("stays above what is printed next, with the time when the first of them came", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"));
    screen.wait(3_000);
    const since = screen.now;
    screen.wait(60_000);
    screen.emit(left("tom"), says("ben", "hello"));
    expect(screen.items()).toMatchObject([
      { type: "notice", time: since, text: "ben joined; tom left" },
      { type: "message", text: "hello" },
    ]);
    expect(screen.live()).toEqual([]);
  });

  test("loses who leaves again, and who comes back, while it changes", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"), left("tom"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["ben joined; tom left"]);
    screen.emit(left("ben"));
    expect(screen.live()).toEqual(["tom left"]);
    screen.emit(joined("tom"));
    expect(screen.live()).toEqual([]);
    screen.wait(60_000);
    screen.emit(says("tom", "hello"));
    expect(screen.printed()).toEqual(["tom: hello"]);
  });

  test("loses who comes back under another name, and that is a line below it", () => {
    const screen = openRoom("Benno", "tom");
    screen.emit(left("Benno"), left("tom"));
    screen.emit({ type: "joined", peer: "ben", fingerprint: "key of Benno" });
    expect(screen.printed()).toEqual(["-- tom left", "-- Benno is now ben"]);
    screen.wait(3_000);
    expect(screen.live()).toEqual([]);
  });

  test("counts a person once, whichever name they had when they came, spoke or left", () => {
    const screen = openRoom("tom");
    screen.emit(joined("ben"), joined("eva"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["ben, eva joined"]);
    screen.emit({ type: "renamed", from: "ben", to: "Benno" }, left("Benno"));
    expect(screen.printed()).toEqual(["-- ben, eva joined", "-- ben is now Benno"]);
    expect(screen.live()).toEqual(["Benno left"]);
    screen.emit({ type: "joined", peer: "ben", fingerprint: "key of ben" });
    expect(screen.live()).toEqual([]);
    expect(screen.printed()).toEqual(["-- Benno is now ben"]);
    // With two windows of different names, the others know somebody by the name of either.
    screen.emit(joined("kim"));
    screen.wait(3_000);
    const people = entered("tom", "eva").members;
    const window = { name: "kim-2", fingerprint: "key of kim", away: false };
    screen.dispatch({ type: "people", people: [...people, window] });
    expect(screen.live()).toEqual(["kim joined"]);
    screen.emit(left("kim-2"));
    expect(screen.live()).toEqual([]);
  });

  test("changes for five minutes, for it has the time of the first change, and then another begins", () => {
    const screen = openRoom("tom", "eva");
    screen.emit(joined("ben"));
    screen.wait(3_000);
    const since = screen.now;
    screen.wait(299_000);
    screen.emit(left("tom"));
    expect(screen.live()).toEqual(["ben joined; tom left"]);
    screen.wait(1_000);
    expect(screen.live()).toEqual([]);
    screen.wait(3_600_000);
    screen.emit(left("ben"), says("eva", "hello"));
    expect(screen.items()).toMatchObject([
      { type: "notice", time: since, text: "ben joined; tom left" },
      { type: "notice", time: since + 3_900_000, text: "ben left" },
      { type: "message", text: "hello" },
    ]);
  });

  test("names who leaves after it was printed", () => {
    const screen = openRoom();
    screen.emit(joined("ben"));
    screen.wait(3_000);
    screen.emit(says("ben", "hello"), left("ben"));
    expect(screen.live()).toEqual(["ben left"]);
  });

  test("is printed before the line of somebody who leaves with a reason", () => {
    const screen = openRoom("tom", "eva");
    screen.emit(left("eva"), left("tom", "kicked by ana"));
    expect(screen.printed()).toEqual(["-- eva left", "-- tom left: kicked by ana"]);
    expect(screen.live()).toEqual([]);
  });

  test("lists twelve names, and counts the others", () => {
    const screen = openRoom();
    for (let index = 0; index < 15; index += 1) screen.emit(joined(`p${index}`));
    screen.wait(3_000);
    expect(screen.live()).toEqual([
      `${Array.from({ length: 12 }, (_, index) => `p${index}`).join(", ")} and 3 more joined`,
    ]);
  });

  test("is printed with a hundred people in it, and another begins", () => {
    const people = Array.from({ length: 150 }, (_, index) => `p${index}`);
    const screen = openRoom(...people);
    screen.emit(...people.map((name) => left(name)));
    const first = people.slice(0, 12).join(", ");
    expect(screen.printed()).toEqual([`-- ${first} and 88 more left`]);
    const second = people.slice(100, 112).join(", ");
    expect(screen.live()).toEqual([`${second} and 38 more left`]);
  });

  test("takes no longer for each person, however many leave with a reason", () => {
    const people = Array.from({ length: 5_000 }, (_, index) => `p${index}`);
    const screen = openRoom();
    const start = cpuTime();
    screen.emit(...people.map((name) => left(name, "connection lost")));
    // About 1 s on a slow machine; more than a minute where each looks at all before.
    expect(cpuTime() - start).toBeLessThan(10_000);
  });

  test("is not there with --quiet", () => {
    const screen = openVirtualScreen({ quiet: true });
    screen.emit(entered("tom"), joined("ben"), left("tom"));
    screen.wait(3_000);
    expect(screen.live()).toEqual([]);
    screen.emit(says("ben", "hello"));
    expect(screen.printed()).toEqual(["ben: hello"]);
  });
});

describe("somebody who leaves with a reason", () => {
  test("has a line of their own, however many they are", () => {
    const people = Array.from({ length: 15 }, (_, index) => `p${index}`);
    const screen = openRoom(...people);
    screen.emit(...people.map((name) => left(name, "gone")));
    expect(screen.printed()).toEqual(people.map((name) => `-- ${name} left: gone`));
  });

  test("within five minutes of joining is shown to have joined and left", () => {
    const screen = openRoom();
    screen.emit(joined("ben"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["ben joined"]);
    screen.emit(left("ben", "kicked by ana"));
    expect(screen.printed()).toEqual(["-- ben joined", "-- ben left: kicked by ana"]);
    expect(screen.live()).toEqual([]);
  });

  test("before it was shown that they joined is shown to have left, and nothing after that", () => {
    const screen = openRoom();
    screen.emit(joined("ben"), left("ben", "kicked by ana"));
    screen.wait(60_000);
    expect(screen.printed()).toEqual(["-- ben left: kicked by ana"]);
    expect(screen.live()).toEqual([]);
  });

  test("and is back soon has left all the same", () => {
    const screen = openRoom("eva");
    screen.emit(left("eva", "banned by ben"), joined("eva"));
    screen.wait(3_000);
    expect(screen.printed()).toEqual(["-- eva left: banned by ben"]);
    expect(screen.live()).toEqual(["eva joined"]);
  });

  test("is not shown with --quiet", () => {
    const screen = openVirtualScreen({ quiet: true });
    screen.emit(entered("tom"), left("tom", "kicked by ana"));
    expect(screen.printed()).toEqual([]);
    expect(screen.live()).toEqual([]);
  });
});

describe("somebody who leaves with a goodbye", () => {
  test("has a line of their own, which stays when they are back, and then they have joined", () => {
    const screen = openRoom("ben", "eva");
    screen.emit(says("ben", "bye"), left("ben"));
    expect(screen.printed()).toEqual(["ben: bye", "-- ben left"]);
    expect(screen.live()).toEqual([]);
    screen.wait(4_000);
    screen.emit(joined("ben"));
    screen.wait(3_000);
    expect(screen.live()).toEqual(["ben joined"]);
    // This time without one.
    screen.emit(left("ben"));
    expect(screen.live()).toEqual([]);
    expect(screen.printed()).toEqual([]);
  });

  test("within five minutes of joining is shown to have joined and left", () => {
    const screen = openRoom();
    screen.emit(joined("ben"));
    screen.wait(3_000);
    screen.emit(says("ben", "bye"), left("ben"));
    expect(screen.printed()).toEqual(["-- ben joined", "ben: bye", "-- ben left"]);
  });

  test("that is not the last that they said has left as everybody does, and so has somebody who said it earlier", () => {
    const screen = openRoom("ben", "eva");
    screen.emit(says("eva", "bye", screen.now - 60_000, true), says("ben", "bye"));
    screen.emit(says("ben", "or rather, wait"), left("ben"), left("eva"));
    expect(screen.live()).toEqual(["ben, eva left"]);
  });
});

test("with --verbose each person who joins is a line at once, with their fingerprint", () => {
  const screen = openVirtualScreen({ verbose: true });
  screen.emit(entered());
  screen.printed();
  screen.emit(joined("ben"));
  expect(screen.printed()).toEqual(["-- ben joined", "-- fingerprint: key of ben"]);
});

test("being away and coming back is a line each, and so is another name", () => {
  const screen = openRoom("tom");
  screen.emit(
    { type: "away", peer: "tom", away: true },
    { type: "away", peer: "tom", away: false },
    { type: "renamed", from: "tom", to: "Tom" },
  );
  expect(screen.printed()).toEqual(["-- tom is away", "-- tom is back", "-- tom is now Tom"]);
});
