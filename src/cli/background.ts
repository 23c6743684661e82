// `charla --server --background`: the program starts itself again, in a session of its own, waits until that one listens or
// fails, and returns the shell. What the server prints goes to `server.log` in the data folder.

import { mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";

import * as v from "valibot";

import { noticeEvent } from "../chat/events.ts";
import { CharlaError, ERROR_CODES } from "../errors.ts";
import { tryWriting } from "../identity/atomic-file.ts";
import { dataFolder } from "../identity/folders.ts";
import type { Io } from "../terminal/io.ts";
import { createPrinter } from "../terminal/printer.ts";
import { printerOptions } from "./command-options.ts";
import { openConversation, type Opened } from "./open-conversation.ts";
import type { CommandLine } from "./options.ts";

const LOG = "server.log";
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

const sentence = {
  message: v.string(),
  hint: v.string(),
};
const reportLine = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant("type", [
    v.object({
      type: v.literal("opened"),
      address: v.string(),
      invitation: v.string(),
      page: v.nullable(v.string()),
      notices: v.array(
        v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) }),
      ),
    }),
    v.object({ type: v.literal("error"), code: v.picklist(ERROR_CODES), ...sentence }),
  ]),
);

/** @returns the exit status */
export async function openInBackground(commandLine: CommandLine, io: Io): Promise<number> {
  const { report } = io;
  return report === null ? start(commandLine, io) : serve(commandLine, io, report);
}

async function start(commandLine: CommandLine, io: Io): Promise<number> {
  const path = join(commandLine.values.get("data") ?? dataFolder(io.env), LOG);
  const line = await io.startDetached(openLog(path));
  const result = line === null ? null : v.parse(reportLine, line);
  if (result === null) {
    throw new CharlaError(
      "NOT_RUNNING",
      "the server has ended before it listened",
      `the end of ${path} may say why`,
    );
  }
  if (result.type === "error") throw new CharlaError(result.code, result.message, result.hint);

  const printer = createPrinter(io, printerOptions(commandLine));
  for (const { code, message, hint } of result.notices) {
    await printer.event(
      noticeEvent(hint === undefined ? { code, message } : { code, message, hint }),
    );
  }
  await printer.event({ type: "listening", address: result.address });
  // What a service prints may be kept where others read it.
  if (!io.isService) {
    const { invitation, page } = result;
    await printer.event({ type: "invitation", invitation, ...(page === null ? {} : { page }) });
  }
  await printer.event({
    type: "notice",
    code: "IN_BACKGROUND",
    message: `the server goes on in the background; its log is ${path}`,
    hint: "charla joins it, and charla stop ends it",
  });
  return 0;
}

/** @returns a descriptor to write at its end */
function openLog(path: string): number {
  return tryWriting(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    return openSync(path, "a", FILE_MODE);
  });
}

async function serve(
  commandLine: CommandLine,
  io: Io,
  report: (line: string) => void,
): Promise<number> {
  let isReported = false;
  const onOpened = (opened: Opened) => {
    isReported = true;
    report(JSON.stringify({ type: "opened", ...opened }));
  };
  try {
    return await openConversation(commandLine, io, onOpened);
  } catch (error) {
    // Once: the descriptor is closed then, and another file of the server may have its number.
    if (error instanceof CharlaError && !isReported) {
      const { code, message, hint } = error;
      report(JSON.stringify({ type: "error", code, message, hint }));
    }
    throw error;
  }
}
