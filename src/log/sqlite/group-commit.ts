// All that is to be written in one turn of the event loop, in one transaction: a commit waits for the disk,
// and for a thousand entries as long as for one. Knows nothing of SQL, nor of what is written.

import { setImmediate } from "node:timers";

import { CharlaError } from "../../errors.ts";

export interface GroupCommit {
  /**
   * Runs `write` in the transaction of this turn, after those that were added before, and resolves with what
   * it returned once that is durable. A CharlaError that it throws, before it has written anything, rejects
   * it alone; any other error ends the transaction, and rejects all that are in it.
   */
  add<Result>(write: () => Result): Promise<Result>;
  /** Commits what waits now. */
  flush(): void;
}

/** A write within the transaction; returns what tells of it once that is over. */
type Write = () => () => void;

interface Waiting {
  readonly write: Write;
  readonly reject: (error: unknown) => void;
}

/** @param transaction runs `body` in one: after it all of that is durable, or, when it throws, nothing */
export function createGroupCommit(transaction: (body: () => void) => void): GroupCommit {
  let waiting: Waiting[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    const tell: (() => void)[] = [];
    try {
      transaction(() => {
        for (const { write } of group) tell.push(write());
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const each of tell) each();
  }

  return {
    add(write) {
      return new Promise((resolve, reject) => {
        // After the input that has come in this turn, so that what it brings is in the same commit.
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({
          write() {
            try {
              const result = write();
              return () => resolve(result);
            } catch (error) {
              if (!(error instanceof CharlaError)) throw error;
              return () => reject(error);
            }
          },
          reject,
        });
      });
    },
    flush,
  };
}
