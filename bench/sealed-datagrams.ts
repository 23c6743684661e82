// Sealed datagrams a second, sent and received by one process over loopback: two endpoints with a complete session,
// compared with a C program that only calls sendmmsg and recvmmsg with as many bytes. Both send a batch, receive it, and
// send the next; a batch fits the receive buffer, so that nothing is lost.

import { join } from "node:path";

import { sendMessage } from "../src/protocol/session/session.ts";
import { compile, type CProgram } from "./harness/c-program.ts";
import { machine } from "./harness/machine.ts";
import { median } from "./harness/quantiles.ts";
import { openSealedPair, type SealedPair } from "./harness/sealed-pair.ts";

const ROUNDS = 7;
const MESSAGE = new Uint8Array(8_192).fill(1);
/** Sizes that every path carries, and that loopback carries; the C program's receive buffer holds 92 and 3 of them. */
const CASES = [
  { size: 1_200, batch: 54, datagrams: 100_000 },
  { size: 65_487, batch: 2, datagrams: 10_000 },
];

type Case = (typeof CASES)[number];

/** Sends `datagrams` from one end to the other, a batch at a time. Returns datagrams a second. */
async function round({ initiator, responder }: SealedPair, { size, batch, datagrams }: Case) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const [sentBefore, receivedBefore] = [initiator.sent, responder.received];
  let written = 0;
  let read = 0;
  initiator.onFlush = (session) => {
    while (
      written < datagrams * size &&
      written - read < batch * size &&
      sendMessage(session, MESSAGE)
    ) {
      written += MESSAGE.length;
    }
  };
  responder.onMessage = (message) => {
    read += message.length;
    initiator.flushSoon();
    if (read >= datagrams * size) resolve();
  };
  const start = performance.now();
  initiator.flushSoon();
  await promise;
  const sent = initiator.sent - sentBefore;
  const lost = sent - (responder.received - receivedBefore);
  return { rate: (sent / (performance.now() - start)) * 1_000, lost };
}

async function compare(program: CProgram, which: Case): Promise<void> {
  const { size, batch, datagrams } = which;
  using pair = await openSealedPair(size);
  // Warm-up: the compiler optimizes, and the session discovers the path MTU.
  await round(pair, which);
  await round(pair, which);
  const sealed: number[] = [];
  const bare: number[] = [];
  let lost = 0;
  // In turns, so that other load on the machine affects both.
  for (let count = 0; count < ROUNDS; count += 1) {
    bare.push(...program.run(size, batch, 1, datagrams));
    const outcome = await round(pair, which);
    sealed.push(outcome.rate);
    lost += outcome.lost;
  }
  const [ours, theirs] = [median(sealed), median(bare)];
  const ratio = (ours / theirs).toFixed(2);
  console.log(
    `${size.toLocaleString("en")} bytes each, ${batch} at a time; ${lost} sealed ones lost`,
  );
  console.log(`  sendmmsg, recvmmsg   ${report(theirs)}`);
  console.log(`  sealed               ${report(ours)}, ${ratio} of that`);
}

function report(rate: number): string {
  const rounded = (Math.round(rate / 1_000) * 1_000).toLocaleString("en");
  return `${rounded} a second, ${(1e6 / rate).toFixed(1)} us each`;
}

using program = compile(join(import.meta.dir, "sendmmsg.c"));
if (program === null) {
  console.error(
    "there is no C compiler\nhint: install one that is called cc (Debian: apt-get install gcc)",
  );
  process.exit(1);
}
console.log(
  `datagrams between two sockets of one process over loopback, median of ${ROUNDS} rounds in turns`,
);
console.log(machine);
for (const which of CASES) await compare(program, which);
