// The one table of commands: how each is written, what it does in a sentence and in a few, and how its options are laid
// out in --help. The man page and the completions are made from it, too. Data only; the options are in option-table.ts.

import { type PageName, SHELLS, type ValueKind } from "./option-table.ts";

/**
 * Options that share a row. `port bind` is `-p, --port N  listen on port N; -b, --bind ADDRESS: listen ...`; with a text
 * it is `-p, --port N, -b, --bind ADDRESS  the text`.
 */
export type HelpRow = string | readonly [options: string, text: string];

export interface HelpPage {
  /** As a title, and without its full stop in a list of commands. */
  readonly title: string;
  /** After `charla`. */
  readonly synopsis: readonly string[];
  /** Its rows in the list of commands: what is written, and what that does. */
  readonly listed: readonly (readonly [written: string, does: string])[];
  /** Paragraphs, of the lines that --help prints. */
  readonly about: readonly (readonly string[])[];
  /** The rows of options. */
  readonly rows: readonly HelpRow[];
  /** Below the options. */
  readonly notes: readonly string[];
  /** What its argument is, for completion. */
  readonly argument: ValueKind;
}

/** The list of commands; those in one array share a row. */
export const LISTED: readonly (readonly [PageName, ...PageName[]])[] = [
  ["server"],
  ["chat"],
  ["send", "receive"],
  ["history"],
  ["doctor"],
  ["serve", "get"],
  ["relay"],
  ["stop", "id"],
  ["config", "completion"],
];

export const PAGES: Readonly<Record<PageName, HelpPage>> = {
  chat: {
    title: "Talk over the network from a terminal.",
    synopsis: ["[OPTION...] [INVITATION | HOST[:PORT] | -]"],
    listed: [
      ["INVITATION", "join it; charla - or --invitation-file FILE reads it"],
      ["[HOST[:PORT]]", "join an open one (default: mine, or one on this LAN)"],
    ],
    about: [],
    rows: [
      ["name room", "name (last /name or login); room (main)"],
      ["plain turns", "plain UDP like ncat -u, not encrypted; speak in turns"],
      ["stay bell", "stay after the end of stdin; ring when I am named"],
      "history",
      ["no-log no-line-history", "keep only unsent messages; no lines I type"],
      ["no-color no-notify", "no colours or styles; no desktop notifications"],
      ["json quiet verbose", "JSON events; no notices; all details"],
      ["help version no-config", "this (charla send -h: of send)"],
    ],
    notes: ["bye leaves, /help lists the commands. In a pipe, every line is a message."],
    argument: "server",
  },
  server: {
    title: "Open a conversation, and talk in it.",
    synopsis: ["--server [-p PORT] [-b ADDRESS] [--open | --admit FILE] [OPTION...]"],
    listed: [["--server", "open a conversation; prints an invitation to join it"]],
    about: [
      [
        "Others join with the invitation that it prints: charla INVITATION. Messages are",
        "stored and the invitation stays valid after a restart, except with --ephemeral.",
      ],
    ],
    rows: [
      ["port bind", "where to listen (12345; 0: any free port)"],
      ["public-host relay", "other ways to it"],
      ["name room", "name (last /name or login); room (main)"],
      ["open admit", "let anyone in; or those with fingerprints in FILE"],
      "no-announce",
      ["data ephemeral", "store in DIR (~/.local/share/charla); nothing"],
      ["memory no-web", "for members (64M, 2G; 1G); no WebSockets on TCP"],
      ["keep quota", "keep this much of each room; of all rooms"],
      ["background no-map", "return the shell; have no router map the port"],
      "invitation-file",
      ["plain turns", "not encrypted, with one other person; in turns"],
      ["bell no-color no-notify no-line-history", "see charla -h"],
      ["json quiet verbose no-config help version", "see charla -h"],
    ],
    notes: [
      "bye leaves, and the others wait (not with --ephemeral); /close ends it for all.",
      "Without input (</dev/null) it only serves, and writes the invitation to a file.",
    ],
    argument: "text",
  },
  send: {
    title: "Send one message and leave.",
    synopsis: ["send [--to HOST[:PORT] | --to INVITATION] [OPTION...] [TEXT]"],
    listed: [["send [TEXT]", "send one message"]],
    about: [
      [
        "Without TEXT, each line of stdin is a message. With an invitation, messages are",
        "encrypted and confirmed; to a host they are neither.",
      ],
    ],
    rows: [
      "to",
      "invitation-file",
      "name",
      "room",
      "reply",
      "json",
      "quiet",
      "verbose",
      "no-color no-config",
      "help version",
    ],
    notes: [],
    argument: "text",
  },
  receive: {
    title: "Wait for one message, print it and leave.",
    synopsis: ["receive [-p PORT] [-b ADDRESS] [OPTION...]"],
    listed: [["receive", "wait for one"]],
    about: [["The message is not encrypted: anyone on the network can read it."]],
    rows: ["port", "bind", "reply", "json", "quiet", "verbose", "help version"],
    notes: [],
    argument: "text",
  },
  history: {
    title: "Show the messages of a room.",
    synopsis: [
      "history [OPTION...] [ROOM]",
      "history [OPTION...] HOST[:PORT]/ROOM | INVITATION | -",
    ],
    listed: [["history [ROOM]", "show its messages; HOST/ROOM: one that I have joined"]],
    about: [
      [
        "ROOM is a room of my server on this machine (main). HOST/ROOM, or an INVITATION,",
        "which - reads from stdin, is a room that I have joined. By default the last 100",
        "messages, else those that --since and --search select, one a line, oldest first,",
        "with local times.",
      ],
    ],
    rows: [
      "since",
      "search",
      "last all",
      "delete-before",
      "data",
      "invitation-file",
      "json",
      "quiet",
      "verbose",
      "help version",
    ],
    notes: [],
    argument: "room-or-joined",
  },
  doctor: {
    title: "Check this machine, or the path to a server, and say how to solve problems.",
    synopsis: ["doctor [OPTION...] [HOST[:PORT] | INVITATION | -]"],
    listed: [["doctor [WHERE]", "check this machine, or the path to a server"]],
    about: [
      [
        "Without an argument: whether charla can listen here, from where this machine can",
        "be reached, and whether charla can write its files. Of a server: whether it",
        "answers, the round-trip time, the loss and the longest datagram; if it lets you",
        "in, also its clock, and whether there is a NAT.",
      ],
    ],
    rows: ["invitation-file", "json", "quiet", "help version"],
    notes: ["The exit status is 1 if there is a problem."],
    argument: "server",
  },
  serve: {
    title: "Share a folder over HTTP.",
    synopsis: ["serve [OPTION...] [DIR]"],
    listed: [["serve [DIR]", "share a folder over HTTP"]],
    about: [
      [
        "Without DIR, the current folder. Only this machine can connect, unless --public",
        "or --bind is given. Nothing outside of the folder is served.",
      ],
    ],
    rows: [
      ["public bind", "listen on every address; on this one only"],
      "port",
      ["host trust-proxy", "a name of it; a proxy to trust"],
      "auth",
      "tls",
      ["tls-cert tls-key", "HTTPS with this certificate and key"],
      ["upload manage", "accept uploads; also changes, and WebDAV"],
      "on-conflict",
      "max-upload",
      "spa",
      ["cors no-listing", "pages of other sites may read; no folder listings"],
      ["dotfiles follow-symlinks", "serve hidden files; links out of DIR"],
      ["log json", "lines of this format; or JSON objects on stdout"],
      ["quiet no-color no-config help version", "no log; see charla -h"],
    ],
    notes: ["Ctrl-C ends the server after the pending responses, or after 5 seconds."],
    argument: "folder",
  },
  get: {
    title: "Fetch a URL over HTTP: the body on stdout, everything else on stderr.",
    synopsis: ["get [-o FILE | -O] [OPTION...] [METHOD] URL... [KEY=TEXT | Name:VALUE]..."],
    listed: [["get URL", "fetch one"]],
    about: [],
    rows: [
      ["output remote-name", "save in FILE; or named as in the URL"],
      "remote-header-name",
      ["resume sha256", "continue FILE.part; check the SHA-256 of the body"],
      ["parallel max-bytes", "several URLs side by side; fail after N bytes"],
      ["include head report", "headers, too; only they; JSON about it"],
      ["header request", '"Accept: text/plain"; GET, PUT, ...'],
      ["data json", "send DATA, @FILE or - for stdin; as JSON"],
      ["form upload-file", "NAME=TEXT or NAME=@FILE; PUT FILE"],
      ["user", "log in; a missing password is asked for"],
      ["cookie cookie-jar", "send NAME=VALUE; keep in FILE"],
      ["timeout max-time", "s without data (300); s in all"],
      ["retry no-fail fail", "N times; 404 is no error; no body"],
      ["proxy noproxy", "http, https, socks5, ...; * for none"],
      ["insecure cacert", "trust any certificate; or those in FILE"],
      ["cert key", "my certificate and its key, for servers that ask"],
      "http0.9",
      ["no-color no-config quiet verbose help version", "see charla -h"],
    ],
    notes: ["man charla has the rest of curl's options that charla get takes."],
    argument: "text",
  },
  relay: {
    title: "Forward encrypted datagrams for servers that cannot be reached directly.",
    synopsis: ["relay [-p PORT] [-b ADDRESS] [--allow FILE] [OPTION...]"],
    listed: [["relay", "forward encrypted datagrams for servers behind a NAT"]],
    about: [
      [
        "Run it on a host that everybody can reach. Servers register with it, and their",
        "members reach them through it, by UDP or, without UDP, by WebSockets on TCP. It",
        "cannot read what it forwards; it knows who talks to which server, when and how",
        "much. It keeps only its own key on disk.",
      ],
      ["Without --allow, any server may use it."],
    ],
    rows: [
      ["port bind", "where to listen (12345; 0: any free port)"],
      "allow",
      "max-rate",
      "web-port",
      ["tls-cert tls-key", "WebSockets over TLS, with these files"],
      "no-web",
      "metrics",
      "json",
      "quiet",
      "help version",
    ],
    notes: ["Ctrl-C ends it; servers come back when it is started again."],
    argument: "text",
  },
  stop: {
    title: "End my server on this machine, and wait until it has ended.",
    synopsis: ["stop [--data DIR] [OPTION...]"],
    listed: [["stop", "end my server"]],
    about: [
      [
        "Members wait, and come back when it is started again, except with --ephemeral.",
        "Without --data, the server that was started last ends.",
      ],
    ],
    rows: ["data", "json", "quiet verbose", "help version"],
    notes: [],
    argument: "text",
  },
  id: {
    title: "Show my name, and the fingerprint of my key.",
    synopsis: ["id [OPTION...]"],
    listed: [["id", "my name and fingerprint"]],
    about: [
      [
        "Others see the same fingerprint, and so know that it is you. The key is made on",
        "first use, and kept in the config folder, ~/.config/charla.",
      ],
    ],
    rows: ["json", "quiet", "verbose", "no-config", "help version"],
    notes: [],
    argument: "text",
  },
  config: {
    title: "Show which settings are in force, and where they come from.",
    synopsis: ["config [--path] [OPTION...]"],
    listed: [["config", "my settings"]],
    about: [
      [
        "Options that I would give each time stand in the config file, which is",
        "~/.config/charla/config.toml, with the names that they have here:",
      ],
      ['    name = "Ana"', "    bell = true", "    [server]", '    keep = "90d"'],
      [
        "A variable such as CHARLA_NAME or CHARLA_SERVER_KEEP wins over the file, and the",
        "command line over both. CHARLA_CONFIG names another file; empty, none is read.",
      ],
    ],
    rows: ["path", "no-config", "json", "help version"],
    notes: [],
    argument: "text",
  },
  completion: {
    title: "Print a script with which a shell completes charla's command line.",
    synopsis: ["completion bash | zsh | fish"],
    listed: [["completion SHELL", "Tab completes"]],
    about: [
      [
        "bash, ~/.bashrc:  source <(charla completion bash)",
        "zsh, ~/.zshrc:    source <(charla completion zsh)  # after compinit",
        "fish, once:       charla completion fish >",
        "                    ~/.config/fish/completions/charla.fish",
      ],
      [
        "Then Tab completes commands, options, files, and the rooms and servers that are",
        "known on this machine. It asks nothing of the network.",
      ],
    ],
    rows: ["help version"],
    notes: [],
    argument: SHELLS,
  },
};
