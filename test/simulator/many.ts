// `npm run simulate -- --seeds N [--from SEED] [--first]`: runs many seeds, or until the first that fails. It prints
// each that fails; `npm run simulate -- --from SEED --seeds 1` runs it again.

import { parseArgs } from "node:util";

import { simulate } from "./run.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    first: { type: "boolean" },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(seeds) || from < 0 || seeds < 1) {
  console.error("charla simulate: --seeds and --from take whole numbers");
  process.exit(2);
}

let delivered = 0;
let failed = 0;
const start = performance.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  let fault: string | null;
  try {
    const outcome = simulate(seed);
    ({ fault } = outcome);
    if (outcome.result === "delivered") delivered += 1;
    if (fault !== null || seeds === 1) console.log(outcome);
  } catch (error) {
    fault = String(error);
  }
  if (fault === null) continue;
  failed += 1;
  console.log(`seed ${seed}: ${fault}`);
  console.log(`again: npm run simulate -- --from ${seed} --seeds 1`);
  if (values.first === true) break;
}
const seconds = ((performance.now() - start) / 1_000).toFixed(1);
console.log(`${seeds} seeds in ${seconds} s: ${delivered} delivered everything, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
