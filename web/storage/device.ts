// A device (src/client/device.ts) in the browser's database: one for each room of a server, used by one tab at a time.
//
// A conversation says a message without waiting for the disk, so it is written behind: `flushed` resolves once it is there.
// A page that is reloaded or closed before leaves it as last words (last-words.ts). One that is killed may have sent the message, and
// has not kept it: then it is in the log once, and in no outbox.
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
import { forgetLastWords, keepLastWords, loadLastWords } from "./last-words.ts";
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
  /** Of those that were said since, or are being written. */
  const unwritten = new Set<number>();
  /** Whether something was said since: its draft goes when it is kept, and a page that is killed has the text once. */
  let isDraftSaid = false;
  /** Of the last of the transactions, of which one is under way and one waits for it. */
  let written = Promise.resolve();
  let isScheduled = false;
  let isInTrouble = false;

  function report(trouble: StorageTrouble): void {
    if (!isInTrouble) onTrouble(trouble);
    isInTrouble = true;
  }

  function schedule(): void {
    if (!isScheduled) written = written.then(flush);
    isScheduled = true;
  }

  /** The page may be about to go. */
  function hide(): void {
    const said = state.unstored.filter(({ number }) => unwritten.has(number));
    if (said.length > 0) keepLastWords(place, said);
  }

  async function flush(): Promise<void> {
    isScheduled = false;
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
      for (const number of numbers) unwritten.delete(number);
    } catch (error) {
      for (const number of numbers) changed.add(number);
      isDraftSaid ||= wasDraftSaid;
      report(isFull(error) ? "full" : "failed");
    }
  }

  if (!database.isLasting) report("unavailable");
  try {
    const [device, unstored, draft] = await Promise.all([
      database.get(deviceKey),
      database.list(outboxKey),
      database.get(draftKey(place)),
    ]);
    const lastWords = loadLastWords(place);
    if (v.is(deviceRecord, device)) {
      const { id, next, cursor } = device;
      apply(state, { id, next: next + NUMBER_GAP });
      if (cursor !== null) apply(state, { shown: cursor });
      for (const said of unstored) if (v.is(unstoredRecord, said)) apply(state, { said });
      const known = new Set(state.unstored.map(({ number }) => number));
      for (const said of lastWords) if (!known.has(said.number)) apply(state, { said });
    }
    const { id, next, cursor } = state;
    await database.write(
      [
        [deviceKey, { id, next, cursor }],
        ...lastWords.map((said): Change => [[...outboxKey, said.number], said]),
        // It was to go with the message.
        ...(lastWords.some(({ text }) => text === draft)
          ? [[draftKey(place), undefined] satisfies Change]
          : []),
      ],
      "strict",
    );
    if (lastWords.length > 0) forgetLastWords(place);
  } catch (error) {
    report(isFull(error) ? "full" : "failed");
  }

  addEventListener("pagehide", hide);
  const device = createDevice(
    state,
    {},
    {
      write(line) {
        if ("said" in line) {
          changed.add(line.said.number);
          unwritten.add(line.said.number);
          isDraftSaid = true;
          database.persist();
        } else if ("settled" in line) changed.add(line.settled);
        else if ("named" in line) changed.add(line.named);
        else if ("entered" in line) for (const { number } of state.unstored) changed.add(number);
        schedule();
      },
      close() {},
    },
  );
  return Object.assign(device, {
    flushed: () => written,
    async [Symbol.asyncDispose]() {
      removeEventListener("pagehide", hide);
      device[Symbol.dispose]();
      await written;
    },
  });
}
