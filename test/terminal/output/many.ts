// `npx bun test/terminal/output/many.ts STEPS FROM SEEDS [KIND]`: many seeds of the model-based test; prints each that fails.

import { KINDS, scribbleOn } from "./proof.ts";

const [steps = 10_000, from = 1, seeds = 1] = process.argv.slice(2, 5).map(Number);
const kinds = KINDS.filter((kind) => process.argv[5] === undefined || kind === process.argv[5]);
let failed = 0;
const start = performance.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  for (const kind of kinds) {
    try {
      await scribbleOn(kind, seed, (scribbler) => scribbler.run(steps));
    } catch (error) {
      failed += 1;
      console.log(String(error));
      console.log(`again: npx bun test/terminal/output/many.ts ${steps} ${seed} 1 ${kind}`);
    }
  }
}
const seconds = ((performance.now() - start) / 1_000).toFixed(1);
console.log(`${seeds} seeds of ${steps} steps in ${seconds} s: ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
