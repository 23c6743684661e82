// `charla completion SHELL` in real shells: bash (with the package bash-completion and without), zsh and fish.

import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Folder, newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { MAIN, run } from "../harness/program.ts";
import { openScreen, type Screen } from "../harness/screen.ts";

const BASH_COMPLETION = "/usr/share/bash-completion/bash_completion";
/** What would do harm if a shell ran or expanded it: each of the commands in it makes the file `harm`. */
const HOSTILE = "a$(touch harm)`touch harm`;touch harm;'\"\\ |touch harm;b";

describe("charla completion", () => {
  test.each([
    [[], "completion takes the name of one shell, not 0"],
    [["bash", "zsh"], "completion takes the name of one shell, not 2"],
    [["csh"], 'there is no completion for the shell "csh"'],
    [["--values", "keys"], 'there are no values of "keys"'],
  ])("with %j is wrong usage", async (args, message) => {
    const { stdout, stderr, status } = await runCharla(["completion", ...args]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
    expect(stderr).toStartWith(`charla: ${message}\nhint: `);
  });

  test("tells what is known on this machine, one a line, and nothing where nothing is known", async () => {
    using ana = newMember();
    const { stdout, status } = await runCharla(["completion", "--values", "server"], { as: ana });
    expect({ stdout, status }).toEqual({
      stdout: "[2001:db8::1]:80\nexample.org:12345\n",
      status: 0,
    });
    const room = await runCharla(["completion", "--values", "room"], { as: ana });
    expect(room).toEqual({ stdout: "garden\n", stderr: "", status: 0 });
    const none = await runCharla(["completion", "--values", "room"]);
    expect(none).toEqual({ stdout: "", stderr: "", status: 0 });
  });
});

const DATA = "send DATA, the content of @FILE, or - for stdin";

/** What is typed, up to the cursor; and what bash may put in the place of its last word, or of what follows a : or = in it. */
const IN_BASH: [typed: string, offered: string][] = [
  ["charla se", "send serve"],
  [
    "charla ",
    "send receive history doctor serve get relay id stop config completion [2001:db8::1]:80 example.org:12345",
  ],
  ["charla -- ", "[2001:db8::1]:80 example.org:12345"],
  ["charla --json -r x se", "send serve"],
  ["charla --server ", ""],
  ["charla --server --eph", "--ephemeral"],
  [
    "charla --server --no",
    "--no-line-history --no-notify --no-color --no-config --no-announce --no-map --no-web",
  ],
  [
    "charla --no",
    "--no-log --no-line-history --no-notify --no-color --no-config --no-announce --no-map --no-web",
  ],
  ["charla send --r", "--room --reply"],
  ["charla send -- --r", ""],
  ["charla send --to ex", "example.org:12345"],
  ["charla send --to example.org:", "12345"],
  ["charla send --to example.org:1", "12345"],
  ["charla send --to=", "[2001:db8::1]:80 example.org:12345"],
  ["charla send --to=[2001:db8::1]:", "80"],
  ["charla send --name se", ""],
  ["charla send se", ""],
  ["charla --room ", "garden"],
  ["charla --bind ::", "1 "],
  ["charla history ", "example.org:12345/garden"],
  ["charla history --data .other ", "example.org:8/cellar"],
  ["charla history --data=.other ex", "example.org:8/cellar"],
  ["charla --server --data .other --room ", "cellar"],
  ["charla history --last ", ""],
  ["charla receive --reply=", ""],
  ["charla get -X P", "POST PUT PATCH"],
  ["charla get --data --json --ins", "--insecure"],
  ["charla completion ", "bash zsh fish"],
  ["charla completion bash ", ""],
];

for (const [how, library] of [
  ["without bash-completion", null],
  ["with bash-completion", BASH_COMPLETION],
] as const) {
  const isMissing = library !== null && !existsSync(library) && process.env["CI"] !== "true";
  // That package may change at which characters bash splits words.
  const cases = library === null ? IN_BASH : IN_BASH.filter(([typed]) => /[:=]/.test(typed));
  const title = `bash completes commands, options and what is known, ${how}`;
  if (isMissing) test.skip(`${title} (not on this machine)`, () => {});
  else
    testWith(["bash"], title, async () => {
      using ana = newMember();
      using folder = await newFolderWith("bash");
      const driver = [
        ...(library === null ? [] : [`source ${library}`]),
        "source ./completion.bash",
        "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'",
        ...cases.flatMap(([typed]) => [
          `COMP_LINE=${quoted(typed)} COMP_POINT=${typed.length}`,
          `COMP_WORDS=(${wordsOf(typed).map(quoted).join(" ")})`,
          "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()",
          `_charla && echo ${quoted(typed)}"|\${COMPREPLY[*]}"`,
        ]),
      ].join("\n");
      const { stdout, stderr, status } = await run(
        ["bash", "--norc", "--noprofile", "-c", driver],
        { as: ana, cwd: folder.path, env: { PATH: pathWith(folder) } },
      );
      expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
      expect(stdout.split("\n").slice(0, -1)).toEqual(cases.map((each) => each.join("|")));
    });
}

testWith(
  ["bash"],
  "bash completes the same with other separators, and goes on where it ends at a failure",
  async () => {
    using folder = await newFolderWith("bash");
    const { stdout, stderr, status } = await run(
      ["bash", "--norc", "--noprofile", "-euc", IN_ANOTHER_BASH],
      { cwd: folder.path, env: { PATH: pathWith(folder) } },
    );
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout).toBe("POST,PUT,PATCH;;");
  },
);

const IN_ANOTHER_BASH = `
source ./completion.bash
IFS=,
COMP_WORDBREAKS=$' \\t\\n"><=;|&(:'
COMP_LINE="charla get -X P" COMP_POINT=15 COMP_WORDS=(charla get -X P) COMP_CWORD=3
_charla
printf "%s;" "\${COMPREPLY[*]}"
COMP_LINE="charla get -d x" COMP_WORDS=(charla get -d x)
_charla
printf "%s;" "\${COMPREPLY[*]}"
`;

/** As readline splits them: at blanks, and : and = are words of their own. */
function wordsOf(typed: string): string[] {
  const words = typed.match(/[:=]+|[^\s:=]+/g) ?? [];
  return typed.endsWith(" ") ? [...words, ""] : words;
}

testWith(["bash", "tmux"], "bash completes on a terminal, files and folders too", async () => {
  using folder = await newFolderWith("bash");
  await using screen = await openShell("bash", folder);
  await completes(screen, "charla sen", "charla send");
  await completes(screen, "charla send --to example.org:1", "charla send --to example.org:12345");
  await completes(screen, "charla send --to=exa", "charla send --to=example.org:12345");
  await completes(screen, "charla get -o fi", "charla get -o file\\ one");
  await completes(screen, "charla get --output=fi", "charla get --output=file\\ one");
  await completes(screen, "charla get -d @fi", "charla get -d @file\\ one");
  await completes(screen, "charla serve fo", "charla serve folder/");
  const inFolder = "charla history --data .my\\ data ";
  await completes(screen, inFolder, `${inFolder}example.org:9/kitchen`);
});

testWith(["zsh", "tmux"], "zsh completes on a terminal, files and folders too", async () => {
  using folder = await newFolderWith("zsh");
  await using screen = await openShell("zsh", folder);
  await completes(screen, "charla sen", "charla send");
  await completes(screen, "charla send --to exa", "charla send --to example.org:12345");
  await completes(screen, "charla send --to=exa", "charla send --to=example.org:12345");
  await completes(screen, "charla --json --room ", "charla --json --room garden");
  await completes(screen, "charla history ", "charla history example.org:12345/garden");
  for (const option of [String.raw`--data .my\ data`, "--data='.my data'"]) {
    const inFolder = `charla history ${option} `;
    await completes(screen, inFolder, `${inFolder}example.org:9/kitchen`);
  }
  await completes(screen, "charla get -o fi", "charla get -o file\\ one");
  await completes(screen, "charla get --json @fi", "charla get --json @file\\ one");
  await completes(screen, "charla serve ", "charla serve folder/");
  await completes(screen, "charla get -X PU", "charla get -X PUT");
  await completes(screen, "charla --server --eph", "charla --server --ephemeral");
  await completes(screen, "charla --server --no-l", "charla --server --no-line-history");
  // Options with what they do, and none after "--".
  screen.type("charla send -- --re");
  screen.press("Tab");
  screen.type("x");
  await screen.until("no option", (rows) => rows.at(-1) === "$ charla send -- --rex");
  screen.press("C-u");
  await completes(screen, "charla send --re", "charla send --reply");
  screen.type("charla doctor --");
  screen.press("Tab");
  const rows = await screen.until("the options", (shown) => shown.join().includes("--version"));
  expect(rows.join("\n")).toMatch(/^--quiet +-- only notes and problems$/m);
});

testWith(["zsh", "tmux"], "zsh loads the completion from a folder when it is needed", async () => {
  using folder = await newFolderWith("zsh");
  mkdirSync(join(folder.path, "functions"));
  writeFileSync(join(folder.path, "functions", "_charla"), folder.read("completion.zsh"));
  // compinit finds the file, which is read at the first Tab.
  folder.write("completion.zsh", "");
  await using screen = await openShell("zsh", folder);
  await completes(screen, "charla send --to exa", "charla send --to example.org:12345");
  await completes(screen, "charla get -O --ins", "charla get -O --insecure");
});

testWith(
  ["fish"],
  "fish completes commands, options, what is known, files and folders",
  async () => {
    using ana = newMember();
    using folder = await newFolderWith("fish");
    const cases: [typed: string, offered: string[]][] = [
      ["charla sen", ["send\tSend one message and leave"]],
      ["charla send --rep", ["--reply\twait for a reply to each message, and print it"]],
      ["charla send -- --rep", []],
      ["charla -r x receive --rep", ["--reply\treply with TEXT, or with a line of stdin"]],
      ["charla get --ins", ["--insecure\ttrust any certificate"]],
      ["charla send --ins", []],
      [
        "charla send --to exa",
        ["example.org:12345\thost, invitation, or - for one on stdin (localhost:12345)"],
      ],
      ["charla --room ", ["garden\tthe room that I enter (main)"]],
      ["charla history ", ["example.org:12345/garden"]],
      ["charla --server ", []],
      ["charla --server --eph", ["--ephemeral\tstore nothing"]],
      [
        "charla --server --no",
        [
          "--no-announce\tdo not announce the server on this network",
          "--no-color\tno colours or styles",
          "--no-config\tignore the config file",
          "--no-line-history\tkeep none of the lines that I type",
          "--no-map\tdon't ask the router to let people in (PCP, NAT-PMP, UPnP)",
          "--no-notify\tno desktop notifications",
          "--no-web\tonly UDP, no WebSockets on the TCP port of that number",
        ],
      ],
      ["charla --no-lo", ["--no-log\tkeep no messages on this machine, except unsent ones"]],
      // fish has made it from the man page.
      ["charla --from-the-man", []],
      ["charla -- ", ["[2001:db8::1]:80", "example.org:12345"]],
      ["charla history --data '.my data' ", ["example.org:9/kitchen"]],
      ["charla history --data=.other ", ["example.org:8/cellar"]],
      ["charla history --last ", []],
      ["charla send ", []],
      ["charla get -o fi", ["file one"]],
      ["charla get -d @f", ["@file one", "@folder/"].map((file) => `${file}\t${DATA}`)],
      ["charla get -d f", []],
      ["charla serve ", ["folder/\tDirectory"]],
      ["charla completion ", ["bash", "fish", "zsh"]],
      ["charla completion bash ", []],
    ];
    const driver = [
      // As without --no-config.
      "set -g fish_complete_path $HOME/.local/share/fish/generated_completions",
      "source ./completion.fish",
      ...cases.map(([typed]) => `echo "# "${quoted(typed)}; complete -C ${quoted(typed)}`),
    ].join("\n");
    const generated = join(folder.path, ".local/share/fish/generated_completions");
    mkdirSync(generated, { recursive: true });
    writeFileSync(join(generated, "charla.fish"), "complete -c charla -l from-the-man-page\n");
    const { stdout, stderr, status } = await run(["fish", "--no-config", "-c", driver], {
      as: ana,
      cwd: folder.path,
      env: { PATH: pathWith(folder), HOME: folder.path, LC_ALL: "C.UTF-8" },
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const found = stdout.split(/^# /m).slice(1);
    const shown = found.map((part) => {
      const [typed = "", ...lines] = part.trimEnd().split("\n");
      return [typed.trimEnd(), lines.toSorted()];
    });
    expect(shown).toEqual(cases.map(([typed, offered]) => [typed.trimEnd(), offered.toSorted()]));
  },
);

for (const shell of ["bash", "zsh", "fish"] as const) {
  testWith(
    [shell, "tmux"],
    `${shell} runs nothing of a name that somebody else chose`,
    async () => {
      using folder = await newFolderWith(shell);
      // In place of charla, one that lets such a name through, and prints how it was called.
      folder.write("names", `${HOSTILE}\n`);
      writeProgram(
        folder,
        'if [ "$1" = completion ]; then cat names; else printf "<%s>" called "$@"; echo; fi',
      );
      await using screen = await openShell(shell, folder);
      screen.type("charla --room ");
      screen.press("Tab");
      // bash inserts what it is given as it is: such a name is not offered.
      if (shell !== "bash") {
        await screen.until("the name", (rows) => /harm\\?;b/.test(rows.join("")));
      }
      screen.press("Enter");
      const rows = await screen.until("the call", (shown) => shown.join("").includes("<called>"));
      const name = shell === "bash" ? "" : `<${HOSTILE}>`;
      expect(rows.join("")).toContain(`<called><--room>${name}`);
      expect(folder.list()).not.toContain("harm");
    },
  );
}

/** Somebody who has joined a room and knows a second server. */
function newMember(): Person {
  const ana = newPerson();
  mkdirSync(ana.config, { recursive: true });
  writeFileSync(
    join(ana.config, "known-servers"),
    "[2001:db8::1]:80 KEY\n$(touch${IFS}harm):1 KEY\n",
  );
  writeJoinedRoom(ana.data, "garden", "example.org:12345");
  return ana;
}

function writeJoinedRoom(data: string, room: string, where: string): void {
  const folder = join(data, "rooms", "1");
  mkdirSync(folder, { recursive: true });
  const entry = { type: "message", sequence: 1, from: "ben", text: "hello" };
  const lines = [{ room, where }, entry].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(folder, "history.jsonl"), lines.join(""));
}

/** A folder to be in, with the completion script, a file and a folder, two data folders, and charla in `bin`. */
async function newFolderWith(shell: string): Promise<Folder> {
  const folder = newFolder();
  const { stdout } = await runCharla(["completion", shell]);
  folder.write(`completion.${shell}`, stdout);
  folder.write("file one", "");
  mkdirSync(join(folder.path, "folder"));
  mkdirSync(join(folder.path, ".bin"));
  writeJoinedRoom(join(folder.path, ".my data"), "kitchen", "example.org:9");
  writeJoinedRoom(join(folder.path, ".other"), "cellar", "example.org:8");
  writeProgram(folder, `exec "${process.execPath}" "${MAIN}" "$@"`);
  return folder;
}

function writeProgram({ path }: Folder, command: string): void {
  const program = join(path, ".bin", "charla");
  writeFileSync(program, `#!/bin/sh\n${command}\n`);
  chmodSync(program, 0o755);
}

function pathWith({ path }: Folder): string {
  return `${join(path, ".bin")}:${process.env["PATH"] ?? ""}`;
}

/** A shell on a terminal, in the folder, with the completion loaded. */
async function openShell(shell: "bash" | "zsh" | "fish", folder: Folder): Promise<Screen> {
  const ana = newMember();
  const opened = await openScreen(100, 30, { as: ana });
  const screen: Screen = {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      ana[Symbol.dispose]();
    },
  };
  const start = {
    bash: "bash --norc --noprofile",
    zsh: "zsh -f",
    fish: `fish --no-config -C 'function fish_prompt; echo -n "\\$ "; end; set fish_greeting'`,
  }[shell];
  const path = pathWith(folder);
  screen.type(
    `cd ${folder.path}; clear; echo start""ed; PATH=${path} HOME=${folder.path} exec ${start}`,
  );
  screen.press("Enter");
  await screen.until("the shell", (rows) => rows.join() === "started,$");
  // With -u it doesn't ask whether folders are safe, and with -D it leaves no file.
  if (shell === "zsh")
    screen.type("fpath+=($PWD/functions); autoload -Uz compinit; compinit -u -D; ");
  screen.type(`source ./completion.${shell}; echo load""ed`);
  screen.press("Enter");
  // What is typed before the prompt is there is drawn twice.
  await screen.until("the prompt", (rows) => rows.at(-2) === "loaded" && rows.at(-1) === "$");
  return screen;
}

/** Types, presses Tab, and expects this in the line; then empties the line. */
async function completes(screen: Screen, typed: string, completed: string): Promise<void> {
  screen.type(typed);
  screen.press("Tab");
  await screen.until(completed, (rows) => rows.at(-1) === `$ ${completed}`);
  screen.press("C-u");
  await screen.until("an empty line", (rows) => rows.at(-1) === "$");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
