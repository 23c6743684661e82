// `npx bun test/terminal/output/many.ts STEPS FROM SEEDS`: many seeds of the model-based test; prints each that fails. With
// `SCENE KIND` behind them only that scene on that emulator, as in the line that it prints to repeat one.

import { KINDS, SCENES, watch } from "./proof.ts";

const [steps = 10_000, from = 1, seeds = 1] = process.argv.slice(2, 5).map(Number);
const [, , , , , sceneName, kindName] = process.argv;

/** All steps of a conversation on one emulator, the next seed's on the other; a tenth of them on each with the simple scene. */
function plan(seed: number) {
  const scene = SCENES.find((name) => name === sceneName);
  const kind = KINDS.find((name) => name === kindName);
  if (scene !== undefined && kind !== undefined) return [{ scene, kind, steps }];
  return [
    { scene: "conversation", kind: seed % 2 === 0 ? "tmux" : "above-cursor", steps } as const,
    ...KINDS.map((each) => ({ scene: "scribbled", kind: each, steps: steps / 10 }) as const),
  ];
}

let failed = 0;
const start = performance.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  for (const { scene, kind, steps: count } of plan(seed)) {
    try {
      await watch(kind, scene, seed, (watched) => watched.run(count));
    } catch (error) {
      failed += 1;
      console.log(String(error));
      console.log(
        `again: npx bun test/terminal/output/many.ts ${count} ${seed} 1 ${scene} ${kind}`,
      );
    }
  }
}
const seconds = ((performance.now() - start) / 1_000).toFixed(1);
console.log(`${seeds} seeds of ${steps} steps in ${seconds} s: ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
