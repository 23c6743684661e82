// `charla get URL`: the body on stdout or in a file, everything else on stderr.

import { resolve } from "node:path";

import { CharlaError, type ErrorCode } from "../errors.ts";
import {
  createDigest,
  type Destination,
  type Digest,
  type FileDestination,
} from "../http/client/destination.ts";
import { createTransport, type ResponseHead } from "../http/client/exchange.ts";
import { statusError } from "../http/client/fetch-errors.ts";
import { fetchHttp09, HTTP09_MAX_BYTES } from "../http/client/http09.ts";
import { openFileDestination } from "../http/client/part-file.ts";
import { transfer, type TransferEvent } from "../http/client/transfer.ts";
import { shownUrl } from "../http/client/url.ts";
import type { Io } from "../terminal/io.ts";
import { isDumb } from "../terminal/known-terminals.ts";
import { createPrinter, type Printer } from "../terminal/printer.ts";
import { formatBytes, formatSeconds } from "./amounts.ts";
import { printerOptions } from "./command-options.ts";
import {
  createProgressLine,
  headText,
  type ProgressLine,
  requestText,
  responseText,
} from "./get/display.ts";
import { type GetOptions, readGetOptions } from "./get/get-options.ts";
import { createStandardOutput, type StandardOutput } from "./get/standard-output.ts";
import type { CommandLine } from "./options.ts";

/** Failures after which the part of a file is removed: resuming it would lead to the same failure. */
const NOT_RESUMABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BODY_TOO_LONG",
  "BAD_RESPONSE",
  "CHECKSUM_WRONG",
]);

export async function get(commandLine: CommandLine, io: Io): Promise<number> {
  const options = await readGetOptions(commandLine, io);
  const { quiet, verbose } = printerOptions(commandLine);
  const printer = createPrinter(io, { json: false, quiet, verbose });
  const { signal } = io;
  const digest = options.sha256 === null ? null : createDigest(options.sha256);
  await using file = await openFile(options, io.cwd, digest);
  const hasBodyOnScreen = file === null && io.stdout.isTTY === true;
  const sent = io.stderr.isTTY === true && !isDumb(io.env) && !quiet;
  // A body that appears on the screen needs no progress line.
  const progress = createProgressLine(io.stderr, { sent, received: sent && !hasBodyOnScreen });
  const { includeHeaders } = options;
  const output = createStandardOutput(io, { includeHeaders, raw: options.file === "-" });
  const body = file ?? (digest === null ? output : withDigest(output, digest));
  const start = performance.now();
  try {
    const run = { file, output, body, digest, printer, progress, verbose, signal };
    const saved = await (options.http09 ? getHttp09 : getHttp)(options, run);
    progress.end();
    if (saved !== null) {
      const seconds = (performance.now() - start) / 1_000;
      const duration = seconds < 60 ? `${seconds.toFixed(1)} s` : formatSeconds(seconds);
      const size = formatBytes(saved.length);
      await notify(printer, "SAVED", `saved ${options.file}: ${size} in ${duration}`);
    }
    return 0;
  } catch (error) {
    progress.end();
    if (file !== null) await keepOrRemovePart(file, error, printer);
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}

interface Run {
  readonly file: FileDestination | null;
  readonly output: StandardOutput;
  /** Where the body goes: the file, or the output with the checksum. */
  readonly body: Destination;
  readonly digest: Digest | null;
  readonly printer: Printer;
  readonly progress: ProgressLine;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

async function openFile(
  { file, isNamedByUrl, resume, request }: GetOptions,
  cwd: string,
  digest: Digest | null,
): Promise<FileDestination | null> {
  if (file === null || file === "-") return null;
  return openFileDestination({
    file: resolve(cwd, file),
    name: file,
    followsLink: !isNamedByUrl,
    url: shownUrl(request.url),
    resume,
    digest,
  });
}

/** Resolves with the file that the body was saved in, or null. */
async function getHttp(options: GetOptions, run: Run): Promise<FileDestination | null> {
  const { file, output, body, digest, printer, progress, signal } = run;
  const isFailure = ({ status }: ResponseHead) => options.fail && status >= 400;
  if (file !== null && file.unusable > 0) {
    const message = `cannot resume ${file.path}: it is part of something else; fetching everything`;
    await notify(printer, "BEGINS_AGAIN", message);
  }
  using transport = createTransport(options);
  const { head, destination } = await transfer({
    ...options,
    transport,
    signal,
    // An error page does not go into the file, and an unchanged file has no body.
    chooseDestination: (each) => (isFailure(each) || isUnchanged(each) ? output : body),
    resumable: body,
    onEvent: (event) => showEvent(event, run),
  });
  progress.end();
  if (file !== null && destination === file) {
    if (options.includeHeaders) await printer.print(headText(head));
    await file.finish();
    return file;
  }
  await output.finish();
  if (isFailure(head)) throw statusError(head);
  if (isUnchanged(head)) await notify(printer, "UNCHANGED", `${head.url.host}: not changed`);
  else digest?.check();
  return null;
}

async function getHttp09(options: GetOptions, run: Run): Promise<FileDestination | null> {
  const { file, output, body, digest, progress, signal } = run;
  const { url } = options.request;
  // HTTP/0.9 has neither status nor headers.
  const head = { url, version: "0.9", status: 200, statusText: "", headers: [], raw: "" };
  await body.begin(head, 0, null);
  const maxBytes = options.maxBytes ?? HTTP09_MAX_BYTES;
  let received = 0;
  for await (const chunk of fetchHttp09(url, { ...options, maxBytes, signal })) {
    received += chunk.length;
    progress.update("received", received, null);
    await body.write(chunk);
  }
  progress.end();
  if (file === null) {
    await output.finish();
    digest?.check();
  } else {
    await file.finish();
  }
  return file;
}

/** The response to If-None-Match or If-Modified-Since (RFC 9110 s. 15.4.5). */
function isUnchanged({ status }: ResponseHead): boolean {
  return status === 304;
}

function withDigest(output: Destination, digest: Digest): Destination {
  return {
    ...output,
    async write(bytes) {
      digest.update(bytes);
      await output.write(bytes);
    },
  };
}

function showEvent(event: TransferEvent, { printer, progress, verbose }: Run): void {
  const show = (code: string, message: string) => {
    progress.erase();
    void notify(printer, code, message);
  };
  switch (event.type) {
    case "sent":
      return progress.update("sent", event.sent, event.total);
    case "connected":
    case "interim":
      return;
    case "progress":
      return progress.update("received", event.received, event.total);
    case "request":
      progress.erase();
      if (verbose) void printer.answer([requestText(event.head)]);
      return;
    case "response":
      // The body may be printed on the same terminal.
      progress.erase();
      if (verbose) void printer.answer([responseText(event.head)]);
      return;
    case "redirect":
      if (verbose) show("REDIRECT", `redirected to ${shownUrl(event.to)}`);
      return;
    case "retry":
      return show(
        "RETRY",
        `${event.cause.message}; trying again in ${formatSeconds(event.wait / 1_000)}`,
      );
    case "unknown-coding":
      return show(
        "UNKNOWN_CODING",
        `the body is in the coding ${JSON.stringify(event.coding)}, which charla does not know: it is passed on as it is`,
      );
    case "restart":
      return show(
        "BEGINS_AGAIN",
        `the server cannot continue after ${formatBytes(event.bytes)}, or the file has changed; fetching everything`,
      );
  }
}

/** After a failure: what is left, and how to resume it. */
async function keepOrRemovePart(
  file: FileDestination,
  error: unknown,
  printer: Printer,
): Promise<void> {
  if (file.length === 0 || (error instanceof CharlaError && NOT_RESUMABLE.has(error.code))) {
    return file.remove();
  }
  const isResumable = file.resumePoint() !== null;
  await printer.event({
    type: "notice",
    code: "PART",
    message: `${formatBytes(file.length)} are in ${file.path}`,
    hint: isResumable
      ? "the same command with --resume fetches the rest"
      : "this server cannot resume; the next try starts from the beginning",
  });
}

function notify(printer: Printer, code: string, message: string): Promise<void> {
  return printer.event({ type: "notice", code, message });
}
