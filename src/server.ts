// charla/server, for programs: what opens a conversation, under Bun and under Node.js. What joins one is in index.ts.

export { CharlaError, ERROR_CODES, type ErrorCode } from "./errors.ts";
export type { Keep } from "./log/retention.ts";
export { generateKeyPair } from "./net/crypto.ts";
export type { KeyPair } from "./protocol/crypto-provider.ts";
export { open, type OpenOptions } from "./server/open.ts";
export type { Server } from "./server/server.ts";
