// What the commands of a room show, as lines.

import { describe, expect, test } from "bun:test";

import { commandLines, peopleLines } from "../../../src/terminal/view/room-lists.ts";

const words = (rights: { owner: boolean; operator: boolean }) =>
  commandLines(rights, 200).map((line) => line.split(" ", 1)[0]);

const EVERYBODYS = [
  "/help",
  "/who",
  "/rooms",
  "/join",
  "/name",
  "/history",
  "/search",
  "/me",
  "/copy",
];

describe("/help lists for", () => {
  test("a guest no command that the server would refuse", () => {
    expect(words({ owner: false, operator: false })).toEqual([...EVERYBODYS, "/quit", "//TEXT"]);
  });

  test("an operator those that operators may use, and none that is the owner's alone", () => {
    const listed = words({ owner: false, operator: true });
    expect(listed).toEqual(
      expect.arrayContaining([...EVERYBODYS, "/kick", "/ban", "/mute", "/invites", "/revoke"]),
    );
    for (const word of ["/op", "/deop", "/delete"]) expect(listed).not.toContain(word);
  });

  test("the owner all of them", () => {
    const listed = words({ owner: true, operator: false });
    expect(listed).toEqual(expect.arrayContaining([...EVERYBODYS, "/kick", "/op", "/delete"]));
  });
});

const person = (name: string, key = name, more: object = {}) => ({
  name,
  fingerprint: `SHA256:${key.repeat(12)}`,
  away: false,
  ...more,
});

const lines = (...people: ReturnType<typeof person>[]) =>
  peopleLines(people, "ben", 80, false).map((line) => line.replaceAll(/[\u2068\u2069]/g, ""));

describe("/who shows", () => {
  test("who is the owner, an operator, muted or away", () => {
    const shown = lines(
      person("ana", "a", { owner: true }),
      person("ben", "b", { operator: true }),
      person("cy", "c", { muted: true, away: true }),
      person("dan", "d"),
    );
    expect(shown).toEqual([
      "ana  aaaaaaaaaaaa  owner",
      "ben  bbbbbbbbbbbb  you, operator",
      "cy   cccccccccccc  muted, away",
      "dan  dddddddddddd",
    ]);
  });

  test("one line a person, however many windows they have, and away only if all of these are", () => {
    const shown = lines(
      person("ben", "b"),
      person("ana", "a", { away: true }),
      person("ana", "a"),
      person("ana-phone", "a"),
      person("cy", "c", { away: true }),
      person("cy", "c", { away: true }),
    );
    expect(shown).toEqual([
      "ben             bbbbbbbbbbbb  you",
      "ana, ana-phone  aaaaaaaaaaaa",
      "cy              cccccccccccc  away",
    ]);
  });
});
