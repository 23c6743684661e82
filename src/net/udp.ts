// UDP, as a sealed socket has it: its twin is for a page.

import { openUdpSocket } from "#udp-socket";

import { type UdpMeans, udpMeans } from "../protocol/udp-means.ts";
import { groupByAddress } from "./udp-gso.ts";
import { maxProbeSize } from "./udp-socket.ts";

export interface Udp {
  /** What sessions do on its paths. */
  readonly means: UdpMeans;
  readonly openSocket: typeof openUdpSocket;
  readonly maxProbeSize: typeof maxProbeSize;
  readonly groupByAddress: typeof groupByAddress;
}

export const udp: Udp | null = {
  means: udpMeans,
  openSocket: openUdpSocket,
  maxProbeSize,
  groupByAddress,
};
