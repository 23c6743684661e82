// What an operator does in the page by its menus, as the terminals beside it show it; and what the page says to those who are
// removed, muted or banned.

import { afterAll, expect } from "bun:test";

import type { Page } from "playwright-core";

import { CHROMIUM, oneBrowser } from "../harness/browser.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { fullTestWith } from "../harness/peer-programs.ts";
import { openScreen, type Screen, withoutTimes } from "../harness/screen.ts";
import { until } from "../harness/until.ts";
import { field, join, say, shown } from "./joined-page.ts";

const browser = oneBrowser();
afterAll(() => browser[Symbol.asyncDispose]());

interface OwnerScreen extends Screen {
  enter(line: string): void;
  /** Waits for a row of the conversation. */
  shows(row: string): Promise<unknown>;
  readonly invitation: string;
  readonly link: string;
}

/** The server of ana, on a terminal. */
async function openOwnerScreen(): Promise<OwnerScreen> {
  await using opened = new AsyncDisposableStack();
  const screen = opened.use(await openScreen(140, 40));
  const enter = (line: string) => {
    screen.type(line);
    screen.press("Enter");
  };
  enter("clear; charla --server --ephemeral -n ana --bind 127.0.0.1 --port 0");
  const rows = (
    await screen.until("the room", (all) => all.at(-1)?.startsWith(" main") === true)
  ).join("\n");
  opened.move();
  return {
    ...screen,
    enter,
    shows: (row) => screen.until(row, (all) => withoutTimes(all).includes(row)),
    invitation: /invite with: charla (\S+)/.exec(rows)?.[1] ?? "",
    link: /in a browser: (\S+)/.exec(rows)?.[1] ?? "",
  };
}

/** Opens the menu of somebody, and presses one of its buttons. */
async function act(page: Page, person: string, action: string): Promise<void> {
  await page.getByRole("list", { name: /here$/ }).getByRole("button", { name: person }).click();
  await page.getByRole("dialog").getByRole("button", { name: action, exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

async function choose(page: Page, action: string): Promise<void> {
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("dialog").getByRole("button", { name: action, exact: true }).click();
}

const says = (page: Page, text: string) =>
  page.locator(".line .text", { hasText: text }).last().waitFor();

fullTestWith(
  [CHROMIUM, "tmux"],
  "an operator moderates by the menus of the page, and the terminals show it",
  async () => {
    await using ana = await openOwnerScreen();
    await using window = await browser.openWindow();
    const { page } = window;
    await using cy = charla([ana.invitation, "--name", "cy"]);
    await cy.until("stderr", "you are cy");
    await join(page, ana.link, "ben");
    // Of those without rights nobody has a menu with more than this.
    await page.getByRole("list", { name: /here$/ }).getByRole("button", { name: "cy" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Mention" }).waitFor();
    expect(await page.getByRole("dialog").getByRole("button").allTextContents()).toEqual([
      "",
      "Mention",
    ]);
    await page.keyboard.press("Escape");

    ana.enter("/op ben");
    await says(page, "you are an operator now");
    await act(page, "cy", "Mute");
    await cy.until("stderr", "ben has muted you in main: nobody gets what you write");
    await ana.shows("-- ##:## ben has muted cy in main");
    await act(page, "cy", "Unmute");
    await cy.until("stderr", "ben lets you write in main again");
    cy.type("thanks\n");
    await shown(page, "thanks");

    await choose(page, "Let nobody else join");
    await says(page, "The room is locked: nobody else can join.");
    await ana.shows("-- ##:## ben has locked main");
    const refused = await runCharla([ana.invitation, "--name", "dan"]);
    expect(refused.stderr).toContain("locked");
    await choose(page, "Let others join again");
    await says(page, "The room is unlocked: others can join again.");

    await act(page, "cy", "Remove from the room");
    expect(await cy.exited).toBe(1);
    expect(cy.stderr).toContain("you were kicked by ben");
    await ana.shows("-- ##:## cy left: kicked by ben");
    await using eva = charla([ana.invitation, "--name", "eva"]);
    await eva.until("stderr", "you are eva");
    await act(page, "eva", "Ban from the server");
    await says(
      page,
      "eva is banned.\nThe standing invitation was renewed, for eva may have the old one.",
    );
    await ana.shows("-- ##:## eva left: banned by ben");
    expect(await eva.exited).toBe(1);
    // The one by which ben came lets in nobody new any more: the page has the new one.
    await page.getByRole("button", { name: "Invite" }).click();
    const link = page.getByRole("textbox", { name: "Link for a browser" });
    await until("the new invitation", async () => (await link.inputValue()) !== ana.link);
    const invitation = await page
      .getByRole("textbox", { name: "Command for a terminal" })
      .inputValue();
    await page.keyboard.press("Escape");
    for (const [invited, status] of [
      [ana.link, 1],
      [invitation.slice("charla '".length, -1), 0],
    ] as const) {
      expect(await runCharla([invited, "--name", "fay"])).toMatchObject({ status });
    }
    await choose(page, "Who is banned");
    await says(page, "Banned: eva");
    await say(page, "/unban eva");
    await says(page, "eva may enter again.");
    await choose(page, "Who is banned");
    await says(page, "Nobody is banned.");
    expect(window.messages).toEqual([]);
  },
);

fullTestWith(
  [CHROMIUM, "tmux"],
  "who is muted, removed or banned in the page is told so",
  async () => {
    await using ana = await openOwnerScreen();
    await using window = await browser.openWindow();
    const { page } = window;
    await join(page, ana.link, "ben");
    await say(page, "hello");
    await ana.shows("##:## ben hello");

    ana.enter("/mute ben");
    await says(page, "ana has muted you in main: nobody gets what you write");
    expect(await field(page).getAttribute("placeholder")).toBe("You are muted in this room");
    await say(page, "nobody hears it");
    await page.locator(".failure p", { hasText: "Not sent: " }).waitFor();
    expect(await page.locator(".failure p").textContent()).toBe(
      "Not sent: you are muted in main\nask the owner of the conversation",
    );
    ana.enter("/unmute ben");
    await says(page, "ana lets you write in main again");
    await page.getByRole("button", { name: "Edit again" }).click();
    await field(page).press("Enter");
    await ana.shows("##:## ben nobody hears it");

    ana.enter("/kick ben");
    await page.getByRole("heading", { name: "You were removed from the room." }).waitFor();
    await page.locator(".why", { hasText: "you were kicked by ana" }).waitFor();
    await page.getByRole("button", { name: "Join again" }).click();
    await say(page, "back again");
    await ana.shows("##:## ben back again");

    ana.enter("/ban ben");
    await page.getByRole("heading", { name: "You were removed from the room." }).waitFor();
    await page.locator(".why", { hasText: "you were banned by ana" }).waitFor();
    await page.getByRole("button", { name: "Join again" }).click();
    await page.getByRole("heading", { name: "You could not join." }).waitFor();
    await page.locator(".why", { hasText: "you are banned from this server" }).waitFor();
    expect(window.messages).toEqual([]);
  },
);
