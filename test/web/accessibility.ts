// Looks for what keeps people from using a page, with axe-core.

import { createRequire } from "node:module";

import type { Page } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** In dark colours nothing but the colours is another. */
const LOOKS = [
  ["dark", { type: "rule", values: ["color-contrast"] }],
  ["light", TAGS],
] as const;

/** The rules of WCAG 2.2 A and AA that are broken, and where. The page is shown in light colours afterwards. */
export async function findViolations(page: Page): Promise<unknown> {
  // Evaluated by the test's own connection, which the policy of the page does not forbid.
  if (!(await page.evaluate<boolean>("'axe' in globalThis"))) {
    await page.evaluate(await Bun.file(AXE).text());
  }
  const found: unknown[] = [];
  for (const [colorScheme, runOnly] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    const broken = await page.evaluate<unknown[]>(`axe
      .run({ runOnly: ${JSON.stringify(runOnly)} })
      .then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`);
    found.push(...broken);
  }
  return found;
}
