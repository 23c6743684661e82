// A list of people who need no invitation: fingerprints, one a line, as `charla id` prints them. Pure.

import { CharlaError } from "../errors.ts";
import { isFingerprint } from "../identity/key-text.ts";

/**
 * The fingerprints of a list. What follows one in its line, blank lines and lines that begin with # are the
 * owner's notes.
 *
 * @param path for the error
 * @throws {CharlaError} AUTHORIZED_KEYS_DAMAGED
 */
export function parseAuthorizedKeys(text: string, path: string): ReadonlySet<string> {
  const fingerprints = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [first = ""] = line.trim().split(/\s+/);
    if (first === "" || first.startsWith("#")) continue;
    if (!isFingerprint(first)) throw notAFingerprint(path, index + 1);
    fingerprints.add(first);
  }
  return fingerprints;
}

function notAFingerprint(path: string, line: number): CharlaError {
  return new CharlaError(
    "AUTHORIZED_KEYS_DAMAGED",
    `line ${line} of ${path} does not begin with a fingerprint`,
    "begin it with the fingerprint that charla id prints there, SHA256: and 43 characters, or with # for a note",
  );
}
