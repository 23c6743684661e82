// Who may join: with which of several pre-shared keys, and whether with that one now. What the keys stand for
// is the business of the program above.

export interface AcceptedKey {
  /** 32 bytes. */
  readonly psk: Uint8Array;
  /** What it admits to, as the program above puts it; null for everything. */
  readonly admitsTo: string | null;
}

export interface Admission {
  /**
   * What somebody who says to own this key may have been given, in the order to try. Not proven yet: nothing
   * is to be done or told for it. Each costs some 4 us for every finish that is refused.
   */
  keysFor(claimedKey: Uint8Array): Iterable<AcceptedKey>;
  /**
   * Somebody has proven to own `peerKey` and to have that key of theirs: whether they come in, which is
   * counted here. Otherwise they are told that the secret is wrong.
   */
  admit(key: AcceptedKey, peerKey: Uint8Array): boolean;
}

/** Whoever has this one, always. */
export function admitWith(psk: Uint8Array): Admission {
  const keys = [{ psk, admitsTo: null }];
  return { keysFor: () => keys, admit: () => true };
}
