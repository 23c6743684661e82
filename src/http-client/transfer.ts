// A request carried through: redirects followed, failures that pass tried again, a body that broke off gone on
// with, and all of it unpacked into a destination. Knows no files and no screen.

import { CharlaError } from "../errors.ts";
import { codingsOf, unpacked } from "./content-coding.ts";
import { type Answer, exchange, type Way } from "./exchange.ts";
import { type Continuation, continued, rangeHeaders, validatorOf } from "./range.ts";
import { MAX_REDIRECTS, redirected } from "./redirect.ts";
import { type Header, headerOf, type HttpRequest } from "./request.ts";
import { isIdempotent, isPassingError, isPassingStatus, waitBeforeRetry } from "./retry.ts";

/** What an answer says before its body. */
export type Head = Pick<Answer, "url" | "status" | "statusText" | "headers">;

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
  | { readonly type: "request"; readonly request: HttpRequest }
  | { readonly type: "answer"; readonly head: Head }
  | { readonly type: "redirect"; readonly status: number; readonly to: URL }
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

/**
 * Resolves with the last answer's head, whatever its status, when its body is where it was to go.
 *
 * @throws {CharlaError}
 */
export async function transfer(options: Transfer): Promise<Head> {
  const { retries, request, resumes } = options;
  for (let tries = 1; ; tries += 1) {
    const mayRetry = tries <= retries && isIdempotent(request.method);
    try {
      const head = await once(options, mayRetry);
      if (!("retryAfter" in head)) return head;
      await pause(options, tries, head.retryAfter, head.why);
    } catch (error) {
      const passes = error instanceof CharlaError && isPassingError(error);
      const goesOn = resumes === null || resumes.canBeginAgain() || resumes.continuation() !== null;
      if (!mayRetry || !passes || !goesOn || options.signal.aborted) throw error;
      await pause(options, tries, null, error);
    }
  }
}

interface TryAgain {
  readonly retryAfter: string | null;
  readonly why: CharlaError;
}

async function once(options: Transfer, mayRetry: boolean): Promise<Head | TryAgain> {
  let continuation = options.resumes?.continuation() ?? null;
  for (;;) {
    const answer = await follow(options, continuation);
    if (mayRetry && isPassingStatus(answer.status)) {
      await answer.discard();
      return { retryAfter: headerOf(answer.headers, "retry-after"), why: statusError(answer) };
    }
    if (continuation === null) return take(options, answer, 0, null);
    const next = continued(continuation, answer);
    switch (next.kind) {
      case "rest":
        return take(options, answer, continuation.from, next.total);
      case "complete":
        await answer.discard();
        await options.resumes?.begin(answer, continuation.from, continuation.validator);
        return answer;
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

async function follow(options: Transfer, continuation: Continuation | null): Promise<Answer> {
  let { request } = options;
  if (continuation !== null) {
    request = { ...request, headers: [...request.headers, ...rangeHeaders(continuation)] };
  }
  for (let redirects = 0; ; redirects += 1) {
    options.onEvent({ type: "request", request });
    const answer = await exchange(request, options);
    options.onEvent({ type: "answer", head: answer });
    let next: HttpRequest | null;
    try {
      next = redirected(request, answer.status, headerOf(answer.headers, "location"));
    } catch (error) {
      await answer.discard();
      throw error;
    }
    if (next === null) return answer;
    await answer.discard();
    if (redirects === MAX_REDIRECTS) {
      throw new CharlaError(
        "TOO_MANY_REDIRECTS",
        `the server redirects more than ${MAX_REDIRECTS} times`,
        "it may want a cookie or a login; charla get -v shows where it leads",
      );
    }
    options.onEvent({ type: "redirect", status: answer.status, to: next.url });
    request = next;
  }
}

/** @param size of the whole, as a range tells it */
async function take(
  options: Transfer,
  answer: Answer,
  from: number,
  size: number | null,
): Promise<Head> {
  const { request, maxBytes, signal, onEvent } = options;
  try {
    // Headers alone: a coding is of the body that is not there.
    const codings = answer.body === null ? [] : codingsOf(answer.headers, asksForCodings(request));
    const length = lengthOf(answer.headers);
    const total = size ?? (length === null ? null : from + length);
    if (codings.length === 0 && answer.body !== null) checkLength(total, maxBytes);
    const validator = codings.length === 0 ? validatorOf(answer.headers) : null;
    const destination = options.destinationOf(answer);
    await destination.begin(answer, from, validator);
    let received = from;
    let taken = from;
    const count = ({ length }: Uint8Array) => {
      received += length;
      onEvent({ type: "progress", received, total });
    };
    if (answer.body === null) return answer;
    for await (const chunk of unpacked(answer.body, codings, count)) {
      signal.throwIfAborted();
      const room = maxBytes === null ? chunk.length : maxBytes - taken;
      if (chunk.length > room) {
        await destination.write(chunk.subarray(0, room));
        throw tooLong(maxBytes);
      }
      await destination.write(chunk);
      taken += chunk.length;
    }
    return answer;
  } catch (error) {
    await answer.discard();
    if (signal.aborted) throw signal.reason;
    if (error instanceof TypeError) throw badlyPacked(answer, error);
    throw error;
  }
}

function asksForCodings({ headers }: HttpRequest): boolean {
  const asked = headerOf(headers, "accept-encoding");
  return asked !== null && asked !== "identity";
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

/** What an answer of 400 or more says. */
export function statusError({ status, statusText, url }: Head): CharlaError {
  const phrase = statusText === "" ? "" : ` ${statusText}`;
  return new CharlaError(
    "HTTP_STATUS",
    `${url.host} answers ${status}${phrase}`,
    statusHint(status),
  );
}

function statusHint(status: number): string {
  if (status === 401) return "-u USER:PASSWORD says who you are";
  if (status === 403) return "the server does not let you; -u USER:PASSWORD may help";
  if (status === 404 || status === 410) return "check the path";
  if (isPassingStatus(status)) return "try again later, or with --retry 3";
  return "the body may say why; --no-fail makes it no error";
}

async function pause(
  { signal, onEvent }: Transfer,
  tries: number,
  retryAfter: string | null,
  why: CharlaError,
): Promise<void> {
  const wait = waitBeforeRetry(tries, retryAfter, Date.now(), Math.random());
  if (wait === null) throw why;
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
