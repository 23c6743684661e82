// Which addresses reach this machine, and from where. Pure: the interfaces are an argument.

import type { NetworkInterfaceInfo } from "node:os";

import { DEFAULT_PORT } from "../net/address.ts";
import { type AddressScope, ownAddresses, scopeOf } from "../net/own-addresses.ts";
import { type Check, note, ok } from "./check.ts";

const NAME = "addresses";

export function checkAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): Check[] {
  const groups = Map.groupBy(ownAddresses(interfaces), scopeOf);
  if (groups.size === 0) {
    return [
      note(
        NAME,
        "no address reaches this machine from outside",
        "connect it to a network; programs on it can talk to each other all the same",
        [],
      ),
    ];
  }
  return Array.from(groups, ([scope, addresses]) => describe(scope, addresses));
}

function describe(scope: AddressScope, addresses: readonly string[]): Check {
  const written = addresses.join(", ");
  const one = addresses.length === 1;
  if (scope === "everywhere") {
    const message = `${written} ${one ? "reaches" : "reach"} this machine from everywhere, where no firewall forbids it`;
    return ok(NAME, message, addresses);
  }
  if (scope === "provider") {
    return note(
      NAME,
      `${written} ${one ? "reaches" : "reach"} this machine from your provider's network only`,
      "whoever is elsewhere cannot join you: let them open the conversation, and join it",
      addresses,
    );
  }
  return note(
    NAME,
    `${written} ${one ? "reaches" : "reach"} this machine from the same network only`,
    `for others, forward UDP port ${DEFAULT_PORT} of the router to this machine, or join them instead`,
    addresses,
  );
}
