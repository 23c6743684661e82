// What a person sees of a conversation that reports when a message has been delivered: on a real terminal
// (a tmux of the test's own), in a conversation that the test makes up.

import { describe, expect } from "bun:test";

import { testWith } from "../harness/peer-programs.ts";
import { openStage, type Stage } from "./script.ts";

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

const message = (text: string) => ({ type: "message", from: "192.0.2.1:5000", text }) as const;
// Without its text: on the plain wire only the order says which message it was.
const delivered = { type: "delivered", text: "", sequence: 1 } as const;

async function enter({ screen, script }: Stage, ...lines: string[]): Promise<void> {
  for (const line of lines) {
    screen.type(line);
    screen.press("Enter");
  }
  await script.received(lines.length);
}

const lastRows = (stage: Stage, ...rows: string[]) =>
  stage.screen.until(rows.join(" / "), (shown) => shown.slice(-rows.length).join() === rows.join());

describe("a line sent", () => {
  onTerminal("is dim until the other end has it, and then is not", async () => {
    await using stage = await openStage({ styled: true });
    const { screen, script } = stage;
    await enter(stage, "one", "two");
    await lastRows(stage, "> one", "> two", ">");
    expect(screen.styledRows().slice(0, 2)).toEqual(["\x1b[2m> one", "> two"]);
    expect(screen.styledRows().at(2)).toStartWith("\x1b[0m");
    script.emit(delivered);
    await screen.until("the first in plain letters", () => screen.styledRows()[0] === "> one");
    expect(screen.styledRows().slice(0, 2)).toEqual(["> one", "\x1b[2m> two"]);
    script.emit(delivered);
    await screen.until("both in plain letters", () => screen.styledRows()[1] === "> two");
    expect(screen.rows()).toEqual(["> one", "> two", ">"]);
  });

  onTerminal("says in words that it is on its way if nothing can be dim", async () => {
    await using stage = await openStage();
    const { script } = stage;
    await enter(stage, "one", "two");
    await lastRows(stage, "(on its way) > one", "(on its way) > two", ">");
    script.emit(delivered);
    await lastRows(stage, "> one", "(on its way) > two", ">");
  });

  onTerminal("stays below what arrives before it is delivered", async () => {
    await using stage = await openStage();
    const { screen, script } = stage;
    await enter(stage, "one", "two");
    screen.type("typing");
    screen.press("Left", "Left");
    script.emit(message("hello"), message("there"), delivered);
    await lastRows(stage, "< hello", "< there", "> one", "(on its way) > two", "> typing");
    await screen.until("the cursor", () => screen.cursor().column === 6);
    expect(screen.cursor()).toEqual({ column: 6, row: 4 });
  });

  onTerminal("is also on its way while it waits for a peer", async () => {
    await using stage = await openStage();
    await enter(stage, "one");
    stage.script.emit({ type: "waiting", for: "peer", text: "one" });
    await lastRows(stage, "nobody is here yet; waiting: one", "(on its way) > one", ">");
    stage.script.emit({ type: "joined", peer: "192.0.2.1:5000" }, delivered);
    await lastRows(stage, '192.0.2.1:5000 joined; "bye" ends it', "> one", ">");
  });

  onTerminal("of a paste is a message of its own, and on its way by itself", async () => {
    await using stage = await openStage();
    const { screen, script } = stage;
    screen.paste("first\n\nsecond");
    screen.press("Enter");
    await script.received(2);
    await lastRows(stage, "(on its way) > first", "(on its way) > second", ">");
    expect(script.sent).toEqual(["first", "second"]);
    script.emit(delivered);
    await lastRows(stage, "> first", "(on its way) > second", ">");
  });

  onTerminal("that is refused is no longer on its way, and says so", async () => {
    await using stage = await openStage();
    const { script } = stage;
    await enter(stage, "one");
    stage.screen.type("too long to say");
    stage.screen.press("Enter");
    await lastRows(
      stage,
      "(not sent) > too long to say",
      "charla: that is too long",
      "hint: say less",
      "(on its way) > one",
      ">",
    );
    script.emit(delivered);
    await lastRows(stage, "hint: say less", "> one", ">");
  });
});

describe("many lines on their way", () => {
  const many = Array.from({ length: 30 }, (_, index) => `line ${index} of many lines`);

  onTerminal("take half of the screen, and are all there once delivered", async () => {
    await using stage = await openStage({ columns: 40, rows: 12 });
    const { screen, script } = stage;
    await enter(stage, ...many);
    const newest = many.slice(-5).map((line) => `(on its way) > ${line}`);
    await lastRows(stage, "… 25 more on their way", ...newest, ">");
    script.emit(message("hello"));
    await lastRows(stage, "< hello", "… 25 more on their way", ...newest, ">");
    for (const _ of many) script.emit(delivered);
    await lastRows(stage, ...many.slice(-11).map((line) => `> ${line}`), ">");
    expect(screen.cursor()).toEqual({ column: 2, row: 11 });
  });

  onTerminal("follow the window's size, and so does a line of several rows", async () => {
    await using stage = await openStage({ columns: 60, rows: 12 });
    const { screen, script } = stage;
    const long = "日本 abc 日本 abc 日本 abc 日本 abc 日本 abc 日本 abc";
    const [one, two] = ["(on its way) > one", "(on its way) > two"];
    await enter(stage, "one", "two", long);
    screen.type("typing");
    const cut = "(on its way) > 日本 abc 日本 abc 日本 abc 日本 abc 日本 abc";
    await lastRows(stage, one, two, cut, "日本 abc", "> typing");
    screen.resize(40, 6);
    const cutMore = ["(on its way) > 日本 abc 日本 abc 日本 ab", "c 日本 abc 日本 abc 日本 abc"];
    await lastRows(stage, "… 2 more on their way", ...cutMore, "> typing");
    screen.resize(70, 12);
    await lastRows(stage, one, two, `(on its way) > ${long}`, "> typing");
    script.emit(delivered, delivered, delivered);
    await lastRows(stage, "> one", "> two", `> ${long}`, "> typing");
  });

  onTerminal("come back after Ctrl-L, and after Ctrl-Z and fg", async () => {
    await using stage = await openStage();
    const { screen, script } = stage;
    await enter(stage, "one", "two");
    script.emit(delivered);
    await lastRows(stage, "> one", "(on its way) > two", ">");
    screen.press("C-l");
    await screen.until("a clear screen", (rows) => rows.join() === "(on its way) > two,>");
    screen.press("C-z");
    await screen.until("the shell", (rows) => rows.at(-1) === "$");
    screen.type("fg");
    screen.press("Enter");
    await lastRows(stage, "(on its way) > two", ">");
    script.emit(delivered);
    await lastRows(stage, "> two", ">");
  });
});

describe("at the end, what was not delivered", () => {
  onTerminal("is listed, once", async () => {
    await using stage = await openStage();
    await enter(stage, "one", "two");
    stage.script.emit(delivered);
    await lastRows(stage, "> one", "(on its way) > two", ">");
    stage.screen.press("C-c");
    const rows = await stage.screen.until("the status", (shown) => shown.includes("status=130"));
    expect(rows).toEqual([
      "> one",
      "the conversation is over: you left",
      "may not have been delivered: two",
      "status=130",
      "$",
    ]);
  });

  onTerminal("stays as it is with --quiet", async () => {
    await using stage = await openStage({ options: { quiet: true } });
    await enter(stage, "one", "two");
    stage.script.emit(delivered, { type: "ended", reason: "lost", unsaid: [] });
    const rows = await stage.screen.until("the status", (shown) => shown.includes("status=1"));
    expect(rows).toEqual(["> one", "(on its way) > two", "status=1", "$"]);
  });
});

/** The seconds in the prompt; 0 if it shows no silence. */
function secondsSilent(rows: string[]): number {
  return Number(/^\(no contact for (\d+) s\) >/.exec(rows.at(-1) ?? "")?.[1] ?? 0);
}

describe("a silence", () => {
  onTerminal("is counted in the prompt until there is contact again", async () => {
    await using stage = await openStage();
    const { screen, script } = stage;
    screen.type("typing");
    script.emit({ type: "silent", seconds: 12 });
    await screen.until("a silence", (rows) => secondsSilent(rows) >= 12);
    const [before = ""] = screen.rows();
    await screen.until("a longer one", (rows) => secondsSilent(rows) > secondsSilent([before]));
    expect(before).toEndWith(" s) > typing");
    script.emit({ type: "heard", seconds: 14.3 });
    await lastRows(stage, "in contact again after 14 s", "> typing");
    expect(screen.rows()).toHaveLength(2);
  });

  onTerminal("is shown with --quiet in the prompt only", async () => {
    await using stage = await openStage({ options: { quiet: true } });
    stage.script.emit({ type: "silent", seconds: 12 });
    await stage.screen.until("a silence", (rows) => secondsSilent(rows) >= 12);
    stage.script.emit({ type: "heard", seconds: 13 });
    const rows = await stage.screen.until("the prompt", (shown) => shown.at(-1) === ">");
    expect(rows).toEqual([">"]);
  });

  onTerminal("does not keep the program running", async () => {
    await using stage = await openStage();
    stage.script.emit({ type: "silent", seconds: 12 });
    await stage.screen.until("a silence", (rows) => secondsSilent(rows) >= 12);
    stage.screen.press("C-d");
    await lastRows(stage, "the conversation is over: you left", "status=0", "$");
  });
});
