// What a person sees of a conversation that reports when a message has been delivered, in a conversation that the
// test makes up.

import { describe, expect, test } from "bun:test";

import { testWith } from "../harness/peer-programs.ts";
import { withoutTimes } from "../harness/screen.ts";
import { openStage } from "./script.ts";
import { openVirtualStage, type VirtualStage } from "./stage.ts";

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

const message = (text: string) => ({ type: "message", from: "192.0.2.1:5000", text }) as const;
// Without its text: on the plain wire only the order says which message it was.
const delivered = { type: "delivered", text: "", sequence: 1, time: Date.now() } as const;
const joined = { type: "joined", peer: "192.0.2.1:5000" } as const;

const STATUS = " 192.0.2.1:5000  ok";

/** At its prompt, with somebody at the other end. */
async function openTalk(options: Parameters<typeof openVirtualStage>[0] = {}) {
  const stage = openVirtualStage(options);
  stage.emit(joined);
  await stage.ends(">", STATUS);
  return stage;
}

async function enter(stage: VirtualStage, ...lines: string[]): Promise<void> {
  const before = stage.sent.length;
  stage.enter(...lines);
  await stage.received(before + lines.length);
}

/** Waits until these are the last rows, whatever the times at their beginnings are. */
const lastRows = (stage: VirtualStage, ...rows: string[]) =>
  stage.until(
    rows.join(" / "),
    (shown) => withoutTimes(shown.slice(-rows.length)).join("\n") === rows.join("\n"),
  );

describe("a line sent", () => {
  onTerminal("is dim until the other end has it, and then is not", async () => {
    await using stage = await openStage({ styled: true });
    const { screen, script } = stage;
    screen.type("one");
    screen.press("Enter");
    screen.type("two");
    screen.press("Enter");
    await script.received(2);
    await screen.until("both on their way", (rows) => rows[1]?.endsWith("> two") === true);
    const [dimOne, dimTwo] = ["\x1b[38;5;243mone", "\x1b[38;5;243mtwo"];
    expect((await screen.styledRows())[0]).toEndWith(dimOne);
    expect((await screen.styledRows())[1]).toEndWith(dimTwo);
    script.emit(delivered);
    await screen.until("the first with its time", (rows) =>
      /^\d\d:\d\d > one$/.test(rows[0] ?? ""),
    );
    expect((await screen.styledRows())[0]).not.toEndWith(dimOne);
    expect((await screen.styledRows())[0]).toEndWith("one");
    expect((await screen.styledRows())[1]).toEndWith(dimTwo);
    script.emit(delivered);
    await screen.until("both", (rows) => /^\d\d:\d\d > two$/.test(rows[1] ?? ""));
    expect((await screen.styledRows())[1]).not.toEndWith(dimTwo);
  });

  test("has three dots for its time until the other end has it", async () => {
    await using stage = await openTalk();
    await enter(stage, "one", "two");
    await lastRows(stage, "  …   > one", "  …   > two", ">", STATUS);
    stage.emit(delivered);
    await lastRows(stage, "##:## > one", "  …   > two", ">", STATUS);
  });

  test("stays below what arrives before it is delivered", async () => {
    await using stage = await openTalk();
    await enter(stage, "one", "two");
    stage.type("typing");
    stage.press("Left", "Left");
    stage.emit(message("hello"), message("there"), delivered);
    await lastRows(
      stage,
      "##:## < hello",
      "##:## < there",
      "##:## > one",
      "  …   > two",
      "> typing",
      STATUS,
    );
    await stage.until("the cursor", () => stage.cursor().column === 6);
    expect(stage.cursor()).toEqual({ column: 6, row: 5 });
  });

  test("is also on its way while it waits for a peer", async () => {
    await using stage = openVirtualStage();
    await enter(stage, "one");
    stage.emit({ type: "waiting", for: "peer", text: "one" });
    await lastRows(
      stage,
      "-- ##:## nobody is here yet; waiting: one",
      "  …   > one",
      ">",
      " nobody is here yet",
    );
    stage.emit(joined, delivered);
    await lastRows(
      stage,
      '-- ##:## 192.0.2.1:5000 joined; "bye" ends it',
      "##:## > one",
      ">",
      STATUS,
    );
  });

  test("of a paste is a message of its own, and on its way by itself", async () => {
    await using stage = await openTalk();
    stage.paste("first\n\nsecond");
    stage.press("Enter");
    await stage.received(2);
    await lastRows(stage, "  …   > first", "  …   > second", ">", STATUS);
    expect(stage.sent).toEqual(["first", "second"]);
    stage.emit(delivered);
    await lastRows(stage, "##:## > first", "  …   > second", ">", STATUS);
  });

  test("that is too long is no longer on its way but on the line again", async () => {
    await using stage = await openTalk();
    await enter(stage, "one");
    stage.enter("too long to say");
    await lastRows(
      stage,
      "!! that is too long",
      "   hint: say less",
      "  …   > one",
      "> too long to say",
      STATUS,
    );
    stage.emit(delivered);
    await lastRows(stage, "   hint: say less", "##:## > one", "> too long to say", STATUS);
  });
});

describe("many lines on their way", () => {
  const many = Array.from({ length: 30 }, (_, index) => `line ${index} of many lines`);

  test("take half of the screen, and are all there once delivered", async () => {
    await using stage = await openTalk({ columns: 40, rows: 12 });
    await enter(stage, ...many);
    const newest = many.slice(-5).map((line) => `  …   > ${line}`);
    await lastRows(stage, "   … 25 more on their way", ...newest, ">", STATUS);
    stage.emit(message("hello"));
    await lastRows(stage, "##:## < hello", "   … 25 more on their way", ...newest, ">", STATUS);
    for (const _ of many) stage.emit(delivered);
    await lastRows(stage, ...many.slice(-10).map((line) => `##:## > ${line}`), ">", STATUS);
    expect(stage.cursor()).toEqual({ column: 2, row: 10 });
    const sent = stage.allRows().filter((row) => row.includes("of many lines"));
    expect(sent.map((row) => row.slice(8))).toEqual(many);
  });

  test("follow the window's size, and so does a line of several rows", async () => {
    await using stage = await openTalk({ columns: 60, rows: 12 });
    const long = "日本 abc 日本 abc 日本 abc 日本 abc 日本 abc 日本 abc";
    const [one, two] = ["  …   > one", "  …   > two"];
    await enter(stage, "one", "two", long);
    stage.type("typing");
    await lastRows(
      stage,
      one,
      two,
      "  …   > 日本 abc 日本 abc 日本 abc 日本 abc 日本 abc 日本",
      "        abc",
      "> typing",
      STATUS,
    );
    stage.resize(40, 7);
    await lastRows(
      stage,
      "   … 2 more on their way",
      "  …   > 日本 abc 日本 abc 日本 abc 日本",
      "        abc 日本 abc 日本 abc",
      "> typing",
      STATUS,
    );
    stage.resize(70, 12);
    await lastRows(stage, one, two, `  …   > ${long}`, "> typing", STATUS);
    stage.emit(delivered, delivered, delivered);
    await lastRows(stage, "##:## > one", "##:## > two", `##:## > ${long}`, "> typing", STATUS);
  });

  onTerminal("come back after Ctrl-L, and after Ctrl-Z and fg", async () => {
    await using stage = await openStage();
    const { screen, script } = stage;
    screen.type("one");
    screen.press("Enter");
    screen.type("two");
    screen.press("Enter");
    await script.received(2);
    script.emit(joined, delivered);
    const isLast = (...rows: string[]) =>
      screen.until(
        rows.join(" / "),
        (shown) => withoutTimes(shown.slice(-rows.length)).join("\n") === rows.join("\n"),
      );
    await isLast("##:## > one", "  …   > two", ">", STATUS);
    screen.press("C-l");
    await screen.until("a clear screen", (rows) => rows.join() === `  …   > two,>,${STATUS}`);
    screen.press("C-z");
    await screen.until("the shell", (rows) => rows.at(-1) === "$");
    screen.type("fg");
    screen.press("Enter");
    await isLast("  …   > two", ">", STATUS);
    script.emit(delivered);
    await isLast("##:## > two", ">", STATUS);
  });
});

describe("at the end, what was not delivered", () => {
  test("is listed, once", async () => {
    await using stage = await openTalk();
    await enter(stage, "one", "two");
    stage.emit(delivered);
    await lastRows(stage, "##:## > one", "  …   > two", ">", STATUS);
    stage.press("C-c");
    expect(await stage.exited).toBe(130);
    const rows = await lastRows(stage, "status=130");
    expect(withoutTimes(rows)).toEqual([
      '-- ##:## 192.0.2.1:5000 joined; "bye" ends it',
      "##:## > one",
      "-- ##:## you left",
      "-- ##:## may not have been delivered: two",
      "status=130",
    ]);
  });

  test("stays as it is with --quiet", async () => {
    await using stage = await openTalk({ options: { quiet: true } });
    await enter(stage, "one", "two");
    stage.emit(delivered, { type: "ended", reason: "lost", unsaid: [] });
    expect(await stage.exited).toBe(1);
    const rows = await lastRows(stage, "status=1");
    expect(withoutTimes(rows)).toEqual(["##:## > one", "  …   > two", "status=1"]);
  });
});

/** The seconds in the status line; 0 if it shows no silence. */
function secondsSilent(rows: string[]): number {
  return Number(/ no contact for (\d+) s$/.exec(rows.at(-1) ?? "")?.[1] ?? 0);
}

describe("a silence", () => {
  test("is counted in the status line until there is contact again", async () => {
    await using stage = await openTalk();
    stage.type("typing");
    stage.emit({ type: "silent", seconds: 12 });
    const before = await stage.until("a silence", (rows) => secondsSilent(rows) >= 12);
    await stage.until("a longer one", (rows) => secondsSilent(rows) > secondsSilent(before));
    expect(before.at(-2)).toBe("> typing");
    stage.emit({ type: "heard", seconds: 14.3 });
    const rows = await lastRows(stage, "-- ##:## in contact again after 14 s", "> typing", STATUS);
    expect(rows).toHaveLength(4);
  });

  test("is shown with --quiet in the status line only", async () => {
    await using stage = await openTalk({ options: { quiet: true } });
    stage.emit({ type: "silent", seconds: 12 });
    await stage.until("a silence", (rows) => secondsSilent(rows) >= 12);
    stage.emit({ type: "heard", seconds: 13 });
    const rows = await stage.until("contact", (shown) => shown.at(-1) === STATUS);
    expect(rows).toEqual([">", STATUS]);
  });

  onTerminal("does not keep the program running", async () => {
    await using stage = await openStage();
    stage.script.emit({ type: "silent", seconds: 12 });
    await stage.screen.until("a silence", (rows) => secondsSilent(rows) >= 12);
    stage.screen.press("C-d");
    const rows = await stage.screen.until("the shell", (shown) => shown.at(-1) === "$");
    expect(withoutTimes(rows.slice(-3))).toEqual(["-- ##:## you left", "status=0", "$"]);
  });
});
