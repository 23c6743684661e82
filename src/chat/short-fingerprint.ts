// The short form of a fingerprint that a screen shows, and whose it may be when somebody writes it. Pure.

/** Letters that tell the people of one room apart. */
const LETTERS = 12;
/** The name of the hash, which is always the same. */
const PREFIX = /^SHA256:/;

export function shortFingerprint(fingerprint: string): string {
  const digits = fingerprint.replace(PREFIX, "");
  return digits.length > LETTERS ? `${digits.slice(0, LETTERS)}…` : digits;
}

/** Whether somebody has written this fingerprint: the whole, or its beginning as the short form has it, or longer. */
export function isFingerprintOf(written: string, fingerprint: string): boolean {
  if (written === fingerprint) return true;
  const beginning = written.replace(PREFIX, "").replace(/(?:…|\.\.\.)$/, "");
  return beginning.length >= LETTERS && fingerprint.replace(PREFIX, "").startsWith(beginning);
}
