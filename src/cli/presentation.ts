// How every command was asked to show what happens.

import type { PrinterOptions } from "../terminal/printer.ts";
import type { CommandLine } from "./options.ts";

export function presentation({ flags }: CommandLine): PrinterOptions {
  return {
    json: flags.has("json"),
    quiet: flags.has("quiet"),
    verbose: flags.has("verbose"),
    bell: flags.has("bell"),
  };
}
