// Names belong to keys until these have been away for 90 days (log/log.ts), and somebody who is in a room is not away: their
// name is claimed again each day, so that nobody else gets it when their connection is lost after months. Knows the log and
// the rooms in use.

import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Room } from "./room.ts";

/** How often the names of those who are in a room are claimed again, ms. */
const RENEW_EVERY = 24 * 3_600_000;

interface NameRenewalOptions {
  readonly log: Log;
  /** Those with members. */
  readonly rooms: ReadonlyMap<string, Room>;
  readonly setTimer: (run: () => void, delay: number) => Disposable;
}

/** Until it is disposed of. */
export function createNameRenewal({ log, rooms, setTimer }: NameRenewalOptions): Disposable {
  let isOver = false;
  let timer = setTimer(() => void renew(), RENEW_EVERY);

  async function renew(): Promise<void> {
    try {
      for (const room of rooms.values()) {
        for (const member of room.members) {
          // One after the other: what members say must not wait for thousands of names.
          await log.claimName(room.name, member.name, member.fingerprint);
          if (isOver) return;
        }
      }
    } catch (error) {
      // A store that fails says so to those who write to it.
      if (!isOver && !(error instanceof CharlaError)) throw error;
    }
    if (!isOver) timer = setTimer(() => void renew(), RENEW_EVERY);
  }

  return {
    [Symbol.dispose]() {
      isOver = true;
      timer[Symbol.dispose]();
    },
  };
}
