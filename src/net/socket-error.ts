// Turns the system's socket errors into errors for people. Pure.

import { CharlaError, type ErrorCode, systemCode } from "../errors.ts";

type Description = (where: string) => [ErrorCode, message: string, hint: string];

const DESCRIPTIONS: Readonly<Record<string, Description>> = {
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
    `no program is listening at ${where}`,
    "start charla --server there first, or charla receive",
  ],
  EMSGSIZE: (where) => [
    "MESSAGE_TOO_LONG",
    `the message is too long for one datagram to ${where}`,
    "split it into several messages",
  ],
  ENETUNREACH: unreachable,
  EHOSTUNREACH: unreachable,
  ENETDOWN: unreachable,
  EPERM: (where) => [
    "UNREACHABLE",
    `this machine refuses to send to ${where}`,
    "check its firewall",
  ],
};

function unreachable(where: string): ReturnType<Description> {
  return ["UNREACHABLE", `no route to ${where}`, "check the address and the network"];
}

/** @param where the address or port that the error is about */
export function describeSocketError(cause: unknown, where: string): CharlaError {
  const describe = DESCRIPTIONS[systemCode(cause)];
  if (describe !== undefined) return new CharlaError(...describe(where), { cause });
  const said = cause instanceof Error ? cause.message : String(cause);
  return new CharlaError(
    "SOCKET_FAILED",
    `network error at ${where}: ${said}`,
    "try again; if it happens again, report it with this line",
    { cause },
  );
}
