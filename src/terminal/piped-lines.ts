// Input that is not typed on a terminal: each line is said, in order. Knows neither where the lines come
// from nor what becomes of errors.

import type { Conversation } from "../chat/conversation.ts";
import { CharlaError } from "../errors.ts";
import type { InputLine } from "./input-lines.ts";

/** Where a message is done only when the other end has it: so many fill a long path's round trip. */
export const MAX_ON_THE_WAY = 256;

/**
 * Says each line, in order; returns true once all are said, and false when the conversation was over
 * before.
 *
 * @param ahead how many may be said before the first of them is done: 1 says each after the one before
 */
export async function sayLines(
  lines: AsyncIterable<InputLine> | Iterable<InputLine>,
  conversation: Pick<Conversation, "say">,
  ahead: number,
  onError: (error: unknown) => Promise<void>,
): Promise<boolean> {
  // Whether there was somebody to say it to, for each that may not be done, oldest first.
  const said: Promise<boolean>[] = [];
  for await (const line of lines) {
    if ("error" in line) {
      await onError(line.error);
      continue;
    }
    const its = say(conversation, line.text, onError);
    // What `onError` throws is asked for below, in its turn.
    its.catch(() => {});
    said.push(its);
    if (said.length >= ahead && (await said.shift()) === false) return false;
  }
  return !(await Promise.all(said)).includes(false);
}

/** Whether there is still somebody to say the next message to. */
async function say(
  conversation: Pick<Conversation, "say">,
  text: string,
  onError: (error: unknown) => Promise<void>,
): Promise<boolean> {
  try {
    await conversation.say(text);
    return true;
  } catch (error) {
    await onError(error);
    return !(error instanceof CharlaError) || error.code !== "CONVERSATION_OVER";
  }
}
