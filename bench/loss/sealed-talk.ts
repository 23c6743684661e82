// A lossy talk over the sealed wire, in the simulator of test/simulator.

import type { Weather } from "../../test/simulator/network.ts";
import { createWorld, joinResponder, run } from "../../test/simulator/world.ts";
import type { LossyTalk } from "./lossy-talk.ts";

/** Longer than an initiator tries, ms. */
const JOINING = 10_000;

/** Null when the handshake itself was lost too often. */
export function sealedTalk(seed: number, weather: Weather): LossyTalk | null {
  const world = createWorld(seed, weather);
  const session = joinResponder(world);
  const { initiator, responder } = world;
  if (!run(world, world.now + JOINING, () => session.handshake === null)) return null;
  if (session.end !== null) return null;
  const heardAt: number[] = [];
  return {
    heardAt,
    get now() {
      return world.now;
    },
    say(length, count) {
      const message = new Uint8Array(length).fill(1);
      for (let said = 0; said < count; said += 1) initiator.words.push(message);
    },
    run(until) {
      run(world, until - 1, () => {
        while (heardAt.length < responder.heard.length) heardAt.push(world.now);
        return false;
      });
      if (session.end !== null) throw new Error(`the session ended: ${session.end.type}`);
    },
  };
}
