// What documents, workflows and packages say about each other.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import lock from "../../package-lock.json";
import manifest from "../../package.json";
import { testWith } from "../harness/peer-programs.ts";
import { root, run } from "../harness/program.ts";

const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const UNIT = ["packaging", "debian", "charla.service"];

test("docs/server.md shows the unit of the Debian package, word for word", () => {
  expect(read("docs", "server.md")).toContain(`\`\`\`ini\n${read(...UNIT)}\`\`\`\n`);
});

testWith(["systemd-analyze"], "systemd finds the unit exposed by 1.5 of 10 at most", async () => {
  const path = join(root, ...UNIT);
  const { stdout } = await run(["systemd-analyze", "security", "--offline=true", path]);
  const [, exposure] = /Overall exposure level for charla.service: ([0-9.]+)/.exec(stdout) ?? [];
  expect(Number(exposure)).toBeLessThanOrEqual(1.5);
});

test("the changelog has the form of Keep a Changelog", () => {
  const [, ...versions] = read("CHANGELOG.md").split(/^## /m);
  for (const [index, version] of versions.entries()) {
    const [heading = "", ...groups] = version.split(/^### /m);
    expect(heading).toMatch(
      index === 0
        ? /^(?:Unreleased|\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d)\n\n$/
        : /^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d\n\n$/,
    );
    expect(groups.length).toBeGreaterThan(0);
    for (const group of groups) {
      expect(group).toMatch(/^(?:Added|Changed|Deprecated|Removed|Fixed|Security)\n\n- /);
    }
  }
});

test("the version is the same in package.json, package-lock.json and the newest version of the changelog", () => {
  const [newest] = read("CHANGELOG.md").match(/^## \d.*$/gm) ?? [];
  expect(newest).toStartWith(`## ${manifest.version} - `);
  expect(lock.version).toBe(manifest.version);
  expect(lock.packages[""].version).toBe(manifest.version);
});

test("workflows name actions by whole commits, and start without any permission but reading", () => {
  const folder = join(root, ".github", "workflows");
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    const actions = [...text.matchAll(/uses: (.*)$/gm)].map(([, action = ""]) => action);
    for (const action of actions.filter((path) => !path.startsWith("./"))) {
      expect([name, action]).toEqual([
        name,
        expect.stringMatching(/^[\w/-]+@[0-9a-f]{40} # v[\d.]+$/),
      ]);
    }
    expect([name, text]).toEqual([
      name,
      expect.stringMatching(/^permissions:(?: \{\}|\n {2}contents: read)\n/m),
    ]);
  }
});

test("the runtime of every target has its hash in the lock file", () => {
  const runtimes = [...read("scripts", "targets.mjs").matchAll(/runtime: "(.*?)"/g)];
  expect(runtimes).toHaveLength(7);
  const packages: Record<string, object> = lock.packages;
  for (const [, runtime = ""] of runtimes) {
    expect(packages[`node_modules/${runtime}`]).toMatchObject({
      version: manifest.devDependencies.bun,
      license: "MIT",
      integrity: expect.stringMatching(/^sha512-/),
    });
  }
});
