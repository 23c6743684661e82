// Runs something for all pairs of kinds of networks, in one lab, and draws the table of what came of it.

import { type Kind } from "./kinds.ts";
import { openLab, type Side } from "./lab.ts";

/** What came of a pair. */
export interface Outcome {
  /** How the two talk: "direct", "relay"; null if they don't. */
  readonly way: string | null;
  /** Until the first word, in ms. */
  readonly ms: number | null;
}

export interface Pair extends Outcome {
  readonly ana: Kind;
  readonly ben: Kind;
}

export interface MatrixOptions {
  readonly kinds: readonly Kind[];
  /** Pairs run at a time; no host is in two of them. */
  readonly atOnce?: number;
  /** The first opens the conversation, the second joins it; the third is an open host between them. */
  readonly run: (ana: Side, ben: Side, relay: Side) => Promise<Outcome>;
  /** Called once, before the pairs. */
  readonly before?: (relay: Side) => Promise<AsyncDisposable>;
}

/** Each kind with each, in both orders. */
export async function runMatrix(options: MatrixOptions): Promise<Pair[]> {
  const { kinds, atOnce = 1, run, before } = options;
  await using lab = await openLab({
    relay: "open",
    ...Object.fromEntries(kinds.map((kind, index) => [name("ana", index), kind])),
    ...Object.fromEntries(kinds.map((kind, index) => [name("ben", index), kind])),
  });
  const { sides } = lab;
  const hosts: Readonly<Record<string, Side>> = sides;
  await using _ = await before?.(sides.relay);
  // Round by round, each host is in one pair: in round R, ana's kind K is with ben's kind K + R.
  const rounds = kinds.map((_, round) =>
    kinds.map((_, index) => [index, (index + round) % kinds.length] as const),
  );
  const pairs: Pair[] = [];
  for (const round of rounds) {
    const waiting = [...round];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, other] = next;
        const [ana, ben] = [hosts[name("ana", index)], hosts[name("ben", other)]];
        if (ana === undefined || ben === undefined) throw new Error("a host is missing");
        pairs.push({ ana: ana.kind, ben: ben.kind, ...(await run(ana, ben, sides.relay)) });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }
  return pairs;
}

/** "ana" and "ben" with a letter for the kind, since names of hosts have no other characters. */
function name(host: string, index: number): string {
  return `${host}${String.fromCodePoint(0x61 + index)}`;
}

/** A table of Markdown: a row for each kind of ana's, a column for each of ben's. */
export function drawMatrix(kinds: readonly Kind[], pairs: readonly Pair[]): string {
  const cell = (ana: Kind, ben: Kind) => {
    const pair = pairs.find((pair) => pair.ana === ana && pair.ben === ben);
    if (pair === undefined) return "";
    return pair.way === null ? "–" : `${pair.way}, ${Math.round(pair.ms ?? 0)} ms`;
  };
  const rows = [
    ["ana ↓ ben →", ...kinds],
    ["---", ...kinds.map(() => "---")],
    ...kinds.map((ana) => [ana, ...kinds.map((ben) => cell(ana, ben))]),
  ];
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}
