// Who logs in where: the user and password of each origin, in the scheme that it asks for. A password goes to the origin that
// it is for, and to no other.

import { randomBytes } from "node:crypto";

import { basicAuthorization, hasHeader } from "../header-fields.ts";
import { type Challenge, challengesOf, type Login } from "./challenge.ts";
import { digestAnswer, digestChallenge } from "./digest.ts";
import type { ResponseHead } from "./exchange.ts";
import type { HttpRequest } from "./request.ts";

export interface Logins {
  /** The user and password for a URL; null for none. */
  readonly loginFor: (url: URL) => Login | null;
  /** Whether the password is sent before anybody has asked for it (Basic). */
  readonly isEager: boolean;
  /** Whether it is sent at all, or only proven (Digest). */
  readonly mayBeSent: boolean;
}

export type Authorization = ReturnType<typeof createAuthorization>;

/** Of one transfer: what servers have asked for is remembered for its later requests. */
export function createAuthorization({ loginFor, isEager, mayBeSent }: Logins) {
  /** By origin: a Digest challenge with the number of its answers, or Basic. */
  const asked = new Map<string, { challenge: Challenge; count: number } | "basic">();

  return {
    /** The request with a login, if there is one for its URL and none of the user's own. */
    authorize(request: HttpRequest): HttpRequest {
      const { url, method, headers } = request;
      const login = hasHeader(headers, "authorization") ? null : loginFor(url);
      if (login === null) return request;
      const known = asked.get(url.origin) ?? (isEager && mayBeSent ? "basic" : null);
      if (known === null) return request;
      let value: string;
      if (known === "basic") value = basicAuthorization(login.user, login.password);
      else {
        known.count += 1;
        const clientNonce = randomBytes(16).toString("base64url");
        const target = `${url.pathname}${url.search}`;
        value = digestAnswer(known.challenge, login, {
          method,
          target,
          count: known.count,
          clientNonce,
        });
      }
      return { ...request, headers: [...headers, ["Authorization", value]] };
    },
    /** Whether a 401 asks for something that another request can bring. */
    canAnswer({ url, status, headers }: ResponseHead, request: HttpRequest): boolean {
      if (status !== 401 || hasHeader(request.headers, "authorization")) return false;
      if (loginFor(url) === null || request.body?.isOnce === true) return false;
      const challenges = challengesOf(headers, "www-authenticate");
      const digest = digestChallenge(challenges);
      const before = asked.get(url.origin);
      if (digest !== null) {
        // A nonce that has grown old is no wrong password (RFC 7616 s. 3.3).
        const isStale = digest.parameters.get("stale")?.toLowerCase() === "true";
        if (typeof before === "object" && !isStale) return false;
        asked.set(url.origin, { challenge: digest, count: 0 });
        return true;
      }
      const isBasic = challenges.some(({ scheme }) => scheme === "basic");
      if (!isBasic || !mayBeSent || isEager || before !== undefined) return false;
      asked.set(url.origin, "basic");
      return true;
    },
  };
}
