import { expect, test } from "bun:test";

import { helpText } from "../../src/cli/help.ts";
import { PAGE_NAMES } from "../../src/cli/option-table.ts";

test.each(PAGE_NAMES)("the help of %s fits a screen of 80 by 24 (VT100)", (page) => {
  const lines = helpText(page).split("\n");
  // One row of the 24 is the shell's prompt.
  expect(lines.length).toBeLessThanOrEqual(23);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});
