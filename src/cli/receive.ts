// `charla receive`: waits for one message on the plain wire, prints it, and with --reply answers it.

import { openPlainReceiver } from "../client/plain-message.ts";
import { usageError } from "../errors.ts";
import type { Input, Io } from "../terminal/io.ts";
import { inputLines } from "../terminal/piped-lines.ts";
import { createPrinter } from "../terminal/printer.ts";
import { listenOptions, printerOptions, quoteWord } from "./command-options.ts";
import { type CommandLine, helpFor } from "./options.ts";

export async function receive(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, values } = commandLine;
  if (words.length > 0) {
    throw usageError(
      `receive takes no arguments, but got ${quoteWord(words[0])}`,
      helpFor("receive"),
    );
  }
  const printer = createPrinter(io, { ...printerOptions(commandLine), showSender: true });
  using receiver = await openPlainReceiver(listenOptions(commandLine));
  await printer.event({ type: "listening", address: receiver.address });

  const { from, text } = await receiver.message;
  await printer.event({ type: "message", from, text });
  if (flags.has("reply")) {
    const answer = values.get("reply") ?? (await firstLineOf(io.stdin));
    await receiver.answer(answer);
    await printer.event({ type: "said", text: answer });
  }
  return 0;
}

async function firstLineOf(stdin: Input): Promise<string> {
  for await (const line of inputLines(stdin)) {
    if ("error" in line) throw line.error;
    return line.text;
  }
  throw usageError(
    "there is no reply to send: stdin ended",
    "give one with --reply=TEXT, or a line on stdin",
  );
}
