// A browser has no UDP: a page has one path for good, its WebSocket. See udp.ts.

import type { Udp } from "./udp.ts";

export const udp: Udp | null = null;
