// Turns the system's socket errors into errors for people. The same errno means one thing when a socket is opened and
// another when a datagram is sent, so there is a table for each call. Pure.

import { CharlaError, type ErrorCode, systemCode } from "../errors.ts";

type Description = (where: string) => [ErrorCode, message: string, hint: string];

const BIND: Readonly<Record<string, Description>> = {
  EADDRINUSE: (where) => [
    "PORT_IN_USE",
    `${where} is in use by another program`,
    "choose another port with --port N, or --port 0 for any free one",
  ],
  EACCES: (where) => [
    "PORT_NOT_PERMITTED",
    `permission denied for ${where}`,
    "choose a port from 1024 up with --port N",
  ],
  EPERM: (where) => [
    "PORT_NOT_PERMITTED",
    `permission denied for ${where}`,
    "a sandbox or a security policy forbids it: choose another port, or allow it there",
  ],
  EADDRNOTAVAIL: (where) => [
    "ADDRESS_NOT_AVAILABLE",
    `${where} cannot be used: this machine does not have that address`,
    "bind an address of this machine, or leave --bind out to listen on all of them",
  ],
  EAFNOSUPPORT: (where) => [
    "ADDRESS_FAMILY_NOT_AVAILABLE",
    `${where} cannot be used: its address family is not available here`,
    "use an address of the other family (IPv4 like 127.0.0.1, IPv6 like ::1)",
  ],
};

const SEND: Readonly<Record<string, Description>> = {
  EAFNOSUPPORT: (where) => [
    "ADDRESS_FAMILY_NOT_AVAILABLE",
    `${where} cannot be reached: its address family is not available here`,
    "use an address of the other family (IPv4 like 127.0.0.1, IPv6 like ::1)",
  ],
  ECONNREFUSED: (where) => [
    "NOBODY_LISTENING",
    `no program is listening at ${where}`,
    "start charla --server there first; on the plain wire, charla receive",
  ],
  EMSGSIZE: (where) => [
    "MESSAGE_TOO_LONG",
    `the message is too long for one datagram to ${where}`,
    "split it into several messages",
  ],
  ENETUNREACH: unreachable,
  EHOSTUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETDOWN: unreachable,
  // There is no address to send from.
  EADDRNOTAVAIL: unreachable,
  // A firewall of this machine; or one on the path, by ICMPv6 (RFC 4443 s. 3.1, codes 1, 5 and 6).
  EACCES: forbidden,
  EPERM: forbidden,
  ENOBUFS: (where) => [
    "UNREACHABLE",
    `the network interface to ${where} is overloaded`,
    "send it again",
  ],
};

function unreachable(where: string): ReturnType<Description> {
  return ["UNREACHABLE", `no route to ${where}`, "check the address and the network"];
}

function forbidden(where: string): ReturnType<Description> {
  return [
    "UNREACHABLE",
    `sending to ${where} is not permitted`,
    "check the firewall of this machine, and those on the way",
  ];
}

/**
 * A socket could not be opened.
 *
 * @param where the address or port that it should have
 */
export function describeBindError(cause: unknown, where: string): CharlaError {
  return describe(BIND, cause, where);
}

/**
 * A datagram was not sent, or the network has answered an earlier one with an error.
 *
 * @param where its destination
 */
export function describeSendError(cause: unknown, where: string): CharlaError {
  return describe(SEND, cause, where);
}

function describe(
  descriptions: Readonly<Record<string, Description>>,
  cause: unknown,
  where: string,
): CharlaError {
  const description = descriptions[systemCode(cause)];
  if (description !== undefined) return new CharlaError(...description(where), { cause });
  const said = cause instanceof Error ? cause.message : String(cause);
  return new CharlaError(
    "SOCKET_FAILED",
    `network error at ${where}: ${said}`,
    "try again; if it happens again, report it with this line",
    { cause },
  );
}

/** What a name server that can't be reached makes of a lookup: it says nothing about the name (getaddrinfo(3)). */
const NO_NAME_SERVER = new Set(["EAI_AGAIN", "ETIMEOUT", "ETIMEDOUT", "ECONNREFUSED", "ESERVFAIL"]);

/** Whether it says that a host's addresses could not be looked up. */
export function isLookupError({ code, cause }: CharlaError): boolean {
  return (
    code === "UNKNOWN_HOST" || (code === "UNREACHABLE" && NO_NAME_SERVER.has(systemCode(cause)))
  );
}

/** A host's addresses could not be looked up. */
export function describeLookupError(cause: unknown, host: string): CharlaError {
  // No host has a name in .invalid, whatever a name server says (RFC 6761 s. 6.4).
  if (NO_NAME_SERVER.has(systemCode(cause)) && !/\.invalid\.?$/i.test(host)) {
    return new CharlaError(
      "UNREACHABLE",
      `cannot look up ${JSON.stringify(host)}: no name server answers`,
      "check this machine's network connection",
      { cause },
    );
  }
  return new CharlaError(
    "UNKNOWN_HOST",
    `unknown host ${JSON.stringify(host)}`,
    "check the spelling, or give its IP address",
    { cause },
  );
}
