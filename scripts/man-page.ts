// The man page, in mdoc(7), from the tables that --help and the parser use. As a program, writes it and the completion
// scripts: `bun scripts/man-page.ts FOLDER SECONDS`, with the time that it is dated, since 1970.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { COMMANDS as TYPED } from "../src/chat/commands.ts";
import { bashScript } from "../src/cli/completion/bash.ts";
import { fishScript } from "../src/cli/completion/fish.ts";
import { zshScript } from "../src/cli/completion/zsh.ts";
import { SETTINGS } from "../src/cli/config/settings.ts";
import { PAGES } from "../src/cli/help-pages.ts";
import {
  GET_OPTIONS,
  type Option,
  OPTIONS,
  optionsOf,
  PAGE_NAMES,
  type PageName,
  valueOn,
} from "../src/cli/option-table.ts";
import { VERSION } from "../src/cli/version.ts";

type Entry = readonly [what: string, does: string];

/** Some of the keys; docs/terminal.md has all of them. */
const KEYS: readonly Entry[] = [
  ["Enter", "Sends the line."],
  ["Alt-Enter", "Begins a new row of the same message."],
  ["Tab", "Completes a command, a room or a name; twice, shows what it may become."],
  ["Up, Down", "An older or newer line, or the row above or below."],
  ["Ctrl-R, Ctrl-S", "Searches older or newer lines."],
  ["Ctrl-A, Ctrl-E", "The beginning and the end of the row."],
  ["Alt-B, Alt-F", "One word back or on."],
  ["Ctrl-W, Ctrl-U, Ctrl-K", "Cuts a word, to the beginning of the row, or to its end."],
  ["Ctrl-Y", "Brings back what was cut last."],
  ["Ctrl-_", "Undoes the last change; Alt-/ does it again."],
  ["Ctrl-X Ctrl-E", "Edits the text in an editor."],
  ["Ctrl-L", "Clears the screen."],
  ["Ctrl-C", "Drops the line; on an empty one, pressed twice, leaves."],
  ["Ctrl-D", "On an empty line, leaves."],
  ["Ctrl-Z", "Stops charla, until fg."],
];

const ENVIRONMENT: readonly Entry[] = [
  [
    "CHARLA_INVITATION",
    "An invitation, for commands that take one and are not given any: other users of the machine cannot read it there.",
  ],
  [
    "CHARLA_CONFIG",
    "The config file, instead of the one in the config folder; if it is empty, none is read.",
  ],
  [
    SETTINGS.map(({ variable }) => variable).join(", "),
    "Settings, as in the config file: 1 or 0 for what takes no value.",
  ],
  [
    "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME",
    "Where the folders under FILES are, if they are absolute paths (XDG Base Directory Specification).",
  ],
  ["HOME", "The home folder, where these are not set."],
  ["USER", "The login name, which is my name without --name and before /name."],
  ["NO_COLOR", "If it is not empty, nothing is coloured or styled."],
  ["VISUAL, EDITOR", "The editor that Ctrl-X Ctrl-E starts; without either, vi."],
  [
    "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY",
    "The proxies of charla get and, where UDP does not pass, of conversations, and for which hosts there is none; also in small letters. Those of charla get may be of SOCKS.",
  ],
  ["NETRC", "The file that charla get --netrc reads, instead of ~/.netrc."],
  [
    "TERM, COLORTERM, COLORFGBG",
    "What the terminal is, how many colours it has, and whether it is dark; with dumb, no screen is drawn.",
  ],
  ["TERMINFO, TERMINFO_DIRS", "Where it is looked up whether a terminal of this name exists."],
  [
    "TERM_PROGRAM, TERM_PROGRAM_VERSION, LC_TERMINAL, VTE_VERSION, KONSOLE_VERSION, XTERM_VERSION, WT_SESSION, KITTY_WINDOW_ID, ALACRITTY_WINDOW_ID, WEZTERM_PANE, GHOSTTY_RESOURCES_DIR, TMUX, STY",
    "Set by terminals; they tell which one it is.",
  ],
  [
    "LC_ALL, LC_CTYPE, LANG",
    "The locale, by which some terminals draw characters wider; charla itself always writes UTF-8.",
  ],
];

const FILES: readonly Entry[] = [
  ["~/.config/charla/config.toml", "Settings; charla config prints them."],
  ["~/.config/charla/identity", "The secret key of this person, or of a server."],
  [
    "~/.config/charla/known-servers",
    "The keys of servers that were joined by host, and of relays; each line is HOST:PORT and a key.",
  ],
  [
    "~/.local/share/charla/log.sqlite",
    "The messages of my server; log.lock is beside it while it runs.",
  ],
  ["~/.local/share/charla/secret", "The secret of a server's standing invitation."],
  ["~/.local/share/charla/invitations", "Limited invitations, and who came by each."],
  ["~/.local/share/charla/moderation", "Bans, mutes, locks and operators."],
  [
    "~/.local/share/charla/invitation",
    "The invitation of the server that runs, for this person's other programs; invitation-for-others is for other people.",
  ],
  [
    "~/.local/share/charla/server",
    "The process of that server; server.log is what it prints in the background, and reset-salt a random value of its own.",
  ],
  ["~/.local/share/charla/relay", "The identity key of charla relay, and a reset-salt of its own."],
  [
    "~/.local/share/charla/rooms",
    "Rooms that I have joined: what was shown to me, and what is not sent yet.",
  ],
  ["~/.local/share/charla/names", "The name that I have chosen last on each server."],
  ["~/.local/share/charla/typed-lines", "The lines that I have typed."],
  ["~/.cache/charla/widths.json", "How wide terminals draw text."],
];

const STATUSES: readonly Entry[] = [
  ["0", "Success; also of a conversation or a server that SIGTERM has ended."],
  ["1", "Failure, or a message could not be sent: stderr says why, and what to do about it."],
  ["2", "Wrong usage: nothing was tried."],
  ["129", "The terminal hung up (SIGHUP)."],
  ["130", "Interrupted: Ctrl-C, or SIGINT."],
  [
    "143",
    "SIGTERM came before send, receive, get or doctor was done, or while nobody read the output of a conversation.",
  ],
];

/** What is typed, and what it is for. */
const EXAMPLES: readonly Entry[] = [
  ["charla --server", "Open a conversation, and send the invitation that it prints to others:"],
  [
    "charla -",
    "Join with an invitation that is pasted, so that no other user of this machine sees it:",
  ],
  [
    "make 2>&1 | tail -1 | charla send --invitation-file invitation",
    "Tell a room how a build has ended:",
  ],
  [
    "charla --json --stay --invitation-file invitation </dev/null",
    "Print what happens in a conversation, for a program to read:",
  ],
  ["charla history --since 1d --search lunch", "Find what was said of lunch since yesterday:"],
  ["charla serve --public --tls photos", "Share a folder with the network, over HTTPS:"],
  ["charla get -O https://example.org/file.tar.gz", "Fetch a file:"],
];

const DESCRIPTION = [
  "charla lets people talk over a network from a terminal: one command opens a conversation, and one joins it.",
  "What is said is encrypted, and both ends prove who they are.",
  "Each message is stored by the server, and shown to everybody once and in the same order, through loss of datagrams, changes of network and restarts.",
];

const PIPES = [
  "What others say goes to stdout, and everything else to stderr; with --json, stdout carries one JSON object for each event.",
  "With a terminal on stdin there is a line to type in.",
  "Without one, every line of stdin is a message, and the end of the input is the end.",
  "Of an option, what stands in parentheses is the default.",
];

const SECURITY = [
  "An invitation holds a secret: anyone who has it can join.",
  "On a command line other users of the machine can read it while the program starts; charla - reads it from stdin, --invitation-file from a file, and CHARLA_INVITATION holds it in the environment.",
  "Joining by host trusts the key that the server shows the first time, as ssh(1) does.",
  "With --plain, and with charla receive, nothing is encrypted: anyone on the network can read and forge what is said.",
  "Nothing that others send reaches the terminal unescaped.",
];

/** Names of values, which are set in italics. */
const PLACEHOLDERS = new Set([
  ..."OPTION INVITATION HOST PORT URL SHELL USER PASSWORD".split(" "),
  ...[OPTIONS, GET_OPTIONS].flatMap((table) =>
    Object.values(table).flatMap(({ value }) => value?.name.match(/[A-Z]+/g) ?? []),
  ),
]);

export function manPage(version: string, date: Date): string {
  const named = PAGE_NAMES.filter((page) => page !== "chat");
  const lines = [
    `.\\" Made from the tables of the program: scripts/man-page.ts`,
    `.Dd ${mdocDate(date)}`,
    ".Dt CHARLA 1",
    `.Os "charla ${version}"`,
    ".Sh NAME",
    ".Nm charla",
    ".Nd talk over the network from a terminal",
    ".Sh SYNOPSIS",
    ...PAGE_NAMES.flatMap((page) => synopsisOf(page)),
    ".Sh DESCRIPTION",
    ...paragraph(DESCRIPTION),
    ".Pp",
    ...paragraph(PIPES),
    ".Ss charla",
    "Joins a conversation.",
    ...paragraph([
      "With an INVITATION, or with one that - reads from stdin, that of the invitation.",
      "With HOST, port 12345 without :PORT, an open one there.",
      "Without either, my own server on this machine, or localhost.",
    ]),
    ...optionList("chat"),
    ...PAGES.chat.notes.flatMap((note) => [".Pp", ...paragraph([note])]),
    ...named.flatMap(commandSection),
    ".Sh IN A CONVERSATION",
    "A line that begins with / is a command, and // begins a message with /.",
    "bye says so, and leaves.",
    "In a pipe there are no commands.",
    ...tagged(
      TYPED.map((command) => {
        const who =
          "owner" in command ? " (the owner)" : "operator" in command ? " (operators)" : "";
        const takes = command.takes === "" ? "" : ` ${command.takes}`;
        return [`Ic /${command.name}${takes}`, `${capital(command.does)}${who}.`];
      }),
    ),
    ".Sh KEYS",
    "The line that is typed has the keys of",
    ".Xr readline 3 ,",
    "among them:",
    ...tagged(KEYS.map(([key, does]) => [`Sy ${key.replaceAll(", ", " , ")}`, does])),
    ".Sh ENVIRONMENT",
    ...tagged(ENVIRONMENT.map(([names, does]) => [`Ev ${names.replaceAll(", ", " , ")}`, does])),
    ".Sh FILES",
    "Each is for its owner alone.",
    ...tagged(FILES.map(([path, what]) => [`Pa ${path.replaceAll("~", "\\(ti")}`, what])),
    ".Sh EXIT STATUS",
    ...tagged(STATUSES.map(([status, means]) => [status, means])),
    ".Sh EXAMPLES",
    ...EXAMPLES.flatMap(exampleBlock).slice(1),
    ".Sh SEE ALSO",
    ".Xr curl 1 ,",
    ".Xr ncat 1 ,",
    ".Xr ssh 1 ,",
    ".Xr readline 3",
    ".Pp",
    ...paragraph([
      "In docs/ of the package: server.md, terminal.md, config.md, http.md, errors.md and protocol.md.",
    ]),
    ".Sh SECURITY CONSIDERATIONS",
    ...paragraph(SECURITY),
  ];
  return `${lines.join("\n")}\n`;
}

function exampleBlock([command, what]: Entry): string[] {
  const shown = [".Bd -literal -offset indent", verbatim(command), ".Ed"];
  return [".Pp", ...paragraph([what]), ...shown];
}

function synopsisOf(page: PageName): string[] {
  return PAGES[page].synopsis.flatMap((line) => [".Nm", ...paragraph([line]).map(unbroken)]);
}

function commandSection(page: PageName): string[] {
  const { title, about, notes } = PAGES[page];
  const name = page === "server" ? "--server" : page;
  return [
    `.Ss charla ${verbatim(name)}`,
    ...paragraph([title]),
    ...about.flatMap(aboutBlock),
    ...optionList(page),
    ...(notes.length > 0 ? [".Pp", ...paragraph([notes.join(" ")])] : []),
  ];
}

/** With columns it stays as it is written. */
function aboutBlock(lines: readonly string[]): string[] {
  return lines.some((line) => line.includes("   "))
    ? [".Bd -literal -offset indent", ...lines.map(verbatim), ".Ed"]
    : [".Pp", ...paragraph([lines.join(" ")])];
}

function optionList(page: PageName): string[] {
  return tagged(
    optionsOf(page).map(([name, option]) => [
      optionHead(page, name, option),
      `${capital(option.does[page] ?? "")}.`,
    ]),
  );
}

function optionHead(page: PageName, name: string, option: Option): string {
  const { short, takes } = option;
  const forms = short === undefined ? `Fl -${name}` : `Fl ${short} , Fl -${name}`;
  const value = valueOn(page, option);
  if (value === undefined) return forms;
  return takes === "optional"
    ? `${forms} Ns Op = Ns Ar ${value.name}`
    : `${forms} Ar ${value.name}`;
}

function tagged(entries: readonly Entry[]): string[] {
  return [
    ".Bl -tag -width Ds",
    ...entries.flatMap(([what, does]) => [`.It ${what}`, ...paragraph([does])]),
    ".El",
  ];
}

/** Not hyphenated. */
function unbroken(line: string): string {
  return line.replaceAll("[\\fIOPTION", "\\%[\\fIOPTION");
}

/** mdoc begins each sentence on a line of its own; lines are short, as mandoc's lint wants them. */
function paragraph(sentences: readonly string[]): string[] {
  return sentences
    .flatMap((text) => text.split(/(?<=[.:!?]) (?=[A-Z])/))
    .flatMap((sentence) => inline(sentence).match(/.{1,79}(?: |$)|\S+(?: |$)/g) ?? [])
    .map((line) => protect(line.trimEnd()));
}

/** A line that begins so would be a request. */
function protect(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** Options in bold, names of values in italics. */
function inline(text: string): string {
  return escapeText(text)
    .replaceAll(/(?<![\w-])--?[A-Za-z0-9]\w*(?:[-.]\w+)*/g, (option) =>
      option.startsWith("-1") ? option : `\\fB${option.replaceAll("-", "\\-")}\\fR`,
    )
    .replaceAll(/(?<![\w\\(-])[A-Z]+(?![\w-])/g, (word) =>
      PLACEHOLDERS.has(word) ? `\\fI${word}\\fR` : word,
    );
}

function escapeText(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha");
}

/** What is to be typed: with ASCII's own quotes and hyphens. */
function verbatim(text: string): string {
  const escaped = escapeText(text)
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga");
  return protect(escaped);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function mdocDate(date: Date): string {
  return date.toLocaleDateString("en-US", {
    year: "numeric",
    month: "long",
    day: "numeric",
    timeZone: "UTC",
  });
}

function writeManual(folder: string, date: Date): void {
  const completions = join(folder, "completions");
  mkdirSync(completions, { recursive: true });
  writeFileSync(join(folder, "charla.1"), manPage(VERSION, date));
  writeFileSync(join(completions, "charla.bash"), bashScript());
  writeFileSync(join(completions, "_charla"), zshScript());
  writeFileSync(join(completions, "charla.fish"), fishScript());
}

if (import.meta.main) {
  const [folder = "dist/manual", seconds = "0"] = process.argv.slice(2);
  writeManual(folder, new Date(Number(seconds) * 1_000));
}
