// A short number for a text, the same in every program: FNV-1a, 32 bits, over UTF-16 units. Not for secrets. Pure.

export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
