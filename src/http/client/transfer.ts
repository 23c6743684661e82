// Carries out a request: follows redirects, retries temporary failures, resumes a body that was interrupted, and
// decompresses it into a destination. Knows neither files nor the screen.

import { CharlaError } from "../../errors.ts";
import { hasHeader, headerValue } from "../header-fields.ts";
import { type Codings, codingsOf, decompress, MalformedCoding } from "./content-coding.ts";
import type { Destination } from "./destination.ts";
import type { HttpResponse, ResponseHead } from "./exchange.ts";
import {
  endedEarly,
  mayRetryError,
  mayRetryStatus,
  otherProtocol,
  statusError,
  waitBeforeRetry,
} from "./fetch-errors.ts";
import { type FollowEvent, type FollowOptions, followRedirects } from "./redirects.ts";
import type { HttpRequest } from "./request.ts";
import { rangeHeaders, resumeOutcome, type ResumePoint, resumeValidator } from "./resume.ts";

export type TransferEvent =
  | FollowEvent
  /** `wait` in ms. */
  | { readonly type: "retry"; readonly wait: number; readonly cause: CharlaError }
  /** What was there, `bytes` long, cannot be resumed: everything is fetched. */
  | { readonly type: "restart"; readonly bytes: number }
  /** The body is in a coding that charla doesn't know, and is passed on in it. */
  | { readonly type: "unknown-coding"; readonly coding: string }
  /** Bytes received, still compressed; `total` is null if the server does not say. */
  | { readonly type: "progress"; readonly received: number; readonly total: number | null };

export interface TransferOptions extends FollowOptions {
  readonly request: HttpRequest;
  /** How often to try again after a temporary failure. */
  readonly retries: number;
  /** Bytes of the decompressed body beyond which it is an error; null for no limit. */
  readonly maxBytes: number | null;
  /** Where the body of a response goes; an error page need not go into the file. */
  readonly chooseDestination: (head: ResponseHead) => Destination | Promise<Destination>;
  /** The destination that may have a part of the body already; null if nothing is to be resumed. */
  readonly resumable: Destination | null;
  readonly onEvent: (event: TransferEvent) => void;
}

/** The last response, and where its body went. */
export interface Transferred {
  readonly head: HttpResponse;
  readonly destination: Destination;
}

/**
 * Resolves with the last response, whatever its status, once its body is at its destination.
 *
 * @throws {CharlaError}
 */
export async function transfer(options: TransferOptions): Promise<Transferred> {
  const { retries, request, resumable } = options;
  for (let tries = 1; ; tries += 1) {
    const isLast = tries > retries || request.body?.isOnce === true;
    try {
      const result = await attempt(options, isLast ? null : tries);
      if (!("wait" in result)) return result;
      await waitForRetry(options, result);
    } catch (error) {
      const canContinue =
        resumable === null || resumable.canRestart() || resumable.resumePoint() !== null;
      if (isLast || !canContinue || options.signal.aborted) throw error;
      if (!(error instanceof CharlaError) || !mayRetryError(request.method, error)) throw error;
      const wait = waitBeforeRetry(tries, null, Date.now(), Math.random());
      if (wait === null) throw error;
      await waitForRetry(options, { wait, cause: error });
    }
  }
}

interface Retry {
  /** ms */
  readonly wait: number;
  readonly cause: CharlaError;
}

/** @param tries how many there were, with this one; null if no other may follow */
async function attempt(
  options: TransferOptions,
  tries: number | null,
): Promise<Transferred | Retry> {
  const { resumable, request } = options;
  let point = resumable?.resumePoint() ?? null;
  for (;;) {
    const range = point === null ? [] : rangeHeaders(point);
    const response = await followRedirects(
      { ...request, headers: [...request.headers, ...range] },
      options,
      options.onEvent,
    );
    if (response.status === 101) {
      response.discard();
      throw otherProtocol(response);
    }
    const wait = tries === null ? null : waitAfter(response, request.method, tries);
    if (wait !== null) {
      response.discard();
      return { wait, cause: statusError(response) };
    }
    if (point === null || resumable === null) return receive(options, response, 0, null);
    let outcome = resumeOutcome(point, response);
    // Part of a compressed body cannot follow part of the decompressed one.
    if (outcome.kind === "rest" && codingsFor(request, response).formats.length > 0) {
      outcome = { kind: "restart" };
    }
    switch (outcome.kind) {
      case "rest":
        return receive(options, response, point.from, outcome.total);
      case "complete":
        response.discard();
        await resumable.begin(response, point.from, point.validator);
        return { head: response, destination: resumable };
      case "whole":
        if (response.status < 400) announceRestart(options, point);
        return receive(options, response, 0, null);
      case "restart":
        response.discard();
        announceRestart(options, point);
        point = null;
    }
  }
}

/** ms to wait before trying again; null to take this response. */
function waitAfter({ status, headers }: ResponseHead, method: string, tries: number) {
  if (!mayRetryStatus(method, status)) return null;
  return waitBeforeRetry(tries, headerValue(headers, "retry-after"), Date.now(), Math.random());
}

/** @throws {CharlaError} CONNECTION_LOST: what was written cannot be taken back */
function announceRestart({ resumable, onEvent }: TransferOptions, { from }: ResumePoint): void {
  if (resumable?.canRestart() === false) {
    throw new CharlaError(
      "CONNECTION_LOST",
      "the connection was lost, and the server cannot continue where it stopped",
      "fetch it into a file: -o FILE",
    );
  }
  onEvent({ type: "restart", bytes: from });
}

/** @param size of the complete body, from a Content-Range; null if unknown */
async function receive(
  options: TransferOptions,
  response: HttpResponse,
  from: number,
  size: number | null,
): Promise<Transferred> {
  const { request, maxBytes, signal, onEvent } = options;
  const limit = maxBytes ?? Infinity;
  try {
    // The response to HEAD names the coding of a body that is not there.
    const { formats, unknown } =
      response.body === null ? NO_CODINGS : codingsFor(request, response);
    if (unknown !== null) onEvent({ type: "unknown-coding", coding: unknown });
    const length = contentLength(response);
    const total = size ?? (length === null ? null : from + length);
    if (formats.length === 0 && response.body !== null && total !== null && total > limit) {
      throw tooLong(maxBytes);
    }
    const validator =
      formats.length === 0 && isResumable(request) ? resumeValidator(response.headers) : null;
    const destination = await options.chooseDestination(response);
    await destination.begin(response, from, validator);
    let written = from;
    if (response.body === null) return { head: response, destination };
    for await (const chunk of decompress(response.body, formats)) {
      signal.throwIfAborted();
      onEvent({ type: "progress", received: from + response.received, total });
      if (chunk.length > limit - written) {
        await destination.write(chunk.subarray(0, limit - written));
        throw tooLong(maxBytes);
      }
      await destination.write(chunk);
      written += chunk.length;
    }
    if (size !== null) checkComplete(response, written, size);
    return { head: response, destination };
  } catch (error) {
    response.discard();
    if (signal.aborted) throw signal.reason;
    if (error instanceof MalformedCoding) throw malformedCompression(response, error);
    throw error;
  }
}

const NO_CODINGS: Codings = { formats: [], unknown: null };

function codingsFor(request: HttpRequest, { headers }: ResponseHead): Codings {
  const accepted = headerValue(request.headers, "accept-encoding");
  return codingsOf(headers, accepted !== null && accepted !== "identity");
}

/** Only GET has ranges (RFC 9110 s. 14.2), and a request can have only one. */
function isResumable({ method, headers }: HttpRequest): boolean {
  return method === "GET" && !hasHeader(headers, "range");
}

function contentLength({ headers }: ResponseHead): number | null {
  const written = headerValue(headers, "content-length");
  return written !== null && /^\d{1,15}$/.test(written) ? Number(written) : null;
}

function tooLong(maxBytes: number | null): CharlaError {
  return new CharlaError(
    "BODY_TOO_LONG",
    `the body is longer than ${maxBytes} bytes`,
    "allow more with --max-bytes N",
  );
}

function malformedCompression({ url }: ResponseHead, cause: MalformedCoding): CharlaError {
  return new CharlaError(
    "BAD_RESPONSE",
    `the body from ${url.host} cannot be decompressed: ${cause.message}`,
    'request it uncompressed: -H "Accept-Encoding: identity"',
    { cause },
  );
}

/** A range sent in chunks ends where the last chunk says, which may not be where Content-Range says. */
function checkComplete({ url }: ResponseHead, written: number, size: number): void {
  if (written < size) throw endedEarly(url);
  if (written === size) return;
  throw new CharlaError(
    "BAD_RESPONSE",
    `${url.host} sent more than it announced: ${written} bytes instead of ${size}`,
    "fetch the whole file, without --resume",
  );
}

async function waitForRetry(
  { signal, onEvent }: TransferOptions,
  { wait, cause }: Retry,
): Promise<void> {
  onEvent({ type: "retry", wait, cause });
  const { setTimeout: sleep } = await import("node:timers/promises");
  await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
}
