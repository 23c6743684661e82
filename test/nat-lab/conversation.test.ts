// charla between all pairs of the lab's networks.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { type CommandLines, openConversations } from "./conversation.ts";
import { ALL_KINDS, type Kind } from "./kinds.ts";
import type { Side } from "./lab.ts";
import { testInLab } from "./machine.ts";
import { drawMatrix, type Outcome, runMatrix } from "./matrix.ts";

/** ms in which a first word comes, if it comes: long, for a busy machine. */
const PATIENCE = 3_000;

/** ms for all pairs. */
const ALL_PAIRS = 300_000;

const COMMANDS: CommandLines = {
  relay: null,
  server: ["--server"],
  joiner: (invitation) => [invitation, "--json"],
  moveTime: 0,
};

/** Only an open host can be joined, by those who have UDP and a family in common with it. */
function shouldTalk(ana: Kind, ben: Kind): boolean {
  const joins = ["open", "mapping", "home", "double", "carrier", "symmetric"];
  return ana === "open" && joins.includes(ben);
}

if (FULL_SIZE) {
  testInLab(
    "charla talks between all networks of which one is open, if both have UDP by IPv4",
    ["miniupnpd", "tinyproxy"],
    async () => {
      const kinds = ALL_KINDS;
      const reasons: string[] = [];
      const pairs = await runMatrix({
        kinds,
        async prepare(relay, anas, stack) {
          const conversations = stack.use(await openConversations(COMMANDS, relay, anas));
          return async (ana: Side, ben: Side): Promise<Outcome> => {
            const { said, ...outcome } = await conversations.converse(ana, ben, PATIENCE);
            const should = shouldTalk(ana.kind, ben.kind);
            if (should !== (outcome.way !== null)) reasons.push(`${ana.kind} ${ben.kind}: ${said}`);
            return outcome;
          };
        },
      });
      console.log(drawMatrix(kinds, pairs));
      expect(reasons).toEqual([]);
      expect(pairs).toHaveLength(kinds.length ** 2);
    },
    ALL_PAIRS,
  );
}
