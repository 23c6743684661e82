// A UDP server in the lab that answers each datagram with its first line, and the address and port that it came from.

import type { Program } from "../harness/program.ts";
import type { Side } from "./lab.ts";

export const ECHO_PORT = 7_000;

const PROGRAM = `
  await Bun.udpSocket({ hostname: "::", port: ${ECHO_PORT}, socket: { data(socket, words, port, address) {
    const from = address.replace("::ffff:", "") + " " + port;
    socket.send(words.toString().trim() + " from " + from + "\\n", port, address);
  } } });
  console.log("ready");
`;

export async function startEcho(side: Side): Promise<Program> {
  const echo = side.start([process.execPath, "-e", PROGRAM]);
  await echo.until("stdout", "ready");
  return echo;
}

/** A host that asks from one port, as long as it runs. */
export interface EchoClient extends AsyncDisposable {
  /** "ADDRESS PORT", where the server sees it; null without an answer. */
  ask(patience: number): Promise<string | null>;
}

/** Asks from port 4000, by IPv4 if it has that. */
export function startEchoClient(
  side: Side,
  server: Side,
  family: 4 | 6 = side.inner.ipv4 === null ? 6 : 4,
): EchoClient {
  const host = family === 6 ? `[${server.outer.ipv6}]` : server.outer.ipv4;
  const program = side.start(["socat", "-", `UDP:${host}:${ECHO_PORT},sourceport=4000`]);
  let asked = 0;
  return {
    async ask(patience) {
      asked += 1;
      program.type(`${asked}\n`);
      const answer = await program
        .until("stdout", new RegExp(`^${asked} from (.*)$`, "m"), patience)
        .catch(() => null);
      return answer?.[1] ?? null;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
