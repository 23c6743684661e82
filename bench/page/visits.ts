// From the tap on a link to the first word, on a slow phone: the processor and the network are slowed down, and nothing is in a
// cache. The steps are what the tab notes (tab/visit.ts) and what the browser says of its requests and its WebSocket.

import { join } from "node:path";

import type { Browser, CDPSession } from "playwright-core";

import { median } from "../harness/quantiles.ts";
import { openTab, scriptForTab, slowDownProcessor, type Tab } from "./chromium.ts";
import type { Room } from "./room.ts";
import { type LineSpeed, openSlowLine } from "./slow-line.ts";
import type { Visit } from "./tab-notes.ts";

/** So many times as slow as this machine. */
const PROCESSOR = 6;
/** "Fast 3G" of Chromium's developer tools, which newer ones call "Slow 4G": 1.6 Mbit/s and 750 kbit/s, of which nine tenths pass. */
const FAST_3G = { down: 180_000, up: 84_375 };
/** ms that a request waits there, for its answer and for what TCP and TLS take: 3.75 round trips of 150 ms. */
const REQUEST_LATENCY = 562.5;
const LINE: LineSpeed = { ...FAST_3G, roundTrip: 150 };
/** How often the tab is asked whether it has all, ms: seldom, for that takes its time. */
const LOOK_EVERY = 500;
const PATIENCE = 60_000;

/** What is noted of a visit, ms since the navigation. */
const STEPS = [
  "document",
  "script",
  "asked",
  "field",
  "WebSocket asked for",
  "WebSocket open",
  "first datagram",
  "heard",
  "stored",
] as const;
type Step = (typeof STEPS)[number];
type Steps = Partial<Record<Step, number>>;

export async function measureVisits(browser: Browser, room: Room, runs: number): Promise<void> {
  await using ana = room.join("ana");
  await ana.say("hello, who is there?");
  await using line = await openSlowLine(room.port, LINE);
  const networks = [
    { name: "Chromium's Fast 3G", link: room.link, emulated: true },
    { name: "a line of 150 ms", link: throughLine(room.link, line.port), emulated: false },
  ];
  for (const { name, link, emulated } of networks) {
    const visits = { first: new Array<Steps>(), later: new Array<Steps>() };
    for (let run = 0; run < runs; run += 1) {
      await using tab = await openTab(browser);
      await tab.page.addInitScript({
        content: await scriptForTab(join(import.meta.dir, "tab/visit.ts")),
      });
      await slowDownProcessor(tab, PROCESSOR);
      await tab.cdp.send("Network.enable");
      if (emulated) {
        await tab.cdp.send("Network.emulateNetworkConditions", {
          offline: false,
          latency: REQUEST_LATENCY,
          downloadThroughput: FAST_3G.down,
          uploadThroughput: FAST_3G.up,
        });
      }
      visits.first.push(await visit(tab, link));
      await tab.page.goto("about:blank");
      await tab.cdp.send("Network.clearBrowserCache");
      visits.later.push(await visit(tab, link));
    }
    for (const [which, all] of Object.entries(visits)) {
      console.log(`${name}, ${which} visit`);
      report(all);
    }
  }
}

function throughLine(link: string, port: number): string {
  const url = new URL(link);
  url.port = `${port}`;
  return url.href;
}

async function visit({ page, cdp }: Tab, link: string): Promise<Steps> {
  const steps = watch(cdp);
  await page.goto(link, { waitUntil: "commit" });
  const deadline = performance.now() + PATIENCE;
  let noted: Visit = {};
  while (noted.heard === undefined || noted.stored === undefined) {
    if (performance.now() > deadline) throw new Error(`no words: ${JSON.stringify(noted)}`);
    await Bun.sleep(LOOK_EVERY);
    noted = await page.evaluate("visit");
  }
  return { ...steps, ...noted };
}

/** What is seen of the next navigation. */
function watch(cdp: CDPSession): Steps {
  const steps: Steps = {};
  const kinds = new Map<string, "document" | "script">();
  let start: number | null = null;
  const note = (step: Step, timestamp: number) => {
    if (start !== null) steps[step] ??= (timestamp - start) * 1_000;
  };
  cdp.on("Network.requestWillBeSent", ({ requestId, type, timestamp }) => {
    if (type === "Document") start ??= timestamp;
    if (type === "Document" || type === "Script") {
      kinds.set(requestId, type === "Document" ? "document" : "script");
    }
  });
  cdp.on("Network.loadingFinished", ({ requestId, timestamp }) => {
    const kind = kinds.get(requestId);
    // Of two scripts the last: the first is the small one that opens the WebSocket.
    if (kind === "script") delete steps.script;
    if (kind !== undefined) note(kind, timestamp);
  });
  cdp.on("Network.webSocketWillSendHandshakeRequest", ({ timestamp }) =>
    note("WebSocket asked for", timestamp),
  );
  cdp.on("Network.webSocketHandshakeResponseReceived", ({ timestamp }) =>
    note("WebSocket open", timestamp),
  );
  cdp.on("Network.webSocketFrameReceived", ({ timestamp }) => note("first datagram", timestamp));
  return steps;
}

function report(visits: readonly Steps[]): void {
  const rows = STEPS.flatMap((step) => {
    const times = visits.map((each) => each[step] ?? Number.NaN);
    if (times.some(Number.isNaN)) return [];
    return [{ step, median: median(times), least: Math.min(...times), most: Math.max(...times) }];
  });
  for (const { step, ...row } of rows.toSorted((one, other) => one.median - other.median)) {
    const [middle, least, most] = [row.median, row.least, row.most].map((ms) => ms.toFixed(0));
    console.log(`  ${step.padEnd(20)} ${middle?.padStart(6)} ms (${least} to ${most})`);
  }
}
