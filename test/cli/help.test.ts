import { expect, test } from "bun:test";

import { HELP } from "../../src/cli/help.ts";

test.each(Object.entries(HELP))(
  "the help of %s fits a screen of 80 by 24 (VT100)",
  (_name, help) => {
    const lines = help.trimEnd().split("\n");
    // One row of the 24 is the shell's prompt.
    expect(lines.length).toBeLessThanOrEqual(23);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  },
);
