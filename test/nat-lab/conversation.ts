// charla between hosts of the lab: a relay on an open host, servers, and people who join them by their invitations. Which
// options they have is up to the caller.

import { join } from "node:path";

import type { CurrentWay } from "../../src/chat/channel.ts";
import { makeCertificate } from "../../src/http/server/tls/certificate.ts";
import { type Folder, newFolder } from "../harness/folder.ts";
import { newPerson } from "../harness/person.ts";
import { CHARLA, type Program } from "../harness/program.ts";
import type { Side } from "./lab.ts";
import type { Outcome } from "./matrix.ts";

/** What follows `charla`. */
export interface CommandLines {
  /** Of the relay, which everybody knows as RELAY_NAME; null for a lab without one. */
  readonly relay: ((certificate: string, key: string) => readonly string[]) | null;
  readonly server: readonly string[];
  readonly joiner: (invitation: string) => readonly string[];
}

/** What is waited for. */
export interface Expected {
  /** ms after which a first word no longer comes, unless ben's charla gives up before. */
  readonly patience: number;
  /** The way that the two end up with; and ms after the first word in which they may move to it. */
  readonly best: string;
  readonly moveTime: number;
}

/** The side `relay` of a lab. */
export const RELAY_NAME = "relay.example";

/** A program of charla on a host, whose files are gone at the end of the scope. */
interface Running extends AsyncDisposable {
  readonly program: Program;
}

/** The routers of the lab may be asked to map ports (harness/person.ts). */
export const WITH_MAPPING = { CHARLA_SERVER_NO_MAP: undefined };

/** charla behind a proxy is told of it as other programs are; everybody trusts the relay's certificate. */
function startCharla(side: Side, args: readonly string[], files: Folder): Running {
  const person = newPerson();
  const program = side.start([...CHARLA, ...args], {
    as: person,
    env: {
      NODE_EXTRA_CA_CERTS: join(files.path, CERTIFICATE),
      ...WITH_MAPPING,
      ...(side.proxy === null ? {} : { HTTPS_PROXY: side.proxy }),
    },
  });
  return {
    program,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      person[Symbol.dispose]();
    },
  };
}

/** ms in which the last server has registered at the relay, also by a stream: it does not say so. */
const REGISTRATION = 2_000;

const CERTIFICATE = "certificate.pem";
const KEY = "key.pem";

export interface Conversations extends AsyncDisposable {
  converse(ana: Side, ben: Side, expected: Expected): Promise<Conversation>;
}

export interface Conversation extends Outcome {
  /** What ben's charla wrote: where there was no word, why. */
  readonly said: string;
}

/** Starts a relay, and a server on each of the hosts, which all know each other already when somebody joins. */
export async function openConversations(
  commands: CommandLines,
  relay: Side,
  servers: readonly Side[],
): Promise<Conversations> {
  const stack = new AsyncDisposableStack();
  const files = stack.use(newFolder());
  const { certificate, key } = makeCertificate([RELAY_NAME], new Date());
  files.write(CERTIFICATE, certificate);
  files.write(KEY, key);
  const hosts = new Map<Side, { program: Program; invitation: string }>();
  try {
    if (commands.relay !== null) {
      const args = commands.relay(join(files.path, CERTIFICATE), join(files.path, KEY));
      const { program } = stack.use(startCharla(relay, args, files));
      await program.until("stderr", "relaying on");
    }
    for (const side of servers) {
      const { program } = stack.use(startCharla(side, commands.server, files));
      // Quoted, where a shell needs that. One after the other: each start takes a processor.
      const [invitation] = await program.until("stderr", /charla:\/\/[^\s"']+/);
      hosts.set(side, { program, invitation });
    }
    if (commands.relay !== null) await Bun.sleep(REGISTRATION);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  const turns = createTurns(AT_ONCE);
  let words = 0;
  return {
    async converse(ana, ben, { patience, best, moveTime }) {
      const host = hosts.get(ana);
      if (host === undefined) throw new Error(`there is no server on ${ana.name}`);
      words += 1;
      const word = `word ${words} from ben`;
      const args = commands.joiner(host.invitation);
      const turn = await turns.take();
      const start = performance.now();
      await using guest = startCharla(ben, args, files);
      const { program } = guest;
      program.type(`${word}\n`);
      const timer = setTimeout(turn, TURN);
      const heardAt = await firstWord(host.program, program, word, patience);
      clearTimeout(timer);
      turn();
      if (heardAt === null) return { way: null, ms: null, said: program.stderr };
      const way = await firstWay(program);
      const first = { way, ms: heardAt - start };
      const movedAt = way === best ? null : await moveTo(best, program, moveTime);
      const moved = movedAt === null ? {} : { moved: { way: best, ms: movedAt - start } };
      return { ...first, ...moved, said: program.stderr };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** So many joiners start at a time: each has a processor until its first word, so that the times mean something. */
const AT_ONCE = 2;
/** ms after which a joiner that has not said its first word only waits, and needs no processor any more. */
const TURN = 1_000;

/** Lets so many have a turn at a time, and the others wait in order. */
function createTurns(atOnce: number) {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    /** Resolves with what ends the turn; only its first call counts. */
    async take(): Promise<() => void> {
      if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
      else free -= 1;
      let isOver = false;
      return () => {
        if (!isOver) giveBack();
        isOver = true;
      };
    },
  };
}

/** When the host's charla has printed it; null if it hasn't. */
function firstWord(
  host: Program,
  guest: Program,
  word: string,
  patience: number,
): Promise<number | null> {
  return Promise.race([
    host.until("stdout", `${word}\n`, patience).then(
      () => performance.now(),
      () => null,
    ),
    guest.exited.then(() => null),
  ]);
}

/** The way that a joiner says it uses now; null if it has said nothing of ways. */
function currentWay(joiner: Program): string | null {
  // What follows the last line break is not complete.
  const whole = joiner.stdout.split("\n").slice(0, -1);
  const lines = whole.filter((line) => line.startsWith('{"type":"way"'));
  const last = lines.at(-1);
  if (last === undefined) return null;
  const { transport, relay }: CurrentWay = JSON.parse(last);
  const stream = transport === "websocket" ? "WebSocket" : null;
  const relayed = relay === undefined ? null : "relay";
  return [relayed, stream].filter((word) => word !== null).join(" by ") || "direct";
}

const LOOK_EVERY = 5;

/** The way that a joiner has come by, which it may say after its first word has arrived. */
async function firstWay(joiner: Program): Promise<string> {
  await joiner.until("stdout", /^\{"type":"way".*\n/m);
  return currentWay(joiner) ?? "";
}

/** When a joiner moves to a way; null if it doesn't within so many ms. */
async function moveTo(way: string, joiner: Program, within: number): Promise<number | null> {
  const end = performance.now() + within;
  while (performance.now() < end) {
    if (currentWay(joiner) === way) return performance.now();
    await Bun.sleep(LOOK_EVERY);
  }
  return null;
}
