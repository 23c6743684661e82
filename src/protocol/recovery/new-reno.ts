// NewReno (RFC 9002 s. 7.3, B): the window grows until something is lost, then halves, once a round
// trip.
//
//                 loss                       a packet sent since arrives
//   slow start ----------> recovery period ------------------------------> congestion avoidance
//       ^                     |  ^                                             |
//       |      persistent     |  |                    loss                     |
//       +---------------------+  +---------------------------------------------+

import {
  type CongestionController,
  type CongestionPhase,
  type Flown,
  initialWindow,
  type LossReport,
  minimumWindow,
} from "./congestion.ts";

/** What is left of the window after a loss (RFC 9002 s. 7.3.2). */
const LOSS_REDUCTION_FACTOR = 0.5;
/** How much of an idle window slow start may regain at its pace (RFC 7661 has the same part). */
const IDLE_REDUCTION_FACTOR = 0.75;

/** The state before a recovery period, to go back to when all that seemed lost in it has arrived. */
interface BeforeLoss {
  readonly window: number;
  readonly threshold: number;
  /** The first packet lost in this recovery period. */
  readonly firstNumber: number;
  /** Packets lost in this recovery period and not arrived. */
  missing: number;
}

export class NewReno implements CongestionController {
  window: number;
  private datagramSize: number;
  /** Slow start ends here, bytes. */
  private threshold = Infinity;
  /**
   * Packets below this number were sent before the last recovery period began. Numbers tell it where
   * times would not: what is sent in answer to a loss is sent in the same moment.
   */
  private recoveryBelow = 0;
  private recovering = false;
  /** Bytes acknowledged in congestion avoidance since the window last grew. */
  private acknowledgedBytes = 0;
  private before: BeforeLoss | null = null;

  constructor(datagramSize: number) {
    this.datagramSize = datagramSize;
    this.window = initialWindow(datagramSize);
  }

  get phase(): CongestionPhase {
    if (this.recovering) return "recovery";
    return this.window < this.threshold ? "slow-start" : "congestion-avoidance";
  }

  acknowledged({ number, size }: Flown, utilized: boolean): void {
    if (number < this.recoveryBelow) return;
    this.recovering = false;
    if (!utilized) return;
    if (this.window < this.threshold) {
      this.window += size;
      return;
    }
    // One datagram more for each window acknowledged (RFC 9002 s. 7.3.3, RFC 3465 s. 2.1).
    this.acknowledgedBytes += size;
    if (this.acknowledgedBytes < this.window) return;
    this.acknowledgedBytes -= this.window;
    this.window += this.datagramSize;
  }

  lost({ packets, firstNumber, lastNumber, nextNumber, persistent }: LossReport): void {
    if (lastNumber >= this.recoveryBelow) {
      const { window, threshold } = this;
      this.before = { window, threshold, firstNumber, missing: 0 };
      this.recoveryBelow = nextNumber;
      this.recovering = true;
      this.acknowledgedBytes = 0;
      this.window = this.reduced(Math.floor(this.window * LOSS_REDUCTION_FACTOR));
      this.threshold = this.window;
    }
    if (this.before !== null) this.before.missing += packets;
    if (!persistent) return;
    // Slow start to what was reached before. RFC 9002 B.8 forgets the period, too: then one more
    // packet of the same silence, found lost a moment later, would end slow start at two datagrams.
    this.window = this.reduced(0);
    this.recovering = false;
    this.before = null;
  }

  /** Undone once every loss of the recovery period is (RFC 9438 s. 4.9.2). */
  undoLoss({ number }: Flown): void {
    if (this.before === null || number < this.before.firstNumber) return;
    this.before.missing -= 1;
    if (this.before.missing > 0) return;
    this.window = Math.max(this.window, this.before.window);
    this.threshold = this.before.threshold;
    this.recoveryBelow = 0;
    this.recovering = false;
    this.before = null;
  }

  /** The window that was right is not known to be any more (RFC 5681 s. 4.1). */
  restartAfterIdle(): void {
    const restart = initialWindow(this.datagramSize);
    if (this.window <= restart) return;
    this.threshold = Math.max(this.threshold, this.window * IDLE_REDUCTION_FACTOR);
    this.window = restart;
  }

  setDatagramSize(size: number): void {
    this.datagramSize = size;
  }

  /** Never below the minimum; but a window already below it does not grow by a loss. */
  private reduced(window: number): number {
    return Math.max(window, Math.min(this.window, minimumWindow(this.datagramSize)));
  }
}
