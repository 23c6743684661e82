// Headless Chromium.

import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's name, for `testWith`: of the one that has no windows, which takes a third of the time, if it is there. */
export const CHROMIUM = Bun.which("chromium-headless-shell")
  ? "chromium-headless-shell"
  : "chromium";

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

export interface OneBrowser extends AsyncDisposable {
  /** A window to itself until it is disposed of. There is one at a time. */
  openWindow(look?: PageLook): Promise<Window>;
}

/** Opens the browser with the first window. */
export function oneBrowser(): OneBrowser {
  let launched: Promise<Browser> | null = null;
  // A context or page for each test would be another process, of more than a second.
  const pages = new Map<boolean, Promise<Page>>();

  async function newPage(javaScriptEnabled: boolean): Promise<Page> {
    launched ??= launch();
    const context = await (
      await launched
    ).newContext({
      javaScriptEnabled,
      // The server makes its certificate itself.
      ignoreHTTPSErrors: true,
    });
    return context.newPage();
  }

  return {
    async openWindow({
      colorScheme = "light",
      width = 1_000,
      height = 700,
      javaScriptEnabled = true,
    } = {}) {
      const opening = pages.get(javaScriptEnabled) ?? newPage(javaScriptEnabled);
      pages.set(javaScriptEnabled, opening);
      const page = await opening;
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
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
          page.removeAllListeners();
          await page.goto("about:blank");
          await page.context().clearCookies();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await (await launched)?.close();
    },
  };
}

async function launch(): Promise<Browser> {
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
