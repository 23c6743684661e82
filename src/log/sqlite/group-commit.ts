// Runs all writes of one turn of the event loop in one transaction: a commit waits for the disk, and takes as
// long for one entry as for a thousand. Knows nothing of SQL, nor of what is written.

import { setImmediate } from "node:timers";

import { CharlaError } from "../../errors.ts";

interface PendingWrite {
  /** Within the transaction; returns the function that settles its promise after the commit. */
  readonly write: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** @param transaction runs `body` in one: what that wrote is durable when it returns; nothing is, if it throws */
export function createGroupCommit(transaction: (body: () => void) => void) {
  let pending: PendingWrite[] = [];

  /** Commits now what was added. */
  function flush(): void {
    const group = pending;
    pending = [];
    if (group.length === 0) return;
    const settle: (() => void)[] = [];
    try {
      transaction(() => {
        for (const { write } of group) settle.push(write());
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const each of settle) each();
  }

  return {
    /**
     * Runs `write` in the transaction of this turn, after those that were added before, and resolves with what
     * it returned once that is durable. If it throws a CharlaError, before it has written anything, only its own
     * promise rejects; any other error ends the transaction, and rejects all writes in it.
     */
    add<Result>(write: () => Result): Promise<Result> {
      return new Promise((resolve, reject) => {
        // After the input of this turn, so that what it brings is in the same commit.
        if (pending.length === 0) setImmediate(flush);
        pending.push({
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
