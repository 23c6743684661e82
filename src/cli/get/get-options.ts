// The options of `charla get`, read and checked: the request, and what to do with the response.

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { CharlaError, usageError } from "../../errors.ts";
import { ACCEPTED_CODINGS } from "../../http/client/content-coding.ts";
import type { TransportOptions } from "../../http/client/exchange.ts";
import {
  checkedMethod,
  type HttpRequest,
  notReadable,
  parseHeader,
} from "../../http/client/request.ts";
import type { TransferOptions } from "../../http/client/transfer.ts";
import { completeUrl, decodePart, fileNameFor } from "../../http/client/url.ts";
import { basicAuthorization, hasHeader } from "../../http/header-fields.ts";
import { proxyFor } from "../../net/web-proxy.ts";
import { type Io, isTerminal } from "../../terminal/io.ts";
import { askUnseen } from "../../terminal/secret-line.ts";
import { visibleLine } from "../../terminal/visible-text.ts";
import type { CommandLine } from "../options.ts";
import { VERSION } from "../version.ts";
import { amountOptions } from "./amount-options.ts";
import { readBody } from "./request-input.ts";

export interface GetOptions
  extends
    Omit<TransferOptions, "transport" | "signal" | "chooseDestination" | "resumable" | "onEvent">,
    TransportOptions {
  /** Null for stdout, "-" for stdout byte for byte. */
  readonly file: string | null;
  /** Whether the name comes from the URL, which may not be the user's own. */
  readonly isNamedByUrl: boolean;
  readonly resume: boolean;
  /** Print the headers before the body. */
  readonly includeHeaders: boolean;
  /** A status of 400 or more is a failure. */
  readonly fail: boolean;
  readonly sha256: string | null;
  /** Send the lesson's request. */
  readonly http09: boolean;
}

/** @throws {CharlaError} USAGE, INVALID_URL, FILE_NOT_READABLE */
export async function readGetOptions(commandLine: CommandLine, io: Io): Promise<GetOptions> {
  const { words, flags, values } = commandLine;
  const [written, extra] = words;
  if (written === undefined) throw usageError("the URL is missing", "write charla get URL");
  if (extra !== undefined) {
    throw usageError(
      `charla gets one URL at a time, not ${words.length}`,
      "quote the URL for the shell",
    );
  }
  const url = completeUrl(written);
  checkConflicts(commandLine, url);
  const file = values.get("output") ?? (flags.has("remote-name") ? fileNameFor(url) : null);
  if (flags.has("resume") && (file === null || file === "-")) {
    throw usageError("--resume needs a file", "add -O or -o FILE");
  }
  return {
    request: await readRequest(commandLine, io, url, file === null || file === "-"),
    file,
    isNamedByUrl: flags.has("remote-name"),
    resume: flags.has("resume"),
    includeHeaders: flags.has("include") || flags.has("head"),
    fail: !flags.has("no-fail"),
    ...amountOptions(commandLine),
    sha256: readChecksum(values.get("sha256")),
    insecure: flags.has("insecure"),
    ca: await readCertificates(values.get("cacert"), io.cwd),
    identity: null,
    connectTimeout: 0,
    family: 0,
    resolve: new Map(),
    unixSocket: null,
    proxyFor: (each) => proxyFor(each, io.env, "http-or-socks"),
    http09: flags.has("http0.9"),
  };
}

/** The first option of each row cannot be combined with the others. */
const CONFLICTS: readonly (readonly [one: string, ...others: string[]])[] = [
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

function checkConflicts({ typed }: CommandLine, url: URL): void {
  for (const [one, ...others] of CONFLICTS) {
    const other = typed.has(one) ? others.find((name) => typed.has(name)) : undefined;
    if (other !== undefined) {
      throw usageError(`--${one} cannot be combined with --${other}`, "leave one of them out");
    }
  }
  if (typed.has("http0.9") && url.protocol === "https:") {
    throw usageError("HTTP/0.9 has no https", `use http://${url.host}`);
  }
}

async function readRequest(
  commandLine: CommandLine,
  io: Io,
  url: URL,
  isForStdout: boolean,
): Promise<HttpRequest> {
  const { flags, values, lists } = commandLine;
  const body = await readBody(commandLine, io);
  const defaultMethod = flags.has("head") ? "HEAD" : body === null ? "GET" : "POST";
  const method = checkedMethod(values.get("request") ?? defaultMethod, body !== null);
  const headers = (lists.get("header") ?? []).map(parseHeader);
  const add = (name: string, value: string) => {
    if (!hasHeader(headers, name)) headers.push([name, value]);
  };
  if (flags.has("resume") && hasHeader(headers, "Range")) {
    throw usageError("--resume sets the Range header itself", 'leave out -H "Range: ..."');
  }
  const credentials = await readCredentials(values.get("user"), url, io);
  if (credentials !== null) add("Authorization", credentials);
  add("User-Agent", `charla/${VERSION}`);
  add("Accept", flags.has("json") ? "application/json" : "*/*");
  add("Accept-Encoding", isForStdout ? ACCEPTED_CODINGS : "identity");
  return { method, url, headers, body };
}

async function readCredentials(
  written: string | undefined,
  url: URL,
  io: Io,
): Promise<string | null> {
  if (written !== undefined) {
    const end = written.indexOf(":");
    if (end !== -1) return basicAuthorization(written.slice(0, end), written.slice(end + 1));
    if (!isTerminal(io.stdin)) {
      throw usageError("there is no terminal to ask for the password on", "use -u USER:PASSWORD");
    }
    const question = `password for ${visibleLine(`${written} at ${url.host}`)}: `;
    return basicAuthorization(written, (await askUnseen(io.stdin, io, question)) ?? "");
  }
  if (url.username === "" && url.password === "") return null;
  return basicAuthorization(decodePart(url.username), decodePart(url.password));
}

function readChecksum(written: string | undefined): string | null {
  if (written === undefined || /^[\da-f]{64}$/i.test(written)) return written ?? null;
  throw usageError("a SHA-256 has 64 hexadecimal digits", "copy all of it");
}

async function readCertificates(path: string | undefined, cwd: string): Promise<string | null> {
  if (path === undefined) return null;
  let text: string;
  try {
    text = await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    throw notReadable(path, cause);
  }
  try {
    // Checked here, because the runtime reports a malformed one as an unknown host.
    const found = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
    if (found.length === 0) throw new Error("it contains no certificate");
    for (const certificate of found) void new X509Certificate(certificate);
  } catch (cause) {
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} is not a file of certificates`,
      "--cacert takes PEM files: -----BEGIN CERTIFICATE-----",
      { cause },
    );
  }
  return text;
}
