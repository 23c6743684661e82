// Headless Chromium.

import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's name, for `testWith`. */
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
  /** The messages of the page's console, with errors and violations of the policy, and dialogs. */
  readonly messages: string[];
  /** Every URL that was requested. */
  readonly requested: string[];
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: Bun.which(CHROMIUM) ?? CHROMIUM,
    // Without a UTF-8 locale it cannot read the names of files that are uploaded.
    env: { ...process.env, LC_ALL: "C.UTF-8" },
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
    // The server makes its certificate itself.
    ignoreHTTPSErrors: true,
  });
  const page = await context.newPage();
  const messages: string[] = [];
  const requested: string[] = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("dialog", (dialog) => {
    messages.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => requested.push(request.url()));
  return {
    page,
    messages,
    requested,
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}
