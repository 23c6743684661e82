// Looks for what keeps people from using a page, with axe-core.

import { createRequire } from "node:module";

import type { Page } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The rules of WCAG 2.2 A and AA that are broken, and where. */
export async function findViolations(page: Page): Promise<unknown> {
  // Evaluated by the test's own connection, which the policy of the page does not forbid.
  await page.evaluate(await Bun.file(AXE).text());
  return page.evaluate(`axe
    .run({ runOnly: ${JSON.stringify(TAGS)} })
    .then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`);
}
