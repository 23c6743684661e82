// What a member can ask of the server beside talking (docs/protocol.md s. 18): each question as a request, and its
// answer as what the library gives. Knows neither channels nor how request and answer find each other.

import type { Conversation, RequestOptions, RoomConversation } from "../chat/conversation.ts";
import { CharlaError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { Answer, Question } from "./room-client-state.ts";

/** Asks the server; throws where no answer can be had. */
export type Ask = (question: Question, options: RequestOptions | undefined) => Promise<Answer>;

export function createRoomRequests(ask: Ask): Omit<RoomConversation, keyof Conversation> {
  async function request<T extends Answer["type"]>(
    question: Question,
    expected: T,
    options: RequestOptions | undefined,
  ): Promise<Extract<Answer, { type: T }>> {
    const answer = await ask(question, options);
    if (hasType(answer, expected)) return answer;
    if (answer.type === "failed") throw failure(answer);
    throw new CharlaError(
      "REFUSED",
      `the server answered ${question.type} with ${answer.type}`,
      "use the same version of charla at both ends: charla --version",
    );
  }

  return {
    async who(options) {
      return (await request({ type: "who" }, "people", options)).members;
    },
    async rooms(options) {
      return (await request({ type: "rooms" }, "rooms", options)).rooms;
    },
    async history({ count, before, words }, options) {
      const only = {
        ...(before === undefined ? {} : { before }),
        ...(words === undefined ? {} : { words }),
      };
      return (await request({ type: "history", count, ...only }, "found", options)).entries;
    },
    async rename(name, options) {
      await request({ type: "rename", name }, "done", options);
    },
    async kick(name, options) {
      await request({ type: "kick", name }, "done", options);
    },
    async mute(name, muted, options) {
      await request({ type: "mute", name, muted }, "done", options);
    },
    async lock(locked, options) {
      await request({ type: "lock", locked }, "done", options);
    },
    async invite({ uses, seconds } = {}, options) {
      const limits = {
        ...(uses === undefined ? {} : { uses }),
        ...(seconds === undefined ? {} : { seconds }),
      };
      return (await request({ type: "invite", ...limits }, "invited", options)).invitation;
    },
  };
}

function hasType<T extends Answer["type"]>(
  answer: Answer,
  type: T,
): answer is Extract<Answer, { type: T }> {
  return answer.type === type;
}

/** A code that this program does not know is a later server's. */
function failure({ code, message, hint }: Extract<Answer, { type: "failed" }>): CharlaError {
  const known = ERROR_CODES.find((own): own is ErrorCode => own === code) ?? "REFUSED";
  return new CharlaError(known, message, hint ?? `the server's code for it is ${code}`);
}
