// A slow line between a browser and a server: passes on every byte of a TCP connection later, and no faster than the line is.
// All connections share it, and each begins as slowly as TCP does. Unlike the browser's own emulation it delays the messages of
// a WebSocket as well.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface LineSpeed {
  /** ms, of both ways together. */
  readonly roundTrip: number;
  /** Bytes a second. */
  readonly down: number;
  readonly up: number;
}

export interface SlowLine extends AsyncDisposable {
  readonly port: number;
}

/** Bytes that arrive together. */
const PACKET = 1_460;
/** Bytes that TCP sends before the first acknowledgement (RFC 6928); then by each acknowledged one, one more. */
const FIRST_WINDOW = 10 * PACKET;
const END = Buffer.alloc(0);

/** @param port of the server, on 127.0.0.1 */
export async function openSlowLine(port: number, speed: LineSpeed): Promise<SlowLine> {
  const up = createWay(speed.up, speed.roundTrip / 2);
  const down = createWay(speed.down, speed.roundTrip / 2);
  const open = new Set<Socket>();

  function accept(client: Socket): void {
    const server = connect(port, "127.0.0.1");
    const ends = [
      [client, server, up, down],
      [server, client, down, up],
    ] as const;
    for (const [from, to, way, back] of ends) {
      open.add(from);
      from.setNoDelay(true);
      const send = createSender(way, back, (packet) =>
        packet === END ? to.end() : to.write(packet),
      );
      from.on("data", send);
      from.on("end", () => send(END));
      from.on("error", () => to.destroy());
      from.on("close", () => open.delete(from));
    }
    // The browser's end sends nothing until the other one has answered that there is a connection.
    client.pause();
    setTimeout(() => client.resume(), speed.roundTrip);
  }

  const listener = createServer({ allowHalfOpen: true }, accept);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the line has no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

/** Takes so many bytes, and calls back when they have arrived. */
type Way = (length: number, arrived: () => void) => void;

/** One way of the line, for all connections. */
function createWay(bytesPerSecond: number, delay: number): Way {
  const underWay: { readonly at: number; readonly arrived: () => void }[] = [];
  /** When all that it was given is sent, ms. */
  let freeAt = 0;

  function deliver(): void {
    while ((underWay[0]?.at ?? Infinity) <= performance.now()) underWay.shift()?.arrived();
    const next = underWay[0];
    if (next !== undefined) setTimeout(deliver, Math.max(0, next.at - performance.now()));
  }

  return (length, arrived) => {
    freeAt = Math.max(freeAt, performance.now()) + (length / bytesPerSecond) * 1_000;
    underWay.push({ at: freeAt + delay, arrived });
    if (underWay.length === 1) setTimeout(deliver, freeAt + delay - performance.now());
  };
}

/** What one end of a connection sends: no more than its window at a time, which grows (slow start, RFC 5681 s. 3.1). */
function createSender(way: Way, back: Way, arrive: (packet: Buffer) => void) {
  const waiting: Buffer[] = [];
  let window = FIRST_WINDOW;
  let unacknowledged = 0;

  function send(): void {
    while (waiting.length > 0 && unacknowledged < window) {
      const packet = waiting.shift() ?? END;
      unacknowledged += packet.length;
      way(packet.length, () => {
        arrive(packet);
        back(0, () => {
          unacknowledged -= packet.length;
          window += packet.length;
          send();
        });
      });
    }
  }

  return (bytes: Buffer): void => {
    if (bytes === END) waiting.push(END);
    for (let from = 0; from < bytes.length; from += PACKET) {
      waiting.push(bytes.subarray(from, from + PACKET));
    }
    send();
  };
}
