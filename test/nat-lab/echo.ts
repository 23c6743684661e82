// A UDP server in the lab that repeats each datagram, with the address and port that it came from; and who asks it.

import type { Program } from "../harness/program.ts";
import type { Side } from "./lab.ts";

const ECHO_PORT = 7_000;

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

/** @param to an address, or a host: its outer address of the family that the asking one has, IPv4 before IPv6 */
export function startEchoClient(asking: Side, to: Side | string | null, port = 4_000): EchoClient {
  const { ipv4, ipv6 } = typeof to === "string" || to === null ? { ipv4: to, ipv6: to } : to.outer;
  const address = asking.inner.ipv4 === null ? ipv6 : ipv4;
  const host = address?.includes(":") === true ? `[${address}]` : address;
  const program = asking.start(["socat", "-", `UDP:${host}:${ECHO_PORT},sourceport=${port}`]);
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
