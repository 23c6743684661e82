// charla between all pairs of the lab's networks.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { type CommandLines, openConversations } from "./conversation.ts";
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
  relay: null,
  server: ["--server"],
  joiner: (invitation) => [invitation, "--json"],
  moveTime: 0,
};

/** An open host can be joined by all who have UDP, and one whose router maps its port by those who have IPv4 as well. */
function shouldTalk(ana: Kind, ben: Kind): boolean {
  if (ben === "udp-blocked" || ben === "proxy") return false;
  return ana === "open" || (ana === "mapping" && ben !== "ipv6-only");
}

if (FULL_SIZE) {
  testInLab(
    "charla talks with a server in an open network, or behind a router that maps ports, if both have UDP and a family in common",
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
