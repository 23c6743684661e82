// What went wrong on the way to a server and back, in words for a person: from the codes of the runtime's fetch
// and of its sockets. Pure.

import { CharlaError, type ErrorCode, systemCode } from "../../errors.ts";

/** BoringSSL's and Node.js's names of what may be wrong with a certificate. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "is self-signed: nobody vouches for it",
  SELF_SIGNED_CERT_IN_CHAIN:
    "is vouched for by somebody unknown here, with a certificate of their own",
  UNABLE_TO_GET_ISSUER_CERT: "is vouched for by somebody unknown here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "is vouched for by somebody unknown here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "is vouched for by somebody unknown here",
  CERT_UNTRUSTED: "is vouched for by somebody who is not trusted",
  INVALID_CA: "is vouched for by somebody who may not",
  CERT_REJECTED: "is not for this purpose",
  CERT_REVOKED: "was revoked",
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  CERT_SIGNATURE_FAILURE: "is not signed by whom it names",
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
  "FailedToOpenSocket",
]);

/** @param url as it may be shown */
export function describeFetchError(cause: unknown, url: URL): CharlaError {
  if (cause instanceof CharlaError) return cause;
  const code = systemCode(cause);
  const tell = (its: ErrorCode, message: string, hint: string) =>
    new CharlaError(its, message, hint, { cause });
  const certificate = CERTIFICATE[code];
  if (certificate !== undefined) {
    return tell(
      "CERTIFICATE_NOT_TRUSTED",
      `the certificate of ${url.host} ${certificate}`,
      certificateHint(code),
    );
  }
  if (code === "ECONNREFUSED") {
    return tell(
      "NOBODY_LISTENING",
      `nobody listens at ${url.hostname}, port ${portOf(url)}`,
      "check the port, and that the server runs",
    );
  }
  if (code === "ENOTFOUND" || code.startsWith("EAI_") || code === "ENODATA") {
    return tell(
      "UNKNOWN_HOST",
      `there is no host ${url.hostname}, as far as the resolver knows`,
      "check the spelling, and the network",
    );
  }
  if (UNREACHABLE.has(code)) {
    return tell(
      "UNREACHABLE",
      `${url.host} cannot be reached from here`,
      "check the address and the network",
    );
  }
  if (code === "ETIMEDOUT") return timedOut(url, null);
  if (code === "ERR_PROXY_TUNNEL") {
    return tell(
      "UNREACHABLE",
      `the proxy does not let through to ${url.host}`,
      "see HTTPS_PROXY and NO_PROXY in the environment",
    );
  }
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") {
    return endedEarly(url, cause);
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS")) {
    return tell(
      "TLS_FAILED",
      `${url.host} does not speak TLS as it should`,
      "if it is a server without TLS, say http://",
    );
  }
  if (/^(?:Malformed|Invalid|ResponseHeaders|Unsupported|TooMany|Unexpected)/.test(code)) {
    return tell(
      "BAD_RESPONSE",
      `${url.host} does not answer as HTTP wants it (${code})`,
      "a server of the lesson's kind answers to --http0.9",
    );
  }
  const what = cause instanceof Error ? cause.message : String(cause);
  return tell("SOCKET_FAILED", `${shortened(what)} (${url.host})`, "see charla get -v");
}

export function endedEarly(url: URL, cause?: unknown): CharlaError {
  return new CharlaError(
    "CONNECTION_LOST",
    `${url.host} ended the connection before the answer was whole`,
    // What is too short to be told from HTTP looks the same.
    url.protocol === "http:"
      ? "try again with --retry 3; it may want https://, or know no more than --http0.9"
      : "try again with --retry 3",
    { cause },
  );
}

/** @param after ms of silence, where it was counted here */
export function timedOut(url: URL, after: number | null): CharlaError {
  const how = after === null ? "" : ` for ${after / 1_000} s`;
  return new CharlaError(
    "TIMED_OUT",
    `nothing came from ${url.host}${how}`,
    "check the address; --timeout SECONDS waits longer, --retry N tries again",
  );
}

function certificateHint(code: string): string {
  if (NAME.has(code)) return "use the name that the certificate is for; anybody may pose as a host";
  if (EXPIRY.has(code)) return "check this machine's clock, or tell who runs the server";
  return "if you know who made it, --cacert FILE trusts it; --insecure trusts anybody";
}

function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}

/** Without the runtime's advice to programmers. */
function shortened(message: string): string {
  return message.replace(/\. For more information.*$/s, "");
}
