// NewReno (RFC 9002 s. 7.3, B): the window grows until something is lost, then halves, once a round
// trip. A class, for the state of a controller belongs to the controller alone.
//
//                 loss                       a packet sent since arrives
//   slow start ----------> recovery period ------------------------------> congestion avoidance
//       ^                     |  ^                                             |
//       |      persistent     |  |                    loss                     |
//       +---------------------+  +---------------------------------------------+

import {
  type CongestionController,
  type CongestionPhase,
  initialWindow,
  type LossReport,
  minimumWindow,
  type PacketInfo,
} from "./congestion.ts";

/** What is left of the window after a loss (RFC 9002 s. 7.3.2). */
const LOSS_REDUCTION_FACTOR = 0.5;
/** How much of the window before an idle time slow start may regain (RFC 7661 has the same fraction). */
const IDLE_REDUCTION_FACTOR = 0.75;

/** The state before a recovery period, restored when everything declared lost in it has arrived. */
interface StateBeforeLoss {
  readonly window: number;
  readonly threshold: number;
  /** The first packet lost in this recovery period. */
  readonly firstNumber: number;
  /** Packets lost in this recovery period that have not arrived. */
  missing: number;
}

export class NewReno implements CongestionController {
  #window: number;
  #datagramSize: number;
  /** Slow start ends here, bytes. */
  #threshold = Infinity;
  /**
   * Packets below this number were sent before the last recovery period began. Times could not tell: what
   * is sent in answer to a loss is sent at the same moment.
   */
  #recoveryBelow = 0;
  #recovering = false;
  /** Bytes acknowledged in congestion avoidance since the window last grew. */
  #acknowledgedBytes = 0;
  #before: StateBeforeLoss | null = null;

  constructor(datagramSize: number) {
    this.#datagramSize = datagramSize;
    this.#window = initialWindow(datagramSize);
  }

  get window(): number {
    return this.#window;
  }

  get phase(): CongestionPhase {
    if (this.#recovering) return "recovery";
    return this.#window < this.#threshold ? "slow-start" : "congestion-avoidance";
  }

  acknowledged({ number, size }: PacketInfo, utilized: boolean): void {
    if (number < this.#recoveryBelow) return;
    this.#recovering = false;
    if (!utilized) return;
    if (this.#window < this.#threshold) {
      this.#window += size;
      return;
    }
    // One datagram more for each window acknowledged (RFC 9002 s. 7.3.3, RFC 3465 s. 2.1).
    this.#acknowledgedBytes += size;
    if (this.#acknowledgedBytes < this.#window) return;
    this.#acknowledgedBytes -= this.#window;
    this.#window += this.#datagramSize;
  }

  lost({ packets, firstNumber, lastNumber, nextNumber, persistent }: LossReport): void {
    if (lastNumber >= this.#recoveryBelow) {
      this.#before = {
        window: this.#window,
        threshold: this.#threshold,
        firstNumber,
        missing: 0,
      };
      this.#recoveryBelow = nextNumber;
      this.#recovering = true;
      this.#acknowledgedBytes = 0;
      this.#window = this.#reduced(Math.floor(this.#window * LOSS_REDUCTION_FACTOR));
      this.#threshold = this.#window;
    }
    if (this.#before !== null) this.#before.missing += packets;
    if (!persistent) return;
    // Slow start up to what was reached before. RFC 9002 B.8 also forgets the recovery period: then one
    // more packet of the same silence, detected a moment later, would end slow start at the smallest window.
    this.#window = this.#reduced(0);
    this.#recovering = false;
    this.#before = null;
  }

  /** Restores the window once every loss of the recovery period was undone (RFC 9438 s. 4.9.2). */
  undoLoss({ number }: PacketInfo): void {
    if (this.#before === null || number < this.#before.firstNumber) return;
    this.#before.missing -= 1;
    if (this.#before.missing > 0) return;
    this.#window = Math.max(this.#window, this.#before.window);
    this.#threshold = this.#before.threshold;
    this.#recoveryBelow = 0;
    this.#recovering = false;
    this.#before = null;
  }

  /** Whether the window still fits the path is not known any more (RFC 5681 s. 4.1). */
  restartAfterIdle(): void {
    const restart = initialWindow(this.#datagramSize);
    if (this.#window <= restart) return;
    this.#threshold = Math.max(this.#threshold, this.#window * IDLE_REDUCTION_FACTOR);
    this.#window = restart;
  }

  setDatagramSize(size: number): void {
    this.#datagramSize = size;
  }

  /** Never below the minimum; but a window already below it does not grow by a loss. */
  #reduced(window: number): number {
    return Math.max(window, Math.min(this.#window, minimumWindow(this.#datagramSize)));
  }
}
