// Options that several commands have, as what they stand for. Knows the command line, not the commands.

import { isIP } from "node:net";

import { CharlaError } from "../errors.ts";
import { DEFAULT_PORT, parsePort } from "../net/address.ts";
import type { PrinterOptions } from "../terminal/printer.ts";
import type { CommandLine } from "./options.ts";

/** --json, --quiet, --verbose, --bell */
export function printerOptions({ flags }: CommandLine): PrinterOptions {
  return {
    json: flags.has("json"),
    quiet: flags.has("quiet"),
    verbose: flags.has("verbose"),
    bell: flags.has("bell"),
  };
}

/**
 * --bind and --port
 *
 * @throws {CharlaError} PORT_OUT_OF_RANGE, INVALID_ADDRESS
 */
export function listenOptions({ values }: CommandLine, defaultPort: number = DEFAULT_PORT) {
  const bind = values.get("bind");
  if (bind !== undefined && bind !== "localhost" && isIP(bind) === 0) {
    throw new CharlaError(
      "INVALID_ADDRESS",
      `${JSON.stringify(bind)} is not an address to listen on`,
      "give an IP address of this machine, such as 127.0.0.1 or ::1",
    );
  }
  const port = values.get("port");
  return { bind, port: port === undefined ? defaultPort : parsePort(port, 0) };
}
