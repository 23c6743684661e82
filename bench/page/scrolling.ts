// 10,000 messages in a room, and somebody scrolls from the last to the first and back: are there 60 frames a second, and are all rows
// that these should show there?

import { join } from "node:path";

import type { Browser } from "playwright-core";

import { quantile } from "../harness/quantiles.ts";
import { openTab, scriptForTab, slowDownProcessor, type Tab } from "./chromium.ts";
import { joinAs, type Room, sayMany } from "./room.ts";
import type { Frames } from "./tab-notes.ts";

const MESSAGES = 10_000;
const PROCESSORS = [1, 4];
/** px a second: ten screens of a phone. */
const SPEED = 8_000;
/** ms of one frame at 60 a second. */
const FRAME = 1_000 / 60;

export async function measureScrolling(browser: Browser, room: Room): Promise<void> {
  await using tab = await openTab(browser);
  await joinAs(tab.page, room.link, "eva");
  await sayMany(room, tab, MESSAGES);
  await tab.page.evaluate(await scriptForTab(join(import.meta.dir, "tab/frames.ts")));
  const height = await tab.page.evaluate<number>(
    "document.querySelector('.messages').scrollHeight",
  );
  console.log(`${MESSAGES} messages, ${height.toLocaleString("en")} px, at ${SPEED} px a second`);
  for (const times of PROCESSORS) {
    await slowDownProcessor(tab, times);
    report(`up, ${times} times as slow`, await scroll(tab, height));
    report(`down, ${times} times as slow`, await scroll(tab, -height));
  }
}

/** By the browser's own gesture, as of a mouse's wheel. */
async function scroll({ page, cdp }: Tab, distance: number): Promise<Frames> {
  await page.evaluate("void (globalThis.endFrames = noteFrames())");
  await cdp.send("Input.synthesizeScrollGesture", {
    x: 190,
    y: 400,
    yDistance: distance,
    speed: SPEED,
    gestureSourceType: "mouse",
    preventFling: true,
  });
  return await page.evaluate<Frames>("endFrames()");
}

function report(what: string, { times, longestTask, gaps, rows }: Frames): void {
  const took = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const dropped = took.reduce((sum, time) => sum + Math.max(0, Math.round(time / FRAME) - 1), 0);
  const due = took.length + dropped;
  console.log(
    `  ${what.padEnd(22)} ${due} frames, ${dropped} dropped (${((dropped / due) * 100).toFixed(1)} %), ` +
      `the longest ${Math.max(...took).toFixed(0)} ms, p99 ${quantile(took, 0.99).toFixed(0)} ms; ` +
      `longest task ${longestTask === 0 ? "under 50" : longestTask.toFixed(0)} ms; ` +
      `${gaps} with a gap; at most ${rows} rows`,
  );
}
