// What can go wrong with a request, in words for a person (from the codes of the runtime's sockets and TLS, and from statuses
// of 400 and more), and whether and when to try again. Pure: time and randomness are arguments.

import { backoff } from "../../backoff.ts";
import { CharlaError, describeCause, type ErrorCode, systemCode } from "../../errors.ts";
import { type Header, headerValue, parseHttpDate } from "../header-fields.ts";
import { challengesOf } from "./challenge.ts";
import type { ResponseHead } from "./exchange.ts";
import { isIdempotent } from "./request.ts";

/** BoringSSL's and Node.js's codes for what is wrong with a certificate. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "is signed by an unknown authority with a self-signed certificate",
  UNABLE_TO_GET_ISSUER_CERT: "is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "is signed by an unknown authority",
  CERT_UNTRUSTED: "is signed by an authority that is not trusted",
  INVALID_CA: "is signed by a certificate that is not an authority's",
  CERT_REJECTED: "is not for this purpose",
  CERT_REVOKED: "was revoked",
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  CERT_SIGNATURE_FAILURE: "is not signed by the authority that it names",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another host",
  HOSTNAME_MISMATCH: "is for another host",
};

const EXPIRY = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
const NAME = new Set(["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"]);

const UNREACHABLE = new Set([
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
  "EADDRNOTAVAIL",
  "EACCES",
  "EPERM",
]);

/** @param url safe to show: without credentials */
export function describeFetchError(cause: unknown, url: URL): CharlaError {
  if (cause instanceof CharlaError) return cause;
  const code = systemCode(cause);
  const describe = (errorCode: ErrorCode, message: string, hint: string) =>
    new CharlaError(errorCode, message, hint, { cause });
  const certificate = CERTIFICATE[code];
  if (certificate !== undefined) {
    return describe(
      "CERTIFICATE_NOT_TRUSTED",
      `the certificate of ${url.host} ${certificate}`,
      certificateHint(code),
    );
  }
  if (code === "ECONNREFUSED") {
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    return describe(
      "NOBODY_LISTENING",
      `connection refused: no server is listening at ${url.hostname}, port ${port}`,
      "check the port, and that the server is running",
    );
  }
  if (code === "ENOTFOUND" || code.startsWith("EAI_") || code === "ENODATA") {
    return describe(
      "UNKNOWN_HOST",
      `the host ${url.hostname} is not known`,
      "check its spelling, and the network",
    );
  }
  if (UNREACHABLE.has(code)) {
    return describe(
      "UNREACHABLE",
      `${url.host} cannot be reached from here`,
      "check the address and the network",
    );
  }
  if (code === "ETIMEDOUT") return timedOut(url, null);
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") {
    return endedEarly(url, cause);
  }
  if (/^ERR_SSL_.*ALERT_(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/.test(code)) {
    const isCertain = code.endsWith("REQUIRED");
    return describe(
      "TLS_FAILED",
      isCertain
        ? `${url.host} asks for a certificate of yours`
        : `${url.host} refuses the TLS handshake, as servers do that ask for a certificate of yours`,
      "give yours with --cert FILE and --key FILE",
    );
  }
  if (/^ERR_SSL_.*ALERT_(?:BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+)$/.test(code)) {
    return describe(
      "TLS_FAILED",
      `${url.host} does not accept your certificate`,
      "give another one with --cert FILE and --key FILE",
    );
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS")) {
    return describe(
      "TLS_FAILED",
      `the TLS handshake with ${url.host} failed`,
      "if the server has no TLS, use http://",
    );
  }
  return describe("SOCKET_FAILED", `${describeCause(cause)} (${url.host})`, "see charla get -v");
}

/** @param fault what is wrong with it */
export function invalidResponse(url: URL, fault: string): CharlaError {
  return new CharlaError(
    "BAD_RESPONSE",
    `the response of ${url.host} is not valid HTTP (${fault})`,
    "if it is a server like the lesson's, use --http0.9",
  );
}

/** A socket of this machine could not be connected to. */
export function unixSocketFailed(path: string, cause: unknown): CharlaError {
  return new CharlaError(
    "NOBODY_LISTENING",
    `no server is listening at the socket ${path}: ${describeCause(cause)}`,
    "check its path, and that the server is running",
    { cause },
  );
}

/** @param after ms until a connection had to be there */
export function connectTimedOut(url: URL, after: number): CharlaError {
  return new CharlaError(
    "TIMED_OUT",
    `no connection to ${url.host} within ${after / 1_000} s`,
    "check the address; --connect-timeout SECONDS waits longer, --retry N tries again",
  );
}

export function endedEarly(url: URL, cause?: unknown): CharlaError {
  return new CharlaError(
    "CONNECTION_LOST",
    `${url.host} closed the connection before the response was complete`,
    // What the other end is, is not known: it may have closed before anything that looks like HTTP.
    url.protocol === "http:"
      ? "try again with --retry 3; the server may need https://, or understand only --http0.9"
      : "try again with --retry 3",
    { cause },
  );
}

/** @param after ms of silence; null if the system gave up */
export function timedOut(url: URL, after: number | null): CharlaError {
  const duration = after === null ? "" : ` for ${after / 1_000} s`;
  return new CharlaError(
    "TIMED_OUT",
    `no data from ${url.host}${duration}`,
    "check the address; --timeout SECONDS waits longer, --retry N tries again",
  );
}

/** For a 101, with which a server goes on in another protocol. */
export function otherProtocol({ url, headers }: ResponseHead): CharlaError {
  const protocol = headerValue(headers, "upgrade") ?? "another protocol";
  return new CharlaError(
    "BAD_RESPONSE",
    `${url.host} goes on in ${protocol} (101 Switching Protocols), which charla get does not speak`,
    "leave out the header Upgrade; for WebSockets use another program",
  );
}

/** For a response of 400 or more. @param hasLogin whether a user and a password were sent */
export function statusError(head: ResponseHead, hasLogin = false): CharlaError {
  const { status, statusText, url } = head;
  const said = `${status}${statusText === "" ? "" : ` ${statusText}`}`;
  if (status === 407) return proxyLoginRefused(said, head.headers, head.hasProxyLogin === true);
  if (status !== 401) return badStatus(`${url.host} responded with ${said}`, statusHint(status));
  if (hasLogin) {
    return badStatus(
      `${url.host} does not accept this user and password (${said})`,
      "check both; -v shows which kind of login it asks for",
    );
  }
  const schemes = challengesOf(head.headers, "www-authenticate").map(({ scheme }) => scheme);
  return schemes.length === 0 || schemes.includes("basic") || schemes.includes("digest")
    ? badStatus(
        `${url.host} asks for a user and a password (${said})`,
        "give those that it accepts: -u USER:PASSWORD",
      )
    : badStatus(
        `${url.host} asks for a login of the kind ${schemes.join(", ")} (${said})`,
        'send it yourself, such as -H "Authorization: Bearer TOKEN"',
      );
}

/**
 * For a 407, of a proxy.
 *
 * @param said the status and its phrase
 * @param hasLogin whether a user and a password were sent
 * @param host of the proxy; empty if there may be several on the way
 */
export function proxyLoginRefused(
  said: string,
  headers: readonly Header[],
  hasLogin: boolean,
  host = "",
): CharlaError {
  const proxy = host === "" ? "the proxy" : `the proxy ${host}`;
  const schemes = challengesOf(headers, "proxy-authenticate").map(({ scheme }) => scheme);
  if (schemes.length > 0 && !schemes.includes("basic")) {
    return badStatus(
      `${proxy} asks for a login of the kind ${schemes.join(", ")} (${said}), and charla sends it only Basic`,
      "--proxy URL names another proxy, and --noproxy HOST goes past it",
    );
  }
  return hasLogin
    ? badStatus(`${proxy} does not accept this user and password (${said})`, "check both")
    : badStatus(
        `${proxy} asks for a user and a password (${said})`,
        "give them with --proxy-user USER:PASSWORD",
      );
}

function badStatus(message: string, hint: string): CharlaError {
  return new CharlaError("HTTP_STATUS", message, hint);
}

function statusHint(status: number): string {
  if (status === 403) return "the server denies access; -u USER:PASSWORD may help";
  if (status === 404 || status === 410) return "check the path";
  if (isTemporaryStatus(status)) return "try again later, or with --retry 3";
  return "the body may say why; with --no-fail it is not an error";
}

function certificateHint(code: string): string {
  if (NAME.has(code)) return "use the name that the certificate is for";
  if (EXPIRY.has(code)) return "check this machine's clock, or tell the server's operator";
  return "if you know its origin, use --cacert FILE; --insecure accepts any certificate";
}

/** ms before the first retry; the wait doubles each time. */
const FIRST_WAIT = 1_000;
/** ms before any retry: a server that asks for none must not be asked in a loop. */
const MIN_WAIT = 250;
/** ms between two tries, unless the server says when. */
const MAX_WAIT = 60_000;
/** ms that a server may ask for; beyond that, trying again is left to the user. */
const MAX_RETRY_AFTER = 600_000;

/** Failures that may be gone a moment later; a wrong name, certificate or response will not be. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NOBODY_LISTENING",
  "UNREACHABLE",
  "TIMED_OUT",
  "CONNECTION_LOST",
  "SOCKET_FAILED",
]);

/** Statuses of an overloaded server or of a gateway to one; 52x are Cloudflare's. */
const TEMPORARY_STATUS: ReadonlySet<number> = new Set([
  408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524,
]);

export function isTemporaryStatus(status: number): boolean {
  return TEMPORARY_STATUS.has(status);
}

export function mayRetryStatus(method: string, status: number): boolean {
  return isIdempotent(method) && TEMPORARY_STATUS.has(status);
}

/** A request that no server received may be sent again whatever its method. */
export function mayRetryError(method: string, { code }: CharlaError): boolean {
  return TEMPORARY.has(code) && (isIdempotent(method) || code === "NOBODY_LISTENING");
}

/**
 * ms until the next try, or null if the server asks for too long a wait.
 *
 * @param tries how many have failed, from 1
 * @param retryAfter the Retry-After header of the response, if there was one
 * @param random 0 to 1, so that many clients that failed together don't come back together
 */
export function waitBeforeRetry(
  tries: number,
  retryAfter: string | null,
  now: number,
  random: number,
): number | null {
  const wait = retryAfter === null ? null : parseRetryAfter(retryAfter, now);
  if (wait !== null) return wait > MAX_RETRY_AFTER ? null : Math.max(wait, MIN_WAIT);
  return Math.round(backoff(tries, random, FIRST_WAIT, MAX_WAIT));
}

/** Seconds or a date (RFC 9110 s. 10.2.3), as ms from now; null for anything else. */
export function parseRetryAfter(written: string, now: number): number | null {
  if (/^\d+$/.test(written)) return Number(written) * 1_000;
  const date = parseHttpDate(written);
  return date === null ? null : Math.max(0, date - now);
}
