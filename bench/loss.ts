// Messages over a network that loses datagrams in both directions, in virtual time: messages a second under load, and
// the delay of ordered delivery at the pace of a conversation. Compared with
//
//   TCP     the model of loss/tcp-sender.ts on the same simulated network with the same loss
//   bound   for messages a second, the formula of Mathis et al. (1997) for a sender that halves its window for each
//           loss; for the delay, a sender that detects each loss after exactly one round trip
//
// Then what people notice, each with the median of several seeds and the least and the most of them: the delay of what is
// typed, joining, a paste into a room past a bad relay, and how many datagrams that takes.
//
// The network has unlimited bandwidth and no queue: loss is the only limit. Everything is computed, so the results are
// the same on every machine.

import { PERFECT_NETWORK } from "../test/simulator/network.ts";
import { machine } from "./harness/machine.ts";
import { median, quantile } from "./harness/quantiles.ts";
import { idealDelays, mathisRate } from "./loss/bounds.ts";
import { timeToJoin } from "./loss/join.ts";
import { lossyConditions, type LossyTransfer } from "./loss/lossy-transfer.ts";
import { type RoomTalk, talkInRoom } from "./loss/room-talk.ts";
import { sealedTransfer } from "./loss/sealed-transfer.ts";
import { SEGMENT_SIZE } from "./loss/tcp-sender.ts";
import { tcpTransfer } from "./loss/tcp-transfer.ts";
import { typedPace } from "./loss/typed-pace.ts";

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
/** Runs of each that people notice; and joins in each. */
const SEEDS = 20;
const JOINS = 500;
/** Past the bad relay: of each of the two, and how often the relay takes another port, ms. */
const LINES = 2_000;
const MOVE_EVERY = 6_000;
const BAD_RELAY = {
  ...PERFECT_NETWORK,
  loss: 0.3,
  duplication: 0.1,
  delay: 0,
  jitter: 50,
  jittery: 0.3,
};

type Open = (loss: number) => LossyTransfer;

function openSealed(loss: number, from = 1): LossyTransfer {
  for (let seed = from; ; seed += SEEDS) {
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

/** One figure of each seed: the median, and the least and the most. */
function spread(what: string, values: readonly number[], digits = 0): void {
  const format = (value: number) =>
    value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  const columns = [median(values), Math.min(...values), Math.max(...values)];
  console.log(`${what.padEnd(42)}${columns.map((each) => format(each).padStart(9)).join("")}`);
}

const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1);

console.log();
console.log(
  `${`${SEEDS} seeds each`.padEnd(42)}${["median", "least", "most"].map((name) => name.padStart(9)).join("")}`,
);
for (const loss of [0, 0.05, 0.3]) {
  const runs = seeds.flatMap((seed) => typedPace(seed, loss, ROUND_TRIP, DURATION) ?? []);
  const what = `typed, 2 a second, ${loss * 100} % lost`;
  for (const part of [0.5, 0.9, 0.99]) {
    const each = runs.map(({ delays }) => quantile(delays, part));
    spread(`${what}, p${part * 100}, ms`, each);
  }
  spread(
    `${what}, worst, ms`,
    runs.map(({ delays }) => Math.max(...delays)),
  );
  spread(
    `${what}, datagrams each`,
    runs.map(({ datagrams }) => datagrams),
    2,
  );
}
for (const loss of [0.05, 0.3]) {
  const joins = seeds.map((seed) =>
    Array.from({ length: JOINS }, (_, index) => timeToJoin(seed * JOINS + index, loss, ROUND_TRIP)),
  );
  const times = joins.map((all) => all.map((time) => time ?? Number.POSITIVE_INFINITY));
  const what = `join, ${loss * 100} % lost`;
  for (const part of [0.5, 0.99]) {
    spread(
      `${what}, p${part * 100}, ms`,
      times.map((each) => quantile(each, part)),
    );
  }
  spread(
    `${what}, of ${JOINS} failed`,
    joins.map((all) => all.filter((time) => time === null).length),
  );
}
const rates = seeds.map((seed) => rate((loss) => openSealed(loss, seed), 0.3, 64));
spread("30 % lost, messages of 64 bytes a second", rates);
const talks: RoomTalk[] = [];
for (const seed of seeds) {
  const talk = await talkInRoom({
    seed,
    conditions: BAD_RELAY,
    lines: LINES,
    moveEvery: MOVE_EVERY,
  });
  if (talk !== null) talks.push(talk);
}
spread(
  `${LINES} lines each way past a bad relay, s`,
  talks.map(({ time }) => time / 1_000),
  1,
);
spread(
  "the same, datagrams",
  talks.map(({ datagrams }) => datagrams),
);
spread(
  "the same, thousand bytes",
  talks.map(({ bytes }) => bytes / 1_000),
);
