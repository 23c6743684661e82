// What a member learns of an error. What they can mend, they are told as it is; of a failure of the server itself they learn that
// it has failed: the path on its machine and the cause are for its owner.

import type { CharlaError, ErrorCode } from "../errors.ts";

export type ToldError = Pick<CharlaError, "code" | "message" | "hint">;

/** Those whose sentences name nothing but the conversation. */
const ABOUT_THE_CONVERSATION: ReadonlySet<ErrorCode> = new Set([
  "BANNED",
  "NAME_TAKEN",
  "NOT_THE_OWNER",
  "NO_SUCH_INVITATION",
  "NO_SUCH_MEMBER",
  "NO_SUCH_ROOM",
  "QUOTA_REACHED",
  "REFUSED",
  "SEARCH_TOO_SHORT",
  "TOO_MANY_INVITATIONS",
  "TOO_MANY_NAMES",
  "TOO_MANY_ROOMS",
]);

/** An error as the owner learns it, or as somebody else does. */
export function toldTo({ owner }: { readonly owner: boolean }, error: CharlaError): ToldError {
  if (owner || ABOUT_THE_CONVERSATION.has(error.code)) return error;
  return { code: error.code, ...describeFailure(error.code) };
}

function describeFailure(code: ErrorCode): Pick<ToldError, "message" | "hint"> {
  if (code === "STORE_FULL") {
    return {
      message: "the server has no space left for messages",
      hint: "ask its owner to free some",
    };
  }
  if (code === "STORE_LOCKED") {
    return { message: "another program uses the server's store", hint: "try again" };
  }
  return code.startsWith("STORE_")
    ? { message: "the server's store has failed", hint: "ask its owner to look at the server" }
    : { message: "the server has failed to do that", hint: "ask its owner to look at the server" };
}
