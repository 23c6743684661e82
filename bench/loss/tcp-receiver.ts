// The receiving half of a TCP connection: which bytes have arrived, and when to acknowledge what (RFC 5681 s. 4.2,
// RFC 2018). A state machine without I/O, for comparison only.

import type { Acknowledgment } from "./tcp-sender.ts";

/** How long Linux waits for a second segment, ms. */
const ACK_DELAY = 40;
/** With timestamps the header has space for no more (RFC 2018 s. 3). */
const MAX_BLOCKS = 3;

interface Block {
  readonly start: number;
  readonly end: number;
}

export interface TcpReceiver {
  /** Everything before it has arrived. */
  upTo: number;
  /** Bytes that have arrived beyond a gap, the block that changed last first. */
  blocks: Block[];
  /** Segments that are not acknowledged yet. */
  unacknowledged: number;
  /** When the first of them was sent. */
  echo: number;
  /** When an acknowledgment is due, ms. */
  dueAt: number;
}

export function createTcpReceiver(): TcpReceiver {
  return { upTo: 0, blocks: [], unacknowledged: 0, echo: 0, dueAt: Number.POSITIVE_INFINITY };
}

export function receiveSegment(
  receiver: TcpReceiver,
  { start, end, sentAt }: Block & { readonly sentAt: number },
  now: number,
): void {
  if (receiver.unacknowledged === 0) receiver.echo = sentAt;
  receiver.unacknowledged += 1;
  const hadGap = receiver.blocks.length > 0;
  if (end > receiver.upTo) addBlock(receiver, { start, end });
  const atOnce =
    hadGap || receiver.blocks.length > 0 || receiver.unacknowledged >= 2 || end < receiver.upTo;
  receiver.dueAt = Math.min(receiver.dueAt, atOnce ? now : now + ACK_DELAY);
}

function addBlock(receiver: TcpReceiver, added: Block): void {
  const touching = receiver.blocks.filter(
    ({ start, end }) => start <= added.end && end >= added.start,
  );
  const others = receiver.blocks.filter((block) => !touching.includes(block));
  const start = Math.min(added.start, ...touching.map((block) => block.start));
  const end = Math.max(added.end, ...touching.map((block) => block.end));
  if (start > receiver.upTo) {
    receiver.blocks = [{ start, end }, ...others];
    return;
  }
  receiver.upTo = end;
  receiver.blocks = others;
}

/** The acknowledgment to send now; null for none. */
export function nextAcknowledgment(receiver: TcpReceiver, now: number): Acknowledgment | null {
  if (now < receiver.dueAt) return null;
  receiver.dueAt = Number.POSITIVE_INFINITY;
  receiver.unacknowledged = 0;
  const { upTo, blocks, echo } = receiver;
  return { upTo, blocks: blocks.slice(0, MAX_BLOCKS), echo };
}
