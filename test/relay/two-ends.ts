// A server and a member who joins it, each a process of its own, with a relay between them that
// loses, delays and reorders what it passes.

import { type LossyRelay, openLossyRelay, type RelayOptions } from "../harness/lossy-relay.ts";
import type { Person } from "../harness/person.ts";
import { charla, type Program } from "../harness/program.ts";
import { type SealedServer, startSealedServerProcess } from "../harness/sealed-server.ts";

export interface TwoEnds extends AsyncDisposable {
  readonly server: SealedServer;
  readonly initiator: Program;
  readonly relay: LossyRelay;
}

export interface TwoEndsOptions extends Omit<RelayOptions, "server"> {
  /** Who the server is, and who joins it; somebody new each where it is left out. */
  readonly people?: readonly [Person, Person];
}

/** Both tell events (--json), and are in the room; the initiator stays when its input ends. */
export async function startTwoEnds({ people, ...weather }: TwoEndsOptions): Promise<TwoEnds> {
  await using stack = new AsyncDisposableStack();
  const [ana, ben] = people ?? [];
  const server = stack.use(
    await startSealedServerProcess(
      ["--bind", "127.0.0.1", "--json"],
      ana === undefined ? {} : { as: ana },
    ),
  );
  const to = { address: "127.0.0.1", port: Number(server.port) };
  const relay = stack.use(await openLossyRelay({ ...weather, server: to }));
  const invitation = server.invitation.replace(`:${server.port}/`, `:${relay.port}/`);
  const initiator = stack.use(
    charla([invitation, "--json", "--stay", "-n", "ben"], ben === undefined ? {} : { as: ben }),
  );
  await server.until("stdout", '"type":"joined"');
  await initiator.until("stdout", '"type":"entered"');
  const all = stack.move();
  return { server, initiator, relay, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export interface Told {
  readonly type: string;
  readonly text?: string;
  readonly peer?: string;
  readonly seconds?: number;
  readonly away?: boolean;
}

/** All that a program with --json has told so far, but for a line that is not complete. */
export function toldBy({ stdout }: Program): Told[] {
  const complete = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The texts of all events of a type. */
export function textsOf(program: Program, type: "message" | "said" | "delivered"): string[] {
  return toldBy(program).flatMap((told) =>
    told.type === type && told.text !== undefined ? [told.text] : [],
  );
}
