// One user and one password for everything (HTTP Basic, RFC 7617). Keeps digests alone, so that neither can be
// printed by mistake, and compares them in a time that tells nothing.

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { Step } from "./middleware.ts";
import { briefAnswer } from "./text-response.ts";

/** Says whether an Authorization header has the right user and password; null stands for none. */
export type Authorization = (header: string | null) => boolean;

/** What asks for them (s. 2, and s. 2.1 for the charset). */
const CHALLENGE = 'Basic realm="charla", charset="UTF-8"';

/** Of a header that is looked into; what is longer is as wrong as any other. */
const MAX_HEADER_CHARACTERS = 8_192;

/** @param credentials USER:PASSWORD; the password may hold colons, the user cannot (s. 2) */
export function authorization(credentials: string): Authorization {
  // A key of its own: the digests are of one length, and of no use to anybody else.
  const key = randomBytes(32);
  const digest = (bytes: Uint8Array) => createHmac("sha256", key).update(bytes).digest();
  const expected = digest(Buffer.from(credentials, "utf8"));

  return (header) => {
    const given = givenIn(header);
    // The same work for a header that is missing or malformed.
    const isSame = timingSafeEqual(digest(given ?? Buffer.alloc(0)), expected);
    return isSame && given !== null;
  };
}

/** s. 2: the scheme in any case, and base64 of the two with a colon between. */
function givenIn(header: string | null): Uint8Array | null {
  if (header === null || header.length > MAX_HEADER_CHARACTERS) return null;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, "base64");
}

/** @param credentials USER:PASSWORD */
export function authorizationStep(credentials: string): Step {
  const isRight = authorization(credentials);
  const user = credentials.slice(0, credentials.indexOf(":"));
  return (request, context) => {
    if (!isRight(request.headers.get("authorization"))) {
      return briefAnswer(request, context, 401, { "www-authenticate": CHALLENGE });
    }
    context.user = user;
    return null;
  };
}
