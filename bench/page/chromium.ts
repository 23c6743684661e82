// Debian's Chromium for measurements: without a cache, slowed down, and asked over its protocol (CDP) what it uses. Knows no page.

import {
  type Browser,
  type BrowserContext,
  type CDPSession,
  chromium,
  type Page,
} from "playwright-core";

/** Not the one without windows: its frames are drawn as for a screen. */
const CHROMIUM = "chromium";

export interface Tab extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly cdp: CDPSession;
}

/** CSS pixels of a phone. */
const PHONE = { width: 390, height: 780 };

export async function startChromium(): Promise<Browser> {
  const executablePath = Bun.which(CHROMIUM);
  if (executablePath === null) {
    throw new Error("there is no Chromium (Debian: apt-get install chromium)");
  }
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
  });
}

/** A tab of somebody who was never here. */
export async function openTab(browser: Browser): Promise<Tab> {
  const context = await browser.newContext({ viewport: PHONE, locale: "en-GB", hasTouch: true });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`  the page fails: ${error.message}`));
  return {
    context,
    page,
    cdp: await context.newCDPSession(page),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** A script of tab/, to run before those of a page. */
export async function scriptForTab(file: string): Promise<string> {
  const { outputs } = await Bun.build({ entrypoints: [file], target: "browser", format: "iife" });
  const script = await outputs[0]?.text();
  if (script === undefined) throw new Error(`${file} can't be bundled`);
  return script;
}

/** @param times how many times as slow as this machine's */
export async function slowDownProcessor({ cdp }: Tab, times: number): Promise<void> {
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: times });
}
