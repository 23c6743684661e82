// What a member asks of the server beside talking (docs/protocol.md s. 18): each question with its number, until
// its answer comes. Knows channels, and not which of them lead to the same room.

import type { Channel } from "../chat/channel.ts";
import type { Conversation, RoomConversation } from "../chat/conversation.ts";
import { encodeFrame, type MemberFrame, type ServerFrame } from "../chat/frames.ts";
import { CharlaError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import { tooManyWaiting } from "./conversation-errors.ts";

/** Questions that wait for their answers. */
const MAX_ASKED = 100;

export type Answer = Extract<ServerFrame, { readonly request: number }>;
type Question = Extract<MemberFrame, { readonly request: number }>;
type WithoutNumber<Frame> = Frame extends Question ? Omit<Frame, "request"> : never;

export interface RoomRequests {
  /** What can be asked. */
  readonly questions: Omit<RoomConversation, keyof Conversation>;
  answer(frame: Answer): void;
  /** None of what was asked will be answered. */
  giveUp(error: CharlaError): void;
}

/**
 * @param channelOf the way to the server
 * @param onRenamed the name is this member's now
 * @throws {CharlaError} what `channelOf` throws, where there is no way
 */
export function createRoomRequests(
  channelOf: () => Channel,
  onRenamed: (name: string) => void,
): RoomRequests {
  const asked = new Map<number, PromiseWithResolvers<Answer>>();
  let next = 0;

  async function ask<T extends Answer["type"]>(
    question: WithoutNumber<Question>,
    expected: T,
  ): Promise<Extract<Answer, { type: T }>> {
    const channel = channelOf();
    if (asked.size >= MAX_ASKED) throw tooManyWaiting("the server has answered");
    const request = next;
    next += 1;
    const answered = Promise.withResolvers<Answer>();
    asked.set(request, answered);
    void channel.sayAll([encodeFrame({ ...question, request })]);
    const answer = await answered.promise;
    if (isOf(answer, expected)) return answer;
    if (answer.type === "failed") throw failure(answer);
    throw new CharlaError(
      "REFUSED",
      `the server answered ${question.type} with ${answer.type}`,
      "use the same version of charla at both ends: charla --version",
    );
  }

  return {
    questions: {
      who: async () => (await ask({ type: "who" }, "people")).members,
      rooms: async () => (await ask({ type: "rooms" }, "rooms")).rooms,
      async history({ count, before, words }) {
        const only = {
          ...(before === undefined ? {} : { before }),
          ...(words === undefined ? {} : { words }),
        };
        return (await ask({ type: "history", count, ...only }, "found")).entries;
      },
      async rename(name) {
        await ask({ type: "rename", name }, "done");
        onRenamed(name);
      },
      kick: async (name) => void (await ask({ type: "kick", name }, "done")),
      mute: async (name, muted) => void (await ask({ type: "mute", name, muted }, "done")),
      lock: async (locked) => void (await ask({ type: "lock", locked }, "done")),
      async invite({ uses, seconds } = {}) {
        const limits = {
          ...(uses === undefined ? {} : { uses }),
          ...(seconds === undefined ? {} : { seconds }),
        };
        return (await ask({ type: "invite", ...limits }, "invited")).invitation;
      },
    },
    answer(frame) {
      asked.get(frame.request)?.resolve(frame);
      asked.delete(frame.request);
    },
    giveUp(error) {
      for (const { reject } of asked.values()) reject(error);
      asked.clear();
    },
  };
}

function isOf<T extends Answer["type"]>(
  answer: Answer,
  type: T,
): answer is Extract<Answer, { type: T }> {
  return answer.type === type;
}

/** A code that this program does not know is of a later server. */
function failure({ code, message, hint }: Extract<Answer, { type: "failed" }>): CharlaError {
  const known = ERROR_CODES.find((its): its is ErrorCode => its === code) ?? "REFUSED";
  return new CharlaError(known, message, hint ?? `the server's word for it is ${code}`);
}
