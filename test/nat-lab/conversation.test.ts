// charla across the lab's networks.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { converse } from "./conversation.ts";
import type { Kind } from "./kinds.ts";
import { openLab } from "./lab.ts";
import { testInLab } from "./machine.ts";

/** How long the first word may take, in ms: long, for a busy machine. */
const PATIENCE = 20_000;

if (FULL_SIZE) {
  testInLab(
    "hosts behind every NAT join a conversation on an open host",
    ["miniupnpd"],
    async () => {
      const kinds: Kind[] = ["open", "mapping", "home", "double", "carrier", "symmetric"];
      const ways = [];
      for (const kind of kinds) {
        await using lab = await openLab({ ana: "open", ben: kind });
        const { way, said } = await converse(lab.sides.ana, lab.sides.ben, PATIENCE);
        ways.push([kind, way ?? said]);
      }
      expect(ways).toEqual(kinds.map((kind) => [kind, "direct"]));
    },
  );
}
