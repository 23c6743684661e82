// Messages over a network that loses datagrams in both directions, in virtual time: messages a second under load, and
// the delay of ordered delivery at the pace of a conversation. Compared with
//
//   TCP     the model of loss/tcp-sender.ts on the same simulated network with the same loss
//   bound   for messages a second, the formula of Mathis et al. (1997) for a sender that halves its window for each
//           loss; for the delay, a sender that detects each loss after exactly one round trip
//
// The network has unlimited bandwidth and no queue: loss is the only limit. Everything is computed, so the results are
// the same on every machine.

import { machine } from "./harness/machine.ts";
import { quantile } from "./harness/quantiles.ts";
import { idealDelays, mathisRate } from "./loss/bounds.ts";
import { lossyConditions, type LossyTransfer } from "./loss/lossy-transfer.ts";
import { sealedTransfer } from "./loss/sealed-transfer.ts";
import { SEGMENT_SIZE } from "./loss/tcp-sender.ts";
import { tcpTransfer } from "./loss/tcp-transfer.ts";

const LOSSES = [0.05, 0.1, 0.3];
const ROUND_TRIP = 100;
const LENGTHS = [64, 1_100];
/** Virtual time of each run, ms. */
const DURATION = 300_000;
/** Between two messages of a conversation, ms: 50 a second. */
const INTERVAL = 20;
const TALK_LENGTH = 64;
/** More messages than any run can deliver. */
const ENOUGH = 1_000_000;

type Open = (loss: number) => LossyTransfer;

function openSealed(loss: number): LossyTransfer {
  for (let seed = 1; ; seed += 1) {
    const transfer = sealedTransfer(seed, lossyConditions(loss, ROUND_TRIP));
    if (transfer !== null) return transfer;
  }
}

function openTcp(loss: number): LossyTransfer {
  return tcpTransfer(1, lossyConditions(loss, ROUND_TRIP));
}

/** Messages a second when there is always one more to send. */
function rate(open: Open, loss: number, length: number): number {
  const transfer = open(loss);
  transfer.send(length, ENOUGH);
  transfer.run(transfer.now + DURATION);
  return transfer.receivedAt.length / (DURATION / 1_000);
}

/** The delay of the 99th percentile, ms. */
function delay(open: Open, loss: number): number {
  const transfer = open(loss);
  const sentAt: number[] = [];
  const start = transfer.now;
  for (let index = 0; index * INTERVAL < DURATION; index += 1) {
    transfer.run(start + index * INTERVAL);
    sentAt.push(transfer.now);
    transfer.send(TALK_LENGTH, 1);
  }
  // The messages in transit arrive, too.
  transfer.run(transfer.now + DURATION);
  if (transfer.receivedAt.length < sentAt.length) throw new Error("a message never arrived");
  return quantile(
    transfer.receivedAt.map((at, index) => at - (sentAt[index] ?? 0)),
    0.99,
  );
}

function row(what: string, sealed: number, tcp: number, bound: number): void {
  const columns = [sealed, tcp, bound].map((value) =>
    Math.round(value).toLocaleString("en").padStart(9),
  );
  console.log(`${what.padEnd(42)}${columns.join("")}`);
}

console.log(
  `lossy network, ${ROUND_TRIP} ms there and back, ${DURATION / 1_000} virtual seconds each`,
);
console.log(machine);
console.log(
  `${"".padEnd(42)}${["sealed", "TCP", "bound"].map((name) => name.padStart(9)).join("")}`,
);
for (const loss of LOSSES) {
  const percent = `${loss * 100} % lost`;
  for (const length of LENGTHS) {
    const most = mathisRate(SEGMENT_SIZE, ROUND_TRIP, loss) / length;
    const [sealed, tcp] = [rate(openSealed, loss, length), rate(openTcp, loss, length)];
    row(`${percent}, messages of ${length} bytes a second`, sealed, tcp, most);
  }
  const ideal = idealDelays(1, loss, ROUND_TRIP, INTERVAL, DURATION / INTERVAL);
  const [sealed, tcp] = [delay(openSealed, loss), delay(openTcp, loss)];
  row(`${percent}, p99 delay at 50 a second, ms`, sealed, tcp, quantile(ideal, 0.99));
}
