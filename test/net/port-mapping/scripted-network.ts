// A network without sockets or time of its own: a test says what the router answers, and lets time pass.

import type { SocketAddress } from "../../../src/net/address.ts";
import type { Place } from "../../../src/net/port-mapping/gateway.ts";
import { mapPort, type PortMapping } from "../../../src/net/port-mapping/map-port.ts";
import type { MappingSystem } from "../../../src/net/port-mapping/system.ts";
import type { HttpRequest } from "../../../src/net/port-mapping/upnp-router.ts";
import type { UdpSocket, UdpSocketOptions } from "../../../src/net/udp-socket.ts";

export const HOME: Place = { gateway: "192.168.1.1", own: "192.168.1.2" };
export const ROUTER: SocketAddress = { address: HOME.gateway, port: 5_351 };
export const INTERNAL_PORT = 12_345;

export interface Question {
  readonly datagram: Uint8Array;
  readonly to: SocketAddress;
  /** Sends a datagram to where the question came from; by default from where it was sent to. */
  readonly reply: (datagram: Uint8Array, from?: SocketAddress) => void;
}

export interface ScriptedNetwork {
  readonly system: MappingSystem;
  now(): number;
  /** What hosts of the network hear. */
  onQuestion: (question: Question) => void;
  onRequest: (...request: Parameters<HttpRequest>) => { status: number; body: string } | null;
  place: Place | null;
  /** Ports at which the system opens no socket. */
  readonly taken: Set<number>;
  /** Sends to a port of this host. */
  send(datagram: Uint8Array, from: SocketAddress, port: number): void;
  /** Lets ms pass. */
  pass(ms: number): Promise<void>;
}

/** All that is due has run: it takes no time but turns of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function createNetwork(): ScriptedNetwork {
  let time = 0;
  let bytes = 0;
  const timers = new Set<{ readonly at: number; readonly wake: () => void }>();
  const sockets = new Map<number, UdpSocketOptions>();
  const taken = new Set<number>();

  async function openSocket(options: UdpSocketOptions): Promise<UdpSocket> {
    const port = options.port === 0 ? 50_000 + sockets.size : options.port;
    if (taken.has(port)) throw new Error("it is taken");
    sockets.set(port, options);
    const closed = () => void sockets.delete(port);
    const socket: Partial<UdpSocket> = {
      address: { address: options.bind ?? "::", port },
      async send(datagram, to) {
        network.onQuestion({
          datagram,
          to,
          reply: (answer, from = to) => sockets.get(port)?.onDatagram(answer, from),
        });
      },
      close: closed,
      [Symbol.dispose]: closed,
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is not there is not used
    return socket as UdpSocket;
  }

  const network: ScriptedNetwork = {
    system: {
      clock: {
        now: () => time,
        sleep: (ms, signal) =>
          new Promise((resolve) => {
            if (signal.aborted) return resolve();
            const wake = () => {
              timers.delete(timer);
              resolve();
            };
            const timer = { at: time + ms, wake };
            timers.add(timer);
            signal.addEventListener("abort", wake, { once: true });
          }),
      },
      openSocket,
      request: async (...request) => network.onRequest(...request),
      randomBytes: (length) => Uint8Array.from({ length }, () => (bytes += 1) & 0xff),
      random: () => 0,
      findPlace: () => network.place,
    },
    now: () => time,
    onQuestion() {},
    onRequest: () => null,
    place: HOME,
    taken,
    send: (datagram, from, port) => sockets.get(port)?.onDatagram(datagram, from),
    async pass(ms) {
      const until = time + ms;
      for (;;) {
        await settled();
        const [next] = [...timers].toSorted((one, other) => one.at - other.at);
        if (next === undefined || next.at > until) break;
        time = next.at;
        next.wake();
      }
      time = until;
    },
  };
  return network;
}

export interface Client {
  /** What was reported, in order. */
  readonly events: (PortMapping | "lost")[];
  readonly attempted: Promise<void>;
  /** Ends it, and lets so many ms pass, in which this is done. */
  end(within?: number): Promise<void>;
}

export function startClient(network: ScriptedNetwork, signal?: AbortSignal): Client {
  const events: Client["events"] = [];
  const mapping = mapPort({
    internalPort: INTERNAL_PORT,
    signal,
    onMapped: (mapped) => events.push(mapped),
    onLost: () => events.push("lost"),
    system: network.system,
  });
  return {
    events,
    attempted: mapping.attempted,
    async end(within = 3_000) {
      const ended = mapping[Symbol.asyncDispose]();
      await network.pass(within);
      await ended;
    },
  };
}

/** A router that speaks PCP and NAT-PMP, with what it grants. */
export interface ScriptedRouter {
  /** Whether it answers at all. */
  isUp: boolean;
  speaksPcp: boolean;
  speaksNatPmp: boolean;
  /** ms of the network's clock when it started. */
  started: number;
  outerAddress: string;
  /** s */
  lifetime: number;
  /** Result codes of its answers to MAP. */
  pcpResult: number;
  /** The outer port that it gives for a wanted one. */
  portFor: (wanted: number, isTcp: boolean) => number;
  /** Changes an answer, and what it comes from. */
  tamper: (answer: Uint8Array) => { answer?: Uint8Array; from?: SocketAddress };
  /** Requests for mappings, as "PCP udp 12345 7200": with the wanted port and the lifetime. */
  readonly asked: string[];
  readonly nonces: Set<string>;
}

export function attachRouter(network: ScriptedNetwork): ScriptedRouter {
  const router: ScriptedRouter = {
    isUp: true,
    speaksPcp: true,
    speaksNatPmp: true,
    started: -1_000_000,
    outerAddress: "203.0.113.10",
    lifetime: 7_200,
    pcpResult: 0,
    portFor: (wanted) => wanted,
    tamper: (answer) => ({ answer }),
    asked: [],
    nonces: new Set(),
  };
  network.onQuestion = ({ datagram, to, reply }) => {
    if (!router.isUp || to.address !== ROUTER.address || to.port !== ROUTER.port) return;
    const answer = datagram[0] === 2 ? pcpAnswer(datagram) : natPmpAnswer(datagram);
    if (answer === null) return;
    const { answer: sent, from } = router.tamper(answer);
    if (sent !== undefined) reply(sent, from);
  };
  const outer = () => router.outerAddress.split(".").map(Number);
  const epoch = () => Math.floor((network.now() - router.started) / 1_000);

  /** RFC 6887 s. 7.2 and 11.1. */
  function pcpAnswer(question: Uint8Array): Uint8Array | null {
    if (!router.speaksPcp) return null;
    const answer = Buffer.from(question);
    answer[1] = (question[1] ?? 0) | 0x80;
    answer.fill(0, 8, 24);
    answer.writeUInt32BE(epoch(), 8);
    if (question[1] !== 1) return answer;
    const isTcp = question[36] === 6;
    const wanted = answer.readUInt16BE(42);
    const lifetime = answer.readUInt32BE(4);
    router.asked.push(`PCP ${isTcp ? "tcp" : "udp"} ${wanted} ${lifetime}`);
    router.nonces.add(answer.subarray(24, 37).toString("hex"));
    answer[3] = router.pcpResult;
    answer.writeUInt32BE(lifetime === 0 ? 0 : router.lifetime, 4);
    answer.writeUInt16BE(router.portFor(wanted, isTcp), 42);
    answer.set(outer(), 56);
    return answer;
  }

  /** RFC 6886 s. 3.2 and 3.3. */
  function natPmpAnswer(question: Uint8Array): Uint8Array | null {
    if (!router.speaksNatPmp) return null;
    const isMapping = question[1] !== 0;
    const answer = Buffer.alloc(isMapping ? 16 : 12);
    answer[1] = (question[1] ?? 0) | 0x80;
    answer.writeUInt32BE(epoch(), 4);
    if (!isMapping) {
      answer.set(outer(), 8);
      return answer;
    }
    const asked = Buffer.from(question);
    const isTcp = question[1] === 2;
    const [wanted, lifetime] = [asked.readUInt16BE(6), asked.readUInt32BE(8)];
    router.asked.push(`NAT-PMP ${isTcp ? "tcp" : "udp"} ${wanted} ${lifetime}`);
    answer.writeUInt16BE(asked.readUInt16BE(4), 8);
    answer.writeUInt16BE(router.portFor(wanted, isTcp), 10);
    answer.writeUInt32BE(lifetime === 0 ? 0 : router.lifetime, 12);
    return answer;
  }
  return router;
}
