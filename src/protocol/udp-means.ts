// What sessions do on paths of UDP, of which there may be several, which lose datagrams, and of which nobody says how long one may
// be. A session that has one path for good, in a stream, is given none of it and carries none of it, as a page's.

import { type MtuSearch, mtuSearch } from "./recovery/path-mtu.ts";
import type { OtherPaths } from "./session/other-paths.ts";
import { type Copies, copies } from "./session/redundancy.ts";
import { severalPaths } from "./session/several-paths.ts";

export interface UdpMeans {
  readonly otherPaths: OtherPaths;
  readonly copies: Copies;
  readonly mtuSearch: MtuSearch;
}

export const udpMeans: UdpMeans = { otherPaths: severalPaths, copies, mtuSearch };
