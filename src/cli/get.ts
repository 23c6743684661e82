// `charla get URL...`: bodies on stdout or in files, everything else on stderr.

import { CharlaError, describeCause } from "../errors.ts";
import { type CookieJar, createCookieJar } from "../http/client/cookies.ts";
import { notWritable } from "../http/client/destination.ts";
import { createTransport } from "../http/client/exchange.ts";
import type { Io } from "../terminal/io.ts";
import { isDumb } from "../terminal/known-terminals.ts";
import type { Printer, PrinterOptions } from "../terminal/printer.ts";
import { fetchTarget, type Run } from "./get/fetch-target.ts";
import { type GetOptions, readGetOptions, type Target } from "./get/get-options.ts";
import { createProgressLine, shareProgress } from "./get/progress.ts";
import type { CommandLine } from "./options.ts";

/** URLs that are fetched side by side: more would share the same line. */
const MAX_PARALLEL = 16;

export async function get(commandLine: CommandLine, io: Io): Promise<number> {
  const options = await readGetOptions(commandLine, io);
  const quiet = commandLine.flags.has("quiet") || commandLine.flags.has("silent");
  const verbose = commandLine.flags.has("verbose");
  const printer = laterPrinter(io, { json: false, quiet, verbose });
  const [{ file }] = options.targets;
  // Streams are looked up only where they are asked for: each takes time to load.
  const hasBodyOnScreen = file === null && io.stdout.isTTY === true;
  const sent = !quiet && io.stderr.isTTY === true && !isDumb(io.env);
  // A body that appears on the screen needs no progress line.
  const line = createProgressLine(io, { sent, received: sent && !hasBodyOnScreen });
  const share = shareProgress(line);
  const cookies = createCookieJar();
  for (const text of options.cookieFiles) {
    // oxlint-disable-next-line no-await-in-loop -- a later one replaces an earlier one
    await cookies.load(text);
  }
  using transport = createTransport(options.connection);
  using deadline = createDeadline(options.maxTime);
  const signal = AbortSignal.any([io.signal, deadline.signal]);
  const shared = { io, options, transport, cookies, printer, verbose, signal };
  const fetchOne = (target: Target) => fetchTarget(target, { ...shared, progress: share() });
  try {
    return await fetchAll(options, shared, fetchOne);
  } finally {
    line.end();
    if (options.cookieJar !== null) await saveCookies(cookies, options.cookieJar);
  }
}

/** A printer that is loaded when there is something to print. */
function laterPrinter(io: Io, options: PrinterOptions): Printer {
  let loading: Promise<Printer> | null = null;
  const load = () => {
    loading ??= import("../terminal/printer.ts").then(({ createPrinter }) => {
      return createPrinter(io, options);
    });
    return loading;
  };
  return {
    async event(event) {
      // Nothing would be printed.
      if (options.quiet && event.type === "notice") return;
      await (await load()).event(event);
    },
    print: async (line) => (await load()).print(line),
    answer: async (lines) => (await load()).answer(lines),
    error: async (error) => (await load()).error(error),
  };
}

/** Several URLs are independent: one that fails keeps no other from being fetched. */
async function fetchAll(
  { targets, parallel }: GetOptions,
  { printer, signal }: Pick<Run, "printer" | "signal">,
  fetchOne: (target: Target) => Promise<void>,
): Promise<number> {
  const [first, ...others] = targets;
  if (others.length === 0) {
    await fetchOne(first);
    return 0;
  }
  let status = 0;
  const waiting = Array.from(targets);
  async function work(): Promise<void> {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await fetchOne(target);
      } catch (error) {
        if (signal.aborted || !(error instanceof CharlaError)) throw error;
        status = error.exitStatus;
        // oxlint-disable-next-line no-await-in-loop -- as above
        await printer.error(error);
      }
    }
  }
  const workers = parallel ? Math.min(MAX_PARALLEL, targets.length) : 1;
  await Promise.all(Array.from({ length: workers }, work));
  return status;
}

/** @param time ms; 0 for no limit */
function createDeadline(time: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer =
    time === 0 ? undefined : setTimeout(() => controller.abort(tookTooLong(time)), time);
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

function tookTooLong(time: number): CharlaError {
  return new CharlaError(
    "TIMED_OUT",
    `it took longer than ${time / 1_000} s`,
    "--max-time SECONDS gives it more time, and --resume continues a file",
  );
}

/** Whole or not at all, and for its owner only: cookies are as good as passwords. */
async function saveCookies(cookies: CookieJar, file: string): Promise<void> {
  const { rename, writeFile } = await import("node:fs/promises");
  const fresh = `${file}.new`;
  try {
    await writeFile(fresh, await cookies.save(), { mode: 0o600 });
    await rename(fresh, file);
  } catch (cause) {
    throw notWritable(file, describeCause(cause), cause);
  }
}
