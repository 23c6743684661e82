import { expect, test } from "bun:test";

import { bashScript } from "../../../src/cli/completion/bash.ts";
import { fishScript } from "../../../src/cli/completion/fish.ts";
import { zshScript } from "../../../src/cli/completion/zsh.ts";
import {
  commandsWith,
  GET_OPTIONS,
  type Option,
  OPTIONS,
  type OptionTable,
} from "../../../src/cli/option-table.ts";

const scripts = { bash: bashScript(), zsh: zshScript(), fish: fishScript() };

/** Every option of every command, of which a script must say something. */
const offered = [OPTIONS, GET_OPTIONS].flatMap((table: OptionTable) =>
  Object.entries(table)
    .filter(([, { hidden }]) => hidden !== true)
    .flatMap(([name, option]) =>
      commandsWith(option).map((command) => ({ command, name, option })),
    ),
);

test("the scripts have every option of every command, long and short", () => {
  expect(offered.length).toBeGreaterThan(100);
  const missing = offered.flatMap(({ command, name, option }) =>
    Object.entries({ bash: inBash, zsh: inZsh, fish: inFish })
      .filter(([, isIn]) => !isIn(command, name, option))
      .map(([shell]) => `${shell}: ${command} --${name}`),
  );
  expect(missing).toEqual([]);
});

test("no script has an option that is hidden, or the place of a text that was not filled in", () => {
  for (const script of Object.values(scripts)) {
    expect(script.replaceAll("charla completion --values", "")).not.toContain("--values");
    expect(script).not.toContain("-l values");
    expect(script).not.toMatch(/@(?!\)|f\)|-)\w+@/);
    expect(script).not.toContain("undefined");
  }
});

test("zsh offers an option that may be given more than once again, and any other in one form only", () => {
  expect(scripts.zsh).toContain(`'*-d+[send DATA`);
  expect(scripts.zsh).toContain(`'*--header=[send this header`);
  expect(scripts.zsh).toContain(`'*-o+[save in FILE]`);
  expect(scripts.zsh).toContain(`'(--range -r)-r+[only bytes`);
});

function written(name: string, { short }: Option): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function inBash(command: string, name: string, option: Option): boolean {
  const list = new RegExp(`^  ${command}\\) printf '%s\\\\n' (.*) ;;$`, "m").exec(
    scripts.bash,
  )?.[1];
  return written(name, option).every((form) => list?.split(" ").includes(form));
}

function inZsh(command: string, name: string, option: Option): boolean {
  const start = scripts.zsh.indexOf(`\n  ${command})\n`);
  const specs = scripts.zsh.slice(start, scripts.zsh.indexOf(";;", start));
  return written(name, option).every((form) => {
    const spec = new RegExp(`^ +'(?:\\*|\\([^)]*\\))?${form.replaceAll(".", "\\.")}[=+-]*\\[`, "m");
    return start !== -1 && spec.test(specs);
  });
}

function inFish(command: string, name: string, { short }: Option): boolean {
  const form = short === undefined ? `-l ${name} ` : `-s ${short} -l ${name} `;
  return ["", "; and not __charla_opens"].some((joins) =>
    scripts.fish.includes(`complete -c charla -n '__charla_is ${command}${joins}' ${form}`),
  );
}
