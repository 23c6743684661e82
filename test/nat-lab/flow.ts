// charla between two hosts of the lab, with a steady flow of numbered messages both ways: what has arrived, which path it took,
// and when that changed. Knows nothing of what happens to the networks meanwhile.

import { expect } from "bun:test";

import type { CurrentWay } from "../../src/chat/channel.ts";
import type { Person } from "../harness/person.ts";
import { CHARLA, type Program } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import type { Side } from "./lab.ts";

/** ms between two messages. */
const INTERVAL = 50;
/** ms between two looks at what the joiner has printed. */
const LOOK_EVERY = 5;
/** ms for which a session is watched after something has changed, before it is asked where it is. */
const WATCHED_FOR = 2_500;

/** "direct", or the relay's name. */
export type Path = string;

export interface Flow extends AsyncDisposable {
  readonly server: Program;
  readonly joiner: Program;
  readonly invitation: string;
  /** What the joiner said last. */
  readonly path: Path;
  /** Says the next message of each end, now. */
  say(): void;
  /** Resolves once messages have passed both ways, so that both ends know how long that takes. */
  start(): Promise<void>;
  /** Ends the flow, and checks that everything arrives once and in order. */
  stop(): Promise<void>;
  /** Changes something, and checks that the session comes to this path, and that messages pass. */
  settles(change: () => Promise<unknown>, path: Path): Promise<void>;
}

export async function startRelay(side: Side, as?: Person): Promise<Program> {
  const command = [...CHARLA, "relay", "--no-web"];
  const relay = side.start(command, as === undefined ? {} : { as });
  await relay.until("stderr", "relaying on");
  return relay;
}

export interface Server {
  readonly program: Program;
  readonly invitation: string;
}

export async function startServer(side: Side, relays: readonly string[]): Promise<Server> {
  const named = relays.flatMap((relay) => ["--relay", relay]);
  const program = side.start([...CHARLA, "--server", ...named, "--json"]);
  const [, invitation = ""] = await program.until("stdout", /"invitation":"(charla:[^"]+)"/);
  // The relays know it a moment later, which it does not say.
  await Bun.sleep(1_000);
  return { program, invitation };
}

export function startJoiner(side: Side, invitation: string): Program {
  return side.start([...CHARLA, invitation, "--json"]);
}

/** Starts a server, and a joiner who then is on this path. */
export async function openFlow(
  ana: Side,
  ben: Side,
  relays: readonly string[],
  path: Path | null,
): Promise<Flow> {
  const stack = new AsyncDisposableStack();
  try {
    const { program: server, invitation } = await startServer(ana, relays);
    stack.use(server);
    const joiner = stack.use(startJoiner(ben, invitation));
    const moves: { readonly path: Path; readonly at: number }[] = [];
    const look = () => {
      for (const path of pathsOf(joiner).slice(moves.length))
        moves.push({ path, at: performance.now() });
    };
    const timer = setInterval(look, LOOK_EVERY);
    stack.defer(() => clearInterval(timer));
    const current = () => moves.at(-1)?.path ?? "";
    await until("the first path", () => (path === null ? moves.length > 0 : current() === path));
    return flowOf({ server, joiner, invitation, moves, current, stack });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Parts {
  readonly server: Program;
  readonly joiner: Program;
  readonly invitation: string;
  readonly moves: readonly { readonly path: Path; readonly at: number }[];
  readonly current: () => Path;
  readonly stack: AsyncDisposableStack;
}

function flowOf({ server, joiner, invitation, moves, current, stack }: Parts): Flow {
  let said = 0;
  let timer: NodeJS.Timeout | undefined;
  stack.defer(() => clearInterval(timer));
  const heardBy = (program: Program) => (program === joiner ? "ana" : "ben");

  function say(): void {
    said += 1;
    server.type(`ana ${said}\n`);
    joiner.type(`ben ${said}\n`);
  }

  function newest(program: Program): number {
    return numbers(program, heardBy(program)).at(-1) ?? 0;
  }

  return {
    server,
    joiner,
    invitation,
    get path() {
      return current();
    },
    say,
    async start() {
      timer = setInterval(say, INTERVAL);
      const first = said + 10;
      for (const program of [joiner, server])
        await until(`message ${first}`, () => newest(program) >= first);
    },
    async stop() {
      clearInterval(timer);
      const all = Array.from({ length: said }, (_, index) => index + 1);
      for (const program of [joiner, server]) {
        await until(`message ${said}`, () => newest(program) === said);
        expect(numbers(program, heardBy(program))).toEqual(all);
      }
    },
    async settles(change, path) {
      await change();
      const start = performance.now();
      const after = said + 1;
      await Bun.sleep(WATCHED_FOR);
      await until(`the path ${path}`, () => current() === path);
      const ms = Math.round((moves.at(-1)?.at ?? 0) - start);
      if (ms > 0) console.log(`${path} ${ms} ms after the change`);
      if (said < after) return;
      for (const program of [joiner, server]) expect(newest(program)).toBeGreaterThan(after);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The paths that a joiner has said so far. */
function pathsOf(joiner: Program): Path[] {
  return lines(joiner, "way").map((line) => {
    const { relay }: CurrentWay = JSON.parse(line);
    return relay ?? "direct";
  });
}

/** The numbers of the messages that a program has from this end, in the order in which it printed them. */
function numbers(program: Program, from: "ana" | "ben"): number[] {
  return lines(program, "message").flatMap((line) => {
    const { text }: { text: string } = JSON.parse(line);
    return text.startsWith(`${from} `) ? [Number(text.slice(4))] : [];
  });
}

function lines(program: Program, type: string): string[] {
  // What follows the last line break is not complete.
  const whole = program.stdout.split("\n").slice(0, -1);
  return whole.filter((line) => line.startsWith(`{"type":"${type}"`));
}
