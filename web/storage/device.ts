// A device (src/client/device.ts) in the browser's database: one for each room of a server, used by one tab at a time.
//
// A conversation says a message without waiting for the disk, so it is written behind: `flushed` resolves once it is there.
// A page that is killed before may have sent the message, and has not kept it: then it is in the log once, and in no outbox.
// No number is given twice, as each start leaves out more of them than can have been lost.

import * as v from "valibot";

import {
  apply,
  createDevice,
  cursorRecord,
  type Device,
  deviceBeginning,
  newDeviceState,
  NUMBER_GAP,
  unstoredRecord,
} from "../../src/client/device.ts";
import { type Change, type Database, isFull } from "./database.ts";
import { draftKey, type Place, unstoredKey } from "./settings.ts";

/** Why what is said does not outlive the page: the browser keeps nothing, has no space left, or has failed to write. */
export type StorageTrouble = "unavailable" | "full" | "failed";

/** Disposing of it resolves once everything is written: then another tab may open it. */
export interface KeptDevice extends Device, AsyncDisposable {
  /** Resolves once everything said so far is on the disk, and its draft is not; or can't be kept, as `onTrouble` has said. */
  flushed(): Promise<void>;
}

const deviceRecord = v.object({ ...deviceBeginning.entries, cursor: v.nullable(cursorRecord) });

/**
 * Opens the device of a room; never fails.
 *
 * @param onTrouble called once, before it opens or later
 */
export async function openDevice(
  database: Database,
  place: Place,
  onTrouble: (trouble: StorageTrouble) => void,
): Promise<KeptDevice> {
  const deviceKey = ["device", place.server, place.room];
  const outboxKey = unstoredKey(place);
  const state = newDeviceState();
  /** Numbers of messages that have changed since they were written. */
  let changed = new Set<number>();
  /** Whether something was said since: its draft goes when it is kept, and a page that is killed has the text once. */
  let isDraftSaid = false;
  /** Of the transactions that were begun, and of the one that waits for them. */
  let written = Promise.resolve();
  let isScheduled = false;
  let isInTrouble = false;

  function report(trouble: StorageTrouble): void {
    if (!isInTrouble) onTrouble(trouble);
    isInTrouble = true;
  }

  /** What changes at a time is written with one transaction, after those before. */
  function flushLater(): void {
    if (isScheduled) return;
    isScheduled = true;
    written = written.then(() => {
      isScheduled = false;
      return flush();
    });
  }

  /** A page that is reloaded or closed now has no time left: the browser has to have it before anything else happens. */
  function flushSoon(): void {
    const flushed = Promise.resolve().then(flush);
    written = written.then(() => flushed);
  }

  async function flush(): Promise<void> {
    const { id, next, cursor } = state;
    const numbers = changed;
    const wasDraftSaid = isDraftSaid;
    changed = new Set();
    isDraftSaid = false;
    const changes: Change[] = [[deviceKey, { id, next, cursor }]];
    for (const number of numbers) {
      const said = state.unstored.find((each) => each.number === number);
      changes.push([[...outboxKey, number], said]);
    }
    if (wasDraftSaid) changes.push([draftKey(place), undefined]);
    try {
      // How far the log was shown is not worth waiting for a disk.
      await database.write(changes, numbers.size === 0 ? "relaxed" : "strict");
    } catch (error) {
      for (const number of numbers) changed.add(number);
      isDraftSaid ||= wasDraftSaid;
      report(isFull(error) ? "full" : "failed");
    }
  }

  if (!database.isLasting) report("unavailable");
  try {
    const [device, unstored] = await Promise.all([
      database.get(deviceKey),
      database.list(outboxKey),
    ]);
    if (v.is(deviceRecord, device)) {
      const { id, next, cursor } = device;
      apply(state, { id, next: next + NUMBER_GAP });
      if (cursor !== null) apply(state, { shown: cursor });
      for (const said of unstored) if (v.is(unstoredRecord, said)) apply(state, { said });
    }
    await database.write(
      [[deviceKey, { id: state.id, next: state.next, cursor: state.cursor }]],
      "strict",
    );
  } catch (error) {
    report(isFull(error) ? "full" : "failed");
  }

  const device = createDevice(
    state,
    {},
    {
      write(line) {
        if ("said" in line) {
          changed.add(line.said.number);
          isDraftSaid = true;
          database.persist();
          return flushSoon();
        }
        if ("settled" in line) changed.add(line.settled);
        else if ("named" in line) changed.add(line.named);
        else if ("entered" in line) for (const { number } of state.unstored) changed.add(number);
        flushLater();
      },
      close() {},
    },
  );
  return Object.assign(device, {
    flushed: () => written,
    async [Symbol.asyncDispose]() {
      device[Symbol.dispose]();
      await written;
    },
  });
}
