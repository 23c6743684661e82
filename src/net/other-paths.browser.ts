// A page has one path for good, its WebSocket: see other-paths.ts.

import type { OtherPaths } from "../protocol/session/other-paths.ts";

export const otherPaths: OtherPaths | null = null;
