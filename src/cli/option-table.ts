// The one table of options: how each is written, what it takes, which commands have it, and what it does there. The
// parser, --help, the man page and the completions are made from it. Data, and what these ask of it. It is long because there
// is one table.

/** The commands that have a name; without one, `chat` is meant. */
export const COMMANDS = [
  "send",
  "receive",
  "history",
  "doctor",
  "serve",
  "get",
  "relay",
  "id",
  "stop",
  "config",
  "completion",
] as const;

export type CommandName = "chat" | (typeof COMMANDS)[number];

/** `charla --server` is a conversation like any other, and has a help of its own. */
export const PAGE_NAMES = ["chat", "server", ...COMMANDS] as const;

export type PageName = (typeof PAGE_NAMES)[number];

/**
 * What a value is, for completion: `server` is an invitation or HOST[:PORT], `room-or-joined` a room of the own server or
 * HOST/ROOM, `data` a text or @FILE. A list is all there is to choose from, or what is usual.
 */
export type ValueKind =
  | "room"
  | "server"
  | "room-or-joined"
  | "file"
  | "folder"
  | "data"
  | "port"
  | "duration"
  | "size"
  | "number"
  | "text"
  | readonly string[];

/** Where a setting stands in the config file: before all sections, or in one that is for a page. */
export type Section = "person" | "server" | "serve" | "get";

export interface Option {
  readonly short?: string;
  /**
   * `flag` takes no value, `value` needs one, `text` one that may be empty, `optional` takes one only as
   * `--name=VALUE`.
   */
  readonly takes: "flag" | "value" | "text" | "optional";
  readonly value?: {
    readonly name: string;
    readonly kind: ValueKind;
    /** The one command where a value means something, if it is not all. */
    readonly only?: PageName;
  };
  /** It may be given more than once. */
  readonly repeats?: true;
  /** What it does, for each command that has it. */
  readonly does: Readonly<Partial<Record<PageName, string>>>;
  /**
   * The sections of the config file in which it can be set for good, and what is in force there without it. Never for a
   * secret, nor for what a script that runs charla must be able to rely on.
   */
  readonly setting?: Readonly<Partial<Record<Section, string>>>;
  /** In the config file, as TOML has it, for an error; of a flag it is `true`. */
  readonly example?: string;
  /** An option of the command line that this one, as a setting, gives way to. */
  readonly yieldsTo?: string;
  /** No help, manual or completion names it: for the program itself, or what charla does anyway. */
  readonly hidden?: true;
  /** Only the manual and completions name it: few need it. */
  readonly rare?: true;
}

export type OptionTable = Readonly<Record<string, Option>>;

const flag = { takes: "flag" } as const;
const value = (name: string, kind: ValueKind) =>
  ({ takes: "value", value: { name, kind } }) as const;

const FILE = value("FILE", "file");
const DIR = value("DIR", "folder");
const NUMBER = value("N", "number");
const SIZE = value("N", "size");
const ADDRESSES = ["127.0.0.1", "::1", "0.0.0.0", "::"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
export const SHELLS = ["bash", "zsh", "fish"];

const EVENTS = "every event as one JSON object a line on stdout";
const OBJECTS = "one JSON object a line";
const HELP = "show help";
const VERSION = "show the version";
const NO_CONFIG = "ignore the config file";
const NO_COLOR: Option = {
  ...flag,
  setting: { person: "false" },
  does: {
    chat: "no colours or styles",
    server: "no colours or styles",
    send: "no colours or styles",
    serve: "no colours or styles",
    get: "no colours or styles",
  },
};
const NOT_ENCRYPTED = "plain UDP, as the lesson and ncat -u speak it; not encrypted";

export const OPTIONS: OptionTable = {
  server: { ...flag, does: { server: "open a conversation" } },
  port: {
    short: "p",
    ...value("N", "port"),
    example: "9000",
    setting: { server: "12345", serve: "8000" },
    does: {
      server: "listen on port N (12345; 0: any free one)",
      receive: "listen on port N (12345; 0: any free one)",
      serve: "listen on port N (8000; 0: any free one)",
      relay: "listen on port N (12345; 0: any free one)",
    },
  },
  bind: {
    short: "b",
    ...value("ADDRESS", ADDRESSES),
    example: '"192.168.1.5"',
    setting: { server: "every address", serve: "this machine only" },
    yieldsTo: "public",
    does: {
      server: "listen on this address only",
      receive: "listen on this address only",
      serve: "listen on this address only",
      relay: "listen on this address only",
    },
  },
  relay: {
    ...value("HOST[:PORT]", "text"),
    repeats: true,
    example: '["relay.example.org", "192.0.2.7:443"]',
    setting: { server: "none" },
    does: { server: "also be reached through this relay (also several)" },
  },
  "public-host": {
    ...value("NAME[:PORT]", "text"),
    example: '"chat.example.org"',
    setting: { server: "none" },
    does: { server: "also name this host in invitations" },
  },
  name: {
    short: "n",
    ...value("NAME", "text"),
    example: '"Ana"',
    setting: { person: "login name" },
    does: {
      chat: "how others see me (my last /name there, or login name)",
      server: "how others see me (my last /name, or login name)",
      send: "with an invitation: how others see me (as in charla)",
    },
  },
  room: {
    short: "r",
    ...value("ROOM", "room"),
    does: {
      chat: "the room that I enter (main)",
      server: "the room that I enter and invite to (main)",
      send: "with an invitation: which room (the invitation's)",
    },
  },
  open: { ...flag, does: { server: "let anyone in, without an invitation" } },
  admit: {
    ...FILE,
    example: '"~/friends.pub"',
    setting: { server: "nobody" },
    yieldsTo: "open",
    does: { server: "also let in people whose fingerprints are in FILE" },
  },
  data: {
    ...DIR,
    does: {
      server: "store messages in DIR (~/.local/share/charla)",
      history: "the folder of the server (~/.local/share/charla)",
      stop: "the server that stores its messages in DIR",
    },
  },
  ephemeral: { ...flag, does: { server: "store nothing" } },
  memory: {
    ...SIZE,
    example: '"2G"',
    setting: { server: "1G" },
    does: { server: "use at most N bytes for members (64M, 2G; 1G by default)" },
  },
  keep: {
    ...value("90d|10GB", "text"),
    repeats: true,
    example: '["90d", "10GB"]',
    setting: { server: "everything" },
    does: { server: "keep only so much of each room: a time, or a size; may be given twice" },
  },
  quota: {
    ...value("20GB", "size"),
    example: '"20GB"',
    setting: { server: "half of what is free" },
    does: { server: "use at most so much of the disk for all rooms (half of what is free)" },
  },
  "no-announce": {
    ...flag,
    setting: { server: "false" },
    does: { server: "do not announce the server on this network" },
  },
  "no-map": {
    ...flag,
    setting: { server: "false" },
    does: { server: "don't ask the router to let people in (PCP, NAT-PMP, UPnP)" },
  },
  background: {
    ...flag,
    does: { server: "return the shell; charla joins it, charla stop ends it" },
  },
  "invitation-file": {
    ...FILE,
    does: {
      chat: "join with the invitation in FILE",
      server: "write the invitation to FILE",
      send: "to the invitation in FILE",
      history: "of the room of the invitation in FILE",
      doctor: "check the server of the invitation in FILE",
    },
  },
  to: {
    ...value("WHERE", "server"),
    does: { send: "host, invitation, or - for one on stdin (localhost:12345)" },
  },
  reply: {
    takes: "optional",
    value: { name: "TEXT", kind: "text", only: "receive" },
    does: {
      send: "wait for a reply to each message, and print it",
      receive: "reply with TEXT, or with a line of stdin",
    },
  },
  plain: {
    ...flag,
    does: { chat: NOT_ENCRYPTED, server: `${NOT_ENCRYPTED}; with one other person` },
  },
  turns: {
    ...flag,
    does: { chat: "with --plain: speak in turns", server: "with --plain: speak in turns" },
  },
  stay: { ...flag, does: { chat: "stay after the end of stdin" } },
  bell: {
    ...flag,
    setting: { person: "false" },
    does: { chat: "ring the bell when I am named", server: "ring the bell when I am named" },
  },
  history: {
    ...NUMBER,
    example: "50",
    setting: { person: "20" },
    does: { chat: "show last N, or all I missed if more (20; text pipe: 0)" },
  },
  "no-web": {
    ...flag,
    setting: { server: "false" },
    does: {
      server: "only UDP, no WebSockets on the TCP port of that number",
      relay: "only UDP, no WebSockets",
    },
  },
  "no-log": {
    ...flag,
    setting: { person: "false" },
    does: { chat: "keep no messages on this machine, except unsent ones" },
  },
  "no-line-history": {
    ...flag,
    setting: { person: "false" },
    does: {
      chat: "keep none of the lines that I type",
      server: "keep none of the lines that I type",
    },
  },
  "no-notify": {
    ...flag,
    setting: { person: "false" },
    does: { chat: "no desktop notifications", server: "no desktop notifications" },
  },
  "no-color": NO_COLOR,
  since: {
    ...value("WHEN", "duration"),
    does: { history: "not before WHEN: 30m, 1h, 2d ago, 2026-11-22 or 2026-11-22T10:00" },
  },
  search: {
    ...value("WORDS", "text"),
    does: { history: "with all of these words, or words that start like them" },
  },
  last: { ...NUMBER, does: { history: "only the last N messages" } },
  all: { ...flag, does: { history: "all messages" } },
  "delete-before": {
    ...value("WHEN|N", "duration"),
    does: { history: "delete what is before WHEN, or the number N" },
  },
  public: { ...flag, does: { serve: "listen on every address, and print the URLs" } },
  host: {
    ...value("NAME", "text"),
    repeats: true,
    does: { serve: "answer to NAME, too: a.example.com, .example.com" },
  },
  "trust-proxy": {
    ...value("ADDRESS", ADDRESSES),
    repeats: true,
    does: { serve: "take Forwarded and X-Forwarded-* from this address" },
  },
  auth: {
    ...value("USER:PASSWORD", "text"),
    does: { serve: "require this user and password" },
  },
  tls: { ...flag, does: { serve: "HTTPS with a self-signed certificate" } },
  "tls-cert": {
    ...FILE,
    example: '"~/cert.pem"',
    setting: { serve: "no HTTPS" },
    yieldsTo: "tls",
    does: {
      serve: "HTTPS with this certificate",
      relay: "WebSockets over TLS with this certificate",
    },
  },
  "tls-key": {
    ...FILE,
    example: '"~/key.pem"',
    setting: { serve: "no HTTPS" },
    yieldsTo: "tls",
    does: {
      serve: "the private key of that certificate",
      relay: "the private key of that certificate",
    },
  },
  upload: { ...flag, does: { serve: "accept uploads" } },
  manage: { ...flag, does: { serve: "uploads, new folders, renaming, deleting; WebDAV" } },
  "on-conflict": {
    ...value("WHAT", ["refuse", "rename", "replace"]),
    does: { serve: "a taken name: refuse, rename or replace" },
  },
  "max-upload": {
    ...SIZE,
    example: '"20M"',
    setting: { serve: "1G" },
    does: { serve: "limit uploads to N bytes (500K, 20M; 1G by default)" },
  },
  spa: { ...flag, does: { serve: "serve /index.html for unknown paths" } },
  cors: { ...flag, does: { serve: "let pages of other sites read the files" } },
  "no-listing": {
    ...flag,
    setting: { serve: "false" },
    does: { serve: "no listing of folders without an index.html" },
  },
  log: {
    ...value("FORMAT", ["timed", "common", "combined"]),
    does: { serve: "log lines of this format: timed (default), common, combined" },
  },
  dotfiles: { ...flag, does: { serve: "serve hidden files" } },
  "follow-symlinks": { ...flag, does: { serve: "serve links out of DIR" } },
  allow: {
    ...FILE,
    does: { relay: "only for servers whose fingerprints are in FILE" },
  },
  "max-rate": {
    ...SIZE,
    does: { relay: "forward at most N bytes a second (500K, 20M; no limit)" },
  },
  "web-port": {
    ...value("N", "port"),
    does: { relay: "WebSockets on TCP port N (443 with TLS, else as --port)" },
  },
  metrics: {
    ...value("N", "port"),
    does: { relay: "counts as text at http://127.0.0.1:N/metrics" },
  },
  values: {
    ...value("KIND", "text"),
    does: { completion: "the values that a script completes with" },
    hidden: true,
  },
  path: { ...flag, does: { config: "only the path of the config file" } },
  "no-config": {
    ...flag,
    does: {
      chat: NO_CONFIG,
      server: NO_CONFIG,
      send: NO_CONFIG,
      serve: NO_CONFIG,
      id: NO_CONFIG,
      config: NO_CONFIG,
    },
  },
  json: {
    ...flag,
    does: {
      chat: EVENTS,
      server: EVENTS,
      send: EVENTS,
      receive: EVENTS,
      history: OBJECTS,
      doctor: OBJECTS,
      serve: "log each request as a JSON object on stdout",
      relay: "where it listens as one JSON object on stdout",
      stop: "one JSON object",
      id: "one JSON object, with the public key as well",
      config: OBJECTS,
    },
  },
  quiet: {
    short: "q",
    ...flag,
    does: {
      chat: "only messages and errors",
      server: "only messages and errors",
      send: "only replies and errors",
      receive: "only the message and errors",
      history: "only messages and errors",
      doctor: "only notes and problems",
      serve: "no log",
      relay: "only errors",
      stop: "only errors",
      id: "do not say that a key was made",
    },
  },
  verbose: {
    short: "v",
    ...flag,
    does: {
      chat: "every detail",
      server: "every detail",
      send: "print what was sent",
      receive: "print the reply",
      history: "seconds, and the fingerprints of the authors",
      stop: "every detail",
      id: "print the path of the key",
    },
  },
  help: {
    short: "h",
    ...flag,
    does: {
      chat: HELP,
      server: HELP,
      send: HELP,
      receive: HELP,
      history: HELP,
      doctor: HELP,
      serve: HELP,
      relay: HELP,
      stop: HELP,
      id: HELP,
      config: HELP,
      completion: HELP,
    },
  },
  version: {
    ...flag,
    does: {
      chat: VERSION,
      server: VERSION,
      send: VERSION,
      receive: VERSION,
      history: VERSION,
      doctor: VERSION,
      serve: VERSION,
      relay: VERSION,
      stop: VERSION,
      id: VERSION,
      config: VERSION,
      completion: VERSION,
    },
  },
};

const SECONDS = value("N", "number");
/** What curl needs an option for, and charla does without. */
const DEFAULT: Option = { ...flag, hidden: true, does: { get: "nothing: charla does so anyway" } };

/**
 * `charla get` has curl's options, of which other commands have some with another meaning: `--json DATA` and
 * `--data DATA` are sent. They go after `get`; before it, `--json` is the flag, which is `--report` here.
 */
export const GET_OPTIONS: OptionTable = {
  output: { short: "o", ...FILE, repeats: true, does: { get: "save in FILE" } },
  "remote-name": { short: "O", ...flag, does: { get: "save in a file named as in the URL" } },
  "remote-header-name": {
    short: "J",
    ...flag,
    does: { get: "save in a new file named as the server says" },
  },
  "remote-time": {
    short: "R",
    ...flag,
    rare: true,
    does: { get: "give the file the server's time" },
  },
  resume: { ...flag, does: { get: "continue FILE.part, if the file has not changed" } },
  sha256: { ...value("HEX", "text"), does: { get: "check the SHA-256 of the body" } },
  "max-bytes": { ...SIZE, does: { get: "fail after N bytes (2048, 10M, 2G)" } },
  parallel: { short: "Z", ...flag, does: { get: "fetch several URLs side by side" } },
  include: { short: "i", ...flag, does: { get: "print the headers, too" } },
  head: { short: "I", ...flag, does: { get: "print only the headers" } },
  report: { ...flag, does: { get: "one JSON object a URL: status, headers, times, body" } },
  header: {
    short: "H",
    ...value("LINE", "text"),
    repeats: true,
    does: { get: 'send this header: "Accept: text/plain"' },
  },
  request: {
    short: "X",
    ...value("METHOD", METHODS),
    does: { get: "the method; by default GET, or POST with data" },
  },
  data: {
    short: "d",
    takes: "text",
    value: { name: "DATA", kind: "data" },
    repeats: true,
    does: { get: "send DATA, the content of @FILE, or - for stdin" },
  },
  "data-raw": {
    takes: "text",
    value: { name: "DATA", kind: "text" },
    repeats: true,
    rare: true,
    does: { get: "send DATA as it is, also if it begins with @" },
  },
  "data-binary": {
    takes: "text",
    value: { name: "DATA", kind: "data" },
    repeats: true,
    hidden: true,
    does: { get: "as --data, which changes nothing either" },
  },
  "data-urlencode": {
    takes: "text",
    value: { name: "DATA", kind: "text" },
    repeats: true,
    rare: true,
    does: { get: "send NAME=TEXT, TEXT, NAME@FILE or @FILE, percent-encoded" },
  },
  get: { short: "G", ...flag, rare: true, does: { get: "send the data in the URL, with GET" } },
  json: {
    takes: "text",
    value: { name: "DATA", kind: "data" },
    does: { get: "send DATA, @FILE or - for stdin, as JSON" },
  },
  form: {
    short: "F",
    ...value("FIELD", "text"),
    repeats: true,
    does: { get: "send a form: NAME=TEXT, NAME=@FILE" },
  },
  "upload-file": { short: "T", ...FILE, does: { get: "send FILE with PUT; - for stdin" } },
  user: {
    short: "u",
    ...value("USER[:PASSWORD]", "text"),
    does: { get: "log in; a missing password is asked for" },
  },
  digest: { ...flag, rare: true, does: { get: "never send the password, only prove it (Digest)" } },
  anyauth: { ...flag, rare: true, does: { get: "log in only as the server asks for it" } },
  netrc: { short: "n", ...flag, rare: true, does: { get: "log in as ~/.netrc says" } },
  "netrc-file": {
    ...FILE,
    rare: true,
    does: { get: "log in as FILE says, in the form of .netrc" },
  },
  cookie: {
    short: "b",
    ...value("DATA", "text"),
    repeats: true,
    does: { get: "send NAME=VALUE, or the cookies in a file" },
  },
  "cookie-jar": { short: "c", ...FILE, does: { get: "keep cookies in FILE" } },
  "user-agent": { short: "A", ...value("TEXT", "text"), rare: true, does: { get: "call me TEXT" } },
  referer: {
    short: "e",
    ...value("URL", "text"),
    rare: true,
    does: { get: "say that URL has led here" },
  },
  range: {
    short: "r",
    ...value("RANGE", "text"),
    rare: true,
    does: { get: "only bytes 0-99, or -99" },
  },
  compressed: { ...flag, rare: true, does: { get: "fetch a file compressed, and decompress it" } },
  timeout: {
    ...NUMBER,
    example: "60",
    setting: { get: "300" },
    does: { get: "give up after N seconds without data (300; 0: never)" },
  },
  "max-time": {
    short: "m",
    ...SECONDS,
    does: { get: "give up after N seconds in all" },
  },
  "connect-timeout": {
    ...SECONDS,
    rare: true,
    does: { get: "give up after N seconds without a connection" },
  },
  retry: {
    ...NUMBER,
    example: "5",
    setting: { get: "0" },
    does: { get: "retry temporary failures N times, with growing waits" },
  },
  "max-redirs": { ...NUMBER, rare: true, does: { get: "follow at most N redirects (10)" } },
  "no-fail": { ...flag, does: { get: "a status of 400 or more is not an error" } },
  fail: { short: "f", ...flag, does: { get: "print no body of such a status" } },
  proxy: {
    short: "x",
    ...value("URL", "text"),
    does: { get: "go through this proxy: http, https, socks4(a), socks5(h)" },
  },
  noproxy: { ...value("HOSTS", "text"), does: { get: "but not to these hosts; * for all" } },
  "proxy-user": {
    short: "U",
    ...value("USER:PASSWORD", "text"),
    rare: true,
    does: { get: "log in at the proxy" },
  },
  ipv4: { short: "4", ...flag, rare: true, does: { get: "only IPv4" } },
  ipv6: { short: "6", ...flag, rare: true, does: { get: "only IPv6" } },
  resolve: {
    ...value("HOST:PORT:ADDRESS", "text"),
    repeats: true,
    rare: true,
    does: { get: "take this address for HOST" },
  },
  "unix-socket": { ...FILE, rare: true, does: { get: "connect to this socket of the machine" } },
  insecure: { short: "k", ...flag, does: { get: "trust any certificate" } },
  cacert: {
    ...FILE,
    example: '"~/ca.pem"',
    setting: { get: "those of the system" },
    yieldsTo: "insecure",
    does: { get: "trust the certificates in FILE" },
  },
  cert: { short: "E", ...FILE, does: { get: "my certificate (PEM), for servers that ask" } },
  key: { ...FILE, does: { get: "its private key, if it is in another file" } },
  "http0.9": {
    ...flag,
    does: { get: "send the lesson's request, GET /path; print 2048 bytes" },
  },
  quiet: { short: "q", ...flag, does: { get: "only errors" } },
  silent: { short: "s", ...flag, hidden: true, does: { get: "as --quiet; errors are shown" } },
  verbose: { short: "v", ...flag, does: { get: "every detail" } },
  "no-color": NO_COLOR,
  "no-config": { ...flag, does: { get: NO_CONFIG } },
  help: { short: "h", ...flag, does: { get: HELP } },
  version: { ...flag, does: { get: VERSION } },
  location: { short: "L", ...DEFAULT },
  "show-error": { short: "S", ...DEFAULT },
  "fail-with-body": DEFAULT,
  "remote-name-all": { ...flag, hidden: true, does: { get: "as --remote-name" } },
  basic: DEFAULT,
  "http1.1": DEFAULT,
  "no-progress-meter": DEFAULT,
  "continue-at": {
    short: "C",
    ...value("-", "text"),
    hidden: true,
    does: { get: "as --resume" },
  },
};

export function tableFor(page: PageName): OptionTable {
  return page === "get" ? GET_OPTIONS : OPTIONS;
}

/** The options of a command, or of one help page, in their order. */
export function optionsOf(page: PageName): readonly (readonly [name: string, option: Option])[] {
  return Object.entries(tableFor(page)).filter(
    ([, { does, hidden }]) => does[page] !== undefined && !hidden,
  );
}

/** What follows an option of this command; undefined if nothing does. */
export function valueOn(page: PageName, { value }: Option): Option["value"] {
  return value === undefined || (value.only ?? page) === page ? value : undefined;
}

/** `--port` and `-p`. */
export function writtenForms(name: string, { short }: Pick<Option, "short">): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** The commands that have an option. */
export function commandsWith({ does }: Option): CommandName[] {
  const pages = PAGE_NAMES.filter((page) => does[page] !== undefined);
  return [...new Set(pages.map((page) => (page === "server" ? "chat" : page)))];
}
