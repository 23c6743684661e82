// Makes a module smaller: it comes by stdin, and what becomes of it goes to stdout.

import { readFileSync, writeFileSync } from "node:fs";

import { minifySync } from "@swc/core";

const { code } = minifySync(readFileSync(0, "utf8"), {
  module: true,
  compress: { ecma: 2022, passes: 10, pure_getters: true, toplevel: true, unsafe_arrows: true },
  mangle: { toplevel: true },
  // Whose work it is: /*! … */
  format: { comments: "some" },
});
writeFileSync(1, code);
