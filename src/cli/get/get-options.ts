// What `charla get` was asked for, read from its command line: the request, and what becomes of its answer.

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

import { CharlaError } from "../../errors.ts";
import { notReadable } from "../../http/client/body.ts";
import { ACCEPTED_CODINGS } from "../../http/client/content-coding.ts";
import {
  basicAuthorization,
  checkedMethod,
  hasHeader,
  type HttpRequest,
  parseHeader,
} from "../../http/client/request.ts";
import { completeUrl, fileNameOf } from "../../http/client/url.ts";
import { type Io, isTerminal } from "../../terminal/io.ts";
import { visibleLine } from "../../terminal/visible-text.ts";
import { type CommandLine, helpFor } from "../options.ts";
import { version } from "../version.ts";
import { parseBytes, parseCount, parseSeconds } from "./amounts.ts";
import { askPassword } from "./ask-password.ts";
import { bodyOf } from "./data.ts";

/** Seconds of silence before it is given up, where nobody says: as long as curl tries to connect. */
const TIMEOUT = 300;
/** Seconds: a day. */
const LONGEST_TIMEOUT = 86_400;
/** With waits of a minute between them these take two hours. */
const MOST_RETRIES = 100;

export interface Asked {
  readonly request: HttpRequest;
  /** Null for stdout, "-" for stdout though it be a terminal. */
  readonly file: string | null;
  /** Whether the file has its name from the URL, which somebody else may have made. */
  readonly isNamedByUrl: boolean;
  readonly resume: boolean;
  /** Headers before the body on stdout; with HEAD there is nothing else. */
  readonly heads: boolean;
  readonly fail: boolean;
  readonly retries: number;
  /** ms */
  readonly timeout: number;
  readonly maxBytes: number | null;
  readonly sha256: string | null;
  readonly insecure: boolean;
  readonly ca: string | null;
  /** The lesson's own request. */
  readonly bare: boolean;
}

/** @throws {CharlaError} USAGE, INVALID_URL, FILE_NOT_READABLE */
export async function readAsked(commandLine: CommandLine, io: Io): Promise<Asked> {
  const { words, flags, values } = commandLine;
  const [written, extra] = words;
  if (written === undefined) throw usage("there is no URL to get", "charla get URL");
  if (extra !== undefined) {
    throw usage(`charla gets one URL at a time, not ${words.length}`, "quote it for the shell");
  }
  const url = completeUrl(written);
  refuseWhatContradicts(commandLine, url);
  const file = values.get("output") ?? (flags.has("remote-name") ? fileNameOf(url) : null);
  if (flags.has("resume") && (file === null || file === "-")) {
    throw usage("--resume goes with a file", "-O, or -o FILE");
  }
  return {
    request: await requestOf(commandLine, io, url, file === null || file === "-"),
    file,
    isNamedByUrl: flags.has("remote-name"),
    resume: flags.has("resume"),
    heads: flags.has("include") || flags.has("head"),
    fail: !flags.has("no-fail"),
    retries: amountOf(values, "retry", (text) => parseCount(text, MOST_RETRIES)) ?? 0,
    timeout:
      amountOf(values, "timeout", (text) => parseSeconds(text, LONGEST_TIMEOUT)) ?? TIMEOUT * 1_000,
    maxBytes: amountOf(values, "max-bytes", parseBytes),
    sha256: checksumOf(values.get("sha256")),
    insecure: flags.has("insecure"),
    ca: await certificatesOf(values.get("cacert")),
    bare: flags.has("http0.9"),
  };
}

/** Options that would take back what others ask for. */
const CONTRADICTIONS: readonly (readonly [one: string, ...others: string[]])[] = [
  ["output", "remote-name"],
  ["data", "json", "form"],
  ["json", "form"],
  ["head", "request", "data", "json", "form", "output", "remote-name", "sha256"],
  ["resume", "request", "data", "json", "form"],
  ["insecure", "cacert"],
  [
    "http0.9",
    "include",
    "head",
    "request",
    "header",
    "data",
    "json",
    "form",
    "user",
    "resume",
    "retry",
    "insecure",
    "cacert",
    "no-fail",
  ],
];

function refuseWhatContradicts({ flags }: CommandLine, url: URL): void {
  for (const [one, ...others] of CONTRADICTIONS) {
    const other = flags.has(one) ? others.find((name) => flags.has(name)) : undefined;
    if (other !== undefined) {
      throw usage(`--${one} does not go with --${other}`, "leave one of them out");
    }
  }
  if (flags.has("http0.9") && url.protocol === "https:") {
    throw usage("there was no https when there was HTTP/0.9", `http://${url.host}`);
  }
}

async function requestOf(
  commandLine: CommandLine,
  io: Io,
  url: URL,
  isRead: boolean,
): Promise<HttpRequest> {
  const { flags, values, lists } = commandLine;
  const body = await bodyOf(commandLine, io.stdin);
  const usual = flags.has("head") ? "HEAD" : body === null ? "GET" : "POST";
  const method = checkedMethod(values.get("request") ?? usual, body !== null);
  const headers = (lists.get("header") ?? []).map(parseHeader);
  const add = (name: string, value: string) => {
    if (!hasHeader(headers, name)) headers.push([name, value]);
  };
  if (flags.has("resume") && hasHeader(headers, "Range")) {
    throw usage("--resume asks for a range of its own", 'leave out -H "Range: ..."');
  }
  const credentials = await credentialsOf(values.get("user"), url, io);
  if (credentials !== null) add("Authorization", credentials);
  add("User-Agent", `charla/${version}`);
  add("Accept", flags.has("json") ? "application/json" : "*/*");
  add("Accept-Encoding", isRead ? ACCEPTED_CODINGS : "identity");
  return { method, url, headers, body };
}

async function credentialsOf(
  written: string | undefined,
  url: URL,
  io: Io,
): Promise<string | null> {
  if (written !== undefined) {
    const end = written.indexOf(":");
    if (end !== -1) return basicAuthorization(written.slice(0, end), written.slice(end + 1));
    if (!isTerminal(io.stdin)) {
      throw usage("there is no terminal to ask for a password on", "-u USER:PASSWORD");
    }
    return basicAuthorization(
      written,
      await askPassword(io.stdin, io.stderr, visibleLine(`${written} at ${url.host}`)),
    );
  }
  if (url.username === "" && url.password === "") return null;
  return basicAuthorization(unescaped(url.username), unescaped(url.password));
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const TAKES: Readonly<Record<string, string>> = {
  retry: `a whole number up to ${MOST_RETRIES}`,
  timeout: "seconds, such as 30 or 0.5; 0 waits for ever",
  "max-bytes": "bytes, such as 2048, 10M or 2G",
};

function amountOf(
  values: ReadonlyMap<string, string>,
  option: string,
  parse: (written: string) => number | null,
): number | null {
  const written = values.get(option);
  if (written === undefined) return null;
  const amount = parse(written);
  if (amount !== null) return amount;
  throw usage(`--${option} takes no ${JSON.stringify(written)}`, `it takes ${TAKES[option]}`);
}

function checksumOf(written: string | undefined): string | null {
  if (written === undefined || /^[\da-f]{64}$/i.test(written)) return written ?? null;
  throw usage("a SHA-256 is 64 hexadecimal digits", "copy it again, whole");
}

async function certificatesOf(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw notReadable(path, cause);
  }
  try {
    // Each of them, or the runtime would say that there is no such host.
    const found = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
    if (found.length === 0) throw new Error("it holds no certificate");
    for (const certificate of found) void new X509Certificate(certificate);
  } catch (cause) {
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} is no file of certificates`,
      "--cacert takes PEM: -----BEGIN CERTIFICATE-----",
      { cause },
    );
  }
  return text;
}

function usage(message: string, hint = helpFor("get")): CharlaError {
  return new CharlaError("USAGE", message, hint);
}
