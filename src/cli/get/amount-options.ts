// --retry, --timeout, --max-bytes and other amounts of `charla get`. Loads nothing of HTTP: the config file is checked with it.

import { usageError } from "../../errors.ts";
import { parseBytes, parseCount, parseSeconds } from "../amounts.ts";
import type { CommandLine } from "../options.ts";

/** ms of silence before a server is given up, by default: as long as curl tries to connect. */
const DEFAULT_TIMEOUT = 300_000;
/** s: a day. */
const MAX_TIMEOUT = 86_400;
/** With waits of a minute in between these take two hours. */
const MAX_RETRIES = 100;

/** Browsers follow 20. */
const MOST_REDIRECTS = 1_000;

/** @throws {CharlaError} USAGE */
export function amountOptions({ values }: CommandLine) {
  const seconds = (option: string) => {
    return readAmount(values, option, (text) => parseSeconds(text, MAX_TIMEOUT));
  };
  return {
    retries: readAmount(values, "retry", (text) => parseCount(text, MAX_RETRIES)) ?? 0,
    maxRedirects: readAmount(values, "max-redirs", (text) => parseCount(text, MOST_REDIRECTS)),
    timeout: seconds("timeout") ?? DEFAULT_TIMEOUT,
    /** ms; 0 for no limit. */
    maxTime: seconds("max-time") ?? 0,
    /** ms; 0 for no limit. */
    connectTimeout: seconds("connect-timeout") ?? 0,
    maxBytes: readAmount(values, "max-bytes", parseBytes),
  };
}

const SECONDS = `seconds up to ${MAX_TIMEOUT}, such as 30 or 0.5; 0 waits forever`;

const EXPECTED: Readonly<Record<string, string>> = {
  retry: `a whole number up to ${MAX_RETRIES}`,
  "max-redirs": `a whole number up to ${MOST_REDIRECTS}`,
  timeout: SECONDS,
  "max-time": SECONDS,
  "connect-timeout": SECONDS,
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
