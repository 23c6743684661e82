// Whether the identity key is there, whole, and nobody else's. Makes none.

import { CharlaError } from "../errors.ts";
import type { Environment } from "../identity/folders.ts";
import { fingerprint } from "../identity/key-text.ts";
import { findOwnIdentity } from "../identity/private-files.ts";
import { type Check, ok, problemOf } from "./check.ts";

const NAME = "identity";

export function checkIdentity(env: Environment): Check {
  try {
    const identity = findOwnIdentity(env);
    if (identity === null) return ok(NAME, "your identity key is made on first use");
    const own = fingerprint(identity.keyPair.publicKey);
    return ok(NAME, `your identity key has the fingerprint ${own}`, { fingerprint: own });
  } catch (error) {
    if (error instanceof CharlaError) return problemOf(NAME, error);
    throw error;
  }
}
