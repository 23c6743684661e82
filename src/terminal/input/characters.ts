// Bytes of a terminal as characters: UTF-8 that may be split anywhere, and Latin-1 where it is not UTF-8. Knows no keys.

export interface CharacterDecoder {
  /** Calls `take` with each code point that the byte completes. */
  push(byte: number): void;
  /** Nothing follows: an unfinished character is Latin-1. */
  flush(): void;
  /** Whether more bytes are needed. */
  readonly isUnfinished: boolean;
}

const CONTINUATION = [0x80, 0xbf] as const;

/** Which bytes may follow these first ones (Unicode 17, table 3-7); after all others: any continuation byte. */
const SECOND_BYTES: ReadonlyMap<number, readonly [low: number, high: number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

export function createCharacterDecoder(take: (code: number) => void): CharacterDecoder {
  let held: number[] = [];
  let length = 0;
  let code = 0;

  function isNext(byte: number): boolean {
    const second = held.length === 1 ? SECOND_BYTES.get(held[0] ?? 0) : undefined;
    const [low, high] = second ?? CONTINUATION;
    return byte >= low && byte <= high;
  }

  function flush(): void {
    const bytes = held;
    held = [];
    // 0x80 to 0x9f are no letters in Latin-1, and controls only where they can't be part of UTF-8.
    for (const byte of bytes) if (byte >= 0xa0) take(byte);
  }

  return {
    push(byte) {
      if (held.length > 0) {
        if (isNext(byte)) {
          held.push(byte);
          code = (code << 6) | (byte & 0x3f);
          if (held.length < length) return;
          held = [];
          return take(code);
        }
        flush();
      }
      if (byte < 0xc2 || byte > 0xf4) return take(byte);
      held.push(byte);
      length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      code = byte & (0x7f >> length);
    },
    flush,
    get isUnfinished() {
      return held.length > 0;
    },
  };
}
