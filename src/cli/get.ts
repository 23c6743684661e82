// `charla get URL`: its body on stdout or in a file, everything else on stderr.

import { CharlaError, type ErrorCode } from "../errors.ts";
import { BARE_MAX_BYTES, bareRequest } from "../http/client/bare-request.ts";
import { createDigest, type Digest } from "../http/client/digest.ts";
import type { Head } from "../http/client/exchange.ts";
import { type FileDestination, openFileDestination } from "../http/client/file-destination.ts";
import { statusError } from "../http/client/status-error.ts";
import { type Destination, transfer, type TransferEvent } from "../http/client/transfer.ts";
import { shownUrl } from "../http/client/url.ts";
import type { Io } from "../terminal/io.ts";
import { createPresenter, type Presenter } from "../terminal/presenter.ts";
import { formatBytes, formatSeconds } from "./get/amounts.ts";
import { type Asked, readAsked } from "./get/get-options.ts";
import { answerText, headText, requestText } from "./get/head-text.ts";
import { createProgressLine, type ProgressLine } from "./get/progress-line.ts";
import { createStandardOutput } from "./get/standard-output.ts";
import type { CommandLine } from "./options.ts";
import { presentation } from "./presentation.ts";

/** What leaves a part of no use: more of the same would be as wrong. */
const USELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BODY_TOO_LONG",
  "BAD_RESPONSE",
  "CHECKSUM_WRONG",
]);

/** @returns the exit status */
export async function get(commandLine: CommandLine, io: Io): Promise<number> {
  const asked = await readAsked(commandLine, io);
  const { quiet, verbose } = presentation(commandLine);
  const presenter = createPresenter(io, { json: false, quiet, verbose });
  const { signal } = io;
  const digest = asked.sha256 === null ? null : createDigest(asked.sha256);
  await using file = await openFile(asked, digest);
  const toScreen = file === null && io.stdout.isTTY === true;
  const sent = io.stderr.isTTY === true && !quiet;
  // A body on the screen shows itself how far it is.
  const progress = createProgressLine(io.stderr, { sent, received: sent && !toScreen });
  const start = performance.now();
  try {
    const work = asked.bare ? getBare : getWhole;
    const kept = await work(asked, { io, file, digest, presenter, progress, verbose, signal });
    progress.end();
    if (kept !== null) {
      const seconds = (performance.now() - start) / 1_000;
      const took = seconds < 60 ? `${seconds.toFixed(1)} s` : formatSeconds(seconds);
      await tell(
        presenter,
        "SAVED",
        `${asked.file} has it: ${formatBytes(kept.length)} in ${took}`,
      );
    }
    return 0;
  } catch (error) {
    progress.end();
    if (file !== null) await tellOfPart(file, error, presenter);
    if (signal.aborted) throw signal.reason;
    // Who reads has seen enough, as `head` has.
    if (error instanceof CharlaError && error.code === "STDOUT_CLOSED") return 0;
    throw error;
  }
}

interface Work {
  readonly io: Io;
  readonly file: FileDestination | null;
  readonly digest: Digest | null;
  readonly presenter: Presenter;
  readonly progress: ProgressLine;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

async function openFile(asked: Asked, digest: Digest | null): Promise<FileDestination | null> {
  const { file, isNamedByUrl, resume, request } = asked;
  if (file === null || file === "-") return null;
  const url = shownUrl(request.url);
  return openFileDestination({ file, followsLink: !isNamedByUrl, url, resume, digest });
}

/** Resolves with the file that the body is in, if it is in one. */
async function getWhole(asked: Asked, work: Work): Promise<FileDestination | null> {
  const { io, file, digest, presenter, progress, signal } = work;
  const output = createStandardOutput(io, { heads: asked.heads, raw: asked.file === "-" });
  const checked = digest === null ? output : digested(output, digest);
  const isFailure = ({ status }: Head) => asked.fail && status >= 400;
  if (file !== null && file.unusable > 0) {
    await tell(
      presenter,
      "BEGINS_AGAIN",
      `${file.path} cannot be gone on with: it is of something else; fetching all of it`,
    );
  }
  const { head, destination } = await transfer({
    request: asked.request,
    retries: asked.retries,
    maxBytes: asked.maxBytes,
    timeout: asked.timeout,
    insecure: asked.insecure,
    ca: asked.ca,
    signal,
    // The body of a failure is no part of a file that was asked for, and what has not changed has none.
    destinationOf: (its) => (isFailure(its) || isUnchanged(its) ? output : (file ?? checked)),
    resumes: file ?? checked,
    onEvent: (event) => onEvent(event, work),
  });
  progress.end();
  if (file !== null && destination === file) {
    if (asked.heads) await presenter.print(headText(head));
    await file.finish();
    return file;
  }
  await output.finish();
  if (isFailure(head)) throw statusError(head);
  if (isUnchanged(head)) {
    await tell(presenter, "UNCHANGED", `${head.url.host} says that it has not changed`);
    return null;
  }
  digest?.check();
  return null;
}

async function getBare(asked: Asked, work: Work): Promise<FileDestination | null> {
  const { io, file, digest, progress, signal } = work;
  const { url } = asked.request;
  const output = createStandardOutput(io, { heads: false, raw: asked.file === "-" });
  const destination = file ?? (digest === null ? output : digested(output, digest));
  // There was no status: whatever comes is the body.
  await destination.begin({ url, status: 200, statusText: "", headers: [] }, 0, null);
  const maxBytes = asked.maxBytes ?? BARE_MAX_BYTES;
  let received = 0;
  for await (const chunk of bareRequest(url, { maxBytes, timeout: asked.timeout, signal })) {
    received += chunk.length;
    progress.see("received", received, null);
    await destination.write(chunk);
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

/** As who asks with If-None-Match or If-Modified-Since is told (RFC 9110 s. 15.4.5). */
function isUnchanged({ status }: Head): boolean {
  return status === 304;
}

function digested(output: Destination, digest: Digest): Destination {
  return {
    continuation: () => output.continuation(),
    canBeginAgain: () => output.canBeginAgain(),
    begin: (head, from, validator) => output.begin(head, from, validator),
    async write(bytes) {
      digest.update(bytes);
      await output.write(bytes);
    },
  };
}

function onEvent(event: TransferEvent, { presenter, progress, verbose }: Work): void {
  const say = (code: string, message: string) => {
    progress.erase();
    void tell(presenter, code, message);
  };
  switch (event.type) {
    case "sent":
      return progress.see("sent", event.sent, event.total);
    case "progress":
      return progress.see("received", event.received, event.total);
    case "request":
      progress.erase();
      if (verbose) void presenter.answer([requestText(event.request)]);
      return;
    case "answer":
      // Its body may come out on the same terminal.
      progress.erase();
      if (verbose) void presenter.answer([answerText(event.head)]);
      return;
    case "redirect":
      if (verbose) say("REDIRECT", `redirected to ${shownUrl(event.to)}`);
      return;
    case "retry":
      return say(
        "RETRY",
        `${event.why.message}; trying again in ${formatSeconds(event.after / 1_000)}`,
      );
    case "again":
      return say(
        "BEGINS_AGAIN",
        `the server has no rest after ${formatBytes(event.bytes)}, or it has changed; fetching all of it`,
      );
  }
}

/** What is there after a failure, and how to go on with it. */
async function tellOfPart(
  file: FileDestination,
  error: unknown,
  presenter: Presenter,
): Promise<void> {
  if (file.length === 0 || (error instanceof CharlaError && USELESS.has(error.code))) {
    return file.remove();
  }
  const message = `${formatBytes(file.length)} of it are in ${file.path}`;
  const isResumable = file.continuation() !== null;
  await presenter.event({
    type: "notice",
    code: "PART",
    message,
    hint: isResumable
      ? "the same command with --resume goes on with it"
      : "the server gives no way to go on with it; it will be fetched from the beginning",
  });
}

function tell(presenter: Presenter, code: string, message: string): Promise<void> {
  return presenter.event({ type: "notice", code, message });
}
