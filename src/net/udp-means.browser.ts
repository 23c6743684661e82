// A page has one path for good, its WebSocket: see udp-means.ts.

import type { UdpMeans } from "../protocol/udp-means.ts";

export const udpMeans: UdpMeans | null = null;
