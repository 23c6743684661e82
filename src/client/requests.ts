// What a member asks the server of its room, for programs: each question as a method, and its answer as its result. Knows neither
// the connection nor the room client: it is given what asks.

import { memberHint } from "#conversation-errors";

import type {
  Conversation,
  InvitationLimits,
  RequestOptions,
  RoomConversation,
} from "../chat/conversation.ts";
import { CharlaError, SERVER_CODES } from "../errors.ts";
import type { Answer, Question } from "./room-client/state.ts";

/** Asks the server; throws where no answer can be had. */
type Ask = (question: Question, options: RequestOptions | undefined) => Promise<Answer>;

/** Each question as a request to the server (docs/protocol.md s. 18), and its answer as the library gives it. */
export function createRequests(
  ask: Ask,
): Omit<RoomConversation, keyof Conversation | "watch" | "way"> {
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

  async function createInvitation(
    { uses, seconds, renew }: InvitationLimits = {},
    options?: RequestOptions,
  ) {
    const question = { type: "invite", uses, seconds, renew } as const;
    const { invitation, page = null } = await request(question, "invited", options);
    return { invitation, page };
  }

  return {
    async who(options) {
      return (await request({ type: "who" }, "people", options)).members;
    },
    async rooms(options) {
      return (await request({ type: "rooms" }, "rooms", options)).rooms;
    },
    async history({ count, before, words }, options) {
      const question = { type: "history", count, before, words } as const;
      return (await request(question, "found", options)).entries;
    },
    async rename(name, options) {
      await request({ type: "rename", name }, "done", options);
    },
    async kick(name, options) {
      await request({ type: "kick", name }, "done", options);
    },
    async ban(name, options) {
      const {
        closed,
        fingerprint,
        invitation,
        name: known,
        open,
        page,
      } = await request({ type: "ban", name }, "banned", options);
      return { name: known, fingerprint, closed, invitation, page, open };
    },
    async unban(name, options) {
      await request({ type: "unban", name }, "done", options);
    },
    async bans(options) {
      return (await request({ type: "bans" }, "bans", options)).bans;
    },
    async op(name, operator, options) {
      await request({ type: "op", name, operator }, "done", options);
    },
    async mute(name, muted, options) {
      await request({ type: "mute", name, muted }, "done", options);
    },
    async close(options) {
      await request({ type: "close" }, "done", options);
    },
    async lock(locked, options) {
      await request({ type: "lock", locked }, "done", options);
    },
    async deleteRoom(room, options) {
      await request({ type: "delete", room }, "done", options);
    },
    async invite(limits, options) {
      return (await createInvitation(limits, options)).invitation;
    },
    createInvitation,
    async invitations(options) {
      return (await request({ type: "invites" }, "invitations", options)).invitations;
    },
    async revoke(number, options) {
      await request({ type: "revoke", number }, "done", options);
    },
  };
}

function hasType<T extends Answer["type"]>(
  answer: Answer,
  type: T,
): answer is Extract<Answer, { type: T }> {
  return answer.type === type;
}

/** Another code is a later server's. */
function failure({ code, message, hint }: Extract<Answer, { type: "failed" }>): CharlaError {
  const known = SERVER_CODES.find((own) => own === code) ?? "REFUSED";
  return new CharlaError(known, message, hint ?? memberHint(code));
}
