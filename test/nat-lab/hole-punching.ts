// A program: UDP hole punching (RFC 5128 s. 3.3), as small as it can be. It shows which of the lab's networks let two hosts
// reach each other, before charla is tried.
//
// Usage: bun hole-punching.ts introduce PORT
//        bun hole-punching.ts punch HOST PORT PAIR
// The first introduces two hosts that name the same pair: each gets the address from which the other asked. The second asks it,
// sends to the other's address, and prints "heard ADDRESS PORT after N ms" once something comes from there, N counted
// from the introduction.

const ASK_EVERY = 100;
const PUNCH_EVERY = 50;
/** It gives up after so many ms, and exits with 1. */
const PATIENCE = 1_500;
/** It goes on answering for so many ms, until the other has heard it too. */
const LINGER = 300;

const [role, ...args] = process.argv.slice(2);
if (role === "introduce") await introduce(Number(args[0]));
else await punch(args[0] ?? "", Number(args[1]), args[2] ?? "");

/** A port unreachable of ICMP is no reason to give up: the next datagram may come through. */
function ignore(): void {}

async function introduce(port: number): Promise<void> {
  const pairs = new Map<string, Map<string, { address: string; port: number }>>();
  await Bun.udpSocket({
    hostname: "::",
    port,
    socket: {
      data(socket, data, from, address) {
        const pair = data.toString();
        const hosts = pairs.get(pair) ?? new Map<string, { address: string; port: number }>();
        pairs.set(pair, hosts);
        hosts.set(`${address} ${from}`, { address, port: from });
        if (hosts.size < 2) return;
        const [one, other] = hosts.values();
        if (one === undefined || other === undefined) return;
        socket.send(`${other.address} ${other.port}`, one.port, one.address);
        socket.send(`${one.address} ${one.port}`, other.port, other.address);
      },
      error: ignore,
    },
  });
  console.log("ready");
}

async function punch(host: string, port: number, pair: string): Promise<void> {
  let peer: { address: string; port: number; since: number } | null = null;
  let heard = false;
  const socket = await Bun.udpSocket({
    hostname: host.includes(":") ? "::" : "0.0.0.0",
    socket: {
      data(_, data, from, address) {
        if (address === host && from === port) {
          const [peerAddress = "", peerPort = "0"] = data.toString().split(" ");
          const asked = peerAddress.replace("::ffff:", "");
          peer ??= { address: asked, port: Number(peerPort), since: performance.now() };
          send();
        } else if (peer !== null && !heard) {
          heard = true;
          const ms = Math.round(performance.now() - peer.since);
          // Where it really comes from: a symmetric NAT has given it another port (RFC 8445 s. 7.3.1.3).
          peer = { address, port: from, since: peer.since };
          send();
          console.log(`heard ${address} ${from} after ${ms} ms`);
          setTimeout(() => process.exit(0), LINGER);
        }
      },
      error: ignore,
    },
  });
  function send(): void {
    if (peer === null) socket.send(pair, port, host);
    else socket.send("hello", peer.port, peer.address);
  }
  send();
  setInterval(() => {
    if (peer === null) send();
  }, ASK_EVERY);
  setInterval(() => {
    if (peer !== null) send();
  }, PUNCH_EVERY);
  setTimeout(() => {
    if (!heard) process.exit(1);
  }, PATIENCE);
}
