// One run of the simulator: a seed decides the weather, what is said and what happens on the way; the
// promise of the sealed wire is checked at the end (docs/protocol.md s. 1).

import {
  IDLE_TIMEOUT,
  isAllAcknowledged,
  type SessionEnd,
} from "../../src/protocol/session/session.ts";
import { type Network, silence, type Weather } from "./network.ts";
import type { SeededRandom } from "./random.ts";
import { createWorld, joinResponder, restart, run, type Side, type World } from "./world.ts";

/** Virtual time a run may take, ms: an hour, in which even the worst weather lets everything through. */
const LONGEST = 3_600_000;

/** What was on its way when a silence began may arrive so much later, ms. */
const LATE = 2_000;

/** Loss up to which no session fails to begin in its eight seconds, but once in very many times. */
const MILD_LOSS = 0.1;

export interface Outcome {
  readonly seed: number;
  readonly weather: Weather;
  /** What broke the promise; null when nothing did. */
  readonly fault: string | null;
  /** How the session ended at each end; null where it did not. */
  readonly ends: { readonly initiator: SessionEnd | null; readonly responder: SessionEnd | null };
  /** Whether everything arrived, or the session ended with an error for both. */
  readonly result: "delivered" | "ended";
  readonly virtualTime: number;
  readonly datagrams: number;
}

/** Weather from fair to foul. */
export function randomWeather(random: SeededRandom): Weather {
  const sometimes = (probability: number, value: () => number) =>
    random.chance(probability) ? value() : 0;
  return {
    loss: sometimes(0.7, () => random.fraction() * 0.5),
    duplication: sometimes(0.5, () => random.fraction() * 0.3),
    reordering: sometimes(0.5, () => random.fraction() * 0.3),
    corruption: sometimes(0.3, () => random.fraction() * 0.1),
    truncation: sometimes(0.3, () => random.fraction() * 0.1),
    delay: random.between(0, 150),
    jitter: sometimes(0.5, () => random.between(1, 100)),
    bursts: sometimes(0.3, () => random.fraction() * 0.02),
    burstLength: random.between(10, 3_000),
    mtu: [1_200, 1_280, 1_472, 9_000, 65_507][random.between(0, 4)] ?? 1_200,
  };
}

/** Runs one seed; throws only when the code under test does. */
export function simulate(seed: number): Outcome {
  const world = createWorld(seed, { ...FIRST_WEATHER });
  world.network.weather = randomWeather(world.random);
  const { initiator, responder, random } = world;
  for (const side of [initiator, responder]) {
    // In foul weather so much would take hours, though it would arrive.
    const talkative = random.chance(0.1) && world.network.weather.loss < 0.25;
    for (let count = random.between(1, 60); count > 0; count -= 1) {
      side.words.push(random.bytes(talkative ? 65_536 : wordLength(random)));
    }
  }
  joinResponder(world);
  const outlived: number[] = [];
  const mishaps = planMishaps(world, outlived);
  const everythingHeard = () =>
    initiator.heard.length === responder.words.length &&
    responder.heard.length === initiator.words.length;
  const done = () => {
    for (const mishap of mishaps) mishap();
    return (everythingHeard() && quiet(initiator) && quiet(responder)) || bothEnded(world);
  };
  const finished = run(world, world.now + LONGEST, done);
  const fault =
    outlived.length > 0
      ? `a session outlived a silence of ${outlived.join()} ms`
      : finished
        ? faultOf(world)
        : "neither delivered nor ended";
  const result = everythingHeard() ? "delivered" : "ended";
  return {
    seed,
    weather: world.network.weather,
    fault,
    ends: { initiator: initiator.session?.end ?? null, responder: responder.session?.end ?? null },
    result,
    virtualTime: world.now,
    datagrams: world.network.sent,
  };
}

const FIRST_WEATHER: Weather = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  truncation: 0,
  delay: 0,
  jitter: 0,
  bursts: 0,
  burstLength: 0,
  mtu: 1_472,
};

/** Most are short, as people's are; some are the longest there may be. */
function wordLength(random: SeededRandom): number {
  if (random.chance(0.05)) return 65_536;
  return random.chance(0.3) ? random.between(1_000, 20_000) : random.between(0, 200);
}

/** What happens on the way: silences, moves of the initiator, a reader that pauses. */
function planMishaps(world: World, outlived: number[]): (() => void)[] {
  const { random, network, initiator, responder } = world;
  const start = world.now;
  const mishaps: (() => void)[] = [];
  const once = (at: number, happen: () => void) => {
    let happened = false;
    mishaps.push(() => {
      if (happened || world.now < at) return;
      happened = true;
      happen();
    });
  };
  if (random.chance(0.4)) {
    const length = random.chance(0.2) ? 180_000 : random.between(100, 40_000);
    const from = start + random.between(0, 20_000);
    once(from, () => {
      silence(network, world.now, length);
    });
    once(from + length, () => {
      if (length > IDLE_TIMEOUT + LATE && !bothEnded(world)) outlived.push(length);
    });
  }
  for (let moves = random.chance(0.4) ? random.between(1, 3) : 0; moves > 0; moves -= 1) {
    const host = random.chance(0.5) ? "192.0.2.1" : `192.0.2.${random.between(10, 99)}`;
    const port = random.between(1_024, 65_535);
    once(start + random.between(0, 30_000), () => {
      initiator.address = { address: host, port };
    });
  }
  if (random.chance(0.1)) {
    const side = random.chance(0.5) ? initiator : responder;
    once(start + random.between(0, 10_000), () => {
      restart(world, side);
    });
  }
  if (random.chance(0.3)) {
    const side = random.chance(0.5) ? initiator : responder;
    const from = start + random.between(0, 5_000);
    once(from, () => {
      side.reading = false;
    });
    once(from + random.between(100, 20_000), () => {
      side.reading = true;
    });
  }
  return mishaps;
}

/** Whether the weather explains an end, or what had become of the other side. */
function excused(
  end: SessionEnd,
  { session, restarted }: Side,
  { weather, silentUntil }: Network,
): boolean {
  const { loss, corruption, truncation, bursts } = weather;
  const mild = loss + corruption + truncation <= MILD_LOSS && bursts === 0 && silentUntil === 0;
  switch (end.type) {
    case "handshake-failed":
      return end.failure === "no-answer" && (!mild || restarted);
    case "timed-out":
      return silentUntil > 0 || !mild || restarted;
    case "reset":
      // Who spoke again after the other's minute of silence, or to one who has forgotten all.
      return session?.end?.type === "timed-out" || restarted;
    case "closed":
      return false;
  }
}

function quiet({ session }: Side): boolean {
  return session !== null && isAllAcknowledged(session);
}

function bothEnded({ initiator, responder }: World): boolean {
  return initiator.session?.end !== null && responder.session?.end !== null;
}

/** What is wrong with what was heard, or with how it ended; null when nothing is. */
function faultOf({ initiator, responder, network }: World): string | null {
  for (const [{ name, session }, other] of [
    [initiator, responder],
    [responder, initiator],
  ] as const) {
    const end = session?.end ?? null;
    // Weather makes a session fail to begin, or fall silent; nobody closed it, and no rule was broken.
    if (end !== null && !excused(end, other, network)) {
      return `${name} ended with ${JSON.stringify(end)}`;
    }
  }
  for (const [speaker, listener] of [
    [initiator, responder],
    [responder, initiator],
  ] as const) {
    for (const [index, heard] of listener.heard.entries()) {
      const word = speaker.words[index];
      if (word === undefined) return `${listener.name} heard more than was said`;
      if (Buffer.compare(word, heard) !== 0) {
        return `${listener.name} heard message ${index} otherwise than it was said`;
      }
    }
    const end = listener.session?.end ?? null;
    if (listener.heard.length < speaker.words.length && end === null && listener.session !== null) {
      return `${listener.name} misses messages and knows of no error`;
    }
  }
  return null;
}
