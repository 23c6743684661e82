// URLs as people write them, completed, and as they are shown. Pure.

import { CharlaError } from "../../errors.ts";

/**
 * Completes a URL: without a scheme it is http for this machine, and https for all others.
 *
 * @throws {CharlaError} INVALID_URL
 */
export function completeUrl(given: string): URL {
  // As in HTTPie, a port alone means this machine.
  const written = /^:\d/.test(given) ? `localhost${given}` : given;
  const scheme = parseScheme(written);
  if (scheme !== null && scheme !== "http" && scheme !== "https") {
    throw invalid(
      `charla can fetch http and https, not ${scheme}`,
      "use http://HOST or https://HOST",
    );
  }
  // Whether http:/host/x is a path or a host, readers disagree.
  const isMisspelt = /^https?:(?!\d|\/\/[^/\\])/i.test(written);
  const url = isMisspelt
    ? null
    : URL.parse(
        scheme === null ? `${isLoopback(written) ? "http" : "https"}://${written}` : written,
      );
  if (url === null || url.hostname === "") {
    throw invalid(
      `${JSON.stringify(given)} is not a URL`,
      "write one such as https://example.com/file, localhost:8000 or [::1]:8000",
    );
  }
  return url;
}

/** Null for `localhost:8000`, in which RFC 3986 would see the scheme "localhost". */
function parseScheme(written: string): string | null {
  return /^([a-z][a-z\d+.-]*):\/\//i.exec(written)?.[1]?.toLowerCase() ?? null;
}

function isLoopback(written: string): boolean {
  const host = URL.parse(`http://${written}`)?.hostname ?? "";
  // Names that end in .localhost are loopback, too (RFC 6761 s. 6.3).
  return /^(?:(?:.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
}

/** Same scheme, host and port (RFC 6454): only these get the same credentials. */
export function sameOrigin(one: URL, other: URL): boolean {
  return one.origin === other.origin;
}

/** The URL without user and password, which must not be shown, and without the fragment, which is not sent. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  return shown.href;
}

/** A part of a URL without its percent-encoding; as it is, if it is not UTF-8. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function invalid(message: string, hint: string): CharlaError {
  return new CharlaError("INVALID_URL", message, hint);
}
