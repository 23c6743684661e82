// One seed of the model-based test, of a scene on an emulator. `npx bun test/terminal/output/many.ts` runs many.

import { type Emulator, openTmux, openXterm } from "../../harness/emulators.ts";
import { seeded } from "../../harness/random.ts";
import { createConversationScene } from "./conversation-scene.ts";
import { createScribbledScene } from "./scribbled-scene.ts";
import { type WatchedEmulator, watchEmulator } from "./watched-emulator.ts";

export const KINDS = ["tmux", "above-cursor", "cut", "reflow"] as const;
export type Kind = (typeof KINDS)[number];

/** "scribbled" reaches all that the writer does; "conversation" is what people see. */
export const SCENES = ["scribbled", "conversation"] as const;
export type SceneName = (typeof SCENES)[number];

const SIZE = { columns: 80, rows: 24 };

/** @throws what the emulator shows and what it should show */
export async function watch(
  kind: Kind,
  sceneName: SceneName,
  seed: number,
  run: (watched: WatchedEmulator) => Promise<void>,
): Promise<WatchedEmulator> {
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
  const random = seeded(seed);
  const scene =
    sceneName === "scribbled"
      ? createScribbledScene(emulator, random, SIZE)
      : await createConversationScene(emulator, answers, random, SIZE);
  const name = `${sceneName} on ${emulator.name}, seed ${seed}`;
  const watched = watchEmulator(emulator, scene, answers, random, SIZE, name);
  await run(watched);
  return watched;
}
