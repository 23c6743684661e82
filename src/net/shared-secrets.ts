// Static keys that can be used and not read, and only asynchronously, such as a browser's CryptoKey. The protocol's cryptography
// is synchronous: so their shared secrets are derived before the datagram that needs one is taken, and found here then.

import { mapKey } from "../protocol/bytes.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";

export interface StaticKeys extends KeyPair {
  /** Derives what the handshake will need for this datagram, before it is taken; null if that is nothing. */
  readonly prepare?: (datagram: Uint8Array) => Promise<void> | null;
}

/** Peers' keys whose secrets are kept: more than handshakes that are unfinished at once. */
const MAX_SECRETS = 16;

/** The provider's own form of such a key pair (`prepared`). */
export class SharedSecrets {
  readonly #secrets = new Map<string, Uint8Array>();

  /** The oldest is forgotten when there are too many. */
  add(peer: Uint8Array, secret: Uint8Array): void {
    const key = mapKey(peer);
    this.#secrets.delete(key);
    this.#secrets.set(key, secret);
    const [oldest] = this.#secrets.keys();
    if (this.#secrets.size > MAX_SECRETS && oldest !== undefined) this.#secrets.delete(oldest);
  }

  /** @throws {Error} when it was not derived: a bug */
  with(peer: Uint8Array): Uint8Array {
    const secret = this.#secrets.get(mapKey(peer));
    if (secret === undefined) throw new Error("the shared secret was not derived ahead");
    return secret;
  }
}
