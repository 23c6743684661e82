// charla between two hosts of the lab: one opens a conversation, the other joins it by the invitation, and says something.

import { newPerson } from "../harness/person.ts";
import { MAIN } from "../harness/program.ts";
import type { Side } from "./lab.ts";
import type { Outcome } from "./matrix.ts";

const CHARLA = [process.execPath, MAIN];
const WORD = "hello from ben";

export interface Conversation extends Outcome {
  /** What ben's charla wrote to stderr: with `ms` null, why there was no word. */
  readonly said: string;
}

/** @param patience ms after which the word no longer comes, unless ben's charla gives up before */
export async function converse(ana: Side, ben: Side, patience: number): Promise<Conversation> {
  using server = newPerson();
  using joiner = newPerson();
  await using host = ana.start([...CHARLA, "--server"], { as: server });
  // Quoted, where a shell needs that.
  const [invitation] = await host.until("stderr", /charla:\/\/[^\s"']+/);
  const start = performance.now();
  await using guest = ben.start([...CHARLA, invitation], { as: joiner });
  guest.type(`${WORD}\n`);
  const isHeard = await Promise.race([
    host.until("stdout", WORD, patience).then(
      () => true,
      () => false,
    ),
    guest.exited.then(() => false),
  ]);
  const ms = performance.now() - start;
  const outcome = isHeard ? { way: "direct", ms } : { way: null, ms: null };
  return { ...outcome, said: guest.stderr };
}
