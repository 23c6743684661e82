// Runs something for all pairs of kinds of networks, in one lab, and draws the table of what came of it.

import { type Kind } from "./kinds.ts";
import { openLab, type Side } from "./lab.ts";

/** How the two talk, "direct" or "relay", and after how many ms. */
export interface Reached {
  readonly way: string;
  readonly ms: number;
}

/** What came of a pair: how they talked first, or nulls if they didn't. */
export interface Outcome {
  readonly way: string | null;
  readonly ms: number | null;
  /** The way that they have moved to since. */
  readonly moved?: Reached;
}

export interface Pair extends Outcome {
  readonly ana: Kind;
  readonly ben: Kind;
}

/** Tries a pair: the first opens the conversation, the second joins it; the third is an open host between them. */
export type RunPair = (ana: Side, ben: Side, relay: Side) => Promise<Outcome>;

export interface MatrixOptions {
  readonly kinds: readonly Kind[];
  /** Starts what all pairs need, once. */
  readonly prepare: (
    relay: Side,
    anas: readonly Side[],
    stack: AsyncDisposableStack,
  ) => Promise<RunPair>;
}

/** Each kind with each, in both orders; as many pairs at once as there are kinds, and no host in two of them. */
export async function runMatrix({ kinds, prepare }: MatrixOptions): Promise<Pair[]> {
  await using lab = await openLab({
    relay: "open",
    ...Object.fromEntries(kinds.map((kind, index) => [name("ana", index), kind])),
    ...Object.fromEntries(kinds.map((kind, index) => [name("ben", index), kind])),
  });
  const { relay } = lab.sides;
  const hosts: Readonly<Record<string, Side>> = lab.sides;
  const [anas, bens] = ["ana", "ben"].map((who) =>
    kinds.flatMap((_, index) => hosts[name(who, index)] ?? []),
  );
  if (anas === undefined || bens === undefined) throw new Error("the lab has no hosts");
  await using stack = new AsyncDisposableStack();
  const run = await prepare(relay, anas, stack);
  const pairs: Pair[] = [];
  // In round R, ana's kind K is with ben's kind K + R.
  for (const round of kinds.keys()) {
    await Promise.all(
      anas.map(async (ana, index) => {
        const ben = bens[(index + round) % bens.length];
        if (ben === undefined) return;
        pairs.push({ ana: ana.kind, ben: ben.kind, ...(await run(ana, ben, relay)) });
      }),
    );
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
    const { way, ms, moved } = pair;
    if (way === null || ms === null) return "–";
    return [{ way, ms }, ...(moved === undefined ? [] : [moved])].map(drawReached).join("; ");
  };
  const rows = [
    ["ana ↓ ben →", ...kinds],
    ["---", ...kinds.map(() => "---")],
    ...kinds.map((ana) => [ana, ...kinds.map((ben) => cell(ana, ben))]),
  ];
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function drawReached({ way, ms }: Reached): string {
  return `${way}, ${Math.round(ms)} ms`;
}
