// charla between all pairs of the lab's networks.

import { expect } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { type CommandLines, openConversations, RELAY_NAME } from "./conversation.ts";
import { ALL_KINDS, type Kind } from "./kinds.ts";
import type { Side } from "./lab.ts";
import { testInLab } from "./machine.ts";
import { drawMatrix, type Outcome, runMatrix } from "./matrix.ts";

/** ms in which a first word or a direct path comes, where it should: long, for a busy machine; and where it shouldn't. */
const PATIENCE = 20_000;
const SILENCE = 3_000;

/** ms for all pairs. */
const ALL_PAIRS = 300_000;

const COMMANDS: CommandLines = {
  relay: (certificate, key) => ["relay", "--tls-cert", certificate, "--tls-key", key],
  server: ["--server", "--relay", RELAY_NAME],
  joiner: (invitation) => [invitation, "--json"],
};

const BY_STREAM: readonly Kind[] = ["udp-blocked", "proxy"];

/** Directly those do of whom one is open, or whose NATs keep one mapping for all peers, or who join a port that is mapped. */
function shouldMeet(ana: Kind, ben: Kind): boolean {
  const both = new Set([ana, ben]);
  if (BY_STREAM.some((kind) => both.has(kind))) return false;
  if (both.has("open")) return true;
  if (both.has("ipv6-only")) return ana === ben;
  return ana === "mapping" || !both.has("symmetric");
}

if (FULL_SIZE) {
  testInLab(
    "charla talks between all networks, and directly where their NATs allow it",
    ["miniupnpd", "tinyproxy"],
    async () => {
      const kinds = ALL_KINDS;
      const wrong: string[] = [];
      const pairs = await runMatrix({
        kinds,
        async prepare(relay, anas, stack) {
          const conversations = stack.use(await openConversations(COMMANDS, relay, anas));
          return async (ana: Side, ben: Side): Promise<Outcome> => {
            const meets = shouldMeet(ana.kind, ben.kind);
            const { said, ...outcome } = await conversations.converse(ana, ben, {
              patience: PATIENCE,
              best: "direct",
              moveTime: meets ? PATIENCE : SILENCE,
            });
            const last = outcome.moved?.way ?? outcome.way;
            const isRight = meets ? last === "direct" : last?.startsWith("relay") === true;
            if (!isRight) wrong.push(`${ana.kind} ${ben.kind} ${last}: ${said}`);
            return outcome;
          };
        },
      });
      console.log(drawMatrix(kinds, pairs));
      expect(wrong).toEqual([]);
      expect(pairs).toHaveLength(kinds.length ** 2);
    },
    ALL_PAIRS,
  );
}
