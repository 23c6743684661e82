import { describe, expect, test } from "bun:test";

import {
  initialWindow,
  minimumWindow,
  type PacketInfo,
} from "../../../src/protocol/recovery/congestion.ts";
import { NewReno } from "../../../src/protocol/recovery/new-reno.ts";

const SIZE = 1_200;

/** A packet of this number; all that NewReno asks of it besides is its size. */
function packet(number: number, size: number = SIZE): PacketInfo {
  return { number, size, sentAt: 0 };
}

/** So many full datagrams arrive; the window was in use. */
function arrive(controller: NewReno, datagrams: number, number: number): void {
  for (let count = 0; count < datagrams; count++) controller.acknowledged(packet(number), true);
}

/** Packets up to `lastNumber` are found lost, before packet `nextNumber` is sent. */
function lose(controller: NewReno, packets: number, lastNumber: number, nextNumber: number): void {
  const firstNumber = Math.max(0, lastNumber - packets + 1);
  controller.lost({ packets, firstNumber, lastNumber, nextNumber, persistent: false });
}

/** The same, and nothing arrived for long. */
function loseAll(controller: NewReno, lastNumber: number, nextNumber: number): void {
  controller.lost({ packets: 9, firstNumber: 0, lastNumber, nextNumber, persistent: true });
}

/** Out of recovery at 6,000 bytes, 1,200 of them acknowledged. */
function avoiding(): NewReno {
  const controller = new NewReno(SIZE);
  lose(controller, 1, 0, 100);
  arrive(controller, 1, 100);
  return controller;
}

describe("the initial window (RFC 9002 s. 7.2)", () => {
  test.each([
    [1_200, 12_000],
    [1_472, 14_720],
    [1_500, 14_720],
    [8_952, 17_904],
    [65_487, 130_974],
  ])("of datagrams of %d bytes is %d bytes", (size, window) => {
    expect(initialWindow(size)).toBe(window);
    expect(new NewReno(size).window).toBe(window);
  });

  test("is followed by slow start", () => {
    expect(new NewReno(SIZE).phase).toBe("slow-start");
  });
});

describe("slow start (RFC 9002 s. 7.3.1)", () => {
  test("adds the acknowledged bytes to the window, which doubles each round trip", () => {
    const controller = new NewReno(SIZE);
    arrive(controller, 10, 0);
    expect(controller.window).toBe(24_000);
    arrive(controller, 20, 100);
    expect(controller.window).toBe(48_000);
    expect(controller.phase).toBe("slow-start");
  });

  test("ends with a loss", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    expect(controller.phase).toBe("recovery");
  });
});

describe("the recovery period (RFC 9002 s. 7.3.2)", () => {
  test("begins with half the window", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    expect(controller.window).toBe(6_000);
  });

  test("does not halve again for packets sent before it began", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    lose(controller, 5, 98, 110);
    lose(controller, 1, 99, 120);
    expect(controller.window).toBe(6_000);
  });

  test("does not grow the window for packets sent before it began", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    arrive(controller, 50, 99);
    expect(controller).toMatchObject({ window: 6_000, phase: "recovery" });
  });

  test("ends when a packet sent since is acknowledged", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    arrive(controller, 1, 100);
    expect(controller.phase).toBe("congestion-avoidance");
  });

  test("starts again when a packet sent since is lost", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    lose(controller, 1, 100, 200);
    expect(controller).toMatchObject({ window: 4_800, phase: "recovery" });
  });

  test("never leaves less than four datagrams: the three behind a lost one show that it is (s. 6.1.1)", () => {
    const controller = new NewReno(SIZE);
    for (let loss = 1; loss < 20; loss++) lose(controller, 1, loss * 100 - 1, loss * 100);
    expect(controller.window).toBe(4_800);
    expect(minimumWindow(SIZE)).toBe(4_800);
  });

  test("never makes the window larger, even if four datagrams have become longer than it", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    controller.setDatagramSize(8_952);
    lose(controller, 1, 150, 200);
    expect(controller.window).toBe(6_000);
  });
});

describe("congestion avoidance (RFC 9002 s. 7.3.3)", () => {
  test("adds one datagram for each window acknowledged", () => {
    const controller = avoiding();
    arrive(controller, 3, 102);
    expect(controller.window).toBe(6_000);
    arrive(controller, 1, 102);
    expect(controller.window).toBe(7_200);
    arrive(controller, 5, 103);
    expect(controller.window).toBe(7_200);
    arrive(controller, 1, 103);
    expect(controller.window).toBe(8_400);
  });

  test("counts bytes, not packets", () => {
    const controller = avoiding();
    for (let count = 0; count < 47; count++) controller.acknowledged(packet(102, 100), true);
    expect(controller.window).toBe(6_000);
    controller.acknowledged(packet(102, 100), true);
    expect(controller.window).toBe(7_200);
  });

  test("resets its count when something is lost", () => {
    const controller = avoiding();
    arrive(controller, 3, 102);
    lose(controller, 1, 150, 200);
    arrive(controller, 3, 201);
    expect(controller.window).toBe(4_800);
    arrive(controller, 1, 201);
    expect(controller.window).toBe(6_000);
  });
});

describe("a window that is not used (RFC 9002 s. 7.8)", () => {
  test("does not grow in slow start", () => {
    const controller = new NewReno(SIZE);
    controller.acknowledged(packet(0), false);
    expect(controller.window).toBe(12_000);
  });

  test("does not grow in congestion avoidance, but recovery still ends", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    for (let count = 0; count < 20; count++) controller.acknowledged(packet(101), false);
    expect(controller).toMatchObject({ window: 6_000, phase: "congestion-avoidance" });
  });
});

describe("persistent congestion (RFC 9002 s. 7.6.2)", () => {
  test("leaves four datagrams, and slow start up to half of the window before", () => {
    const controller = new NewReno(SIZE);
    loseAll(controller, 0, 5_000);
    expect(controller).toMatchObject({ window: 4_800, phase: "slow-start" });
    arrive(controller, 3, 5_001);
    expect(controller).toMatchObject({ window: 6_000, phase: "congestion-avoidance" });
  });

  test("is not made worse by another lost packet of the same silence", () => {
    const controller = new NewReno(SIZE);
    loseAll(controller, 0, 5_000);
    lose(controller, 1, 4_990, 5_010);
    arrive(controller, 3, 5_001);
    expect(controller.window).toBe(6_000);
  });

  test("is declared in a recovery period, too", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 5_000);
    loseAll(controller, 4_000, 5_010);
    expect(controller).toMatchObject({ window: 4_800, phase: "slow-start" });
  });
});

describe("losses that are undone (RFC 9438 s. 4.9.2)", () => {
  test("restore the window and slow start once all of them are", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 2, 0, 100);
    lose(controller, 1, 50, 110);
    controller.undoLoss(packet(0));
    controller.undoLoss(packet(0));
    expect(controller.window).toBe(6_000);
    controller.undoLoss(packet(50));
    expect(controller).toMatchObject({ window: 12_000, phase: "slow-start" });
  });

  test("leave a window that is larger by now as it is", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    for (let round = 1; round < 40; round++) arrive(controller, 10, 100 + round);
    const { window } = controller;
    expect(window).toBeGreaterThan(12_000);
    controller.undoLoss(packet(0));
    expect(controller.window).toBe(window);
  });

  test("of an earlier recovery period do not end the present one", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    lose(controller, 1, 150, 200);
    controller.undoLoss(packet(0));
    expect(controller.window).toBe(4_800);
  });

  test("do not undo persistent congestion", () => {
    const controller = new NewReno(SIZE);
    loseAll(controller, 0, 5_000);
    controller.undoLoss(packet(0));
    expect(controller.window).toBe(4_800);
  });

  test("change nothing if they were never reported", () => {
    const controller = new NewReno(SIZE);
    controller.undoLoss(packet(0));
    expect(controller).toMatchObject({ window: 12_000, phase: "slow-start" });
  });
});

describe("after idleness (RFC 5681 s. 4.1)", () => {
  test("the window is the initial one, and slow start leads back to three quarters", () => {
    const controller = new NewReno(SIZE);
    arrive(controller, 90, 0);
    lose(controller, 1, 1, 100);
    expect(controller.window).toBe(60_000);
    arrive(controller, 1, 101);
    controller.restartAfterIdle();
    expect(controller).toMatchObject({ window: 12_000, phase: "slow-start" });
    arrive(controller, 40, 200);
    expect(controller).toMatchObject({ window: 60_000, phase: "congestion-avoidance" });
  });

  test("a smaller window stays as it is", () => {
    const controller = new NewReno(SIZE);
    lose(controller, 1, 0, 100);
    controller.restartAfterIdle();
    expect(controller.window).toBe(6_000);
  });
});

test("longer datagrams grow the window's steps, not the window (RFC 8899 s. 3)", () => {
  const controller = new NewReno(SIZE);
  controller.setDatagramSize(1_472);
  expect(controller.window).toBe(12_000);
  lose(controller, 1, 0, 100);
  arrive(controller, 5, 101);
  expect(controller.window).toBe(7_472);
});
