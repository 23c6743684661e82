// --retry, --timeout and --max-bytes of `charla get`. Loads nothing of HTTP: the config file is checked with it.

import { usageError } from "../../errors.ts";
import { parseBytes, parseCount, parseSeconds } from "../amounts.ts";
import type { CommandLine } from "../options.ts";

/** ms of silence before a server is given up, by default: as long as curl tries to connect. */
const DEFAULT_TIMEOUT = 300_000;
/** s: a day. */
const MAX_TIMEOUT = 86_400;
/** With waits of a minute in between these take two hours. */
const MAX_RETRIES = 100;

/** @throws {CharlaError} USAGE */
export function amountOptions({ values }: CommandLine) {
  return {
    retries: readAmount(values, "retry", (text) => parseCount(text, MAX_RETRIES)) ?? 0,
    timeout:
      readAmount(values, "timeout", (text) => parseSeconds(text, MAX_TIMEOUT)) ?? DEFAULT_TIMEOUT,
    maxBytes: readAmount(values, "max-bytes", parseBytes),
  };
}

const EXPECTED: Readonly<Record<string, string>> = {
  retry: `a whole number up to ${MAX_RETRIES}`,
  timeout: "seconds, such as 30 or 0.5; 0 waits forever",
  "max-bytes": "bytes, such as 2048, 10M or 2G",
};

function readAmount(
  values: ReadonlyMap<string, string>,
  option: string,
  parse: (written: string) => number | null,
): number | null {
  const written = values.get(option);
  if (written === undefined) return null;
  const amount = parse(written);
  if (amount !== null) return amount;
  throw usageError(
    `${JSON.stringify(written)} is not valid for --${option}`,
    `it takes ${EXPECTED[option]}`,
  );
}
