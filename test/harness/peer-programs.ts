// Tests that start programs: charla itself, and others of the machine, such as ncat.

import { afterAll, beforeAll, test } from "bun:test";

import { FULL_SIZE } from "./full-size.ts";

/** How long one end-to-end test may take, in ms. */
export const END_TO_END_TIMEOUT = 60_000;

/** A test of charla as people run it. */
export function endToEnd(title: string, body: () => Promise<void>): void {
  test(title, body, END_TO_END_TIMEOUT);
}

/** A test that needs these programs: skipped if one is missing; in CI, which installs them, it fails then. */
export function testWith(
  programs: string[],
  title: string,
  body: () => Promise<void>,
  timeout = END_TO_END_TIMEOUT,
): void {
  const missing = programs.filter((name) => Bun.which(name) === null);
  if (missing.length > 0 && process.env.CI !== "true") {
    test.skip(`${title} (not on this machine: ${missing.join(", ")})`, body);
  } else {
    test(title, body, timeout);
  }
}

/** The same, with `--full` only: for browsers, which take seconds to start. */
export function fullTestWith(
  programs: string[],
  title: string,
  body: () => Promise<void>,
  timeout = END_TO_END_TIMEOUT,
): void {
  if (FULL_SIZE) testWith(programs, title, body, timeout);
  else test.skip(`${title} (with --full)`, body);
}

/** What all tests by `fullTestWith` of a file share, until the last of them; a short run would begin it for nothing. */
export function forFullTests(begin: (shared: AsyncDisposableStack) => Promise<void>): void {
  if (!FULL_SIZE) return;
  const shared = new AsyncDisposableStack();
  beforeAll(() => begin(shared));
  afterAll(() => shared.disposeAsync());
}
