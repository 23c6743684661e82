// What is printed once and what is drawn anew with each change, and where the cursor is.

import { describe, expect, test } from "bun:test";

import { insert } from "../../../src/terminal/editor/line-buffer.ts";
import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import { rowText, type Size } from "../../../src/terminal/rows.ts";
import { startState, type State } from "../../../src/terminal/state/state.ts";
import type {
  FoundEntry,
  MessageItem,
  TranscriptItem,
} from "../../../src/terminal/state/transcript.ts";
import { view } from "../../../src/terminal/view/view.ts";
import { seeded } from "../../harness/random.ts";
import { IN_A_ROOM, people } from "../state/virtual-screen.ts";

const TIME = new Date(2026, 2, 1, 14, 3).getTime();
function stateOf(size: Size, more: Partial<State> = {}): State {
  const state = startState(IN_A_ROOM, size, PLAIN, TIME);
  const room = { ...state.room, room: "main", name: "ben", here: people("ana", "ben") };
  return { ...state, room, connection: { type: "ok" }, ...more };
}

function typing(state: State, text: string): State {
  const { editing } = state;
  return { ...state, editing: { ...editing, line: insert(editing.line, text) } };
}

const pending = (...texts: string[]) => texts.map((text, id) => ({ id, text, isTaken: true }));

const BEN = { key: "SHA256:ben", name: "ben" };

const message = (text: string): MessageItem => ({
  type: "message",
  time: TIME,
  name: "ana",
  colour: 1,
  text,
  mentions: false,
  follows: false,
});

/** The answer to /history with 20 messages. */
const foundEntries = (
  entry: (index: number) => Pick<FoundEntry, "time" | "name" | "text">,
): TranscriptItem => ({
  type: "answer",
  answer: {
    type: "entries",
    colours: new Map(),
    entries: Array.from({ length: 20 }, (_, index) => {
      const { name, ...rest } = entry(index);
      const sent = { device: "", number: index, mentions: false };
      return { sequence: index, author: name, name, ...rest, ...sent };
    }),
  },
});
const follows = (text: string) => ({ ...message(text), follows: true });
const isNamed = (row: string) => row === "14:03 ana";

/** Such as m1 and m2, in the order in which they stand there. */
const marks = (rows: readonly string[], letter: string) =>
  rows.flatMap((row) => row.match(new RegExp(`\\b${letter}\\d+\\b`, "g")) ?? []);

const settled = (state: State) => view(state).frame.settled.map(rowText);
const live = (state: State) => view(state).frame.live.map(rowText);

test("what waits in the transcript is printed above the line being typed and the status line", () => {
  const state = typing(
    stateOf({ columns: 60, rows: 24 }, { transcript: [message("hello")] }),
    "hi",
  );
  expect(view(state)).toMatchObject({ items: 1, page: null });
  expect(settled(state)).toEqual(["14:03 ana hello"]);
  expect(live(state)).toEqual(["> hi", " main  ana, ben  ok "]);
  expect(view(state).frame.cursor).toEqual({ row: 0, column: 4 });
});

test("the question whether to leave takes the place of the status line, and is cut where it is too long", () => {
  const leaving = { type: "asked" as const, until: TIME + 2_000 };
  const at = (columns: number, rows: number) => live(stateOf({ columns, rows }, { leaving }));
  expect(at(80, 24)).toEqual(["> ", " press Ctrl-C again to leave "]);
  expect(at(20, 3)).toEqual(["> ", " press Ctrl-C agai…"]);
  expect(at(80, 1)).toEqual(["> "]);
  const begun = live(stateOf({ columns: 80, rows: 24 }, { leaving: { type: "begun" } }));
  expect(begun).toEqual(["> ", " main  ana, ben  ok "]);
});

describe("above the line being typed stand", () => {
  test("who came and left, and messages on their way", () => {
    const presence = {
      arriving: new Map(),
      joined: people("ana", "eva"),
      left: people(),
      since: TIME,
    };
    const state = stateOf(
      { columns: 60, rows: 24 },
      { presence, pending: pending("one", "/me goes") },
    );
    expect(live(state)).toEqual([
      "-- 14:03 ana, eva joined",
      "  …   ben one",
      "  …     * ben goes",
      "> ",
      " main  ana, ben  ok ",
    ]);
    expect(view(state).frame.cursor).toEqual({ row: 3, column: 2 });
  });

  test("of many messages on their way the newest, and how many more there are: at most half of the window", () => {
    const texts = Array.from({ length: 20 }, (_, index) => `m${index}`);
    const state = stateOf({ columns: 60, rows: 8 }, { pending: pending(...texts) });
    expect(live(state)).toEqual([
      "   … 17 more on their way",
      "  …   ben m17",
      "  …   ben m18",
      "  …   ben m19",
      "> ",
      " main  ana, ben  ok ",
    ]);
  });

  test("of this person's next message no name in a narrow window, as when it is stored", () => {
    const here = stateOf({ columns: 40, rows: 24 });
    const room = { ...here.room, fingerprint: "SHA256:ben" };
    const state = { ...here, room, lastAuthor: BEN, pending: pending("one", "two") };
    expect(live(state)).toEqual(["  …     one", "  …     two", "> ", " main  ana, ben  ok "]);
    const joined = people("eva");
    const presence = { arriving: new Map(), joined, left: people(), since: TIME };
    expect(live({ ...state, presence }).slice(0, 3)).toEqual([
      "-- 14:03 eva joined",
      "  …   ben",
      "        one",
    ]);
    for (const lastAuthor of [
      { key: "SHA256:ana", name: "ana" },
      { ...BEN, name: "benjamin" },
    ]) {
      expect(live({ ...state, lastAuthor }).slice(0, 2)).toEqual(["  …   ben", "        one"]);
    }
  });

  test("of one that is too long, its beginning", () => {
    const state = stateOf({ columns: 60, rows: 6 }, { pending: pending("a\nb\nc\nd\ne\nf") });
    expect(live(state).slice(0, 3)).toEqual(["  …   ben a", "          b", "          c"]);
  });
});

const sending = (rows: number) =>
  typing(stateOf({ columns: 30, rows }, { pending: pending("one") }), "hi");

test("a long text being typed leaves a third of the window to the transcript", () => {
  for (const [rows, most] of [
    [60, 40],
    [24, 16],
    [9, 6],
    [8, 7],
  ] as const) {
    const state = typing(stateOf({ columns: 40, rows }), "x".repeat(5_000));
    expect(live(state)).toHaveLength(most + 1);
  }
});

describe("in a very small window", () => {
  test("the status line goes first, then messages on their way", () => {
    expect(live(sending(4))).toEqual(["  …   ben", "        one", "> hi", " main  ana, ben  ok "]);
    expect(live(sending(3))).toEqual(["  …   ben", "> hi"]);
    expect(live(sending(2))).toEqual(["> hi"]);
    expect(live(sending(1))).toEqual(["> hi"]);
  });

  test("or any other, there are never more live rows than the window has, and none is wider", () => {
    const random = seeded(7);
    const texts = ["one", "日本語 ".repeat(20), "a\n\nb", "x".repeat(300), "👍🏽 שלום"];
    const some = () => texts[random(texts.length)] ?? "";
    for (let round = 0; round < 500; round += 1) {
      const size = { columns: 1 + random(90), rows: 1 + random(30) };
      const presence = {
        arriving: new Map(),
        joined: random(2) === 0 ? people() : people(some()),
        left: people(some()),
        since: TIME,
      };
      const lines = pending(...Array.from({ length: random(6) }, some));
      const { frame } = view(typing(stateOf(size, { presence, pending: lines }), some()));
      expect(frame.live.length).toBeLessThanOrEqual(size.rows);
      const widest = Math.max(...frame.live.map((row) => PLAIN.width(rowText(row))));
      expect(widest).toBeLessThanOrEqual(size.columns);
      expect(frame.cursor.row).toBeLessThan(frame.live.length);
      expect(frame.cursor.column).toBeLessThan(size.columns + 1);
    }
  });
});

test("on the plain wire messages have marks, and the status line has the other end", () => {
  const plain: TranscriptItem = { ...message("hello"), name: "<", colour: null };
  const settings = { ...IN_A_ROOM, isRoom: false };
  const { room } = startState(settings, { columns: 40, rows: 24 }, PLAIN, TIME);
  const state = stateOf(
    { columns: 40, rows: 24 },
    { settings, room, peer: "[::1]:5", transcript: [plain], pending: pending("hi") },
  );
  expect(settled(state)).toEqual(["14:03 < hello"]);
  expect(live(state)).toEqual(["  …   > hi", "> ", " [::1]:5  ok "]);
});

describe("in a narrow window a name", () => {
  const size = { columns: 40, rows: 8 };

  /** What is drawn, one message after the other. */
  function printOneByOne(items: readonly TranscriptItem[], start = stateOf(size)): string[] {
    let state = start;
    return items.flatMap((item) => {
      const { frame, items: printed, rowsSinceName } = view({ ...state, transcript: [item] });
      expect(printed).toBe(1);
      state = { ...state, rowsSinceName };
      return frame.settled.map(rowText);
    });
  }

  test("is repeated in a monologue before it is out of sight", () => {
    const transcript = [
      message("0"),
      ...Array.from({ length: 29 }, (_, index) => follows(`${index + 1}`)),
    ];
    const rows = settled(stateOf(size, { transcript }));
    expect(printOneByOne(transcript)).toEqual(rows);
    // Six rows are above the line being typed and the status line.
    for (let end = 6; end <= rows.length; end += 1) {
      expect(rows.slice(end - 6, end).some(isNamed)).toBe(true);
    }
    expect(rows.filter(isNamed)).toHaveLength(6);
  });

  test("is not repeated where all that its person said is in sight", () => {
    const transcript = [message("0"), ...["1", "2", "3", "4"].map(follows)];
    expect(settled(stateOf(size, { transcript })).filter(isNamed)).toHaveLength(1);
    const tall = { ...size, rows: 100 };
    const many = Array.from({ length: 90 }, (_, index) => follows(`${index}`));
    const rows = settled(stateOf(tall, { transcript: [message("0"), ...many] }));
    expect(rows.filter(isNamed)).toHaveLength(1);
  });

  test("stands before a message on its way where it will when that is stored", () => {
    const state = stateOf(size, { lastAuthor: BEN, rowsSinceName: 6, pending: pending("hello") });
    const own = { ...state, room: { ...state.room, fingerprint: BEN.key } };
    expect(live(own).slice(0, 2)).toEqual(["  …   ben", "        hello"]);
    expect(live({ ...own, rowsSinceName: 5 })[0]).toBe("  …     hello");
  });
});

test("the column of names becomes wider for a longer name, and stays so when its person has left", () => {
  const wide = stateOf({ columns: 80, rows: 24 }, { transcript: [message("hello")] });
  const { nameColumns } = view({
    ...wide,
    room: { ...wide.room, here: people("ana", "ben", "Ana María") },
  });
  expect(nameColumns).toBe(9);
  expect(settled({ ...wide, nameColumns })).toEqual(["14:03       ana hello"]);
  expect(view({ ...wide, nameColumns }).nameColumns).toBe(9);
  expect(settled(wide)).toEqual(["14:03 ana hello"]);
});

describe("an answer that is longer than the window", () => {
  const answer: TranscriptItem = {
    type: "answer",
    answer: { type: "commands", rights: { owner: false, operator: false } },
  };
  const size = { columns: 80, rows: 9 };
  const waiting = stateOf(size, { transcript: [answer, message("hello")] });
  const atPage2 = (waits: boolean): State => {
    const { page } = view(waiting);
    return { ...waiting, page: page && { ...page, waits } };
  };

  test("is laid out once, and again in another window", () => {
    const rows = view(waiting).frame.settled;
    const { page } = view(waiting);
    // The same objects, also of the next page.
    for (const [index, row] of view(waiting).frame.settled.entries())
      expect(row === rows[index]).toBe(true);
    const next = view({ ...waiting, page: page && { ...page, waits: false } }).frame.settled;
    expect(next).toHaveLength(7);
    const narrow = view({ ...waiting, size: { columns: 40, rows: 8 } }).frame.settled;
    expect(narrow.map(rowText)).not.toEqual(rows.map(rowText));
  });

  test("is printed a page at a time, with a question in place of the line being typed", () => {
    const { items, page } = view(waiting);
    const layout = { columns: 80, rows: 9, nameColumns: 3 };
    const next = { parts: 7, rows: 0, layout };
    expect({ items, page }).toEqual({ items: 0, page: { shown: 7, total: 13, next } });
    expect(settled(waiting)).toHaveLength(7);
    expect(live(waiting)).toEqual([
      "-- 6 more rows: Enter shows them, q leaves",
      " main  ana, ben  ok ",
    ]);
  });

  test("says how to go on and how to leave in as many words as the window has room for", () => {
    for (const [columns, question] of [
      [43, "-- N more rows: Enter shows them, q leaves"],
      [42, "-- N more rows: Enter, or q"],
      [20, "-- N: Enter, q"],
    ] as const) {
      const [row] = live({ ...waiting, size: { columns, rows: 8 } });
      expect(row?.replace(/\d+/, "N")).toBe(question);
    }
  });

  test("says of one row that Enter shows it", () => {
    const [row] = live({ ...waiting, size: { columns: 80, rows: 14 } });
    expect(row).toBe("-- 1 more row: Enter shows it, q leaves");
  });

  test("ends no page with a day or a name whose message follows on the next", () => {
    const found = foundEntries((index) => ({
      time: TIME + Math.floor(index / 5) * 86_400_000,
      name: `name ${index}`,
      text: "text",
    }));
    for (let rows = 5; rows < 30; rows += 1) {
      const start = stateOf({ columns: 40, rows }, { transcript: [found] });
      const seen = settled(start);
      let { page } = view(start);
      while (page !== null) {
        expect(seen.at(-1)).toEndWith("  text");
        const state = { ...start, page: { ...page, waits: false } };
        seen.push(...settled(state));
        ({ page } = view(state));
      }
      expect(seen.filter((row) => row.endsWith(" text"))).toHaveLength(20);
    }
  });

  test("stops until a key is pressed, and what comes meanwhile waits", () => {
    const state = atPage2(true);
    expect(view(state)).toMatchObject({ items: 0, page: { shown: 7, total: 13 } });
    expect(settled(state)).toEqual([]);
    expect(live(state)).toEqual(live(waiting));
  });

  test("goes on where it stopped, and what came meanwhile follows its end", () => {
    const state = atPage2(false);
    expect(view(state)).toMatchObject({ items: 2, page: null });
    expect(settled(state)).toHaveLength(7);
    expect(settled(state).slice(-2)).toEqual([
      "      //TEXT         sends /TEXT",
      "14:03 ana hello",
    ]);
    expect(live(state)).toEqual(["> ", " main  ana, ben  ok "]);
  });

  test.each([
    [42, 100],
    [100, 42],
    [42, 30],
    [30, 80],
  ])(
    "goes on behind the last message that was printed whole, in a window of %d columns that has %d by then",
    (before, after) => {
      const found = foundEntries((index) => ({
        time: TIME,
        name: index % 3 === 0 ? "ana" : "ben",
        text: `m${index} ${"several rows of a text ".repeat(4)}e${index}`,
      }));
      const first = stateOf({ columns: before, rows: 20 }, { transcript: [found] });
      const { page } = view(first);
      const resized: State = {
        ...first,
        size: { columns: after, rows: 20 },
        page: page && { ...page, waits: true },
      };
      const printedWhole = marks(settled(first), "e").length;
      expect(printedWhole).toBeGreaterThan(0);
      const rest: string[] = [];
      for (let next: State["page"] = resized.page; next !== null;) {
        const screen = view({ ...resized, page: { ...next, waits: false } });
        rest.push(...screen.frame.settled.map(rowText));
        next = screen.page && { ...screen.page, waits: true };
      }
      const numbers = Array.from({ length: 20 - printedWhole }, (_, index) => index + printedWhole);
      expect(marks(rest, "m")).toEqual(numbers.map((number) => `m${number}`));
      expect(marks(rest, "e")).toEqual(numbers.map((number) => `e${number}`));
      expect(live(resized)[0]).toStartWith(`-- ${rest.length} more rows`);
    },
  );

  test("is printed whole if it just fits", () => {
    expect(view({ ...waiting, size: { columns: 80, rows: 15 } })).toMatchObject({ items: 2 });
    expect(view({ ...waiting, size: { columns: 80, rows: 14 } })).toMatchObject({ items: 0 });
  });
});
