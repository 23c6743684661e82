// The page in a room of a real server, as people open and use it.

import { expect } from "bun:test";

import type { Page } from "playwright-core";

/** The page's link from the server itself, or from a proxy before it. */
export function linkTo(invitation: string, port?: number): string {
  const link = invitation.replace(/^charla:\/\/([^/,?]*)[^/]*/, "http://$1").replace(/\?[^#]*/, "");
  return port === undefined ? link : link.replace(/:\d+(?=\/)/, `:${port}`);
}

/** Opens the link, and joins under this name if the page asks for one, as it does on the first visit. */
export async function join(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  const asked = page.getByRole("textbox", { name: "Your name" });
  await asked.or(field(page)).waitFor();
  if (await asked.isVisible()) {
    await asked.fill(name);
    await page.getByRole("button", { name: "Join" }).click();
  }
  await field(page).waitFor();
  // The server has let them in.
  await page.locator(".subtitle", { hasText: "here" }).waitFor();
}

export const field = (page: Page) => page.getByRole("textbox", { name: /^Message to / });

export async function say(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await field(page).press("Enter");
}

/** Waits until a message is there. */
export async function shown(page: Page, text: string): Promise<void> {
  await page.locator(".message .text").getByText(text, { exact: true }).waitFor();
}

/** Waits until as many messages are there as these: what was said before comes after the room is entered. */
export async function showsAll(page: Page, texts: readonly string[]): Promise<void> {
  const all = page.locator(".message .text");
  await all.nth(texts.length - 1).waitFor();
  expect(await all.allTextContents()).toEqual([...texts]);
}
