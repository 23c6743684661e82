// URLs as people write them, completed; and the name under which a URL is saved. Pure.

import { CharlaError, usageError } from "../../errors.ts";

/** Bytes of a name: FILE.part.json must fit into the 255 bytes of common file systems. */
const MAX_NAME = 240;
/** The name if the path has none, as in wget. */
const DEFAULT_NAME = "index.html";

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
  const url = URL.parse(
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

/**
 * The file name for `-O`: the last part of the URL's path, changed so that it is a file in the current folder, not
 * hidden, and without control characters. A name that the server suggests is ignored.
 *
 * @throws {CharlaError} USAGE: it is too long
 */
export function fileNameFor(url: URL): string {
  const last = url.pathname.split("/").at(-1) ?? "";
  const name = decodePart(last)
    // On some system these separate folders, drives or streams.
    .replaceAll(/[/\\:]/g, "_")
    .replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, "_")
    // Neither hidden, nor . or .., nor taken for an option by the next command.
    .replace(/^[.\-~\s]+/, "")
    .trimEnd();
  if (name === "") return DEFAULT_NAME;
  if (Buffer.byteLength(name) > MAX_NAME) {
    throw usageError(
      "the last part of the URL is too long for a file name",
      "choose a name: -o FILE",
    );
  }
  return name;
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
