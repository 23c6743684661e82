import { describe, expect, test } from "bun:test";

import { type ErrorCode, systemCode } from "../../src/errors.ts";
import {
  describeBindError,
  describeLookupError,
  describeSendError,
  isLookupError,
} from "../../src/net/socket-error.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

const BIND: [system: string, code: ErrorCode, message: string][] = [
  ["EADDRINUSE", "PORT_IN_USE", "192.0.2.1:80 is in use by another program"],
  ["EACCES", "PORT_NOT_PERMITTED", "permission denied for 192.0.2.1:80"],
  ["EPERM", "PORT_NOT_PERMITTED", "permission denied for 192.0.2.1:80"],
  [
    "EADDRNOTAVAIL",
    "ADDRESS_NOT_AVAILABLE",
    "192.0.2.1:80 cannot be used: this machine does not have that address",
  ],
  [
    "EAFNOSUPPORT",
    "ADDRESS_FAMILY_NOT_AVAILABLE",
    "192.0.2.1:80 cannot be used: its address family is not available here",
  ],
];

const SEND: [system: string, code: ErrorCode, message: string][] = [
  [
    "EAFNOSUPPORT",
    "ADDRESS_FAMILY_NOT_AVAILABLE",
    "192.0.2.1:80 cannot be reached: its address family is not available here",
  ],
  ["ECONNREFUSED", "NOBODY_LISTENING", "no program is listening at 192.0.2.1:80"],
  ["EMSGSIZE", "MESSAGE_TOO_LONG", "the message is too long for one datagram to 192.0.2.1:80"],
  ["ENETUNREACH", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["EHOSTUNREACH", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["EHOSTDOWN", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["ENETDOWN", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["EADDRNOTAVAIL", "UNREACHABLE", "no route to 192.0.2.1:80"],
  ["EACCES", "UNREACHABLE", "sending to 192.0.2.1:80 is not permitted"],
  ["EPERM", "UNREACHABLE", "sending to 192.0.2.1:80 is not permitted"],
  ["ENOBUFS", "UNREACHABLE", "the network interface to 192.0.2.1:80 is overloaded"],
];

describe.each([
  ["opening a socket", describeBindError, BIND],
  ["sending a datagram", describeSendError, SEND],
] as const)("an error of %s", (_call, describeError, cases) => {
  test.each(cases.map((one) => [...one] as const))(
    "the system's %s becomes %s: %p, with a hint and its cause",
    (system, code, message) => {
      const cause = systemError(system);
      const error = describeError(cause, "192.0.2.1:80");
      expect(error).toMatchObject({ code, message });
      expect(error.cause).toBe(cause);
      expect(error.hint).toMatch(/^[^.]+.*[^.]$/);
    },
  );

  test.each([
    ["an error with an unknown code", systemError("EWEIRD"), "EWEIRD: it failed"],
    ["an error without a code", new Error("it broke"), "it broke"],
    ["a thrown value that is not an error", "a string", "a string"],
    ["nothing at all", undefined, "undefined"],
  ])("%s is SOCKET_FAILED, with the system's message", (_what, cause, said) => {
    const error = describeError(cause, "port 12345");
    expect(error).toMatchObject({
      code: "SOCKET_FAILED",
      message: `network error at port 12345: ${said}`,
      hint: "try again; if it happens again, report it with this line",
    });
    expect(error.cause).toBe(cause);
  });
});

test("a port in use has the hint to choose another", () => {
  expect(describeBindError(systemError("EADDRINUSE"), "port 12345").hint).toBe(
    "choose another port with --port N, or --port 0 for any free one",
  );
});

test("a refusal has the hint what to start there", () => {
  expect(describeSendError(systemError("ECONNREFUSED"), "127.0.0.1:1").hint).toBe(
    "start charla --server there first; on the plain wire, charla receive",
  );
});

test("only a port that may not be bound has the hint about ports below 1024", () => {
  const about = /1024/;
  expect(describeBindError(systemError("EACCES"), "port 80").hint).toMatch(about);
  expect(describeSendError(systemError("EACCES"), "192.0.2.1:80").hint).not.toMatch(about);
});

test.each(["EAI_AGAIN", "ETIMEOUT", "ESERVFAIL"])(
  "%s of a lookup says nothing about the host: no name server answers",
  (code) => {
    const cause = systemError(code);
    const error = describeLookupError(cause, "example.com");
    expect(error).toMatchObject({
      code: "UNREACHABLE",
      message: 'cannot look up "example.com": no name server answers',
      hint: "check this machine's network connection",
    });
    expect(error.cause).toBe(cause);
    expect(isLookupError(error)).toBe(true);
  },
);

test("an error of a lookup is told from one of a datagram", () => {
  expect(isLookupError(describeLookupError(systemError("ENOTFOUND"), "example.com"))).toBe(true);
  expect(isLookupError(describeSendError(systemError("ENETUNREACH"), "192.0.2.1:80"))).toBe(false);
  expect(isLookupError(describeSendError(systemError("ECONNREFUSED"), "[::1]:80"))).toBe(false);
});

test("a name in .invalid is unknown, whatever the name server says (RFC 6761 s. 6.4)", () => {
  expect(describeLookupError(systemError("EAI_AGAIN"), "nobody.invalid")).toMatchObject({
    code: "UNKNOWN_HOST",
  });
});

test("systemCode is the code of a system error, and empty for anything else", () => {
  expect(systemCode(systemError("EMSGSIZE"))).toBe("EMSGSIZE");
  expect(systemCode(new Error("it broke"))).toBe("");
  expect(systemCode("EMSGSIZE")).toBe("");
});
