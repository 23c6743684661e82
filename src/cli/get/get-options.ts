// The options of `charla get`, read and checked: the requests, and what to do with their responses.

import { basename, resolve } from "node:path";

import { systemCode, usageError } from "../../errors.ts";
import type { Logins } from "../../http/client/authorization.ts";
import { ACCEPTED_CODINGS } from "../../http/client/content-coding.ts";
import type { TransportOptions } from "../../http/client/exchange.ts";
import { fileNameFor } from "../../http/client/file-name.ts";
import { MAX_REDIRECTS } from "../../http/client/redirects.ts";
import {
  checkedMethod,
  type HttpRequest,
  isKnownMethod,
  notReadable,
  parseHeader,
} from "../../http/client/request.ts";
import { completeUrl } from "../../http/client/url.ts";
import { hasHeader, type Header } from "../../http/header-fields.ts";
import type { Io } from "../../terminal/io.ts";
import type { CommandLine } from "../options.ts";
import { VERSION } from "../version.ts";
import { amountOptions } from "./amount-options.ts";
import { connectionOptions } from "./connection-options.ts";
import { loginOptions } from "./login-options.ts";
import { readInput, type RequestInput } from "./request-input.ts";
import { type GetWords, readGetWords } from "./words.ts";

/** One URL, and where its body goes. */
export interface Target {
  readonly request: HttpRequest;
  /** Null for stdout, "-" for stdout byte for byte. */
  readonly file: string | null;
}

export interface GetOptions {
  readonly targets: readonly [Target, ...Target[]];
  readonly connection: TransportOptions;
  /** Null if there is none at all. */
  readonly logins: Logins | null;
  /** Whether there is a login for the first URL. */
  readonly hasLogin: boolean;
  /** Texts of files with cookies. */
  readonly cookieFiles: readonly string[];
  /** The file that keeps cookies; null for none. */
  readonly cookieJar: string | null;
  readonly parallel: boolean;
  /** Whether the name comes from a URL or a server, which may not be the user's own. */
  readonly isNamedByUrl: boolean;
  /** Whether the server may choose the name. */
  readonly isNamedByServer: boolean;
  /** Whether the file gets the time of the server's. */
  readonly keepsTime: boolean;
  readonly resume: boolean;
  /** Print the headers before the body. */
  readonly includeHeaders: boolean;
  /** Print an object about each response, with its body unless that is in a file. */
  readonly report: boolean;
  /** A status of 400 or more is a failure. */
  readonly fail: boolean;
  /** Its body is not printed. */
  readonly hidesFailures: boolean;
  readonly sha256: string | null;
  readonly retries: number;
  readonly maxRedirects: number;
  /** Bytes; null for no limit. */
  readonly maxBytes: number | null;
  /** ms for all of it; 0 for no limit. */
  readonly maxTime: number;
  /** Send the lesson's request. */
  readonly http09: boolean;
}

/** @throws {CharlaError} USAGE, INVALID_URL, FILE_NOT_READABLE */
export async function readGetOptions(commandLine: CommandLine, io: Io): Promise<GetOptions> {
  const { flags, values } = commandLine;
  const words = readGetWords(commandLine.words, isKnownMethod);
  if (words.urls.length === 0) throw usageError("the URL is missing", "write charla get URL");
  const urls = words.urls.map(completeUrl);
  checkConflicts(commandLine, urls);
  checkWords(commandLine, words);
  const files = readFiles(commandLine, urls);
  const input = await readInput(commandLine, words.items, io);
  if (input.body?.isOnce === true && urls.length > 1) {
    throw usageError("stdin can be sent to one URL only", "send it from a file: -d @FILE");
  }
  const isForFile = files[0] !== null && files[0] !== "-";
  const { headers, literalCookie } = requestHeaders(commandLine, words, input, isForFile);
  const method = readMethod(commandLine, words, input);
  const targets = urls.map((url, index): Target => {
    const file = files[index] ?? null;
    const own = literalCookie === null ? headers : withCookie(headers, literalCookie);
    return {
      request: { method, url: fullUrl(url, input, values), headers: own, body: input.body },
      file,
    };
  });
  const [first, ...others] = targets;
  if (first === undefined) throw new Error("no URL is left");
  const logins = await loginOptions(commandLine, urls, io);
  const { maxRedirects, retries, maxBytes, maxTime } = amountOptions(commandLine);
  return {
    targets: [first, ...others],
    connection: await connectionOptions(commandLine, io),
    logins,
    hasLogin: (logins?.loginFor(first.request.url) ?? null) !== null,
    ...(await readCookies(commandLine, io.cwd)),
    parallel: flags.has("parallel"),
    isNamedByUrl: isNamedByUrl(flags),
    isNamedByServer: flags.has("remote-header-name"),
    keepsTime: flags.has("remote-time"),
    resume: flags.has("resume") || flags.has("continue-at"),
    includeHeaders: flags.has("include") || flags.has("head"),
    report: flags.has("report"),
    fail: !flags.has("no-fail"),
    hidesFailures: flags.has("fail"),
    sha256: readChecksum(values.get("sha256")),
    retries,
    maxRedirects: maxRedirects ?? MAX_REDIRECTS,
    maxBytes,
    maxTime,
    http09: flags.has("http0.9"),
  };
}

/** The first option of each row cannot be combined with the others. */
const CONFLICTS: readonly (readonly [one: string, ...others: string[]])[] = [
  ["output", "remote-name", "remote-header-name"],
  ["data", "json", "form", "upload-file"],
  ["data-raw", "json", "form", "upload-file"],
  ["data-urlencode", "json", "form", "upload-file"],
  ["json", "form", "upload-file"],
  ["form", "upload-file"],
  ["get", "json", "form", "upload-file", "request"],
  [
    "head",
    "request",
    "json",
    "form",
    "upload-file",
    "output",
    "remote-name",
    "remote-header-name",
    "sha256",
  ],
  ["resume", "request", "data", "json", "form", "upload-file", "remote-header-name", "compressed"],
  ["fail", "no-fail"],
  ["insecure", "cacert"],
  ["ipv4", "ipv6"],
  ["digest", "anyauth"],
  [
    "http0.9",
    "include",
    "head",
    "report",
    "request",
    "header",
    "data",
    "json",
    "form",
    "upload-file",
    "user",
    "cookie",
    "cookie-jar",
    "resume",
    "retry",
    "proxy",
    "insecure",
    "cacert",
    "cert",
    "no-fail",
    "fail",
    "parallel",
  ],
];

function checkConflicts({ typed, values }: CommandLine, urls: readonly URL[]): void {
  for (const [one, ...others] of CONFLICTS) {
    const other = typed.has(one) ? others.find((name) => typed.has(name)) : undefined;
    if (other !== undefined) {
      throw usageError(`--${one} cannot be combined with --${other}`, "leave one of them out");
    }
  }
  if (typed.has("head") && typed.has("data") && !typed.has("get")) {
    throw usageError("--head cannot be combined with --data", "leave one of them out");
  }
  const secure = urls.find(({ protocol }) => protocol === "https:");
  if (typed.has("http0.9") && secure !== undefined) {
    throw usageError("HTTP/0.9 has no https", `use http://${secure.host}`);
  }
  if (typed.has("continue-at") && values.get("continue-at") !== "-") {
    throw usageError(
      "charla finds out itself where to continue",
      "use --resume, or -r RANGE for some of the bytes",
    );
  }
}

const BODY_OPTIONS = ["data", "data-raw", "data-urlencode", "json", "form", "upload-file"];

function checkWords({ typed }: CommandLine, { method, urls, items }: GetWords): void {
  const hasBody = items.fields.length > 0 || items.files.length > 0;
  const option = BODY_OPTIONS.find((name) => typed.has(name));
  if (hasBody && option !== undefined) {
    throw usageError(
      `--${option} cannot be combined with KEY=VALUE after the URL`,
      "leave one of them out",
    );
  }
  if (method !== null && typed.has("request")) {
    throw usageError(`--request cannot be combined with ${method}`, "leave one of them out");
  }
  if (typed.has("http0.9") && (urls.length > 1 || hasBody || method !== null)) {
    throw usageError("--http0.9 takes one URL and nothing else", "leave the other words out");
  }
}

function isNamedByUrl(flags: CommandLine["flags"]): boolean {
  return ["remote-name", "remote-name-all", "remote-header-name"].some((name) => flags.has(name));
}

/** Where the body of each URL goes. */
function readFiles(
  { flags, lists }: CommandLine,
  urls: readonly URL[],
): readonly (string | null)[] {
  const written = lists.get("output") ?? [];
  const isResumed = flags.has("resume") || flags.has("continue-at");
  const files = isNamedByUrl(flags)
    ? urls.map(fileNameFor)
    : urls.map((_url, index) => written[index] ?? null);
  if (isResumed && files.some((file) => file === null || file === "-")) {
    throw usageError("--resume needs a file", "add -O or -o FILE");
  }
  if (written.length > urls.length) {
    throw usageError("there are more files than URLs", "give each URL one -o FILE");
  }
  if (written.length > 0 && written.length < urls.length && !isNamedByUrl(flags)) {
    throw usageError(
      `${urls.length} URLs need as many files, not ${written.length}`,
      "give each URL one -o FILE, or use -O",
    );
  }
  const saved = files.filter((file) => file !== null && file !== "-" && file !== "/dev/null");
  const isTwice = new Set(saved).size < saved.length && !flags.has("remote-header-name");
  if (isTwice) throw usageError("two URLs have the same file", "give each URL one -o FILE");
  if (flags.has("parallel") && urls.length > 1 && files.includes(null)) {
    throw usageError("bodies of several URLs side by side need files", "add -O, or leave -Z out");
  }
  if (flags.has("sha256") && urls.length > 1) {
    throw usageError("--sha256 is for one URL", "fetch them one by one");
  }
  return files;
}

function readMethod({ flags, values }: CommandLine, words: GetWords, input: RequestInput): string {
  const method =
    words.method ?? values.get("request") ?? (flags.has("head") ? "HEAD" : input.method);
  return checkedMethod(method, input.body !== null);
}

/** With the data that goes into it, and the name of a file that is sent into a folder. */
function fullUrl(given: URL, { query }: RequestInput, values: CommandLine["values"]): URL {
  const url = new URL(given);
  const upload = values.get("upload-file");
  if (upload !== undefined && upload !== "-" && url.pathname.endsWith("/")) {
    url.pathname += encodeURIComponent(basename(upload));
  }
  if (query !== "") url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url;
}

function requestHeaders(
  { flags, values, lists }: CommandLine,
  { items }: GetWords,
  { isJson }: RequestInput,
  isForFile: boolean,
) {
  const headers = [...(lists.get("header") ?? []).map(parseHeader), ...items.headers];
  const add = (name: string, value: string) => {
    if (!hasHeader(headers, name)) headers.push([name, value]);
  };
  const range = values.get("range");
  if (range !== undefined) add("Range", checkedRange(range));
  if (flags.has("resume") && hasHeader(headers, "Range")) {
    throw usageError("--resume sets the Range header itself", 'leave out -H "Range: ..."');
  }
  const agent = values.get("user-agent");
  const referer = values.get("referer");
  if (referer !== undefined) headers.push(parseHeader(`Referer: ${referer}`));
  if (agent === undefined) add("User-Agent", `charla/${VERSION}`);
  else headers.push(parseHeader(`User-Agent: ${agent}`));
  add("Accept", isJson ? "application/json" : "*/*");
  // Of bytes of a compressed body nothing can be decompressed.
  const mayCompress = (!isForFile || flags.has("compressed")) && !hasHeader(headers, "Range");
  add("Accept-Encoding", mayCompress ? ACCEPTED_CODINGS : "identity");
  const literal = (lists.get("cookie") ?? []).filter((written) => written.includes("="));
  return { headers, literalCookie: literal.length === 0 ? null : literal.join("; ") };
}

/** Into the one Cookie header that a request may have (RFC 6265 s. 5.4). */
function withCookie(headers: readonly Header[], cookie: string): Header[] {
  const [, value] = parseHeader(`Cookie: ${cookie}`);
  if (!hasHeader(headers, "cookie")) return [...headers, ["Cookie", value]];
  return headers.map(([name, each]): Header => {
    return [name, name.toLowerCase() === "cookie" ? `${each}; ${value}` : each];
  });
}

function checkedRange(written: string): string {
  if (/^(?:\d+-\d*|-\d+)(?:,(?:\d+-\d*|-\d+))*$/.test(written)) return `bytes=${written}`;
  throw usageError(
    `${JSON.stringify(written)} is not a range of bytes`,
    "write one such as 0-99 for the first hundred, 100- for the rest or -100 for the last",
  );
}

async function readCookies({ lists, values }: CommandLine, cwd: string) {
  const jar = values.get("cookie-jar");
  const given = (lists.get("cookie") ?? []).filter((written) => !written.includes("="));
  const cookieFiles = await Promise.all([
    ...given.map((path) => readCookieFile(path, cwd, false)),
    ...(jar === undefined ? [] : [readCookieFile(jar, cwd, true)]),
  ]);
  return { cookieFiles, cookieJar: jar === undefined ? null : resolve(cwd, jar) };
}

async function readCookieFile(path: string, cwd: string, mayBeMissing: boolean): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    if (mayBeMissing && systemCode(cause) === "ENOENT") return "";
    throw notReadable(path, cause);
  }
}

function readChecksum(written: string | undefined): string | null {
  if (written === undefined || /^[\da-f]{64}$/i.test(written)) return written ?? null;
  throw usageError("a SHA-256 has 64 hexadecimal digits", "copy all of it");
}
