// charla for programs: everything that other code may import.

export type { Conversation, ConversationEvent, EndReason } from "./chat/events.ts";
export {
  joinPlain,
  openPlain,
  type OpenPlainOptions,
  type PlainOptions,
} from "./client/plain-conversation.ts";
export {
  openPlainReceiver,
  openPlainSender,
  type PlainReceiver,
  type PlainSender,
  type ReceivedMessage,
} from "./client/plain-message.ts";
export {
  type JoinedConversation,
  joinSealed,
  type JoinSealedOptions,
  type OpenedConversation,
  openSealed,
  type OpenSealedOptions,
} from "./client/sealed-conversation.ts";
export { openSealedSender } from "./client/sealed-message.ts";
export { CharlaError, ERROR_CODES, type ErrorCode } from "./errors.ts";
