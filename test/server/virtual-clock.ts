// A clock for server states that stands still until a test moves it, with the timers that run by it.

import type { ServerState } from "../../src/server/server-state.ts";

export interface VirtualClock extends Pick<ServerState, "now" | "setTimer"> {
  /** Runs the timers that are due until then, in order, and what follows from each. */
  pass(duration: number): Promise<void>;
  /** Lets everything happen that waits for no timer. */
  settle(): Promise<void>;
}

/** Turns of the event loop in which a chain of messages and answers in this program comes to its end. */
const TURNS = 20;

export function virtualClock(): VirtualClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();

  return {
    now: () => now,
    setTimer(run, delay) {
      const timer = { at: now + delay, run };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    async pass(duration) {
      const end = now + duration;
      await settle();
      for (;;) {
        const [next] = [...timers].toSorted((one, other) => one.at - other.at);
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await settle();
      }
      now = end;
    },
    settle,
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((done) => setImmediate(done));
}
