// Up to which number everything that was said is stored (docs/protocol.md s. 18.5).

import { expect, test } from "bun:test";

import {
  createStoredNumbers,
  sayingRefused,
  sayingStored,
  startSaying,
} from "../../src/server/stored-numbers.ts";

test("is the last one before the first that is not stored, in whatever order they are", () => {
  const numbers = createStoredNumbers();
  const [three, four, seven] = [3, 4, 7].map((number) => startSaying(numbers, number));
  if (three === undefined || four === undefined || seven === undefined) throw new Error("none");
  expect(sayingStored(numbers, four, 11)).toBeNull();
  expect(sayingStored(numbers, three, 10)).toMatchObject({ number: 4, sequence: 11 });
  expect(sayingStored(numbers, seven, 12)).toMatchObject({ number: 7, sequence: 12 });
});

test("does not become smaller by one that is said again", () => {
  const numbers = createStoredNumbers();
  sayingStored(numbers, startSaying(numbers, 5), 10);
  const again = startSaying(numbers, 5);
  expect(sayingStored(numbers, again, 10)).toMatchObject({ number: 5 });
  const earlier = startSaying(numbers, 2);
  expect(sayingStored(numbers, earlier, 4)).toMatchObject({ number: 5, sequence: 10 });
});

test("is not told any more once one was refused: what is told may come before the refusal", () => {
  const numbers = createStoredNumbers();
  const [one, two, three] = [1, 2, 3].map((number) => startSaying(numbers, number));
  if (one === undefined || two === undefined || three === undefined) throw new Error("none");
  expect(sayingStored(numbers, one, 10)).toMatchObject({ number: 1 });
  sayingRefused(numbers);
  expect(sayingStored(numbers, three, 11)).toBeNull();
  expect(sayingStored(numbers, startSaying(numbers, 4), 12)).toBeNull();
});
