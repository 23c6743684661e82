import { expect, test } from "bun:test";

import { type ErrorCode, systemCode } from "../../src/errors.ts";
import { describeSocketError } from "../../src/net/socket-error.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

const CASES: [system: string, code: ErrorCode, message: string][] = [
  ["EADDRINUSE", "PORT_IN_USE", "192.0.2.1:80 is in use by another program"],
  ["EACCES", "PORT_NOT_PERMITTED", "permission denied for 192.0.2.1:80"],
  [
    "EADDRNOTAVAIL",
    "ADDRESS_NOT_AVAILABLE",
    "192.0.2.1:80 cannot be used: this machine does not have that address",
  ],
  [
    "EAFNOSUPPORT",
    "ADDRESS_FAMILY_NOT_AVAILABLE",
    "192.0.2.1:80 cannot be reached: its address family is not available here",
  ],
  ["ECONNREFUSED", "NOBODY_LISTENING", "no program is listening at 192.0.2.1:80"],
  ["EMSGSIZE", "MESSAGE_TOO_LONG", "the message is too long for one datagram to 192.0.2.1:80"],
  ["ENETUNREACH", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["EHOSTUNREACH", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["ENETDOWN", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["EPERM", "UNREACHABLE", "this machine refuses to send to 192.0.2.1:80"],
];

test.each(CASES)(
  "the system's %s becomes %s: %p, with a hint and its cause",
  (system, code, message) => {
    const cause = systemError(system);
    const error = describeSocketError(cause, "192.0.2.1:80");
    expect(error).toMatchObject({ code, message });
    expect(error.cause).toBe(cause);
    expect(error.hint).toMatch(/^[^.]+.*[^.]$/);
  },
);

test("a port in use has the hint to choose another", () => {
  expect(describeSocketError(systemError("EADDRINUSE"), "port 12345").hint).toBe(
    "choose another port with --port N, or --port 0 for any free one",
  );
});

test("a refusal has the hint what to start there", () => {
  expect(describeSocketError(systemError("ECONNREFUSED"), "127.0.0.1:1").hint).toBe(
    "start charla --server there first, or charla receive",
  );
});

test.each([
  ["an error with an unknown code", systemError("EWEIRD"), "EWEIRD: it failed"],
  ["an error without a code", new Error("it broke"), "it broke"],
  ["a thrown value that is not an error", "a string", "a string"],
  ["nothing at all", undefined, "undefined"],
])("%s is SOCKET_FAILED, with the system's message", (_what, cause, said) => {
  const error = describeSocketError(cause, "port 12345");
  expect(error).toMatchObject({
    code: "SOCKET_FAILED",
    message: `network error at port 12345: ${said}`,
    hint: "try again; if it happens again, report it with this line",
  });
  expect(error.cause).toBe(cause);
});

test("systemCode is the code of a system error, and empty for anything else", () => {
  expect(systemCode(systemError("EMSGSIZE"))).toBe("EMSGSIZE");
  expect(systemCode(new Error("it broke"))).toBe("");
  expect(systemCode("EMSGSIZE")).toBe("");
});
