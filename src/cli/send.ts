// `charla send [TEXT]`: sends one message, or each line of stdin, to a host on the plain wire or to an
// invitation on the sealed one.

import { type ConversationEvent, noticeEvent, type NoticeText } from "../chat/events.ts";
import { untilAborted } from "../client/abort.ts";
import type { MessageSender } from "../client/plain-message.ts";
import { CharlaError, usageError } from "../errors.ts";
import { isInvitationAlone, looksLikeInvitation } from "../identity/invitation-text.ts";
import { parseHostAndPort } from "../net/address.ts";
import type { Io } from "../terminal/io.ts";
import { inputLines, inputNotSent, MAX_IN_FLIGHT, sendLines } from "../terminal/piped-lines.ts";
import { createPrinter, type Printer } from "../terminal/printer.ts";
import { printerOptions } from "./command-options.ts";
import { readWhere } from "./invitation-input.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { memberIdentity, memberOptions } from "./person.ts";

export async function send(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, values } = commandLine;
  if (values.has("reply")) {
    throw usageError("--reply takes no text here: the other end writes the reply", helpFor("send"));
  }
  // In a pipe blank lines are part of a text.
  if (words.length > 0 && words.join("").trim() === "") {
    throw usageError(
      "there is nothing to send: the message is blank",
      "write it behind charla send; without one, each line of stdin is sent",
    );
  }
  const printer = createPrinter(io, { ...printerOptions(commandLine), showSender: true });
  const where = await readWhere(values.get("to"), commandLine, io);
  if (where === undefined && isInvitationAlone(words.join(" "))) {
    throw usageError(
      "this would send the invitation itself to this machine, unencrypted",
      "to send a message with it, write it as --to INVITATION",
    );
  }
  const to = where ?? "localhost";
  const sealed = looksLikeInvitation(to);
  await using sender = await untilAborted(openSender(commandLine, io, to, printer), io.signal);

  const reply = flags.has("reply");
  const deliver = async (text: string): Promise<readonly ConversationEvent[]> => {
    const said = { type: "said", text } as const;
    if (reply) return [said, { type: "message", ...(await sender.ask(text)) }];
    await sender.send(text);
    return [said];
  };
  const print = async (events: readonly ConversationEvent[]) => {
    for (const event of events) await printer.event(event);
  };
  if (words.length > 0) {
    await untilAborted(deliver(words.join(" ")).then(print), io.signal);
    await sender.finish();
    return 0;
  }
  const inFlight = sealed && !reply ? MAX_IN_FLIGHT : 1;
  const json = flags.has("json");
  const input = { deliver, print, isRoom: sealed, inFlight, signal: io.signal, json };
  const { failure, next, unsent } = await sendInput(io.stdin, sender, input);
  if (failure === null) return 0;
  const report = createPrinter(io, {
    ...printerOptions(commandLine),
    quiet: true,
    delivery: sealed ? "shown" : "unknown",
  });
  if (failure instanceof CharlaError) await report.error(failure);
  // Of a line that was sent and not answered, the error says enough.
  if (unsent.length > 0 && !reply) {
    await report.event({ type: "ended", reason: "left", unsaid: unsent });
  }
  if (next !== null) await report.error(inputNotSent(next));
  if (failure instanceof CharlaError) return failure.exitStatus;
  throw failure;
}

interface SendOptions {
  /** Resolves with what is to be printed then. */
  readonly deliver: (text: string) => Promise<readonly ConversationEvent[]>;
  readonly print: (events: readonly ConversationEvent[]) => Promise<void>;
  readonly isRoom: boolean;
  readonly inFlight: number;
  readonly signal: AbortSignal;
  readonly json: boolean;
}

/** The first line that fails ends the input; what was sent before it still arrives. */
async function sendInput(
  stdin: Io["stdin"],
  sender: MessageSender,
  { deliver, print, isRoom, inFlight, signal, json }: SendOptions,
): Promise<{ failure: Error | null; next: number | null; unsent: readonly string[] }> {
  let failure: Error | null = null;
  const failed = Promise.withResolvers<void>();
  const fail = (error: unknown) => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    failed.resolve();
    void sending.stop();
  };
  const say = async (text: string) => {
    const events = await deliver(text);
    // It was sent, also where that can't be printed any more.
    await print(events).catch(fail);
  };
  const sending = sendLines(inputLines(stdin, isRoom), { say }, inFlight, fail);
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort);
  await Promise.race([sending.done, failed.promise]).catch(fail);
  await sender.finish().catch(fail);
  signal.removeEventListener("abort", onAbort);
  let next = failure === null ? null : await sending.stop();
  // The line that failed is the first to send again, unless later ones were on their way already.
  while (next !== null && sending.refused.has(next - 1)) next -= 1;
  // In words the failure names the line that was refused.
  const unsent = Array.from(sending.unsent())
    .filter(([number]) => json || !sending.refused.has(number))
    .map(([, text]) => text);
  return { failure, next, unsent };
}

/** In a script nobody sees the line that says who one is. */
function otherName(wanted: string, name: string): NoticeText {
  return {
    code: "NAME_TAKEN",
    message: `sending as ${name}: the name ${JSON.stringify(wanted)} is taken`,
    hint: "a name belongs to the key that had it first; choose another with --name",
  };
}

async function openSender(
  commandLine: CommandLine,
  io: Io,
  to: string,
  printer: Printer,
): Promise<MessageSender> {
  if (looksLikeInvitation(to)) {
    const { openSealedSender } = await import("../client/sealed-message.ts");
    const { sealedTarget } = await import("../client/find-target.ts");
    const { nameOn, room } = memberOptions(commandLine, io.env);
    const { target, server } = sealedTarget(to, io.env);
    const { keyPair, notice } = memberIdentity(io.env);
    if (notice !== null) await printer.event(noticeEvent(notice));
    const wanted = nameOn(server);
    const options = { name: wanted, room, identity: keyPair, env: io.env, signal: io.signal };
    const sender = await openSealedSender(target, options);
    if (sender.name !== wanted.normalize("NFC")) {
      await printer.event(noticeEvent(otherName(wanted, sender.name)));
    }
    return sender;
  }
  const option = ["name", "room"].find((name) => commandLine.typed.has(name));
  if (option !== undefined) {
    const hint = "the plain wire has no names and no rooms";
    throw usageError(`--${option} goes with an invitation`, hint);
  }
  const { openPlainSender } = await import("../client/plain-message.ts");
  return openPlainSender(parseHostAndPort(to));
}
