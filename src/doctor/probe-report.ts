// What is at a server's address, and what to do where it is no server of ours. Pure.

import type { CharlaError } from "../errors.ts";
import { formatAddress, type SocketAddress } from "../net/address.ts";
import type { Found } from "../net/sealed-probe.ts";
import { type Check, note, ok, problem } from "./check.ts";

const NAME = "server";

/** @param elsewhere a server answers at another address of the same host: it can be reached */
export function describeFound(to: SocketAddress, found: Found, elsewhere: boolean): Check {
  const where = formatAddress(to);
  const value = { address: where, found: found.type };
  const wrong = elsewhere ? note : problem;
  switch (found.type) {
    case "server":
      return ok(NAME, `a server answers at ${where}`, value);
    case "other-version":
      return wrong(
        NAME,
        `the server at ${where} speaks another version of charla's wire`,
        "use the same version of charla at both ends: charla --version",
        value,
      );
    case "other-wire":
      return wrong(
        NAME,
        `what answers at ${where} does not speak the sealed wire`,
        `if it is a conversation opened with --plain, join it with charla --plain ${where}`,
        value,
      );
    case "refused":
      return wrong(NAME, found.error.message, whatToDo(found.error), {
        ...value,
        code: found.error.code,
      });
    case "nothing":
      return wrong(
        NAME,
        `nothing answers at ${where}`,
        `check the address, and that charla --server runs there; a firewall there or on the way may drop UDP: it has to let port ${to.port} in`,
        value,
      );
  }
}

function whatToDo({ code, hint }: CharlaError): string {
  if (code !== "NOBODY_LISTENING") return hint;
  return "start charla --server there, or check the port: an invitation has the right one";
}
