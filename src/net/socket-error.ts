// What the system says of a socket, said to a person. Pure.

import { CharlaError, type ErrorCode, systemCode } from "../errors.ts";

type Words = (where: string) => [ErrorCode, message: string, hint: string];

const WORDS: Readonly<Record<string, Words>> = {
  EADDRINUSE: (where) => [
    "PORT_IN_USE",
    `${where} is in use by another program`,
    "choose another port with --port N, or --port 0 for any free one",
  ],
  EACCES: (where) => [
    "PORT_NOT_PERMITTED",
    `this user may not use ${where}`,
    "choose a port from 1024 up with --port N",
  ],
  EADDRNOTAVAIL: (where) => [
    "ADDRESS_NOT_AVAILABLE",
    `${where} cannot be used: this machine does not have that address`,
    "bind an address of this machine, or leave --bind out to listen on all of them",
  ],
  EAFNOSUPPORT: (where) => [
    "ADDRESS_FAMILY_NOT_AVAILABLE",
    `${where} cannot be reached: its address family is not available here`,
    "use an address of the other family (IPv4 like 127.0.0.1, IPv6 like ::1)",
  ],
  ECONNREFUSED: (where) => [
    "NOBODY_LISTENING",
    `nobody is listening at ${where}`,
    "start charla --server there first, or charla receive",
  ],
  EMSGSIZE: (where) => [
    "MESSAGE_TOO_LONG",
    `the message is longer than one datagram to ${where} may be`,
    "say it in several messages",
  ],
  ENETUNREACH: unreachable,
  EHOSTUNREACH: unreachable,
  ENETDOWN: unreachable,
  EPERM: (where) => [
    "UNREACHABLE",
    `this machine does not let a datagram out to ${where}`,
    "look at its firewall",
  ],
};

function unreachable(where: string): ReturnType<Words> {
  return ["UNREACHABLE", `there is no way to ${where}`, "check the address and the network"];
}

/** Gives a system error its code, sentence and hint; `where` is the address or port it is about. */
export function describeSocketError(cause: unknown, where: string): CharlaError {
  const words = WORDS[systemCode(cause)];
  if (words !== undefined) return new CharlaError(...words(where), { cause });
  const said = cause instanceof Error ? cause.message : String(cause);
  return new CharlaError(
    "SOCKET_FAILED",
    `the network said of ${where}: ${said}`,
    "try again; if it stays, report it with this line",
    { cause },
  );
}
