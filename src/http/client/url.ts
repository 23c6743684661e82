// A URL as people write one, made whole; and a name for the file that it leads to. Pure.

import { CharlaError } from "../../errors.ts";

/** Bytes of a name, so that FILE.part.json fits the 255 of common file systems as well. */
const MAX_NAME = 240;
/** Where the path names no file; as wget has it. */
const UNNAMED = "index.html";

/**
 * The URL that was meant: a scheme left out is http for this machine, and https for all others.
 *
 * @throws {CharlaError} INVALID_URL
 */
export function completeUrl(given: string): URL {
  // As HTTPie has it: of this machine only the port need be said.
  const written = /^:\d/.test(given) ? `localhost${given}` : given;
  const scheme = schemeOf(written);
  if (scheme !== null && scheme !== "http" && scheme !== "https") {
    throw invalid(
      `charla fetches http and https, and not ${scheme}`,
      "http://HOST or https://HOST",
    );
  }
  const url = URL.parse(
    scheme === null ? `${isLoopback(written) ? "http" : "https"}://${written}` : written,
  );
  if (url === null || url.hostname === "") {
    throw invalid(
      `${JSON.stringify(given)} is no URL`,
      "such as https://example.com/file, localhost:8000 or [::1]:8000",
    );
  }
  return url;
}

/** `localhost:8000` has none, though RFC 3986 would read one. */
function schemeOf(written: string): string | null {
  return /^([a-z][a-z\d+.-]*):\/\//i.exec(written)?.[1]?.toLowerCase() ?? null;
}

function isLoopback(written: string): boolean {
  const host = URL.parse(`http://${written}`)?.hostname ?? "";
  // RFC 6761 s. 6.3: names that end in localhost are loopback as well.
  return /^(?:(?:.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
}

/** Whose requests may carry the same credentials: scheme, host and port (RFC 6454). */
export function sameOrigin(one: URL, other: URL): boolean {
  return one.origin === other.origin;
}

/** Without a name and a password, which are nobody's to see, and without the fragment, which is not sent. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  return shown.href;
}

/**
 * The name of a file for `-O`: the last part of the URL's path, such that it is a file of the folder one is in,
 * in sight, and says nothing to a terminal. What the server would call it does not count.
 *
 * @throws {CharlaError} USAGE: there is none that fits
 */
export function fileNameOf(url: URL): string {
  const last = url.pathname.split("/").at(-1) ?? "";
  const name = decoded(last)
    // A folder, a drive or a stream of another name on one system or another.
    .replaceAll(/[/\\:]/g, "_")
    .replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, "_")
    // Not hidden, not . or .., and no option for the next command.
    .replace(/^[.\-~\s]+/, "")
    .trimEnd();
  if (name === "") return UNNAMED;
  if (Buffer.byteLength(name) > MAX_NAME) {
    throw new CharlaError(
      "USAGE",
      "the URL's last part is too long for a file",
      "name it: -o FILE",
    );
  }
  return name;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Bytes that are not UTF-8 stay escaped.
    return part;
  }
}

function invalid(message: string, hint: string): CharlaError {
  return new CharlaError("INVALID_URL", message, hint);
}
