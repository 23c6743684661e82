// What happens in a conversation, as data: the one vocabulary of the library, the terminal and
// --json. Says who with names made elsewhere; knows nothing of networks.

export type ConversationEvent =
  /** This end waits for others at `address`. */
  | { readonly type: "listening"; readonly address: string }
  /** This end speaks to `peer`, which need not have answered. */
  | { readonly type: "joining"; readonly peer: string }
  /** The other end spoke for the first time. */
  | { readonly type: "joined"; readonly peer: string }
  | { readonly type: "message"; readonly from: string; readonly text: string }
  /** What was said here left for the other end. */
  | { readonly type: "said"; readonly text: string }
  /** What was said here waits: nobody is there yet, or it is the other end's turn. */
  | { readonly type: "waiting"; readonly for: "peer" | "turn"; readonly text: string }
  /** Turn-taking: whose turn it is now. */
  | { readonly type: "turn"; readonly whose: "mine" | "theirs" }
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
  /** The end: nothing follows. `unsaid` is what was said here and never left. */
  | { readonly type: "ended"; readonly reason: EndReason; readonly unsaid: readonly string[] };

export type EndReason =
  /** This end said bye. */
  | "said-bye"
  /** The other end said bye. */
  | "heard-bye"
  /** This end left without a word. */
  | "left"
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
