import { expect, test } from "bun:test";

import { createTimeSlices } from "../../src/log/time-slices.ts";
import { rejection } from "../net/rejection.ts";

/** A clock that the work sets forward, and what others did between the slices. */
function workshop() {
  let time = 0;
  const done: string[] = [];
  const slices = createTimeSlices(() => time);
  const work = (name: string, count: number, took: number) =>
    slices.run(Array(count).keys(), (number) => {
      done.push(`${name}${number}`);
      time += took;
      return true;
    });
  return { done, slices, work };
}

test("work yields to others after every slice of 5 ms", async () => {
  const { done, work } = workshop();
  const working = work("a", 9, 2);
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    done.push("others");
  }
  await working;
  expect(done.join(" ")).toMatch(/^a0 a1 a2 (others )+a3 a4 a5 (others )+a6 a7 a8( others)+$/);
});

test("of several pieces of work one is done after the other, so that others wait for one slice only", async () => {
  const { done, work } = workshop();
  await Promise.all([work("a", 3, 3), work("b", 2, 3), work("c", 1, 3)]);
  expect(done).toEqual(["a0", "a1", "a2", "b0", "b1", "c0"]);
});

test("work ends when there is enough, and the next begins also after one that failed", async () => {
  const { done, slices, work } = workshop();
  const failing = slices.run([1, 2, 3], (number) => {
    if (number === 2) throw new Error("it fails");
    done.push(`x${number}`);
    return true;
  });
  const enough = slices.run([1, 2, 3], (number) => {
    done.push(`y${number}`);
    return number < 2;
  });
  const last = work("z", 1, 1);
  expect(await rejection(failing)).toMatchObject({ message: "it fails" });
  await Promise.all([enough, last]);
  expect(done).toEqual(["x1", "y1", "y2", "z0"]);
});
