// charla between all pairs of the lab's networks.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { type CommandLines, openConversations, RELAY_NAME } from "./conversation.ts";
import { ALL_KINDS, type Kind } from "./kinds.ts";
import type { Side } from "./lab.ts";
import { testInLab } from "./machine.ts";
import { drawMatrix, type Outcome, runMatrix } from "./matrix.ts";

/** ms in which a first word comes, where it should: long, for a busy machine. And after which it doesn't, where it shouldn't. */
const PATIENCE = 20_000;
const SILENCE = 3_000;

/** ms for all pairs. */
const ALL_PAIRS = 300_000;

const COMMANDS: CommandLines = {
  relay: () => ["relay", "--no-web"],
  server: ["--server", "--relay", RELAY_NAME],
  joiner: (invitation) => [invitation, "--json"],
  moveTime: 2_000,
};

/** Through the relay all talk who have UDP. */
function shouldTalk(ana: Kind, ben: Kind): boolean {
  return [ana, ben].every((kind) => kind !== "udp-blocked" && kind !== "proxy");
}

if (FULL_SIZE) {
  testInLab(
    "charla talks between all networks that have UDP",
    ["miniupnpd", "tinyproxy"],
    async () => {
      const kinds = ALL_KINDS;
      const reasons: string[] = [];
      const pairs = await runMatrix({
        kinds,
        async prepare(relay, anas, stack) {
          const conversations = stack.use(await openConversations(COMMANDS, relay, anas));
          return async (ana: Side, ben: Side): Promise<Outcome> => {
            const should = shouldTalk(ana.kind, ben.kind);
            const patience = should ? PATIENCE : SILENCE;
            const { said, ...outcome } = await conversations.converse(ana, ben, patience);
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
