// Headless Chromium.

import type { Browser, Page } from "playwright-core";

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
  /** The phone of somebody else, beside the window: with touch, and a storage of its own. */
  openPhone(look?: Omit<PageLook, "javaScriptEnabled">): Promise<Window>;
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
      return {
        ...watch(page),
        async [Symbol.asyncDispose]() {
          page.removeAllListeners();
          await page.goto("about:blank");
          await page.context().clearCookies();
        },
      };
    },
    async openPhone({ colorScheme = "light", width = 390, height = 844 } = {}) {
      launched ??= launch();
      const context = await (
        await launched
      ).newContext({
        viewport: { width, height },
        colorScheme,
        isMobile: true,
        hasTouch: true,
        deviceScaleFactor: 2,
      });
      const page = await context.newPage();
      return { ...watch(page), [Symbol.asyncDispose]: () => context.close() };
    },
    async [Symbol.asyncDispose]() {
      await (await launched)?.close();
    },
  };
}

function watch(page: Page): Pick<Window, "page" | "messages" | "requested"> {
  const messages: string[] = [];
  const requested: string[] = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("dialog", (dialog) => {
    messages.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => requested.push(request.url()));
  return { page, messages, requested };
}

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Names of this machine that are no secure context, unlike localhost.
  "--host-resolver-rules=MAP *.test 127.0.0.1",
];

// Without a UTF-8 locale it cannot read the names of files that are uploaded.
const environment = { ...process.env, LC_ALL: "C.UTF-8" };

/** A third of a second to load: only where a browser is started. */
async function loadChromium() {
  return (await import("playwright-core")).chromium;
}

async function launch(): Promise<Browser> {
  const chromium = await loadChromium();
  return chromium.launch({
    executablePath: Bun.which(CHROMIUM) ?? CHROMIUM,
    env: environment,
    args: ARGUMENTS,
  });
}

export interface BrowserWithProfile extends AsyncDisposable {
  /** All tabs share one storage, that of the profile. */
  newTab(): Promise<Page>;
  /** Ends every process of it at once, as a power cut does; the profile stays. */
  kill(): Promise<void>;
}

/** A browser whose storage is in a folder: another one that is started with it has what this one has kept. */
export async function startWithProfile(folder: string): Promise<BrowserWithProfile> {
  const process = Bun.spawn(
    [
      Bun.which(CHROMIUM) ?? CHROMIUM,
      ...ARGUMENTS,
      "--headless",
      "--password-store=basic",
      `--user-data-dir=${folder}`,
      "--remote-debugging-port=0",
      "about:blank",
    ],
    // A group of its own: the browser has many processes.
    { env: environment, stdout: "ignore", stderr: "pipe", detached: true },
  );
  const chromium = await loadChromium();
  const browser = await chromium.connectOverCDP(await debuggerUrl(process.stderr));
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("the browser has no profile");

  async function kill(): Promise<void> {
    if (process.exitCode === null && process.signalCode === null) {
      globalThis.process.kill(-process.pid, "SIGKILL");
    }
    await process.exited;
    await browser.close();
  }

  return { newTab: () => context.newPage(), kill, [Symbol.asyncDispose]: kill };
}

async function debuggerUrl(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stderr) {
    text += decoder.decode(part, { stream: true });
    const [, url] = /DevTools listening on (ws:\S+)/.exec(text) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`the browser did not start: ${text}`);
}
