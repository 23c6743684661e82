// A lossy transfer over TCP, on the same simulated network as the sealed wire's. The network carries bytes, but the
// model has none: each datagram is as long as the packet would be, and contains the packet's number.

import {
  arrivals,
  type Conditions,
  createNetwork,
  nextArrival,
  send,
} from "../../test/simulator/network.ts";
import { seededRandom } from "../../test/simulator/random.ts";
import type { LossyTransfer } from "./lossy-transfer.ts";
import { createTcpReceiver, nextAcknowledgment, receiveSegment } from "./tcp-receiver.ts";
import {
  type Acknowledgment,
  createTcpSender,
  nextSegment,
  receiveAcknowledgment,
  timeOut,
} from "./tcp-sender.ts";

const SENDER = { address: "192.0.2.1", port: 1 };
const RECEIVER = { address: "192.0.2.2", port: 2 };
/** TCP's header with timestamps, which takes the place of UDP's. */
const HEADER = 20 + 12 - 8;
/** A program writes it before each message, because TCP has no message boundaries. */
const LENGTH_PREFIX = 2;

type Packet =
  { readonly start: number; readonly end: number; readonly sentAt: number } | Acknowledgment;

export function tcpTransfer(seed: number, conditions: Conditions): LossyTransfer {
  const network = createNetwork(seededRandom(seed), conditions);
  const sender = createTcpSender(2 * conditions.delay);
  const receiver = createTcpReceiver();
  /** By the number in its datagram. */
  const packets: Packet[] = [];
  const receivedAt: number[] = [];
  /** Where each message ends. */
  const ends: number[] = [];
  let now = 0;

  function carry(packet: Packet, length: number): void {
    const bytes = new Uint8Array(HEADER + length);
    new DataView(bytes.buffer).setUint32(0, packets.push(packet) - 1);
    const [from, to] = "upTo" in packet ? [RECEIVER, SENDER] : [SENDER, RECEIVER];
    send(network, bytes, from, to, now);
  }

  function deliver(): void {
    for (const { bytes } of arrivals(network, now)) {
      const packet = packets[new DataView(bytes.buffer).getUint32(0)];
      if (packet === undefined) continue;
      if ("upTo" in packet) receiveAcknowledgment(sender, packet, now);
      else receiveSegment(receiver, packet, now);
    }
  }

  function transmit(): void {
    for (let next = nextSegment(sender, now); next !== null; next = nextSegment(sender, now)) {
      carry({ ...next }, next.end - next.start);
    }
    const acknowledgment = nextAcknowledgment(receiver, now);
    if (acknowledgment !== null) carry(acknowledgment, 0);
  }

  return {
    receivedAt,
    get now() {
      return now;
    },
    get datagrams() {
      return network.sent;
    },
    send(length, count) {
      for (let sent = 0; sent < count; sent += 1) {
        sender.written += LENGTH_PREFIX + length;
        ends.push(sender.written);
      }
    },
    run(until) {
      while (now < until) {
        deliver();
        timeOut(sender, now);
        transmit();
        while ((ends[receivedAt.length] ?? Number.POSITIVE_INFINITY) <= receiver.upTo)
          receivedAt.push(now);
        now = Math.min(until, nextArrival(network), sender.timeoutAt, receiver.dueAt);
      }
    },
  };
}
