// Why a folder cannot be shared, said to a person. Pure.

import { CharlaError, systemCode } from "../../errors.ts";
import { describeSocketError } from "../../net/socket-error.ts";

/** @returns `cause` itself where it is no error of the system's */
export function describeFailure(
  cause: unknown,
  folder: string,
  port: number,
  addresses: readonly string[],
): unknown {
  const isSystem = systemCode(cause) !== "" && cause instanceof Error && "syscall" in cause;
  if (!isSystem) return cause;
  if (cause.syscall !== "listen") return describeFolderError(cause, folder);
  if (systemCode(cause) === "EADDRNOTAVAIL") {
    return new CharlaError(
      "ADDRESS_NOT_AVAILABLE",
      `${addresses.join(" and ")} cannot be listened on: this machine does not have that address`,
      "bind an address of this machine, or use --public for all of them",
      { cause },
    );
  }
  return describeSocketError(cause, `port ${port}`);
}

function describeFolderError(cause: Error, folder: string): CharlaError {
  const code = systemCode(cause);
  const name = JSON.stringify(folder);
  const [message, hint] =
    code === "ENOENT"
      ? [
          `there is no folder ${name}`,
          "check its name; charla serve alone shares the one you are in",
        ]
      : code === "ENOTDIR"
        ? [`${name} is not a folder`, "share the folder that it is in"]
        : [`the folder ${name} cannot be read: ${cause.message}`, "see whose it is"];
  return new CharlaError("FILE_NOT_READABLE", message, hint, { cause });
}
