// Where to listen, for every command that listens.

import { isIP } from "node:net";

import { CharlaError } from "../errors.ts";
import { DEFAULT_PORT, parsePort } from "../net/address.ts";
import type { CommandLine } from "./options.ts";

/** @throws {CharlaError} PORT_OUT_OF_RANGE, INVALID_ADDRESS */
export function listeningOptions(
  { values }: CommandLine,
  defaultPort: number = DEFAULT_PORT,
): {
  bind: string | undefined;
  port: number;
} {
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
