// One URL of `charla get`, from the request to the file or the screen that its body goes to.

import { resolve } from "node:path";

import { CharlaError, type ErrorCode } from "../../errors.ts";
import type { Authorization } from "../../http/client/authorization.ts";
import type { CookieJar } from "../../http/client/cookies.ts";
import {
  type Checksum,
  type Destination,
  type FileDestination,
} from "../../http/client/destination.ts";
import type { ResponseHead, Transport } from "../../http/client/exchange.ts";
import { statusError } from "../../http/client/fetch-errors.ts";
import { suggestedFileName } from "../../http/client/file-name.ts";
import { transfer, type TransferEvent } from "../../http/client/transfer.ts";
import { shownUrl } from "../../http/client/url.ts";
import type { Io } from "../../terminal/io.ts";
import type { Printer } from "../../terminal/printer.ts";
import { visibleLine } from "../../terminal/visible-text.ts";
import { formatBytes, formatSeconds } from "../amounts.ts";
import { connectionText, headText, requestText, responseText, timesText } from "./display.ts";
import type { GetOptions, Target } from "./get-options.ts";
import type { Progress } from "./progress.ts";
import { collectBody, reportText } from "./report.ts";
import { createStandardOutput, type StandardOutput } from "./standard-output.ts";

/** Failures after which the part of a file is removed: resuming it would lead to the same failure. */
const NOT_RESUMABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BODY_TOO_LONG",
  "BAD_RESPONSE",
  "CHECKSUM_WRONG",
]);

/** What all URLs of one command share. */
export interface Run {
  readonly io: Io;
  readonly options: GetOptions;
  readonly transport: Transport;
  readonly cookies: CookieJar;
  readonly printer: Printer;
  readonly progress: Progress;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

/** Saves or prints the body, and says what was saved. @throws {CharlaError} or the reason of the signal */
export async function fetchTarget(target: Target, run: Run): Promise<void> {
  const { io, options, printer, progress, signal } = run;
  const checksum = await openChecksum(options.sha256);
  const files = createFiles(target, options, io.cwd, checksum);
  using opened = files;
  const { includeHeaders } = options;
  const output = createStandardOutput(io, { includeHeaders, raw: target.file === "-" });
  const start = performance.now();
  try {
    if (!options.isNamedByServer) await files.open(null);
    const fetch = options.http09 ? getHttp09 : getHttp;
    const saved = await fetch(target, { ...run, files, output, checksum, start });
    progress.erase();
    if (saved === null || options.report) return;
    const seconds = (performance.now() - start) / 1_000;
    const duration = seconds < 60 ? `${seconds.toFixed(1)} s` : formatSeconds(seconds);
    const size = formatBytes(saved.length);
    await notify(printer, "SAVED", `saved ${saved.savedAs}: ${size} in ${duration}`);
  } catch (error) {
    progress.erase();
    if (opened.current !== null) await keepOrRemovePart(opened.current, error, printer);
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}

// What few requests need is loaded by those.

async function openChecksum(expected: string | null): Promise<Checksum | null> {
  if (expected === null) return null;
  return (await import("../../http/client/checksum.ts")).createChecksum(expected);
}

async function openAuthorization(logins: GetOptions["logins"]): Promise<Authorization | null> {
  if (logins === null) return null;
  return (await import("../../http/client/authorization.ts")).createAuthorization(logins);
}

interface TargetRun extends Run {
  readonly files: Files;
  readonly output: StandardOutput;
  readonly checksum: Checksum | null;
  /** As `performance.now()` counts. */
  readonly start: number;
}

type Files = ReturnType<typeof createFiles>;

/** The file of a target, once it has a name: the server may choose it. */
function createFiles(
  { file, request }: Target,
  { isNamedByUrl, isNamedByServer, keepsTime, resume }: GetOptions,
  cwd: string,
  checksum: Checksum | null,
) {
  let current: FileDestination | null = null;
  return {
    get current() {
      return current;
    },
    /** Null if the body goes to stdout. @param head with a name; null for that of the command line */
    async open(head: ResponseHead | null): Promise<FileDestination | null> {
      if (file === null || file === "-") return null;
      const name = (head === null ? null : suggestedFileName(head.headers)) ?? file;
      const { openFileDestination } = await import("../../http/client/file-destination.ts");
      current ??= openFileDestination({
        file: resolve(cwd, name),
        name,
        followsLink: !isNamedByUrl,
        url: shownUrl(request.url),
        resume,
        checksum,
        neverReplaces: isNamedByServer,
        keepsTime,
      });
      return current;
    },
    [Symbol.dispose]: () => current?.[Symbol.dispose](),
  };
}

/** Resolves with the file that the body was saved in, or null. */
async function getHttp(target: Target, run: TargetRun): Promise<FileDestination | null> {
  const { options, files, output, checksum, printer, progress, start, verbose } = run;
  const isFailure = ({ status }: ResponseHead) => options.fail && status >= 400;
  const unusable = files.current?.unusable ?? 0;
  if (files.current !== null && unusable > 0) {
    const message = `cannot resume ${files.current.path}: it is part of something else; fetching everything`;
    await notify(printer, "BEGINS_AGAIN", message);
  }
  const collected = options.report ? collectBody() : null;
  const printed = collected?.destination ?? output;
  const toStdout = checksum === null ? printed : withChecksum(printed, checksum);
  const redirects: URL[] = [];
  const { head, destination } = await transfer({
    ...options,
    ...run,
    request: target.request,
    authorization: await openAuthorization(options.logins),
    // An error page does not go into the file, and an unchanged file has no body.
    chooseDestination: async (each) => {
      if (isFailure(each)) return options.hidesFailures ? NOWHERE : printed;
      return isUnchanged(each) ? printed : ((await files.open(each)) ?? toStdout);
    },
    resumable: options.isNamedByServer ? null : (files.current ?? toStdout),
    onEvent: (event) => {
      if (event.type === "redirect") redirects.push(event.to);
      showEvent(event, run);
    },
  });
  progress.erase();
  const total = performance.now() - start;
  if (verbose) {
    const trailers = head.trailers.map(([name, value]) => `< ${visibleLine(`${name}: ${value}`)}`);
    await printer.answer([...trailers, timesText(head.times, total)]);
  }
  const file = files.current;
  const isSaved = file !== null && destination === file;
  if (isSaved) {
    if (options.includeHeaders) await printer.print(headText(head));
    await file.finish();
  } else if (collected === null) await output.finish();
  if (collected !== null) {
    const { method } = target.request;
    const body = isSaved ? null : collected.bytes();
    const name = isSaved ? file.savedAs : null;
    await printer.print(reportText({ response: head, method, redirects, total, file: name, body }));
  }
  if (isSaved) return file;
  if (isFailure(head)) throw statusError(head, options.hasLogin);
  if (isUnchanged(head)) await notify(printer, "UNCHANGED", `${head.url.host}: not changed`);
  else checksum?.check();
  return null;
}

async function getHttp09(target: Target, run: TargetRun): Promise<FileDestination | null> {
  const { options, files, output, checksum, progress, signal } = run;
  const { url } = target.request;
  const file = files.current;
  const body = file ?? (checksum === null ? output : withChecksum(output, checksum));
  // HTTP/0.9 has neither status nor headers.
  const head = { url, version: "0.9", status: 200, statusText: "", headers: [], raw: "" };
  await body.begin(head, 0, null);
  const { fetchHttp09, HTTP09_MAX_BYTES } = await import("../../http/client/http09.ts");
  const maxBytes = options.maxBytes ?? HTTP09_MAX_BYTES;
  let received = 0;
  for await (const chunk of fetchHttp09(url, { ...options.connection, maxBytes, signal })) {
    received += chunk.length;
    progress.update("received", received, null);
    await body.write(chunk);
  }
  progress.erase();
  if (file === null) {
    await output.finish();
    checksum?.check();
  } else {
    await file.finish();
  }
  return file;
}

/** Where the body of a failure goes that nobody wants to see. */
const NOWHERE: Destination = {
  resumePoint: () => null,
  canRestart: () => true,
  async begin() {},
  async write() {},
};

/** The response to If-None-Match or If-Modified-Since (RFC 9110 s. 15.4.5). */
function isUnchanged({ status }: ResponseHead): boolean {
  return status === 304;
}

function withChecksum(output: Destination, checksum: Checksum): Destination {
  return {
    ...output,
    async write(bytes) {
      checksum.update(bytes);
      await output.write(bytes);
    },
  };
}

function showEvent(event: TransferEvent, { printer, progress, verbose }: Run): void {
  const show = (code: string, message: string) => {
    progress.erase();
    void notify(printer, code, message);
  };
  const detail = (text: string) => {
    // The body may be printed on the same terminal.
    progress.erase();
    if (verbose) void printer.answer([text]);
  };
  switch (event.type) {
    case "sent":
      return progress.update("sent", event.sent, event.total);
    case "progress":
      return progress.update("received", event.received, event.total);
    case "connected":
      return detail(connectionText(event.connection));
    case "request":
      return detail(requestText(event.head));
    case "interim":
    case "response":
      return detail(responseText(event.head));
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
