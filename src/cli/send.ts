// `charla send [TEXT]`: sends one message, or each line of stdin, to a host on the plain wire or to an
// invitation on the sealed one.

import type { MessageSender } from "../client/plain-message.ts";
import { usageError } from "../errors.ts";
import { looksLikeInvitation } from "../identity/invitation.ts";
import { parseHostAndPort } from "../net/address.ts";
import type { Io } from "../terminal/io.ts";
import { inputLines, MAX_IN_FLIGHT, sendLines } from "../terminal/piped-lines.ts";
import { createPrinter, type Printer } from "../terminal/printer.ts";
import { noticeEvent } from "../terminal/talk.ts";
import { printerOptions } from "./command-options.ts";
import { readWhere } from "./invitation-input.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { memberIdentity, memberOptions } from "./person.ts";

export async function send(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, values } = commandLine;
  if (values.has("reply")) {
    throw usageError("--reply takes no text here: the other end writes the reply", helpFor("send"));
  }
  const printer = createPrinter(io, { ...printerOptions(commandLine), showSender: true });
  const to = (await readWhere(values.get("to"), commandLine, io)) ?? "localhost";
  await using sender = await openSender(commandLine, io, to, printer);

  const ask = async (text: string) => {
    const { from, text: answer } = await sender.ask(text);
    await printer.event({ type: "said", text });
    await printer.event({ type: "message", from, text: answer });
  };
  const say = async (text: string) => {
    await sender.send(text);
    await printer.event({ type: "said", text });
  };
  const inFlight = looksLikeInvitation(to) && !flags.has("reply") ? MAX_IN_FLIGHT : 1;
  const lines = words.length > 0 ? [{ number: 1, text: words.join(" ") }] : inputLines(io.stdin);
  // The first line that fails ends the command.
  await sendLines(lines, { say: flags.has("reply") ? ask : say }, inFlight, async (error) => {
    throw error;
  });
  await sender.finish();
  return 0;
}

async function openSender(
  commandLine: CommandLine,
  io: Io,
  to: string,
  printer: Printer,
): Promise<MessageSender> {
  if (looksLikeInvitation(to)) {
    const { openSealedSender } = await import("../client/sealed-message.ts");
    const { sealedTarget } = await import("../client/sealed-target.ts");
    const options = memberOptions(commandLine, io.env);
    const { target } = sealedTarget(to, io.env);
    const { keyPair, notice } = memberIdentity(io.env);
    if (notice !== null) await printer.event(noticeEvent(notice));
    return openSealedSender(target, { ...options, identity: keyPair });
  }
  const option = ["name", "room"].find((name) => commandLine.flags.has(name));
  if (option !== undefined) {
    const hint = "the plain wire has no names and no rooms";
    throw usageError(`--${option} goes with an invitation`, hint);
  }
  const { openPlainSender } = await import("../client/plain-message.ts");
  return openPlainSender(parseHostAndPort(to));
}
