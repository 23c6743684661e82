// The base class of every error that charla reports, and the list of its codes. docs/errors.md says
// of each what causes it and what helps. A bug of charla's own is not one of these: it is an Error.

/** Every code; stable once released: programs match on it, people search for it. */
export const ERROR_CODES = [
  "USAGE",
  "UNKNOWN_OPTION",
  "CONFIG_INVALID",
  "INVALID_ADDRESS",
  "PORT_OUT_OF_RANGE",
  "INVALID_INVITATION",
  "INVALID_URL",
  "UNKNOWN_HOST",
  "PORT_IN_USE",
  "PORT_NOT_PERMITTED",
  "ADDRESS_NOT_AVAILABLE",
  "ADDRESS_FAMILY_NOT_AVAILABLE",
  "UNREACHABLE",
  "NOBODY_LISTENING",
  "NO_ANSWER",
  "OTHER_WIRE",
  "OTHER_VERSION",
  "WRONG_SECRET",
  "CONVERSATION_FULL",
  "RELAY_FULL",
  "NOT_REGISTERED",
  "RELAY_LOST",
  "SESSION_LOST",
  "NOT_CONNECTED",
  "NAME_TAKEN",
  "REFUSED",
  "KICKED",
  "ROOM_DELETED",
  "BANNED",
  "NO_SUCH_MEMBER",
  "NO_SUCH_ROOM",
  "NO_SUCH_INVITATION",
  "NOT_THE_OWNER",
  "MESSAGE_TOO_LONG",
  "NOT_UTF8",
  "INPUT_NOT_SENT",
  "TOO_MANY_WAITING",
  "CONVERSATION_OVER",
  "OTHER_CONVERSATION",
  "SERVER_KEY_CHANGED",
  "KEY_FILE_EXPOSED",
  "KEY_FILE_DAMAGED",
  "SECRET_FILE_EXPOSED",
  "SECRET_FILE_DAMAGED",
  "INVITATIONS_DAMAGED",
  "MODERATION_DAMAGED",
  "AUTHORIZED_KEYS_DAMAGED",
  "KNOWN_SERVERS_DAMAGED",
  "FILE_NOT_READABLE",
  "FOLDER_NOT_WRITABLE",
  "SOCKET_FAILED",
  "STDOUT_CLOSED",
  "STDOUT_FAILED",
  "EDITOR_FAILED",
  "NOT_RUNNING",
  "RUNTIME_TOO_OLD",
  "STORE_LOCKED",
  "STORE_TOO_NEW",
  "STORE_TOO_OLD",
  "STORE_DAMAGED",
  "STORE_NOT_WRITABLE",
  "STORE_FULL",
  "STORE_FAILED",
  "STORE_GONE",
  "STORE_MISSING",
  "TOO_MANY_ROOMS",
  "TOO_MANY_NAMES",
  "SEARCH_TOO_SHORT",
  "QUOTA_REACHED",
  "TOO_MANY_INVITATIONS",
  "TIMED_OUT",
  "CONNECTION_LOST",
  "TLS_FAILED",
  "CERTIFICATE_NOT_TRUSTED",
  "BAD_RESPONSE",
  "HTTP_STATUS",
  "TOO_MANY_REDIRECTS",
  "REDIRECT_REFUSED",
  "BODY_TOO_LONG",
  "BINARY_TO_TERMINAL",
  "CHECKSUM_WRONG",
  "FILE_NOT_WRITABLE",
  "DISK_FULL",
  "CERTIFICATE_UNUSABLE",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Those with which a server answers what a member asks for. */
export const SERVER_CODES = [
  "REFUSED",
  "BANNED",
  "NAME_TAKEN",
  "NO_SUCH_MEMBER",
  "NO_SUCH_ROOM",
  "NO_SUCH_INVITATION",
  "NOT_THE_OWNER",
  "QUOTA_REACHED",
  "SEARCH_TOO_SHORT",
  "TOO_MANY_ROOMS",
  "TOO_MANY_NAMES",
  "TOO_MANY_INVITATIONS",
  "INVITATIONS_DAMAGED",
  "MODERATION_DAMAGED",
  "FILE_NOT_READABLE",
  "FOLDER_NOT_WRITABLE",
  "STORE_LOCKED",
  "STORE_TOO_NEW",
  "STORE_TOO_OLD",
  "STORE_DAMAGED",
  "STORE_NOT_WRITABLE",
  "STORE_FULL",
  "STORE_FAILED",
  "STORE_GONE",
  "STORE_MISSING",
] as const satisfies readonly ErrorCode[];

/** Codes that mean the command line was wrong, not the world: exit status 2 instead of 1. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set([
  "USAGE",
  "UNKNOWN_OPTION",
  "CONFIG_INVALID",
  "INVALID_ADDRESS",
  "PORT_OUT_OF_RANGE",
  "INVALID_INVITATION",
  "INVALID_URL",
]);

/** What went wrong, in one sentence, and what to do about it. */
export class CharlaError extends Error {
  override readonly name = "CharlaError";
  readonly code: ErrorCode;
  /** What to do about it: one sentence without a full stop. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** 2 for wrong usage, 1 for everything else (docs/errors.md, "Exit status"). */
  get exitStatus(): 1 | 2 {
    return USAGE_CODES.has(this.code) ? 2 : 1;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "no such file or folder",
  EEXIST: "there is a file in its place",
  ENOTDIR: "there is a file where a folder should be",
  EISDIR: "there is a folder where a file should be",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many symbolic links",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
};

/** Why a file or folder could not be used, in words; the error's own message where the system gave no reason. */
export function describeCause(cause: unknown): string {
  return REASONS[systemCode(cause)] ?? (cause instanceof Error ? cause.message : String(cause));
}

/** What was written, as a command, an option or an argument, can't be done. */
export function usageError(message: string, hint: string): CharlaError {
  return new CharlaError("USAGE", message, hint);
}

/** The system's code for what went wrong, such as EACCES; empty for an error that isn't the system's. */
export function systemCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "";
}
