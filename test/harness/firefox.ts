// Headless Firefox, as Debian has it, by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which it speaks itself.
// playwright-core drives only builds of its own: its BiDi client sends commands that this Firefox does not have.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as v from "valibot";

import { defer, type Deferred } from "../../src/deferred.ts";

/** Debian's name, for `testWith`. */
export const FIREFOX = "firefox-esr";

/** How long a command may take, ms. */
const COMMAND_TIMEOUT = 30_000;

const PREFERENCES = {
  // Names of this machine that are no secure context, unlike localhost.
  "network.dns.localDomains": "page.test",
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "app.update.auto": false,
  "app.normandy.enabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  // As if everybody had been asked, and had agreed.
  "permissions.default.desktop-notification": 1,
  "alerts.useSystemBackend": false,
};

export interface FirefoxTab extends AsyncDisposable {
  /** Resolves once the page is loaded. */
  goto(url: string): Promise<void>;
  /** The same page, loaded again. */
  reload(): Promise<void>;
  /** In front of the other tabs. */
  activate(): Promise<void>;
  /** The value of an expression, or what its promise resolves to, as JSON has it. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until the expression is true. */
  waitFor(expression: string): Promise<void>;
  /** As on a keyboard, into what has the focus; Enter is `\uE007`, as WebDriver has keys without a character. */
  type(text: string): Promise<void>;
  /** In its middle. */
  click(selector: string): Promise<void>;
  setSize(width: number, height: number): Promise<void>;
  /** PNG. */
  screenshot(): Promise<Uint8Array>;
}

export interface Firefox extends AsyncDisposable {
  /** All tabs share one storage, that of the profile. */
  newTab(): Promise<FirefoxTab>;
  /** Ends every process of it at once; the profile stays. */
  kill(): Promise<void>;
}

const answer = v.object({
  id: v.number(),
  type: v.picklist(["success", "error"]),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
  message: v.optional(v.string()),
});

/** @param folder of the profile: a browser that is started with it again has what this one has kept */
export async function startFirefox(folder: string): Promise<Firefox> {
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(folder, "user.js"), lines.join(""));
  const browser = Bun.spawn(
    [FIREFOX, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"],
    // A group of its own: the browser has many processes.
    { stdout: "ignore", stderr: "pipe", detached: true, env: { ...process.env, HOME: folder } },
  );
  const socket = new WebSocket(`${await bidiUrl(browser.stderr)}/session`);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error("Firefox takes no WebSocket")));
  });
  const asked = new Map<number, Deferred<unknown>>();
  let next = 0;
  socket.addEventListener("message", ({ data }) => {
    const parsed = v.safeParse(answer, JSON.parse(String(data)));
    // Events have no id.
    if (!parsed.success) return;
    const { id, type, result, error, message } = parsed.output;
    if (type === "success") asked.get(id)?.resolve(result);
    else asked.get(id)?.reject(new Error(`${error}: ${message}`));
    asked.delete(id);
  });

  async function command(method: string, params: unknown): Promise<unknown> {
    next += 1;
    const id = next;
    const answered = defer<unknown>();
    asked.set(id, answered);
    socket.send(JSON.stringify({ id, method, params }));
    const timer = setTimeout(
      () =>
        answered.reject(new Error(`Firefox does not answer ${method} ${JSON.stringify(params)}`)),
      COMMAND_TIMEOUT,
    );
    try {
      return await answered.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async function kill(): Promise<void> {
    socket.close();
    if (browser.exitCode === null && browser.signalCode === null) {
      process.kill(-browser.pid, "SIGKILL");
    }
    await browser.exited;
  }

  await command("session.new", { capabilities: {} });
  return { newTab: () => openTab(command), kill, [Symbol.asyncDispose]: kill };
}

type Command = (method: string, params: unknown) => Promise<unknown>;

const created = v.object({ context: v.string() });
const evaluated = v.variant("type", [
  v.object({ type: v.literal("success"), result: v.object({ value: v.optional(v.string()) }) }),
  v.object({ type: v.literal("exception"), exceptionDetails: v.object({ text: v.string() }) }),
]);
const captured = v.object({ data: v.string() });

async function openTab(command: Command): Promise<FirefoxTab> {
  const { context } = v.parse(created, await command("browsingContext.create", { type: "tab" }));

  async function evaluate(expression: string): Promise<unknown> {
    const answered = await command("script.evaluate", {
      // JSON: BiDi's own form of a value is another one for each type.
      expression: `(async () => JSON.stringify({ value: await (${expression}) }))()`,
      target: { context },
      awaitPromise: true,
    });
    const outcome = v.parse(evaluated, answered);
    if (outcome.type === "exception") throw new Error(outcome.exceptionDetails.text);
    const { value } = v.parse(
      v.object({ value: v.optional(v.unknown()) }),
      JSON.parse(outcome.result.value ?? "{}"),
    );
    return value;
  }

  return {
    async goto(url) {
      await command("browsingContext.navigate", { context, url, wait: "complete" });
    },
    async reload() {
      await command("browsingContext.reload", { context, wait: "complete" });
    },
    async activate() {
      await command("browsingContext.activate", { context });
    },
    evaluate,
    async waitFor(expression) {
      await evaluate(`new Promise((resolve) => {
        const check = () => ((${expression}) ? resolve(true) : setTimeout(check, 20));
        check();
      })`);
    },
    async type(text) {
      const actions = Array.from(text, (value) => [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ]).flat();
      const source = { type: "key", id: "keyboard", actions };
      await command("input.performActions", { context, actions: [source] });
    },
    async click(selector) {
      const [x, y] = v.parse(
        v.tuple([v.number(), v.number()]),
        await evaluate(`(() => {
          const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
          return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
        })()`),
      );
      const actions = [
        { type: "pointerMove", x, y },
        { type: "pointerDown", button: 0 },
        { type: "pointerUp", button: 0 },
      ];
      const source = { type: "pointer", id: "mouse", actions };
      await command("input.performActions", { context, actions: [source] });
    },
    async setSize(width, height) {
      await command("browsingContext.setViewport", { context, viewport: { width, height } });
    },
    async screenshot() {
      const { data } = v.parse(
        captured,
        await command("browsingContext.captureScreenshot", { context }),
      );
      return Uint8Array.from(Buffer.from(data, "base64"));
    },
    async [Symbol.asyncDispose]() {
      await command("browsingContext.close", { context });
    },
  };
}

async function bidiUrl(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stderr) {
    text += decoder.decode(part, { stream: true });
    const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(text) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`Firefox did not start: ${text}`);
}
