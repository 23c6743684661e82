// A server's limits for measurements: no rate is one.

import { LIMITS, type Limits } from "../../src/server/limits.ts";

const NO_RATE = { perSecond: 1e9, burst: 1e9 };
const NO_LIMIT = { person: NO_RATE, share: NO_RATE, invitation: NO_RATE };

export const NO_LIMITS: Limits = {
  ...LIMITS,
  rates: {
    frame: NO_LIMIT,
    list: NO_LIMIT,
    search: NO_LIMIT,
    enter: NO_LIMIT,
    rename: NO_LIMIT,
    away: NO_LIMIT,
  },
};
