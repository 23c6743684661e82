// The page in Chromium, from a real server: how large it is, when the first word is there on a slow phone, whether 10,000 messages
// scroll at 60 frames a second, what a day of talk leaves in memory, and what 1,000 browsers cost the server.
//
//   npm run bench -- page                          all: ten minutes
//   bun bench/page.ts --only visits --visits 3

import { loadavg } from "node:os";
import { parseArgs } from "node:util";

import type { Browser } from "playwright-core";

import { machine } from "./harness/machine.ts";
import { measureBrowsers } from "./page/browsers.ts";
import { startChromium } from "./page/chromium.ts";
import { measureDay } from "./page/day.ts";
import { openRoom, type Room } from "./page/room.ts";
import { measureScrolling } from "./page/scrolling.ts";
import { reportSize } from "./page/size.ts";
import { measureVisits } from "./page/visits.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    visits: { type: "string", default: "9" },
  },
});

const PARTS: Readonly<Record<string, (browser: Browser) => Promise<void> | void>> = {
  size: reportSize,
  visits: inRoom((browser, room) => measureVisits(browser, room, Number(options.visits))),
  scrolling: inRoom(measureScrolling),
  day: inRoom(measureDay),
  browsers: measureBrowsers,
};

function inRoom(measure: (browser: Browser, room: Room) => Promise<void>) {
  return async (browser: Browser) => {
    await using room = await openRoom();
    await measure(browser, room);
  };
}

await using browser = await startChromium();
console.log(`${machine}, Chromium ${browser.version()}`);
for (const [name, measure] of Object.entries(PARTS)) {
  if (options.only !== undefined && !options.only.split(",").includes(name)) continue;
  const [load = 0] = loadavg();
  console.log(`${name}, at a load of ${load.toFixed(1)}`);
  await measure(browser);
}
