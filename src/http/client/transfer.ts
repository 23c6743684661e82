// A request carried through: redirects followed, failures that pass tried again, a body that broke off gone on
// with, and all of it unpacked into a destination. Knows no files and no screen.

import { CharlaError } from "../../errors.ts";
import { codingsOf, unpacked } from "./content-coding.ts";
import type { Answer, Head, Way } from "./exchange.ts";
import { endedEarly } from "./fetch-errors.ts";
import { follow, type FollowEvent } from "./follow.ts";
import { type Continuation, continued, rangeHeaders, validatorOf } from "./range.ts";
import { hasHeader, type Header, headerOf, type HttpRequest } from "./request.ts";
import { mayRetryError, mayRetryStatus, waitBeforeRetry } from "./retry.ts";
import { statusError } from "./status-error.ts";

/** Where a body goes. */
export interface Destination {
  /** What is there of it already; null to begin at the beginning. */
  continuation(): Continuation | null;
  /** Whether a body can still be taken from its beginning. */
  canBeginAgain(): boolean;
  /**
   * A body begins, `from` bytes into it.
   *
   * @param validator with which to go on one day; null when there is no way to
   */
  begin(head: Head, from: number, validator: string | null): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
}

export type TransferEvent =
  | FollowEvent
  | { readonly type: "retry"; readonly after: number; readonly why: CharlaError }
  /** What was there is of no use, and all of it is fetched. */
  | { readonly type: "again"; readonly bytes: number }
  /** Bytes on the way, packed as they are; `total` is null where the server does not say. */
  | { readonly type: "progress"; readonly received: number; readonly total: number | null };

export interface Transfer extends Way {
  readonly request: HttpRequest;
  readonly retries: number;
  /** Bytes of the body, unpacked, that are too many; null for no bound. */
  readonly maxBytes: number | null;
  /** Which destination an answer's body goes to: one that failed need not go where a file is wanted. */
  readonly destinationOf: (head: Head) => Destination;
  /** Where one may go on from; the rest of an answer goes there. */
  readonly resumes: Destination | null;
  readonly onEvent: (event: TransferEvent) => void;
}

/** The last answer, and where its body is. */
export interface Transferred {
  readonly head: Head;
  readonly destination: Destination;
}

/**
 * Resolves with the last answer, whatever its status, when its body is where it was to go.
 *
 * @throws {CharlaError}
 */
export async function transfer(options: Transfer): Promise<Transferred> {
  const { retries, request, resumes } = options;
  for (let tries = 1; ; tries += 1) {
    const isLast = tries > retries;
    try {
      const done = await once(options, isLast ? null : tries);
      if (!("wait" in done)) return done;
      await pause(options, done.wait, done.why);
    } catch (error) {
      const goesOn = resumes === null || resumes.canBeginAgain() || resumes.continuation() !== null;
      if (isLast || !goesOn || options.signal.aborted) throw error;
      if (!(error instanceof CharlaError) || !mayRetryError(request.method, error)) throw error;
      const wait = waitBeforeRetry(tries, null, Date.now(), Math.random());
      if (wait === null) throw error;
      await pause(options, wait, error);
    }
  }
}

interface TryAgain {
  /** ms */
  readonly wait: number;
  readonly why: CharlaError;
}

/** @param tries how many there were with this one; null when no other may follow */
async function once(options: Transfer, tries: number | null): Promise<Transferred | TryAgain> {
  const { resumes, request } = options;
  let continuation = resumes?.continuation() ?? null;
  for (;;) {
    const range = continuation === null ? [] : rangeHeaders(continuation);
    const answer = await follow(
      { ...request, headers: [...request.headers, ...range] },
      options,
      options.onEvent,
    );
    const wait = tries === null ? null : waitAfter(answer, request.method, tries);
    if (wait !== null) {
      await answer.discard();
      return { wait, why: statusError(answer) };
    }
    if (continuation === null || resumes === null) return take(options, answer, 0, null);
    let next = continued(continuation, answer);
    // A part of what is packed is no part of what is there.
    if (next.kind === "rest" && codings(request, answer).length > 0) next = { kind: "again" };
    switch (next.kind) {
      case "rest":
        return take(options, answer, continuation.from, next.total);
      case "complete":
        await answer.discard();
        await resumes.begin(answer, continuation.from, continuation.validator);
        return { head: answer, destination: resumes };
      case "whole":
        if (answer.status < 400) refuseOrTellAgain(options, continuation);
        return take(options, answer, 0, null);
      case "again":
        await answer.discard();
        refuseOrTellAgain(options, continuation);
        continuation = null;
    }
  }
}

/** ms; null for an answer to be content with. */
function waitAfter({ status, headers }: Head, method: string, tries: number): number | null {
  if (!mayRetryStatus(method, status)) return null;
  return waitBeforeRetry(tries, headerOf(headers, "retry-after"), Date.now(), Math.random());
}

function refuseOrTellAgain({ resumes, onEvent }: Transfer, { from }: Continuation): void {
  if (resumes?.canBeginAgain() === false) {
    throw new CharlaError(
      "CONNECTION_LOST",
      "the connection broke off, and the server does not go on where it was",
      "fetch it into a file: -o FILE",
    );
  }
  onEvent({ type: "again", bytes: from });
}

/** @param size of the whole, as a range tells it */
async function take(
  options: Transfer,
  answer: Answer,
  from: number,
  size: number | null,
): Promise<Transferred> {
  const { request, maxBytes, signal, onEvent } = options;
  try {
    // Headers alone: a coding is of the body that is not there.
    const formats = answer.body === null ? [] : codings(request, answer);
    const length = lengthOf(answer.headers);
    const total = size ?? (length === null ? null : from + length);
    if (formats.length === 0 && answer.body !== null) checkLength(total, maxBytes);
    const validator =
      formats.length === 0 && mayContinue(request) ? validatorOf(answer.headers) : null;
    const destination = options.destinationOf(answer);
    await destination.begin(answer, from, validator);
    let taken = from;
    if (answer.body === null) return { head: answer, destination };
    for await (const chunk of unpacked(answer.body, formats)) {
      signal.throwIfAborted();
      onEvent({ type: "progress", received: from + answer.received, total });
      const room = maxBytes === null ? chunk.length : maxBytes - taken;
      if (chunk.length > room) {
        await destination.write(chunk.subarray(0, room));
        throw tooLong(maxBytes);
      }
      await destination.write(chunk);
      taken += chunk.length;
    }
    if (size !== null) checkEnd(answer, taken, size);
    return { head: answer, destination };
  } catch (error) {
    await answer.discard();
    if (signal.aborted) throw signal.reason;
    if (error instanceof TypeError) throw badlyPacked(answer, error);
    throw error;
  }
}

function codings(request: HttpRequest, { headers }: Head): ReturnType<typeof codingsOf> {
  const asked = headerOf(request.headers, "accept-encoding");
  return codingsOf(headers, asked !== null && asked !== "identity");
}

/** A range is of what GET gives (RFC 9110 s. 14.2), and there is but one in a request. */
function mayContinue({ method, headers }: HttpRequest): boolean {
  return method === "GET" && !hasHeader(headers, "range");
}

function lengthOf(headers: readonly Header[]): number | null {
  const written = headerOf(headers, "content-length");
  return written !== null && /^\d{1,15}$/.test(written) ? Number(written) : null;
}

function checkLength(length: number | null, maxBytes: number | null): void {
  if (length !== null && maxBytes !== null && length > maxBytes) throw tooLong(maxBytes);
}

function tooLong(maxBytes: number | null): CharlaError {
  return new CharlaError(
    "BODY_TOO_LONG",
    `the body is longer than ${maxBytes} bytes`,
    "--max-bytes N takes more",
  );
}

function badlyPacked({ url }: Head, cause: TypeError): CharlaError {
  return new CharlaError(
    "BAD_RESPONSE",
    `the body from ${url.host} cannot be unpacked: ${cause.message}`,
    'ask for it as it is: -H "Accept-Encoding: identity"',
    { cause },
  );
}

/** A range that is sent in chunks has an end of its own, which need not be where it says. */
function checkEnd({ url }: Head, taken: number, size: number): void {
  if (taken < size) throw endedEarly(url);
  if (taken === size) return;
  throw new CharlaError(
    "BAD_RESPONSE",
    `${url.host} sends more than it says: ${taken} bytes in all, and not ${size}`,
    "fetch all of it, without --resume",
  );
}

async function pause({ signal, onEvent }: Transfer, wait: number, why: CharlaError): Promise<void> {
  onEvent({ type: "retry", after: wait, why });
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, wait);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
