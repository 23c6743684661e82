// One seed of the model-based test, on one emulator. `npx bun test/terminal/output/many.ts` runs many.

import { type Emulator, openTmux, openXterm } from "../../harness/emulators.ts";
import { createScribbler, type Scribbler } from "./scribble.ts";

export const KINDS = ["tmux", "above-cursor", "cut", "reflow"] as const;
export type Kind = (typeof KINDS)[number];

const SIZE = { columns: 80, rows: 24 };

/** @throws what the emulator shows and what it should show */
export async function scribbleOn(
  kind: Kind,
  seed: number,
  run: (scribbler: Scribbler) => Promise<void>,
): Promise<Scribbler> {
  let answered = "";
  const options = { ...SIZE, onAnswer: (text: string) => void (answered += text) };
  await using emulator: Emulator =
    kind === "tmux" ? await openTmux(options) : openXterm(options, kind);
  const answers = {
    take() {
      const taken = answered;
      answered = "";
      return taken;
    },
  };
  const scribbler = createScribbler(emulator, answers, SIZE, seed);
  await run(scribbler);
  return scribbler;
}
