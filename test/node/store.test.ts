// One store, written by Bun and by Node.js in turn.

import { expect } from "bun:test";
import { join } from "node:path";

import { newFolder } from "../harness/folder.ts";
import { testWithStoringNode } from "../harness/node.ts";
import { root, run } from "../harness/program.ts";
import { bundle } from "./run-tests.ts";

testWithStoringNode(
  "what Bun has stored is read under Node.js, and the other way round",
  async (node) => {
    using data = newFolder();
    using programs = newFolder();
    const source = "test/node/exchange-messages.ts";
    const [bundled = ""] = await bundle(programs, [source]);
    const exchange = async (runtime: string, program: string, text: string) => {
      const { stdout, status } = await run([runtime, program, data.path, text]);
      expect(status).toBe(0);
      return JSON.parse(stdout);
    };
    const underBun = (text: string) => exchange(process.execPath, join(root, source), text);
    const underNode = (text: string) => exchange(node, bundled, text);

    expect(await underBun("Bun")).toEqual({ read: [], found: [], claimed: "yours" });
    const first = ["said\0 by Bun"];
    expect(await underNode("Node.js")).toEqual({ read: first, found: first, claimed: "taken" });
    const both = [...first, "said\0 by Node.js"];
    expect(await underBun("Bun")).toEqual({ read: both, found: both, claimed: "yours" });
    const all = [...both, "said\0 by Bun"];
    expect(await underNode("Bun")).toEqual({ read: all, found: all, claimed: "yours" });
  },
);
