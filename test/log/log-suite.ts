// What every log does, in memory or on the disk: the suite that each of them passes.
// More than 400 lines, because it is the whole contract.

import { describe, expect, test } from "bun:test";

import type { LogEntry } from "../../src/chat/frames.ts";
import type { Log } from "../../src/log/log.ts";
import { rejection } from "../net/rejection.ts";
import { draft, entry, texts } from "./drafts.ts";

/** Opens an empty log; its files are removed when it is closed. */
export type OpenLog = (now: () => number) => Promise<Log>;

export function testLog(title: string, open: OpenLog): void {
  const openAtOnce = () => open(() => 1_000);

  describe(`${title}: append`, () => {
    test("append numbers the entries of a room from 1 without gaps, in the order of the calls", async () => {
      await using log = await openAtOnce();
      const appended = await Promise.all([
        log.append("main", draft(7)),
        log.append("main", draft(5)),
        log.append("main", draft(6)),
      ]);
      expect(appended).toEqual([
        entry(1, { number: 7 }),
        entry(2, { number: 5 }),
        entry(3, { number: 6 }),
      ]);
      expect(await log.append("main", draft(8))).toEqual(entry(4, { number: 8 }));
    });

    test("append numbers each room separately", async () => {
      await using log = await openAtOnce();
      const appended = await Promise.all([
        log.append("main", draft(1)),
        log.append("garden", draft(2)),
        log.append("main", draft(3)),
      ]);
      expect(appended.map(({ sequence }) => sequence)).toEqual([1, 1, 2]);
      expect([await log.last("main"), await log.last("garden"), await log.last("attic")]).toEqual([
        2, 1, 0,
      ]);
    });

    test("append of a message with the same author, device and number returns the first entry", async () => {
      await using log = await openAtOnce();
      const [first, again] = await Promise.all([
        log.append("main", draft(1, { text: "hello" })),
        log.append("main", draft(1, { text: "hello?", name: "Anna" })),
      ]);
      const later = await log.append("main", draft(1));
      expect(first).toEqual(entry(1, { text: "hello" }));
      expect(again).toEqual(first);
      expect(later).toEqual(first);
      expect(await log.read("main", 0, 10)).toEqual([first]);
      expect((await log.append("main", draft(2))).sequence).toBe(2);
    });

    test("append of a message with another author, device, number or room adds an entry", async () => {
      await using log = await openAtOnce();
      await log.append("main", draft(1));
      const others = await Promise.all([
        log.append("main", draft(1, { author: "key of Bob" })),
        log.append("main", draft(1, { device: "phone" })),
        log.append("main", draft(1, { author: "key of Annphone", device: "" })),
        log.append("main", draft(2)),
        log.append("garden", draft(1)),
      ]);
      expect(others.map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5, 1]);
    });

    test("append gives an entry the time of the clock, also after the clock was once in 2099", async () => {
      let time = 5_000;
      await using log = await open(() => time);
      expect((await log.append("main", draft(1))).time).toBe(5_000);
      time = Date.UTC(2099, 0);
      expect((await log.append("main", draft(2))).time).toBe(Date.UTC(2099, 0));
      time = 6_000;
      expect((await log.append("main", draft(3))).time).toBe(6_000);
      expect((await log.append("garden", draft(4))).time).toBe(6_000);
      const read = await log.read("main", 0, 10);
      expect(read.map(({ sequence, time: at }) => [sequence, at])).toEqual([
        [1, 5_000],
        [2, Date.UTC(2099, 0)],
        [3, 6_000],
      ]);
      expect(await log.rooms()).toMatchObject([
        { name: "main", time: 6_000, active: 6_000 },
        { name: "garden", time: 6_000, active: 6_000 },
      ]);
    });

    test("append stores every text unchanged", async () => {
      await using log = await openAtOnce();
      const said = [
        "",
        " ",
        "a\0b",
        "two\nlines\r\n",
        "'; DROP TABLE rooms --",
        "🧑‍🌾 ✍️",
        "שלום",
        "x".repeat(65_536),
      ];
      for (const [index, text] of said.entries()) await log.append("main", draft(index, { text }));
      expect(texts(await log.read("main", 0, 10))).toEqual(said);
    });

    test("append replaces half a surrogate pair by U+FFFD, as UTF-8 does", async () => {
      await using log = await openAtOnce();
      expect((await log.append("main", draft(1, { text: "\ud83e!" }))).text).toBe("\ufffd!");
      expect(texts(await log.read("main", 0, 10))).toEqual(["\ufffd!"]);
    });

    test.each([
      ["a text of 65,537 characters", { text: "x".repeat(65_537) }],
      ["a name of 257 characters", { name: "x".repeat(257) }],
      ["half a surrogate in a name", { name: "\ud83e" }],
      ["a number below 0", { number: -1 }],
      ["NaN as a number", { number: Number.NaN }],
    ])("refuses %s, which the caller should have checked, and goes on", async (_, fields) => {
      await using log = await openAtOnce();
      const refused = log.append("main", { ...draft(1), ...fields });
      const accepted = log.append("main", draft(2));
      expect(await rejection(refused)).toBeInstanceOf(RangeError);
      expect((await accepted).sequence).toBe(1);
    });

    test("append refuses the 1,001st room, and goes on in the others", async () => {
      await using log = await openAtOnce();
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => log.append(`room ${index}`, draft(1))),
      );
      const refused = log.append("one more", draft(1));
      const accepted = log.append("room 7", draft(2));
      expect(await rejection(refused)).toMatchObject({
        code: "TOO_MANY_ROOMS",
        message: "there are already 1000 rooms, and one more would be one more",
        hint: "use a room that exists",
      });
      expect((await accepted).sequence).toBe(2);
      expect(await log.rooms()).toHaveLength(1_000);
    });
  });

  describe(`${title}: read`, () => {
    test("read returns the entries after a sequence number, oldest first, up to a limit", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 5);
      expect(await log.read("main", 2, 2)).toEqual([entry(3), entry(4)]);
      expect(texts(await log.read("main", 4, 10))).toEqual(["message 5"]);
      expect(await log.read("main", 5, 10)).toEqual([]);
      expect(await log.read("main", 9, 10)).toEqual([]);
      expect(await log.read("main", 0, 0)).toEqual([]);
      expect(await log.read("main", 0, -1)).toEqual([]);
      expect(await log.read("attic", 0, 10)).toEqual([]);
    });

    test("readLast returns the last entries, oldest first", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 5);
      await append(log, "garden", 1);
      expect(await log.readLast("main", 2)).toEqual([entry(4), entry(5)]);
      expect(await log.readLast("main", 10)).toHaveLength(5);
      expect(await log.readLast("main", 0)).toEqual([]);
      expect(await log.readLast("attic", 10)).toEqual([]);
    });

    test("readLast returns the last entries before a sequence number", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 5);
      expect(await log.readLast("main", 2, 4)).toEqual([entry(2), entry(3)]);
      expect(await log.readLast("main", 2, 2)).toEqual([entry(1)]);
      expect(await log.readLast("main", 2, 1)).toEqual([]);
      expect(await log.readLast("main", 2, 0)).toEqual([]);
      expect(await log.readLast("main", 2, 100)).toEqual([entry(4), entry(5)]);
    });

    test("a read returns at most 1,000 entries", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 1_001);
      expect(await log.read("main", 0, 5_000)).toHaveLength(1_000);
      expect((await log.readLast("main", 5_000))[0]?.sequence).toBe(2);
      expect((await log.search({ limit: 5_000 }))[0]?.sequence).toBe(2);
    });

    test("rooms lists the rooms in the order in which they were created", async () => {
      let time = 1_000;
      await using log = await open(() => time);
      expect(await log.rooms()).toEqual([]);
      await log.append("main", draft(1));
      time = 2_000;
      await log.append("garden", draft(1));
      time = 3_000;
      await log.append("main", draft(2));
      time = 3_600_000;
      await log.claimName("attic", "Ann", "key of Ann");
      expect(await log.rooms()).toEqual([
        { name: "main", entries: 2, time: 3_000, active: 1_000 },
        { name: "garden", entries: 1, time: 2_000, active: 2_000 },
        { name: "attic", entries: 0, time: null, active: 3_600_000 },
      ]);
    });
  });

  describe(`${title}: subscribe`, () => {
    test("a subscriber gets the entries appended after those that a read found, in its room only", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 3);
      const { batches } = subscribe(log, "main");
      const read = await log.read("main", 1, 10);
      await append(log, "garden", 1);
      await append(log, "main", 2);
      expect([...read, ...batches.flat()]).toEqual([entry(2), entry(3), entry(4), entry(5)]);
    });

    test("a subscriber gets the entries appended to an empty room", async () => {
      await using log = await openAtOnce();
      const { batches } = subscribe(log, "main");
      await append(log, "main", 1);
      expect(batches).toEqual([[entry(1)]]);
    });

    test("a subscriber gets the entries appended in one turn in one batch", async () => {
      await using log = await openAtOnce();
      const { batches } = subscribe(log, "main");
      await append(log, "main", 100);
      expect(batches.flat().map(({ sequence }) => sequence)).toEqual(upTo(100));
      expect(batches.length).toBeLessThan(3);
    });

    test("50 subscribers that start at any time and read the earlier entries have the same entries, none twice", async () => {
      await using log = await openAtOnce();
      const seen: number[][] = [];
      for (let round = 0; round < 50; round += 1) {
        const own: number[] = [];
        seen.push(own);
        log.subscribe("main", (entries) => own.push(...sequencesOf(entries)));
        own.unshift(...sequencesOf(await log.read("main", 0, 1_000)));
        await append(log, "main", 10);
        // Again, as after a lost answer: it is not a new entry, and no subscriber sees it.
        await log.append("main", draft(round * 10 + 1));
      }
      expect(seen).toHaveLength(50);
      for (const each of seen) expect(each).toEqual(upTo(500));
    });

    test("a disposed subscription ends for that subscriber only", async () => {
      await using log = await openAtOnce();
      const [first, second, third] = [1, 2, 3].map(() => subscribe(log, "main"));
      third?.[Symbol.dispose]();
      await append(log, "main", 1);
      first?.[Symbol.dispose]();
      await append(log, "main", 1);
      expect(first?.batches).toEqual([[entry(1)]]);
      expect(second?.batches).toEqual([[entry(1)], [entry(2)]]);
      expect(third?.batches).toEqual([]);
      // Once more, while the other is still subscribed.
      first?.[Symbol.dispose]();
      await append(log, "main", 1);
      expect(second?.batches).toHaveLength(3);
    });

    test("a subscription ends when the log closes", async () => {
      const log = await openAtOnce();
      const { batches } = subscribe(log, "main");
      await append(log, "main", 1);
      await log[Symbol.asyncDispose]();
      expect(batches).toEqual([[entry(1)]]);
    });
  });

  describe(`${title}: search`, () => {
    test("search finds the texts with all of the words, in any order, oldest first", async () => {
      await using log = await withTexts(
        open,
        "the cat sat",
        "a dog",
        "sat the cat down",
        "the mat",
      );
      const found = await log.search({ words: "cat the", limit: 10 });
      expect(found).toEqual([
        { room: "main", ...entry(1, { text: "the cat sat" }) },
        { room: "main", ...entry(3, { text: "sat the cat down" }) },
      ]);
    });

    test.each([
      ["MADRID", "Nos vemos en Madrid."],
      ["cafe", "un café, por favor"],
      ["CAFÉ", "un cafe"],
      ["nandu", "El ñandú corre"],
      ["елка", "Ёлка"],
      ["mess", "two messages"],
      ["10", "at 10:30"],
      ["xx_yy", "xx, yy"],
      ["fine", "ﬁne"],
      ["ＡＢＣ", "abc"],
      ["東京", "私は東京に住んでいます"],
      ["สวัสดี", "ครับสวัสดี"],
      ["🎉", "done🎉🎉"],
      ["aa", "bb aa\0cc"],
      ["cc", "bb aa\0cc"],
      ["東", "私は東京に住んでいます"],
      ["🎉", "🎉"],
      ["vitamin c", "vitamins a and b"],
      ["a cat", "the cat"],
      ["x".repeat(100), `see ${"x".repeat(70)}`],
    ])("a search for %j finds %j", async (words, text) => {
      await using log = await withTexts(open, text, "…");
      expect(texts(await log.search({ words, limit: 10 }))).toEqual([text]);
    });

    test.each([
      ["essage", "two messages"],
      ["messages", "one message"],
      ["cat dog", "a cat"],
      ["", "nothing was searched for"],
      ["?!", "really?!"],
      ["a", "a cat"],
      ["7", "7 cats"],
      ["x_y", "x_y"],
      ["é", "é"],
    ])("a search for %j does not find %j", async (words, text) => {
      await using log = await withTexts(open, text);
      expect(await log.search({ words, limit: 10 })).toEqual([]);
    });

    test.each([
      'one"two',
      "'",
      "one*",
      "^one",
      "words:one",
      "NEAR(one two)",
      "one AND two",
      "one NOT two",
      "{one}",
      "-one",
      "(",
      '"one" + "two"',
      "one\0two",
    ])("a search reads %j as plain words", async (words) => {
      await using log = await withTexts(open, "words near one and not two");
      expect(await log.search({ words, limit: 10 })).toHaveLength(/one|near/i.test(words) ? 1 : 0);
    });

    test("search ignores all but the first 16 words", async () => {
      await using log = await withTexts(open, "aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp");
      expect(
        await log.search({
          words: "aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp qq",
          limit: 10,
        }),
      ).toHaveLength(1);
      expect(
        await log.search({ words: "aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo qq", limit: 10 }),
      ).toEqual([]);
      expect(await log.search({ words: "aa ".repeat(5_000), limit: 10 })).toHaveLength(1);
    });

    test("search finds the newest entries when more match than its limit", async () => {
      await using log = await withTexts(open, "one", "one more", "two", "one last");
      expect(texts(await log.search({ words: "one", limit: 2 }))).toEqual(["one more", "one last"]);
      expect(texts(await log.search({ limit: 3 }))).toEqual(["one more", "two", "one last"]);
      expect(await log.search({ words: "one", limit: 0 })).toEqual([]);
    });

    test("search looks in one room, or in all rooms by time", async () => {
      const times = [1_000, 2_000, 3_000, 4_000];
      await using log = await open(() => times.shift() ?? 0);
      await log.append("main", draft(1, { text: "hello main" }));
      await log.append("garden", draft(1, { text: "hello garden" }));
      await log.append("main", draft(2, { text: "bye main" }));
      await log.append("garden", draft(2, { text: "bye garden" }));
      const find = async (search: { room?: string; words?: string; since?: number }) =>
        texts(await log.search({ ...search, limit: 10 }));
      expect(await find({ words: "hello" })).toEqual(["hello main", "hello garden"]);
      expect(await find({ words: "hello", room: "garden" })).toEqual(["hello garden"]);
      expect(await find({ room: "garden" })).toEqual(["hello garden", "bye garden"]);
      expect(await find({ room: "attic" })).toEqual([]);
      expect(await find({ room: "attic", words: "hello" })).toEqual([]);
      expect(await find({ since: 3_000 })).toEqual(["bye main", "bye garden"]);
      expect(await find({ since: 2_000, room: "garden" })).toEqual(["hello garden", "bye garden"]);
      expect(await find({ since: 3_001, words: "main" })).toEqual([]);
      expect(await find({})).toEqual(["hello main", "hello garden", "bye main", "bye garden"]);
    });

    test("a search since a time finds everything from then on, though the clock was ahead in between", async () => {
      const times = [1_000, 9_000_000, 2_000, 3_000];
      let time = 0;
      await using log = await open(() => time);
      for (const [index, at] of times.entries()) {
        time = at;
        await log.append("main", draft(index + 1));
      }
      expect(sequencesOf(await log.search({ since: 2_000, limit: 10 }))).toEqual([2, 3, 4]);
      expect(sequencesOf(await log.search({ since: 4_000, limit: 10 }))).toEqual([2]);
      expect(await log.find("main", { since: 2_000 }, 0, 10)).toEqual([2, 3, 4]);
      expect(await log.find("main", { since: 2_000 }, 2, 1)).toEqual([3]);
      expect(await log.find("main", { since: 3_000, words: "message" }, 0, 10)).toEqual([2, 4]);
      expect(await log.find("main", {}, 1, 10)).toEqual([2, 3, 4]);
      expect(await log.find("attic", { since: 0 }, 0, 10)).toEqual([]);
    });

    test("find returns the sequence numbers of matches in a room after one of them, up to a limit", async () => {
      await using log = await withTexts(open, "my cat", "a dog", "no cat", "my catfish", "the cat");
      await log.append("garden", draft(1, { text: "a cat" }));
      expect(await log.find("main", { words: "cat" }, 0, 10)).toEqual([1, 3, 4, 5]);
      expect(await log.find("main", { words: "my CAT" }, 0, 10)).toEqual([1, 4]);
      expect(await log.find("main", { words: "a CAT" }, 0, 10)).toEqual([1, 3, 4, 5]);
      expect(await log.find("main", { words: "cat" }, 1, 2)).toEqual([3, 4]);
      expect(await log.find("main", { words: "cat" }, 2, 10)).toEqual([3, 4, 5]);
      expect(await log.find("main", { words: "cat" }, 5, 10)).toEqual([]);
      expect(await log.find("main", { words: "cat" }, 9, 10)).toEqual([]);
      expect(await log.find("main", { words: "cat" }, 0, 0)).toEqual([]);
      expect(await log.find("main", { words: "cat" }, 0, -1)).toEqual([]);
      expect(await log.find("main", { words: "?!" }, 0, 10)).toEqual([]);
      expect(await log.find("garden", { words: "cat" }, 0, 10)).toEqual([1]);
      expect(await log.find("attic", { words: "cat" }, 0, 10)).toEqual([]);
    });

    test("searches asked for at once, and appends among them, all have the answers of their moment", async () => {
      await using log = await withTexts(open, "one", "one two", "two");
      const first = log.search({ words: "one", limit: 10 });
      const second = log.find("main", { words: "two" }, 0, 10);
      const appended = log.append("main", draft(9, { text: "three" }));
      const third = log.search({ words: "one", limit: 1 });
      expect(texts(await first)).toEqual(["one", "one two"]);
      expect(await second).toEqual([2, 3]);
      expect(texts(await third)).toEqual(["one two"]);
      expect((await appended).sequence).toBe(4);
      expect(await log.find("main", { words: "three" }, 0, 10)).toEqual([4]);
    });

    test("a search does not disturb later appends", async () => {
      await using log = await withTexts(open, "one", "one", "one");
      await log.search({ words: "one", limit: 1 });
      await append(log, "main", 1);
      expect(await log.search({ words: "message", limit: 1 })).toHaveLength(1);
    });
  });

  describe(`${title}: names`, () => {
    test("a name belongs to the first author that claims it in a room", async () => {
      await using log = await openAtOnce();
      expect(await log.claimName("main", "Ann", "key of Ann")).toBe("yours");
      expect(await log.claimName("main", "Ann", "key of Ann")).toBe("yours");
      expect(await log.claimName("main", "Ann", "key of Bob")).toBe("taken");
      expect(await log.claimName("garden", "Ann", "key of Bob")).toBe("yours");
    });

    test("a name claimed by several authors at the same time belongs to one of them", async () => {
      await using log = await openAtOnce();
      const claims = ["Ann", "Bob", "Eve"].map((author) =>
        log.claimName("main", "Max", `key of ${author}`),
      );
      expect(await Promise.all(claims)).toEqual(["yours", "taken", "taken"]);
    });

    test.each([
      ["ann", "ANN"],
      ["José", "Jose\u0301"],
      ["Ａnn", "Ann"],
      ["ÉLISE", "e\u0301lise"],
      ["ana", "аna"], // Cyrillic а
      ["ana", "ɑna"],
      ["ana", "ᴀna"],
      ["ANA", "аna"],
      ["Ben", "Вen"], // Cyrillic В, whose small letter looks like no b
      ["вася", "ВАСЯ"],
      ["Paul", "PauI"],
      ["👩‍💻", "👩💻"],
    ])("%s and %s are the same name", async (one, other) => {
      await using log = await openAtOnce();
      await log.claimName("main", one, "key of Ann");
      expect(await log.claimName("main", other, "key of Bob")).toBe("taken");
    });

    test.each([
      ["Ann", "Anne"],
      ["Jose", "José"],
      ["Ali", "All"],
      ["ana-1", "ana-2"],
    ])("%s and %s are different names", async (one, other) => {
      await using log = await openAtOnce();
      await log.claimName("main", one, "key of Ann");
      expect(await log.claimName("main", other, "key of Bob")).toBe("yours");
    });

    test("the holder of a name is found by it, in its room alone, also in another spelling", async () => {
      await using log = await openAtOnce();
      await log.claimName("main", "José", "key of José");
      expect(await log.nameHolder("main", "jose\u0301")).toEqual({
        author: "key of José",
        name: "José",
      });
      expect(await log.nameHolder("main", "Jose")).toBeNull();
      expect(await log.nameHolder("garden", "José")).toBeNull();
      expect(await log.nameOf("main", "key of José")).toBe("José");
      expect(await log.nameOf("garden", "key of José")).toBeNull();
    });

    test("the name of an author is the one that they have claimed last", async () => {
      let time = 5_000;
      await using log = await open(() => time);
      const claims = ["Ann", "Anna", "Ann", "Zoe", "Anna"];
      for (const name of claims) {
        await log.claimName("main", name, "key of Ann");
        expect(await log.nameOf("main", "key of Ann")).toBe(name);
      }
      // Also where the clock is set back, and where it is the same name for a long time.
      time = 1_000;
      for (const name of ["Ann", "Ann", "Zoe"]) {
        await log.claimName("main", name, "key of Ann");
        expect(await log.nameOf("main", "key of Ann")).toBe(name);
        time += 4_000_000;
      }
    });

    test("a name is free once its author has claimed none in the room for 90 days", async () => {
      const day = 24 * 60 * 60 * 1_000;
      let time = 1_000;
      await using log = await open(() => time);
      await log.claimName("main", "Ann", "key of Ann");
      await log.claimName("main", "Аnn-2", "key of Ann"); // Cyrillic А
      await log.claimName("garden", "Ann", "key of Ann");
      time += 90 * day;
      expect(await log.claimName("main", "Ann", "key of Bob")).toBe("taken");
      time += 1;
      // Who comes back under one of their names keeps all.
      await log.claimName("garden", "Ann", "key of Ann");
      time += 1 * day;
      expect(await log.claimName("main", "Ann", "key of Bob")).toBe("yours");
      expect(await log.claimName("main", "Ann-2", "key of Bob")).toBe("yours");
      expect(await log.nameHolder("main", "ann")).toEqual({ author: "key of Bob", name: "Ann" });
      expect(await log.nameOf("main", "key of Ann")).toBeNull();
      expect(await log.claimName("main", "Ann", "key of Ann")).toBe("taken");
      expect(await log.claimName("garden", "Ann", "key of Bob")).toBe("taken");
    });

    test("an author keeps all names as long as they claim one of them", async () => {
      const day = 24 * 60 * 60 * 1_000;
      let time = 1_000;
      await using log = await open(() => time);
      await log.claimName("main", "Ann", "key of Ann");
      for (let month = 1; month <= 6; month += 1) {
        time += 30 * day;
        expect(await log.claimName("main", "Anna", "key of Ann")).toBe("yours");
        expect(await log.claimName("main", "Ann", "key of Bob")).toBe("taken");
      }
    });

    test("an author has at most 20 names in a room", async () => {
      await using log = await openAtOnce();
      for (let count = 1; count <= 20; count += 1) {
        expect(await log.claimName("main", `Ann ${count}`, "key of Ann")).toBe("yours");
      }
      expect(await rejection(log.claimName("main", "Ann 21", "key of Ann"))).toMatchObject({
        code: "TOO_MANY_NAMES",
        message: "you hold 20 names in this room, and a person can hold no more",
        hint: "use one of the names that you had",
      });
      expect(await log.claimName("main", "Ann 20", "key of Ann")).toBe("yours");
      expect(await log.claimName("main", "Ann 21", "key of Bob")).toBe("yours");
    });

    test("an author has a bounded number of spellings of a name", async () => {
      await using log = await openAtOnce();
      const letters = Array.from("iiiiiiii");
      let claimed = 0;
      const claims = Array.from({ length: 256 }, async (_, bits) => {
        const name = letters.map((letter, at) =>
          bits & (1 << at) ? letter.toUpperCase() : letter,
        );
        await log.claimName("main", name.join(""), "key of Ann");
        claimed += 1;
      });
      const refused = (await Promise.allSettled(claims)).filter(
        ({ status }) => status === "rejected",
      );
      expect(claimed).toBeGreaterThan(20);
      expect(claimed).toBeLessThan(130);
      expect(refused).toHaveLength(256 - claimed);
      expect(await log.claimName("main", "iiiiiiii", "key of Ann")).toBe("yours");
    });

    test("another spelling of a name counts as the same one, and is its author's", async () => {
      await using log = await openAtOnce();
      await log.claimName("main", "вася", "key of Ann");
      for (let count = 1; count <= 19; count += 1) {
        await log.claimName("main", `Ann ${count}`, "key of Ann");
      }
      expect(await log.claimName("main", "Вася", "key of Ann")).toBe("yours");
      expect(await log.claimName("main", "Bacя", "key of Bob")).toBe("taken");
      expect(await rejection(log.claimName("main", "one more", "key of Ann"))).toMatchObject({
        code: "TOO_MANY_NAMES",
      });
    });
  });

  describe(`${title}: deleting`, () => {
    test("deleteBefore deletes the entries before a sequence number, for every kind of read", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 5);
      await append(log, "garden", 2);
      expect(await log.first("main")).toBe(1);
      expect(await log.deleteBefore("main", 4)).toBe(3);
      expect([await log.first("main"), await log.last("main")]).toEqual([4, 5]);
      expect(await log.read("main", 0, 10)).toEqual([entry(4), entry(5)]);
      expect(await log.read("main", 2, 1)).toEqual([entry(4)]);
      expect(await log.readLast("main", 10)).toEqual([entry(4), entry(5)]);
      expect(await log.readLast("main", 10, 5)).toEqual([entry(4)]);
      expect(await log.readLast("main", 10, 3)).toEqual([]);
      expect(sequencesOf(await log.search({ room: "main", limit: 10 }))).toEqual([4, 5]);
      expect(sequencesOf(await log.search({ words: "message", limit: 10 }))).toEqual([4, 5, 1, 2]);
      expect(await log.find("main", { words: "message" }, 0, 10)).toEqual([4, 5]);
      expect(await log.find("main", { words: "message" }, 2, 1)).toEqual([4]);
      expect(await log.find("main", { since: 0 }, 1, 10)).toEqual([4, 5]);
      expect(await log.rooms()).toMatchObject([
        { name: "main", entries: 2 },
        { name: "garden", entries: 2 },
      ]);
      expect((await log.append("main", draft(6))).sequence).toBe(6);
    });

    test("deleteBefore deletes everything at most, and nothing twice or in another room", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 3);
      expect(await log.deleteBefore("main", 2)).toBe(1);
      expect(await log.deleteBefore("main", 2)).toBe(0);
      expect(await log.deleteBefore("main", 0)).toBe(0);
      expect(await log.deleteBefore("attic", 10)).toBe(0);
      expect(await log.deleteBefore("main", 100)).toBe(2);
      expect([await log.first("main"), await log.last("main")]).toEqual([4, 3]);
      expect(await log.rooms()).toMatchObject([{ name: "main", entries: 0, time: null }]);
      expect(await log.append("main", draft(9))).toEqual(entry(4, { number: 9 }));
      expect(await log.readLast("main", 10)).toEqual([entry(4, { number: 9 })]);
    });

    test("a message that was deleted and is sent again is a new one, and one that was kept is not", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 3);
      await log.deleteBefore("main", 3);
      expect((await log.append("main", draft(1))).sequence).toBe(4);
      expect((await log.append("main", draft(1))).sequence).toBe(4);
      expect((await log.append("main", draft(3))).sequence).toBe(3);
      expect(sequencesOf(await log.read("main", 0, 10))).toEqual([3, 4]);
      expect(await log.find("main", { words: "message" }, 0, 10)).toEqual([3, 4]);
    });

    test("deleteRoom deletes a room's entries and names, and says whether there was one", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 3);
      await append(log, "garden", 1);
      await log.claimName("main", "Ann", "key of Ann");
      expect(await log.deleteRoom("main")).toBe(true);
      expect(await log.deleteRoom("main")).toBe(false);
      expect(await log.deleteRoom("attic")).toBe(false);
      expect((await log.rooms()).map(({ name }) => name)).toEqual(["garden"]);
      expect(await log.read("main", 0, 10)).toEqual([]);
      expect(await log.readLast("main", 10)).toEqual([]);
      expect(await log.search({ room: "main", words: "message", limit: 10 })).toEqual([]);
      expect(await log.search({ words: "message", limit: 10 })).toHaveLength(1);
      expect(await log.search({ limit: 10 })).toHaveLength(1);
      expect(await log.find("main", { words: "message" }, 0, 10)).toEqual([]);
      expect(await log.find("main", { since: 0 }, 0, 10)).toEqual([]);
      expect(await log.claimName("main", "Ann", "key of Bob")).toBe("yours");
    });

    test("a room that is created after another was deleted begins after all that was deleted", async () => {
      await using log = await openAtOnce();
      await append(log, "main", 3);
      await append(log, "garden", 1);
      await log.deleteRoom("main");
      expect([await log.first("main"), await log.last("main")]).toEqual([4, 3]);
      await log.deleteRoom("garden");
      // A message of the deleted room that its sender had no answer to, and sends again.
      expect(await log.append("main", draft(3))).toEqual(entry(4, { number: 3 }));
      expect((await log.append("garden", draft(1))).sequence).toBe(4);
      expect((await log.append("attic", draft(1))).sequence).toBe(4);
      expect([await log.first("main"), await log.last("main")]).toEqual([4, 4]);
      // The cursor of a member of the deleted room.
      expect(sequencesOf(await log.read("main", 3, 10))).toEqual([4]);
      expect(sequencesOf(await log.readLast("main", 10))).toEqual([4]);
      expect(await log.rooms()).toMatchObject([
        { name: "main", entries: 1 },
        { name: "garden", entries: 1 },
        { name: "attic", entries: 1 },
      ]);
      await log.deleteRoom("main");
      expect(await log.last("nowhere")).toBe(4);
    });

    test("a subscriber of a deleted room gets what is said in the next room of that name, in order and once", async () => {
      await using log = await openAtOnce();
      const { batches } = subscribe(log, "main");
      await append(log, "main", 2);
      await log.deleteRoom("main");
      await append(log, "main", 2);
      expect(sequencesOf(batches.flat())).toEqual([1, 2, 3, 4]);
      await log.deleteBefore("main", 100);
      await append(log, "main", 1);
      expect(sequencesOf(batches.flat())).toEqual([1, 2, 3, 4, 5]);
    });

    test("what is appended, deleted and appended in one turn never comes as one batch with a gap", async () => {
      await using log = await openAtOnce();
      await append(log, "garden", 10);
      const { batches } = subscribe(log, "main");
      await Promise.all([
        log.append("main", draft(1)),
        log.deleteRoom("garden"),
        log.deleteRoom("main"),
        log.append("main", draft(2)),
        log.append("main", draft(3)),
      ]);
      expect(sequencesOf(batches.flat()).slice(-2)).toEqual([11, 12]);
      for (const batch of batches) {
        const [first] = sequencesOf(batch);
        expect(sequencesOf(batch)).toEqual(batch.map((_, index) => (first ?? 0) + index));
      }
    });

    test("a deleted room makes room for another one", async () => {
      await using log = await openAtOnce();
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => log.claimName(`room ${index}`, "Ann", "key")),
      );
      expect(await rejection(log.claimName("one more", "Ann", "key"))).toMatchObject({
        code: "TOO_MANY_ROOMS",
      });
      expect(await log.deleteRoom("room 7")).toBe(true);
      expect(await log.claimName("one more", "Ann", "key")).toBe("yours");
      expect(await log.rooms()).toHaveLength(1_000);
    });

    test("the last activity in a room is known to the hour", async () => {
      const hour = 60 * 60 * 1_000;
      let time = 10 * hour;
      const active = async () => (await log.rooms())[0]?.active;
      await using log = await open(() => time);
      await log.claimName("main", "Ann", "key of Ann");
      expect(await active()).toBe(10 * hour);
      time = 11 * hour - 1;
      await log.append("main", draft(1));
      expect(await active()).toBe(10 * hour);
      time = 11 * hour;
      await log.claimName("main", "Ann", "key of Ann");
      expect(await active()).toBe(11 * hour);
      // The clock was ahead, and was set back.
      time = 2 * hour;
      await log.claimName("main", "Ann", "key of Bob");
      expect(await active()).toBe(2 * hour);
    });
  });

  test(`${title}: every call on a closed log rejects`, async () => {
    const log = await openAtOnce();
    await append(log, "main", 1);
    await log[Symbol.asyncDispose]();
    await log[Symbol.asyncDispose]();
    const closed = "the log is closed";
    expect(await rejection(log.append("main", draft(2)))).toMatchObject({ message: closed });
    expect(await rejection(log.read("main", 0, 1))).toMatchObject({ message: closed });
    expect(await rejection(log.readLast("main", 1))).toMatchObject({ message: closed });
    expect(await rejection(log.last("main"))).toMatchObject({ message: closed });
    expect(await rejection(log.rooms())).toMatchObject({ message: closed });
    expect(await rejection(log.search({ limit: 1 }))).toMatchObject({ message: closed });
    expect(await rejection(log.find("main", { words: "message" }, 0, 1))).toMatchObject({
      message: closed,
    });
    expect(await rejection(log.claimName("main", "Ann", "key of Ann"))).toMatchObject({
      message: closed,
    });
    expect(await rejection(log.first("main"))).toMatchObject({ message: closed });
    expect(await rejection(log.deleteRoom("main"))).toMatchObject({ message: closed });
    expect(await rejection(log.deleteBefore("main", 1))).toMatchObject({ message: closed });
  });

  test(`${title}: closing a log completes the pending searches`, async () => {
    const log = await withTexts(open, "one", "two");
    const found = log.search({ words: "one", limit: 10 });
    const numbers = log.find("main", { words: "two" }, 0, 10);
    await log[Symbol.asyncDispose]();
    expect(texts(await found)).toEqual(["one"]);
    expect(await numbers).toEqual([2]);
  });

  test(`${title}: closing a log completes the pending appends`, async () => {
    const log = await openAtOnce();
    const appended = log.append("main", draft(1));
    await log[Symbol.asyncDispose]();
    expect(await appended).toEqual(entry(1));
  });
}

/** Appends the next `count` messages of Ann's, all in one turn. */
async function append(log: Log, room: string, count: number): Promise<void> {
  const first = (await log.last(room)) + 1;
  await Promise.all(
    Array.from({ length: count }, (_, index) => log.append(room, draft(first + index))),
  );
}

/** A subscriber that records each batch. */
function subscribe(log: Log, room: string) {
  const batches: (readonly LogEntry[])[] = [];
  const subscription = log.subscribe(room, (entries) => batches.push(entries));
  return { batches, [Symbol.dispose]: () => subscription[Symbol.dispose]() };
}

function sequencesOf(entries: readonly LogEntry[]): number[] {
  return entries.map(({ sequence }) => sequence);
}

/** A log with these texts in the room `main`. */
async function withTexts(open: OpenLog, ...contents: string[]): Promise<Log> {
  const log = await open(() => 1_000);
  for (const [index, text] of contents.entries())
    await log.append("main", draft(index + 1, { text }));
  return log;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
