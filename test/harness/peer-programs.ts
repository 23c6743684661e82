// Programs that tests talk to and that charla does not bring: present on the machine or not.

import { test } from "bun:test";

/** How long one end-to-end test may take, in ms. */
export const END_TO_END_TIMEOUT = 30_000;

/**
 * A test that needs programs of the machine's: skipped with a word where one is missing, run, and so
 * failed, in CI, which installs them.
 */
export function testWith(programs: string[], title: string, body: () => Promise<void>): void {
  const missing = programs.filter((name) => Bun.which(name) === null);
  if (missing.length > 0 && process.env.CI !== "true") {
    test.skip(`${title} (not on this machine: ${missing.join(", ")})`, body);
  } else {
    test(title, body, END_TO_END_TIMEOUT);
  }
}
