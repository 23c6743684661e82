// Bytes of a stream at any of its offsets, in pages: what arrives early is not contiguous yet. Doesn't know which
// of its bytes were written.

import { acquireBuffer, releaseBuffer } from "./stream-queues.ts";

/** Bytes of a page. A single byte takes a whole one: a short page, so that few packets don't take much memory. */
export const PAGE_BYTES = 1_024;

/** By their numbers in the stream: page 1 begins at offset 1,024. */
export type PagedBytes = Map<number, Uint8Array>;

export function writePaged(pages: PagedBytes, offset: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const number = Math.floor((offset + at) / PAGE_BYTES);
    let page = pages.get(number);
    if (page === undefined) {
      page = acquireBuffer(PAGE_BYTES);
      pages.set(number, page);
    }
    const start = offset + at - number * PAGE_BYTES;
    const length = Math.min(bytes.length - at, PAGE_BYTES - start);
    page.set(bytes.subarray(at, at + length), start);
    at += length;
  }
}

/** Copies the bytes from `offset` on, as many as `into` has room for; they were written. */
export function copyFromPages(pages: PagedBytes, offset: number, into: Uint8Array): void {
  for (let at = 0; at < into.length;) {
    const number = Math.floor((offset + at) / PAGE_BYTES);
    const page = pages.get(number);
    if (page === undefined) throw new Error(`nothing was written at ${offset + at}`);
    const start = offset + at - number * PAGE_BYTES;
    const length = Math.min(into.length - at, PAGE_BYTES - start);
    into.set(page.subarray(start, start + length), at);
    at += length;
  }
}

/** Discards the bytes from `from` up to `end`; the page with the byte at `kept`, which is later, stays. */
export function discardPages(pages: PagedBytes, from: number, end: number, kept: number): void {
  const after = Math.min(Math.ceil(end / PAGE_BYTES), Math.floor(kept / PAGE_BYTES));
  for (let number = Math.floor(from / PAGE_BYTES); number < after; number += 1) {
    const page = pages.get(number);
    if (page === undefined) continue;
    releaseBuffer(page);
    pages.delete(number);
  }
}
