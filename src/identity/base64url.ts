// Keys and secrets as text: base64url without padding (RFC 4648 s. 5, s. 3.2), which needs no escaping
// in a URI, in a shell or in a line of a file.

export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** How many characters that many bytes take. */
export function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/**
 * Reads exactly `length` bytes. Returns null for anything that `encodeBase64url` would not have written:
 * each value has one spelling, so spare bits that are set (RFC 4648 s. 3.5) are a mistyped character.
 */
export function decodeBase64url(text: string, length: number): Uint8Array | null {
  const bytes = Uint8Array.from(Buffer.from(text, "base64url"));
  return bytes.byteLength === length && encodeBase64url(bytes) === text ? bytes : null;
}
