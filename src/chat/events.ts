// What happens in a conversation, as data: the one vocabulary of the library, the terminal and
// --json. Says who with names made elsewhere; knows nothing of networks.

export type ConversationEvent =
  /** This end waits for others at `address`. */
  | { readonly type: "listening"; readonly address: string }
  /** What lets somebody in: a secret, unless the conversation is open to all. */
  | { readonly type: "invitation"; readonly invitation: string }
  /** This end speaks to `peer`, which need not have answered; with a fingerprint it has, and proved itself. */
  | { readonly type: "joining"; readonly peer: string; readonly fingerprint?: string }
  /** The other end spoke for the first time; on the sealed wire it has proven who it is. */
  | { readonly type: "joined"; readonly peer: string; readonly fingerprint?: string }
  /** This end is in a room, under this name, with these others. */
  | {
      readonly type: "entered";
      readonly room: string;
      readonly name: string;
      readonly owner: boolean;
      readonly members: readonly { readonly name: string; readonly fingerprint: string }[];
    }
  /** The way to the server is lost; it is looked for again. */
  | { readonly type: "disconnected"; readonly message: string }
  | { readonly type: "reconnected" }
  /** Somebody is not heard, or is heard again. */
  | { readonly type: "away"; readonly peer: string; readonly away: boolean }
  | { readonly type: "renamed"; readonly from: string; readonly to: string }
  /** The other end is gone, and the conversation waits for the next; in a room, a member is. */
  | { readonly type: "left"; readonly peer: string; readonly reason?: string }
  /** In a room: with its number there, when it was stored (ms since 1970), and whose key said it. */
  | {
      readonly type: "message";
      readonly from: string;
      readonly text: string;
      readonly sequence?: number;
      readonly time?: number;
      readonly fingerprint?: string;
    }
  /** What was said here left for the other end. */
  | { readonly type: "said"; readonly text: string }
  /** The server has it on its disk: in a room only. */
  | { readonly type: "delivered"; readonly text: string; readonly sequence?: number }
  /** What was said here waits: nobody is there yet, it is the other end's turn, or the way to the server is lost. */
  | { readonly type: "waiting"; readonly for: "peer" | "turn" | "server"; readonly text: string }
  /** Turn-taking: whose turn it is now. */
  | { readonly type: "turn"; readonly whose: "mine" | "theirs" }
  /** Nothing has come from the other end for so long, though something should have. */
  | { readonly type: "silent"; readonly seconds: number }
  /** The other end is heard again after a silence of so long. */
  | { readonly type: "heard"; readonly seconds: number }
  /** Somebody outside the conversation spoke and was ignored, `ignored` times in all. */
  | { readonly type: "stranger"; readonly from: string; readonly ignored: number }
  /** Messages came faster than they were taken; `count` in all were dropped. */
  | { readonly type: "dropped"; readonly count: number }
  /** Something worth a sentence that does not end the conversation. */
  | {
      readonly type: "notice";
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
    }
  /** The end: nothing follows. `unsaid` was said here and never left; sealed: is not known to have arrived. */
  | { readonly type: "ended"; readonly reason: EndReason; readonly unsaid: readonly string[] };

export type EndReason =
  /** This end said bye. */
  | "said-bye"
  /** The other end said bye. */
  | "heard-bye"
  /** This end left without a word. */
  | "left"
  /** The other end left without a word. */
  | "peer-left"
  /** Nobody is at the other end; `events` goes on to throw the reason. */
  | "lost";

/** A conversation as seen from one end. */
export interface Conversation extends AsyncDisposable {
  /** Everything that happens, in order, once; ends after `ended`, and throws when that was "lost". */
  readonly events: AsyncIterable<ConversationEvent>;
  /**
   * Says one message. Resolves when it has left for the other end; what has to wait, waits.
   *
   * @throws {CharlaError} MESSAGE_TOO_LONG, TOO_MANY_WAITING, CONVERSATION_OVER, NOBODY_LISTENING
   */
  say(text: string): Promise<void>;
  /** Ends it from here, once all that could leave has left. */
  leave(): Promise<void>;
}
