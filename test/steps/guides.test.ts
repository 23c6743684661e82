// docs/lesson.md and its Spanish version say what happens: the files they name exist, and what they show
// on Ana's and Ben's terminals is what two real terminals show.

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describeReach } from "../../src/cli/reach-notice.ts";
import { parseInvitation } from "../../src/identity/invitation.ts";
import { fullTestWith, testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { root, run } from "../harness/program.ts";
import { openScreen, type Screen, typedRow, withoutTimes } from "../harness/screen.ts";
import { portOf } from "../harness/sealed-server.ts";

const GUIDES = ["docs/lesson.md", "docs/lesson.es.md"] as const;

/** Who types each line that is said, in steps 3 to 5. */
const SPEAKERS = [
  ["ben", "ana", "ben"],
  ["ben", "ben", "ana", "ben"],
  ["ben", "ana", "ana"],
] as const;

/** Wide enough for a command with an invitation, and high enough for all steps. */
const COLUMNS = 300;
const ROWS = 80;

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** What a guide shows on terminals, each a command and what follows it, Ana's and Ben's in turn. */
function transcripts(guide: string): { command: string; rows: string[] }[] {
  const blocks = read(guide).matchAll(/^```console\n(?:ana|ben)\$ (.*)\n([^]*?)```$/gm);
  return Array.from(blocks, ([, command = "", rows = ""]) => ({
    command,
    rows: rows.split("\n").slice(0, -1),
  }));
}

/** The commands to try that a guide names in its text. */
function commandsInText(guide: string): string[] {
  const text = read(guide).replaceAll(/^```[^]*?^```$/gm, "");
  return Array.from(
    text.matchAll(/`((?:echo|charla) [^`]* [^`]+)`/g),
    ([, command = ""]) => command,
  );
}

function linksOf(document: string): string[] {
  return Array.from(read(document).matchAll(/\]\(([^)#]+)\)/g), ([, link = ""]) => link);
}

/** Without what differs from run to run. */
function withoutVarying(rows: readonly string[]): string[] {
  return withoutTimes(rows).map((row) =>
    row
      .replace(/^(Waiting on|.* from 127\.0\.0\.1) port \d+$/, "$1 port PORT")
      .replace(/^(-- ##:## listening on \[::\]|Open http:\/\/localhost):\d+$/, "$1:PORT")
      // What this machine can be reached at, and so an invitation, which is quoted when it has several addresses.
      .replace(
        /^(-- ##:## ).*(?:reachable from|from everywhere by|only this network|no network:).*/,
        "$1REACH",
      )
      .replace(/'?charla:\/\/\S+/, "INVITATION")
      .replace(/http:\/\/\S+\/main#\S+/, "LINK"),
  );
}

function say(screen: Screen, line: string): void {
  screen.type(line);
  screen.press("Enter");
}

const isCommand = (row: string) => row.startsWith("$ ");

/** Runs a command on the screen, and waits until it is there. */
async function enter(screen: Screen, command: string): Promise<void> {
  const before = (await screen.rows()).filter(isCommand).length;
  say(screen, command.replace("npx bun ", `${process.execPath} `));
  await screen.until("the command", (rows) => rows.filter(isCommand).length > before);
}

/** What is below the last command. */
function output(rows: string[]): string[] {
  return rows.slice(rows.findLastIndex(isCommand) + 1);
}

const shows = (line: string) => (rows: string[]) => withoutTimes(output(rows)).includes(line);

/** What a program has printed after `prefix`, once it has. */
async function printedAfter(screen: Screen, prefix: string): Promise<string> {
  const found = (rows: string[]) => output(rows).find((row) => row.startsWith(prefix));
  const rows = await screen.until(prefix, (shown) => found(shown) !== undefined);
  return found(rows)?.slice(prefix.length) ?? "";
}

/** What a program has printed once the shell is back. */
async function outputAtEnd(screen: Screen): Promise<string[]> {
  const rows = await screen.until("the shell", (shown) => shown.at(-1) === "$");
  return withoutVarying(output(rows).slice(0, -1));
}

for (const guide of GUIDES) {
  // The commands are the same, and so is what the programs print.
  const testTranscript = guide === "docs/lesson.md" ? testWith : fullTestWith;

  describe(guide, () => {
    test("Every file that it links exists.", () => {
      const links = linksOf(guide);
      expect(links.length).toBeGreaterThan(20);
      expect(links.filter((link) => !existsSync(join(root, "docs", link)))).toEqual([]);
    });

    testTranscript(
      ["tmux", "ncat"],
      "Its transcripts of the five steps are what happens.",
      async () => {
        const shown = transcripts(guide);
        const [sendHello = ""] = commandsInText(guide);
        await using ana = await openScreen(COLUMNS, ROWS);
        await using ben = await openScreen(COLUMNS, ROWS);
        for (let step = 1; step <= 5; step++) {
          const [server, client] = shown.slice(2 * step - 2, 2 * step);
          if (server === undefined || client === undefined) throw new Error(`no step ${step}`);
          // On a free port: another program may have 12345 on this machine.
          await enter(ana, `${server.command} 0`);
          const port = await printedAfter(ana, "Waiting on port ");
          await enter(ben, `${client.command} localhost ${port}`);
          for (const [index, speaker] of (SPEAKERS[step - 3] ?? []).entries()) {
            const line = server.rows[index + 1] ?? "";
            say(speaker === "ana" ? ana : ben, line);
            await ana.until(line, shows(line));
            await ben.until(line, shows(line));
          }
          expect(await outputAtEnd(ana)).toEqual(withoutVarying(server.rows));
          expect(await outputAtEnd(ben)).toEqual(withoutVarying(client.rows));
        }

        await enter(ana, `${shown[0]?.command} 0`);
        const port = await printedAfter(ana, "Waiting on port ");
        await enter(ben, sendHello.replace(/\b12345\b/, port));
        expect(await outputAtEnd(ana)).toEqual(withoutVarying(shown[0]?.rows ?? []));
      },
    );

    testTranscript(["tmux"], "charla talks with step 5, as it says.", async () => {
      const [, joinPlainly = ""] = commandsInText(guide);
      await using ana = await openScreen(COLUMNS, ROWS);
      await using ben = await openScreen(COLUMNS, ROWS);
      await enter(ana, `${transcripts(guide)[8]?.command} 0`);
      await enter(ben, `${joinPlainly}:${await printedAfter(ana, "Waiting on port ")}`);
      await ben.until("charla", (rows) => typedRow(rows) === ">");
      say(ben, "hello");
      await ana.until("Ben's hello", shows("hello"));
      say(ana, "bye");
      expect(await outputAtEnd(ana)).toEqual(["Waiting on port PORT", "hello", "bye", "bye"]);
      expect((await outputAtEnd(ben)).at(-1)).toBe(
        "-- ##:## the conversation is over: the other end said bye",
      );
    });

    testTranscript(
      ["tmux", "ncat"],
      "Its transcript of the sealed wire is what happens.",
      async () => {
        const [opening, joining] = transcripts(guide).slice(10, 12);
        const [, , sendBye = ""] = commandsInText(guide);
        if (opening === undefined || joining === undefined) throw new Error("no sealed wire");
        const { ways } = parseInvitation(/charla:\S+/.exec(opening.rows[2] ?? "")?.[0] ?? "");
        const reach = describeReach(ways, { bind: undefined, remedy: null })?.message;
        expect(withoutTimes(opening.rows)[0]).toBe(`-- ##:## ${reach}`);
        using person = newPerson();
        await using ana = await openScreen(COLUMNS, ROWS, { as: person });
        await using ben = await openScreen(COLUMNS, ROWS);
        await enter(ana, `${opening.command} --port 0 --name ana`);
        const invitation = await printedAfter(ana, "-- invite with: charla ");
        const port = portOf(invitation);
        await enter(ben, `${joining.command.replace(/charla:\/\/\S+/, invitation)} --name ben`);
        await ana.until("Ben", shows("-- ##:## ben joined"));
        for (const row of joining.rows) {
          const [, speaker, text = ""] = /^\d\d:\d\d[ !](ana|ben) (.+)$/.exec(row) ?? [];
          if (text === "bye") {
            const sent = await run(["sh", "-c", sendBye.replace(/\b12345\b/, port)]);
            expect(sent).toEqual({ stdout: "", stderr: "", status: 0 });
          }
          if (speaker === undefined) continue;
          say(speaker === "ben" ? ben : ana, text);
          // On Ana's screen a message that names her is marked, and on Ben's one that names him.
          for (const screen of [ana, ben]) {
            await screen.until(text, (rows) =>
              withoutTimes(rows).some(
                (shown) => /^##:##[ !]/.test(shown) && shown.endsWith(`${speaker} ${text}`),
              ),
            );
          }
        }
        expect(await outputAtEnd(ben)).toEqual(withoutVarying(joining.rows));
        const atEnd = await ana.until("Ben's end", shows("-- ##:## ben left"));
        // The stray bye is reported, in two rows, and is not part of the conversation.
        const reported = output(atEnd).findIndex((row) => /^-- \d\d:\d\d 127\.0\.0\.1:/.test(row));
        expect(reported).toBeGreaterThan(0);
        const conversation = output(atEnd).toSpliced(reported, 2);
        expect(withoutVarying(conversation)).toEqual(withoutVarying(opening.rows));
        say(ana, "bye");
        await outputAtEnd(ana);
      },
    );

    testTranscript(["tmux"], "Its transcript of HTTP is what happens.", async () => {
      const [serving, getting] = transcripts(guide).slice(12);
      if (serving === undefined || getting === undefined) throw new Error("no HTTP");
      await using ana = await openScreen(COLUMNS, ROWS);
      await using ben = await openScreen(COLUMNS, ROWS);
      await enter(ana, `${serving.command} 0`);
      const port = await printedAfter(ana, "Open http://localhost:");
      await enter(ben, getting.command.replace(/\b8000\b/, port));
      expect(await outputAtEnd(ben)).toEqual(getting.rows);
      ana.press("C-c");
      const rows = await ana.until("the shell", (shown) => shown.at(-1) === "^C$");
      expect(withoutVarying(output(rows).slice(0, -1))).toEqual(withoutVarying(serving.rows));
    });
  });
}

describe("both guides", () => {
  const [english, spanish] = GUIDES;

  test("They show the same commands.", () => {
    const commands = transcripts(english).map(({ command }) => command);
    expect(commands).toHaveLength(14);
    expect(transcripts(spanish).map(({ command }) => command)).toEqual(commands);
    expect(commandsInText(english)).toEqual([
      "echo hello | ncat --udp --send-only localhost 12345",
      "charla --plain localhost",
      "echo bye | ncat --udp --send-only localhost 12345",
    ]);
    expect(commandsInText(spanish)).toEqual(commandsInText(english));
  });

  test("They name the same files.", () => {
    const files = linksOf(english).filter((link) => !link.startsWith("lesson"));
    expect(linksOf(spanish).filter((link) => !link.startsWith("lesson"))).toEqual(files);
  });

  test("README.md, steps/README.md and each other link to them.", () => {
    expect(linksOf("README.md")).toEqual(expect.arrayContaining([...GUIDES]));
    const fromSteps = GUIDES.map((guide) => `../${guide}`);
    expect(linksOf("steps/README.md")).toEqual(expect.arrayContaining(fromSteps));
    expect(linksOf(english)).toContain("lesson.es.md");
    expect(linksOf(spanish)).toContain("lesson.md");
  });
});
