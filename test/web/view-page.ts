// The page in Chromium, under the policy that servers send, with a conversation that the test plays (page/main.ts).

import { join } from "node:path";

import type { Page } from "playwright-core";

import type { RoomEvent } from "../../src/chat/events.ts";
import type { LogEntry, MemberDescription } from "../../src/chat/frames.ts";
import { oneBrowser, type PageLook, type Window } from "../harness/browser.ts";
import { root } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import type { Fixture, FixtureOptions } from "./fixture.ts";

/** Nothing from elsewhere, and neither script nor style within the markup. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface ViewWindow extends Window {
  /** Starts the page; it says that it is in the room with `members`. */
  start(options?: Partial<FixtureOptions>): Promise<void>;
  play(...events: RoomEvent[]): Promise<void>;
  deliver(time?: number): Promise<void>;
  refuse(message: string): Promise<void>;
  /** What the page has asked and said. */
  heard(): Promise<unknown[]>;
  /** Waits for an expression; playwright's own way would need the policy to allow `eval`. */
  until(expression: string): Promise<void>;
}

export interface ViewPages extends AsyncDisposable {
  open(look?: PageLook): Promise<ViewWindow>;
}

/** Opens one browser for all tests of a file. */
export function viewPages(): ViewPages {
  const browser = oneBrowser();
  let serving: ReturnType<typeof serve> | null = null;

  async function open(look: PageLook = {}): Promise<ViewWindow> {
    serving ??= serve();
    const server = await serving;
    const opened = await browser.openWindow(look);
    const { page } = opened;
    await page.goto(server.url.href);
    return {
      ...opened,
      async start(options = {}) {
        const given = { name: "ana", members: MEMBERS, ...options };
        await call(page, "start", given);
      },
      play: (...events) => call(page, "play", ...events),
      deliver: (time = NOON) => call(page, "deliver", time),
      refuse: (message) => call(page, "refuse", "REFUSED", message),
      until: (expression) =>
        until(expression, () => page.evaluate<boolean>(`Boolean(${expression})`)),
      heard: () => page.evaluate<unknown[]>("fixture.heard"),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  }

  return {
    open,
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]();
      await (await serving)?.stop(true);
    },
  };
}

async function call(page: Page, method: keyof Fixture, ...values: unknown[]): Promise<void> {
  await page.evaluate(`fixture.${method}(...${JSON.stringify(values)})`);
  // What it changes is drawn with the next frame.
  await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
  );
}

async function serve() {
  const built = await Bun.build({
    entrypoints: [join(root, "test/web/page/main.ts")],
    target: "browser",
  });
  const script = await built.outputs[0]?.text();
  const html = await Bun.file(join(root, "web/index.html")).text();
  const files: Record<string, [string, string]> = {
    "/": ["text/html", html.replace("main.ts", "main.js")],
    "/main.js": ["text/javascript", script ?? ""],
    "/style.css": ["text/css", await Bun.file(join(root, "web/style.css")).text()],
  };
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const [type, body] = files[new URL(request.url).pathname] ?? [];
      if (type === undefined) return new Response("not found", { status: 404 });
      return new Response(body, {
        headers: {
          "content-type": `${type}; charset=utf-8`,
          "content-security-policy": POLICY,
        },
      });
    },
  });
}

/** 2026-03-04 12:00 UTC. */
export const NOON = Date.UTC(2026, 2, 4, 12);

export const MEMBERS: readonly MemberDescription[] = [
  { name: "ana", fingerprint: "SHA256:ana", away: false },
  { name: "ben", fingerprint: "SHA256:ben", away: false, owner: true },
  { name: "eva", fingerprint: "SHA256:eva", away: true },
];

/** So many messages, by turns, a minute apart. */
export function messages(
  count: number,
  text = (number: number) => `message ${number}`,
): LogEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const { name, fingerprint } = MEMBERS[index % MEMBERS.length] ?? { name: "", fingerprint: "" };
    return {
      sequence: index + 1,
      time: NOON - (count - index) * 60_000,
      author: fingerprint,
      name,
      device: "",
      number: index,
      text: text(index + 1),
    };
  });
}
