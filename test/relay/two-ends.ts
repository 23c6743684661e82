// A server and a client, each a process of its own, with a relay between them that loses, delays and reorders
// datagrams.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { newLibraryFolder } from "../harness/library.ts";
import { type LossyRelay, openLossyRelay, type RelayOptions } from "../harness/lossy-relay.ts";
import type { Person } from "../harness/person.ts";
import { charla, type Program, root, start } from "../harness/program.ts";
import { type SealedServer, startSealedServerProcess } from "../harness/sealed-server.ts";

export interface TwoEnds extends AsyncDisposable {
  readonly server: SealedServer;
  readonly client: Program;
  readonly relay: LossyRelay;
}

export interface TwoEndsOptions extends Omit<RelayOptions, "server"> {
  /** The identities of the server and the client; new ones by default. */
  readonly people?: readonly [Person, Person];
  /** The client runs under this Node.js, with the library; by default it is charla. */
  readonly node?: string | undefined;
}

/** Both print events (--json), and are in the room; the client stays when its input ends. */
export async function startTwoEnds({
  people,
  node,
  ...conditions
}: TwoEndsOptions): Promise<TwoEnds> {
  await using stack = new AsyncDisposableStack();
  const [ana, ben] = people ?? [];
  const server = stack.use(
    await startSealedServerProcess(
      ["--bind", "127.0.0.1", "--json"],
      ana === undefined ? {} : { as: ana },
    ),
  );
  const to = { address: "127.0.0.1", port: Number(server.port) };
  const relay = stack.use(await openLossyRelay({ ...conditions, server: to }));
  const invitation = server.invitation.replace(`:${server.port}/`, `:${relay.port}/`);
  const client = stack.use(
    node === undefined
      ? charla([invitation, "--json", "--stay", "-n", "ben"], ben === undefined ? {} : { as: ben })
      : await startNodeMember(node, invitation, stack),
  );
  await server.until("stdout", '"type":"joined"');
  await client.until("stdout", '"type":"entered"');
  const all = stack.move();
  return { server, client, relay, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** The same as a program with the library of the package. */
async function startNodeMember(
  node: string,
  invitation: string,
  stack: AsyncDisposableStack,
): Promise<Program> {
  const library = stack.use(await newLibraryFolder());
  library.write("member.mjs", readFileSync(join(root, "test/node/member.mjs")));
  return start([node, "member.mjs", invitation, "ben"], { cwd: library.path });
}

export interface JsonEvent {
  readonly type: string;
  readonly text?: string;
  readonly sequence?: number;
  readonly from?: string;
  readonly peer?: string;
  readonly seconds?: number;
  readonly away?: boolean;
}

/** The events that a program with --json has printed so far, without an incomplete last line. */
export function parseEvents({ stdout }: Program): JsonEvent[] {
  const complete = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The texts of all events of a type. */
export function eventTexts(program: Program, type: "message" | "said" | "delivered"): string[] {
  return parseEvents(program).flatMap((event) =>
    event.type === type && event.text !== undefined ? [event.text] : [],
  );
}
