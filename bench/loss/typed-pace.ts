// How long short messages take that a person types, in virtual time: one end says two a second, and the other only listens.

import { lossyConditions, type LossyTransfer } from "./lossy-transfer.ts";
import { sealedTransfer } from "./sealed-transfer.ts";

/** Between two messages, ms. */
const INTERVAL = 500;
const LENGTH = 64;
/** A little longer than any message takes, ms. */
const REST = 60_000;

export interface TypedPace {
  /** From saying to hearing each message, ms. */
  readonly delays: readonly number[];
  /** In both directions, for each message. */
  readonly datagrams: number;
}

/** Null when the handshake failed. */
export function typedPace(
  seed: number,
  loss: number,
  roundTrip: number,
  duration: number,
): TypedPace | null {
  const transfer: LossyTransfer | null = sealedTransfer(seed, lossyConditions(loss, roundTrip));
  if (transfer === null) return null;
  const { datagrams: before } = transfer;
  const saidAt: number[] = [];
  const start = transfer.now;
  for (let at = 0; at < duration; at += INTERVAL) {
    transfer.run(start + at);
    saidAt.push(transfer.now);
    transfer.send(LENGTH, 1);
  }
  transfer.run(start + duration);
  const { datagrams: after } = transfer;
  transfer.run(transfer.now + REST);
  if (transfer.receivedAt.length < saidAt.length) throw new Error("a message never arrived");
  return {
    delays: transfer.receivedAt.map((at, index) => at - (saidAt[index] ?? 0)),
    datagrams: (after - before) / saidAt.length,
  };
}
