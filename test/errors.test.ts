import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { CharlaError, ERROR_CODES, type ErrorCode, SERVER_CODES } from "../src/errors.ts";
import { root } from "./harness/program.ts";

// 2: the command line was wrong. 1: the world was. The type holds this table to every code.
const EXIT_STATUS: Readonly<Record<ErrorCode, 1 | 2>> = {
  USAGE: 2,
  UNKNOWN_OPTION: 2,
  CONFIG_INVALID: 2,
  INVALID_ADDRESS: 2,
  PORT_OUT_OF_RANGE: 2,
  INVALID_INVITATION: 2,
  INVALID_URL: 2,
  UNKNOWN_HOST: 1,
  PORT_IN_USE: 1,
  PORT_NOT_PERMITTED: 1,
  ADDRESS_NOT_AVAILABLE: 1,
  ADDRESS_FAMILY_NOT_AVAILABLE: 1,
  UNREACHABLE: 1,
  NOBODY_LISTENING: 1,
  NO_ANSWER: 1,
  OTHER_WIRE: 1,
  OTHER_VERSION: 1,
  WRONG_SECRET: 1,
  CONVERSATION_FULL: 1,
  RELAY_FULL: 1,
  NOT_REGISTERED: 1,
  RELAY_LOST: 1,
  SESSION_LOST: 1,
  NOT_CONNECTED: 1,
  NAME_TAKEN: 1,
  REFUSED: 1,
  KICKED: 1,
  ROOM_DELETED: 1,
  BANNED: 1,
  NO_SUCH_MEMBER: 1,
  NO_SUCH_ROOM: 1,
  NO_SUCH_INVITATION: 1,
  NOT_THE_OWNER: 1,
  MESSAGE_TOO_LONG: 1,
  NOT_UTF8: 1,
  INPUT_NOT_SENT: 1,
  TOO_MANY_WAITING: 1,
  CONVERSATION_OVER: 1,
  OTHER_CONVERSATION: 1,
  SERVER_KEY_CHANGED: 1,
  KEY_FILE_EXPOSED: 1,
  KEY_FILE_DAMAGED: 1,
  SECRET_FILE_EXPOSED: 1,
  SECRET_FILE_DAMAGED: 1,
  INVITATIONS_DAMAGED: 1,
  MODERATION_DAMAGED: 1,
  AUTHORIZED_KEYS_DAMAGED: 1,
  KNOWN_SERVERS_DAMAGED: 1,
  FILE_NOT_READABLE: 1,
  FOLDER_NOT_WRITABLE: 1,
  SOCKET_FAILED: 1,
  STDOUT_CLOSED: 1,
  STDOUT_FAILED: 1,
  EDITOR_FAILED: 1,
  NOT_RUNNING: 1,
  RUNTIME_TOO_OLD: 1,
  STORE_LOCKED: 1,
  STORE_TOO_NEW: 1,
  STORE_TOO_OLD: 1,
  STORE_DAMAGED: 1,
  STORE_NOT_WRITABLE: 1,
  STORE_FULL: 1,
  STORE_FAILED: 1,
  STORE_GONE: 1,
  STORE_MISSING: 1,
  TOO_MANY_ROOMS: 1,
  TOO_MANY_NAMES: 1,
  SEARCH_TOO_SHORT: 1,
  QUOTA_REACHED: 1,
  TOO_MANY_INVITATIONS: 1,
  TIMED_OUT: 1,
  CONNECTION_LOST: 1,
  TLS_FAILED: 1,
  CERTIFICATE_NOT_TRUSTED: 1,
  BAD_RESPONSE: 1,
  HTTP_STATUS: 1,
  TOO_MANY_REDIRECTS: 1,
  REDIRECT_REFUSED: 1,
  BODY_TOO_LONG: 1,
  BINARY_TO_TERMINAL: 1,
  CHECKSUM_WRONG: 1,
  FILE_NOT_WRITABLE: 1,
  DISK_FULL: 1,
  CERTIFICATE_UNUSABLE: 1,
};

/** In the source, but for those of the system, such as EAGAIN. */
const NOTICE_CODE =
  /(?:\bcode: (?:\w+ \? )?|\bnotify\(printer, |\bshow\(\s*)"(?!E[A-Z0-9]+")([A-Z][A-Z_]+)"/g;

for (const code of ERROR_CODES) {
  test(`a program that fails with ${code} exits with status ${EXIT_STATUS[code]}`, () => {
    expect(new CharlaError(code, "it failed", "try again").exitStatus).toBe(EXIT_STATUS[code]);
  });
}

test("every code is in the list once", () => {
  expect(Object.keys(EXIT_STATUS).toSorted()).toEqual([...ERROR_CODES].toSorted());
});

test("clients know every code with which a server or its log may answer", () => {
  const source = join(root, "src");
  const texts = ["server", "log"].flatMap((folder) =>
    readdirSync(join(source, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => readFileSync(join(source, folder, path), "utf8")),
  );
  const thrown = new Set(
    texts.flatMap((text) =>
      Array.from(text.matchAll(/new CharlaError\(\s*"([A-Z_]+)"/g), ([, code = ""]) => code),
    ),
  );
  expect(thrown).toContain("NAME_TAKEN");
  // Before there is a server that answers.
  const atStart = ["AUTHORIZED_KEYS_DAMAGED", "RELAY_LOST", "RUNTIME_TOO_OLD"];
  expect([...thrown.difference(new Set([...SERVER_CODES, ...atStart]))]).toEqual([]);
});

test("docs/errors.md has every code of an error and of a notice", () => {
  const source = join(root, "src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  const notices = files
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(join(source, path), "utf8"))
    .flatMap((text) => Array.from(text.matchAll(NOTICE_CODE), ([, code = ""]) => code));
  // So that the pattern is known to find them.
  expect(notices).toEqual(expect.arrayContaining(["MISSED_MORE", "MODERATION", "SAVED", "RETRY"]));
  const documented = readFileSync(join(root, "docs", "errors.md"), "utf8");
  const codes = new Set<string>(ERROR_CODES).union(new Set(notices));
  expect([...codes].filter((code) => !documented.includes(`\`${code}\``))).toEqual([]);
});

test("an error carries its code, its sentence, its hint and its cause", () => {
  const cause = new Error("bind EADDRINUSE");
  const error = new CharlaError("PORT_IN_USE", "port 12345 is in use", "choose another", { cause });

  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("CharlaError");
  expect(error.code).toBe("PORT_IN_USE");
  expect(error.message).toBe("port 12345 is in use");
  expect(error.hint).toBe("choose another");
  expect(error.cause).toBe(cause);
});
