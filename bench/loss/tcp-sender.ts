// The sending half of a TCP connection by RFC 5681, 6298 and 6675: NewReno's window, recovery with selective
// acknowledgments, and a retransmission timer. A state machine without I/O, for comparison only: it has no handshake,
// no close, no receive window and no persist timer, and neither a tail loss probe nor RACK (RFC 8985), which today's
// Linux has.

/** Bytes of data in a segment: Ethernet's 1,500 less the headers of IPv4 and TCP with timestamps. */
export const SEGMENT_SIZE = 1_500 - 20 - 20 - 12;
/** RFC 6928. */
const INITIAL_WINDOW = 10 * SEGMENT_SIZE;
/** Segments selectively acknowledged above one that is lost (RFC 6675 s. 2). */
const DUPLICATE_THRESHOLD = 3;
/** The least that Linux adds to the smoothed round trip, ms (RFC 6298 s. 2.4 asks for 1 s). */
const LEAST_PATIENCE = 200;
/** RFC 6298 s. 2.5. */
const LONGEST_TIMEOUT = 60_000;

export interface Segment {
  readonly start: number;
  readonly end: number;
  sentAt: number;
  arrived: boolean;
  lost: boolean;
  /** Sent again since it was declared lost. */
  sentAgain: boolean;
}

export interface Acknowledgment {
  /** Everything before it has arrived. */
  readonly upTo: number;
  /** Blocks beyond, at most three (RFC 2018 s. 3, with timestamps). */
  readonly blocks: readonly { readonly start: number; readonly end: number }[];
  /** When the acknowledged segment was sent (RFC 7323 s. 4.3). */
  readonly echo: number;
}

export interface TcpSender {
  /** Segments that are not acknowledged, in order. */
  segments: Segment[];
  acknowledged: number;
  /** Everything before it was sent at least once. */
  sent: number;
  /** Everything before it is ready to be sent. */
  written: number;
  window: number;
  threshold: number;
  /** The window was already reduced for losses of bytes before it. */
  recoverUpTo: number;
  /** Fast recovery: the window does not grow. */
  recovering: boolean;
  smoothed: number;
  variation: number;
  timeout: number;
  timeoutAt: number;
}

export function createTcpSender(roundTrip: number): TcpSender {
  return {
    segments: [],
    acknowledged: 0,
    sent: 0,
    written: 0,
    window: INITIAL_WINDOW,
    threshold: Number.POSITIVE_INFINITY,
    recoverUpTo: 0,
    recovering: false,
    // The handshake has measured the round trip once.
    smoothed: roundTrip,
    variation: roundTrip / 2,
    timeout: roundTrip + Math.max(LEAST_PATIENCE, 2 * roundTrip),
    timeoutAt: Number.POSITIVE_INFINITY,
  };
}

/** The next segment to send now; null for none. */
export function nextSegment(sender: TcpSender, now: number): Segment | null {
  const segment = nextLost(sender) ?? nextNew(sender);
  if (segment === null) return null;
  segment.sentAt = now;
  if (sender.timeoutAt === Number.POSITIVE_INFINITY) sender.timeoutAt = now + sender.timeout;
  return segment;
}

function nextLost(sender: TcpSender): Segment | null {
  const segment = sender.segments.find(({ lost, sentAgain }) => lost && !sentAgain);
  if (segment === undefined || !maySend(sender, segment.end - segment.start)) return null;
  segment.sentAgain = true;
  return segment;
}

/** Without Nagle's algorithm: short segments are sent at once. */
function nextNew(sender: TcpSender): Segment | null {
  const { sent: start, written } = sender;
  const end = Math.min(start + SEGMENT_SIZE, written);
  if (end === start || !maySend(sender, end - start)) return null;
  const segment = { start, end, sentAt: 0, arrived: false, lost: false, sentAgain: false };
  sender.segments.push(segment);
  sender.sent = end;
  return segment;
}

function maySend(sender: TcpSender, length: number): boolean {
  const pipe = bytesInPipe(sender);
  return pipe === 0 || pipe + length <= sender.window;
}

/** SetPipe() of RFC 6675 s. 4. */
function bytesInPipe({ segments }: TcpSender): number {
  return segments.reduce((sum, { start, end, arrived, lost, sentAgain }) => {
    return arrived || (lost && !sentAgain) ? sum : sum + end - start;
  }, 0);
}

export function receiveAcknowledgment(
  sender: TcpSender,
  { upTo, blocks, echo }: Acknowledgment,
  now: number,
): void {
  const utilized = bytesInPipe(sender) + SEGMENT_SIZE > sender.window;
  for (const segment of sender.segments) {
    segment.arrived ||= blocks.some(
      ({ start, end }) => start <= segment.start && segment.end <= end,
    );
  }
  const progress = upTo - sender.acknowledged;
  if (progress > 0) {
    sender.acknowledged = upTo;
    sender.segments = sender.segments.filter(({ end }) => end > upTo);
    addRoundTripSample(sender, now - echo);
    const isDone = sender.segments.length === 0;
    sender.timeoutAt = isDone ? Number.POSITIVE_INFINITY : now + sender.timeout;
    if (utilized && !sender.recovering) grow(sender, progress);
    if (upTo >= sender.recoverUpTo) sender.recovering = false;
  }
  if (findLost(sender) && sender.acknowledged >= sender.recoverUpTo) {
    reduceWindow(sender);
    sender.recovering = true;
    sender.window = sender.threshold;
  }
}

/** To be called at `timeoutAt`: the retransmission timer has expired (RFC 6298 s. 5). */
export function timeOut(sender: TcpSender, now: number): void {
  if (now < sender.timeoutAt) return;
  reduceWindow(sender);
  sender.recovering = false;
  sender.window = SEGMENT_SIZE;
  for (const segment of sender.segments) {
    segment.lost = !segment.arrived;
    segment.sentAgain = false;
  }
  sender.timeout = Math.min(2 * sender.timeout, LONGEST_TIMEOUT);
  sender.timeoutAt = now + sender.timeout;
}

/** RFC 5681 s. 3.1, counting acknowledged bytes as Linux does (RFC 3465). */
function grow(sender: TcpSender, progress: number): void {
  const isSlowStart = sender.window < sender.threshold;
  sender.window += isSlowStart ? progress : (SEGMENT_SIZE * progress) / sender.window;
}

/** IsLost() of RFC 6675 s. 4, in segments. Returns whether more are lost than before. */
function findLost({ segments }: TcpSender): boolean {
  let above = 0;
  let found = false;
  for (const segment of segments.toReversed()) {
    if (segment.arrived) above += 1;
    else if (above >= DUPLICATE_THRESHOLD && !segment.lost) {
      segment.lost = true;
      found = true;
    }
  }
  return found;
}

/** RFC 5681 s. 3.1, equation 4. */
function reduceWindow(sender: TcpSender): void {
  const inFlight = sender.sent - sender.acknowledged;
  sender.threshold = Math.max(Math.min(inFlight, sender.window) / 2, 2 * SEGMENT_SIZE);
  sender.recoverUpTo = sender.sent;
}

/** RFC 6298 s. 2.3. */
function addRoundTripSample(sender: TcpSender, sample: number): void {
  sender.variation = (3 * sender.variation + Math.abs(sender.smoothed - sample)) / 4;
  sender.smoothed = (7 * sender.smoothed + sample) / 8;
  sender.timeout = sender.smoothed + Math.max(LEAST_PATIENCE, 4 * sender.variation);
}
