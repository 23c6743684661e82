// charla for programs: what joins a conversation, and what the plain wire needs. What opens one is in server.ts.

export type {
  Banned,
  HistoryQuery,
  InvitationLimits,
  PlainConversation,
  RequestOptions,
  RoomConversation,
} from "./chat/conversation.ts";
export type { CurrentWay } from "./chat/channel.ts";
export type { EndReason, PlainEvent, RoomEvent } from "./chat/events.ts";
export type {
  BanDescription,
  InvitationDescription,
  LogEntry,
  MemberDescription,
  RoomDescription,
  RoomNews,
} from "./chat/frames.ts";
export type { WatchedRoom } from "./chat/member-frames.ts";
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
export type { Cursor, Device, DeviceOptions, Unstored } from "./client/device.ts";
export { type DeviceFile, type DeviceFileOptions, openDeviceFile } from "./client/device-file.ts";
export { joinRoom as join, type JoinRoomOptions as JoinOptions } from "./client/join-room.ts";
export { openSealedSender, type SealedSender } from "./client/sealed-message.ts";
export { CharlaError, ERROR_CODES, type ErrorCode } from "./errors.ts";
export { type Invitation, parseInvitation } from "./identity/invitation.ts";
export { generateKeyPair } from "./net/crypto.ts";
export type { KeyPair } from "./protocol/crypto-provider.ts";
