// Limits for tests: rates that nobody reaches, but for those that a test is about.

import type { Rate } from "../../src/protocol/token-bucket.ts";
import { type Action, type ActionLimit, LIMITS, type Limits } from "../../src/server/limits.ts";

const ANY: Rate = { perSecond: 1e9, burst: 1e9 };

const limit = (person = ANY): ActionLimit => ({ person, share: ANY, invitation: ANY });

/** One person's rates, without a limit for all who came by an invitation. */
function personRates(rates: Partial<Record<Action, Rate>>): Limits["rates"] {
  const { frame, list, search, enter, rename, away } = rates;
  return {
    frame: limit(frame),
    list: limit(list),
    search: limit(search),
    enter: limit(enter),
    rename: limit(rename),
    away: limit(away),
  };
}

/** Nobody is too fast. */
export const NO_RATES: Limits["rates"] = personRates({});

export const UNLIMITED: Limits = {
  ...LIMITS,
  rates: NO_RATES,
  announcements: ANY,
  sessionsPerPerson: 1e9,
  sessionsPerInvitation: 1e9,
};

/** One person's rates are limited, and nothing else. */
export function limitedTo(rates: Parameters<typeof personRates>[0]): Limits {
  return { ...UNLIMITED, rates: personRates(rates) };
}
