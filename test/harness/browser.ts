// Chromium, without a window: what people look at a page with.

import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's; what `testWith` looks for. */
export const CHROMIUM = "chromium";

export interface PageLook {
  readonly colorScheme?: "light" | "dark";
  /** CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly javaScriptEnabled?: boolean;
}

export interface Window extends AsyncDisposable {
  readonly page: Page;
  /** What the page's console said, errors and broken policies among it. */
  readonly said: string[];
  /** Every URL that was asked for. */
  readonly asked: string[];
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: Bun.which(CHROMIUM) ?? CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export async function openWindow(
  browser: Browser,
  { colorScheme = "light", width = 1_000, height = 700, javaScriptEnabled = true }: PageLook = {},
): Promise<Window> {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height },
    javaScriptEnabled,
    // A certificate that was made on the spot is known to nobody.
    ignoreHTTPSErrors: true,
  });
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => asked.push(request.url()));
  return {
    page,
    said,
    asked,
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}
