// `charla doctor`: checks this machine, or the path to a server, and says what to do about problems.

import { type Check, formatCheck, formatCheckAsJson, ok, problemFrom } from "../doctor/report.ts";
import { checkServer } from "../doctor/server.ts";
import { checkThisMachine } from "../doctor/this-machine.ts";
import { usageError } from "../errors.ts";
import type { HostAndPort } from "../net/address.ts";
import type { Io } from "../terminal/io.ts";
import { mayStyle } from "../terminal/output-stream.ts";
import { createPrinter } from "../terminal/printer.ts";
import { printerOptions, quoteWord } from "./command-options.ts";
import { findSettings } from "./config/settings.ts";
import { readWhere, refuseBroken } from "./invitation-input.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { parseRelays } from "./relays.ts";

/** @returns the exit status: 1 when there is a problem */
export async function doctor(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags } = commandLine;
  const [written, more] = words;
  if (more !== undefined) {
    refuseBroken(words);
    throw usageError(
      `doctor checks one server at a time, and not ${quoteWord(more)} as well`,
      helpFor("doctor"),
    );
  }
  const where = await readWhere(written, commandLine, io);
  const printer = createPrinter(io, printerOptions(commandLine));
  const coloured = mayStyle(io, io.stdout);
  let status = 0;
  for await (const check of where === undefined ? checkHere(io) : checkServer(where, io.env)) {
    if (check.status === "problem") status = 1;
    if (flags.has("json")) await printer.print(formatCheckAsJson(check));
    else if (check.status !== "ok" || !flags.has("quiet"))
      await printer.print(formatCheck(check, coloured));
  }
  return status;
}

/** A mistake in the config file is a finding. */
async function* checkHere(io: Io): AsyncGenerator<Check, void, undefined> {
  let relays: readonly HostAndPort[] = [];
  try {
    const found = await findSettings(io, false);
    const values = found.find(({ setting }) => setting.key === "relay")?.values ?? [];
    relays = parseRelays(values);
  } catch (error) {
    yield problemFrom("config", error);
  }
  yield* checkThisMachine(io.env, relays);
  yield* describePage();
}

/** For comparing with what a server or a relay serves: index.html has the digests of all that it loads. */
async function* describePage(): AsyncGenerator<Check, void, undefined> {
  const { pageDigest } = await import("../page/page.ts");
  const [server, relay] = [pageDigest("server"), pageDigest("relay")];
  yield ok("page", `the page of this charla's servers has the SHA-256 ${server}`, {
    sha256: server,
  });
  yield ok("relay-page", `and of its relays ${relay}`, { sha256: relay });
}
