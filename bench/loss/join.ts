// How long joining takes over a network that loses datagrams, in virtual time: from the first hello until the server's answer
// to the first message has come, as `welcome` answers `enter`.

import { activate } from "../../src/protocol/endpoint.ts";
import { sendMessage } from "../../src/protocol/session/session.ts";
import { createWorld, joinResponder, run, settle } from "../../test/simulator/world.ts";
import { lossyConditions } from "./lossy-transfer.ts";

/** Bytes of `enter`, and of the `welcome` to a room of three. */
const QUESTION = 120;
const ANSWER = 400;
/** Much longer than an attempt goes on, ms. */
const LONGEST = 60_000;

/** Ms; null when the attempt failed. */
export function timeToJoin(seed: number, loss: number, roundTrip: number): number | null {
  const world = createWorld(seed, lossyConditions(loss, roundTrip));
  const { initiator, responder } = world;
  const start = world.now;
  const session = joinResponder(world, true);
  let hasAsked = false;
  const isIn = run(world, start + LONGEST, () => {
    if (session.handshake === null && !hasAsked && session.end === null) {
      hasAsked = sendMessage(session, new Uint8Array(QUESTION));
      activate(initiator.endpoint, session);
      settle(world);
    }
    if (responder.received.length === 1 && responder.messages.length === 0) {
      responder.messages.push(new Uint8Array(ANSWER));
      settle(world);
    }
    return initiator.received.length === 1 || session.end !== null;
  });
  return isIn && session.end === null ? world.now - start : null;
}
