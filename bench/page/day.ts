// What a tab takes over a day of 50 messages a minute, as fast as they can be said: its JavaScript heap and its elements at each
// quarter of the day, after garbage was collected.

import type { Browser } from "playwright-core";

import { openTab, type Tab } from "./chromium.ts";
import { joinAs, type Room, sayMany } from "./room.ts";

const MESSAGES = 24 * 60 * 50;
const QUARTERS = 4;
const MIB = 1_024 * 1_024;

export async function measureDay(browser: Browser, room: Room): Promise<void> {
  await using tab = await openTab(browser);
  await joinAs(tab.page, room.link, "eva");
  console.log(`${MESSAGES.toLocaleString("en")} messages, as many as a day has at 50 a minute`);
  await report(tab, 0);
  for (let quarter = 1; quarter <= QUARTERS; quarter += 1) {
    await sayMany(room, tab, MESSAGES / QUARTERS);
    await report(tab, quarter);
  }
}

async function report({ cdp }: Tab, quarter: number): Promise<void> {
  // Twice: what the first one finalizes is garbage then.
  for (let time = 0; time < 2; time += 1) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await cdp.send("Memory.getDOMCounters");
  console.log(
    `  after ${quarter}/${QUARTERS}  ${(usedSize / MIB).toFixed(1)} MiB of heap, ${nodes} nodes, ${jsEventListeners} listeners`,
  );
}
