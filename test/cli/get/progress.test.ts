import { expect, test } from "bun:test";

import { createMeter } from "../../../src/cli/get/progress.ts";

const MIB = 1_048_576;

test("the line has a bar, the amount, the rate and the time left", () => {
  const meter = createMeter(0);
  meter.update(0, null, 0);
  meter.update(10 * MIB, 100 * MIB, 1_000);
  expect(meter.line(80, 1_000)).toBe(
    " 10% [###--------------------------] 10.0 MiB of 100.0 MiB  10.0 MiB/s  9 s left",
  );
});

test("the line fits its columns", () => {
  const meter = createMeter(0);
  meter.update(0, null, 0);
  meter.update(10 * MIB, 100 * MIB, 1_000);
  for (let columns = 1; columns < 100; columns += 1) {
    expect(meter.line(columns, 1_000).length).toBeLessThanOrEqual(columns);
  }
  expect(meter.line(58, 1_000)).toBe(" 10% 10.0 MiB of 100.0 MiB  10.0 MiB/s  9 s left");
});

test("without a known length there is neither a bar nor a time left", () => {
  const meter = createMeter(0);
  meter.update(0, null, 0);
  meter.update(10 * MIB, null, 2_000);
  expect(meter.line(80, 2_000)).toBe("10.0 MiB  5.0 MiB/s  2 s");
});

test("the rate is that of the last 5 seconds", () => {
  const meter = createMeter(0);
  meter.update(0, null, 0);
  for (let second = 1; second <= 10; second += 1) {
    meter.update(second * 100 * MIB, 10_000 * MIB, second * 1_000);
  }
  for (let second = 11; second <= 20; second += 1) {
    meter.update(1_000 * MIB + (second - 10) * MIB, 10_000 * MIB, second * 1_000);
  }
  expect(meter.line(80, 20_000)).toContain("  1.0 MiB/s  ");
});

test("the rate of a stalled download falls", () => {
  const meter = createMeter(0);
  meter.update(0, null, 0);
  meter.update(100 * MIB, 200 * MIB, 1_000);
  expect(meter.line(80, 1_000)).toContain("100.0 MiB/s");
  expect(meter.line(80, 4_000)).toContain("25.0 MiB/s");
});

test("a transfer that starts over has no negative rate", () => {
  const meter = createMeter(0);
  meter.update(0, null, 0);
  meter.update(100 * MIB, 200 * MIB, 1_000);
  meter.update(1 * MIB, 200 * MIB, 2_000);
  meter.update(3 * MIB, 200 * MIB, 3_000);
  expect(meter.line(80, 3_000)).toContain("  2.0 MiB/s  ");
});

test("what an earlier run has fetched does not count for the rate", () => {
  const meter = createMeter(0);
  meter.update(100 * MIB, 200 * MIB, 1_000);
  meter.update(101 * MIB, 200 * MIB, 2_000);
  expect(meter.line(80, 2_000)).toContain("101.0 MiB of 200.0 MiB  1.0 MiB/s  1 min 39 s left");
});
