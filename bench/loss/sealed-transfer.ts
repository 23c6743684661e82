// A lossy transfer over the sealed wire, in the simulator of test/simulator.

import type { Conditions } from "../../test/simulator/network.ts";
import { createWorld, joinResponder, run } from "../../test/simulator/world.ts";
import type { LossyTransfer } from "./lossy-transfer.ts";

/** More than the time limit of a handshake, ms. */
const HANDSHAKE_TIME = 10_000;

/** Null when the handshake failed. */
export function sealedTransfer(seed: number, conditions: Conditions): LossyTransfer | null {
  const world = createWorld(seed, conditions);
  const session = joinResponder(world);
  const { initiator, responder } = world;
  if (!run(world, world.now + HANDSHAKE_TIME, () => session.handshake === null)) return null;
  if (session.end !== null) return null;
  const receivedAt: number[] = [];
  return {
    receivedAt,
    get now() {
      return world.now;
    },
    get datagrams() {
      return world.network.sent;
    },
    send(length, count) {
      const message = new Uint8Array(length).fill(1);
      for (let sent = 0; sent < count; sent += 1) initiator.messages.push(message);
    },
    run(until) {
      run(world, until - 1, () => {
        while (receivedAt.length < responder.received.length) receivedAt.push(world.now);
        return false;
      });
      if (session.end !== null) throw new Error(`the session ended: ${session.end.type}`);
    },
  };
}
