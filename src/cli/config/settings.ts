// Settings: options that hold without being typed, from variables and from the config file, each checked as on the
// command line. Which there are is in option-table.ts.

import { closest } from "../../chat/closest.ts";
import { CharlaError } from "../../errors.ts";
import type { Environment } from "../../identity/folders.ts";
import { GET_OPTIONS, type Option, OPTIONS, type PageName, type Section } from "../option-table.ts";
import type { CommandLine } from "../options.ts";
import { checkSetting } from "./check-setting.ts";
import { type ConfigFile, pathInFile, type Place, readConfigFile } from "./config-file.ts";

const SECTIONS: readonly Section[] = ["person", "server", "serve", "get"];

export interface Setting {
  readonly section: Section;
  /** The option's name, and its key in the section. */
  readonly key: string;
  readonly option: Option;
  /** What is in force without it, in words. */
  readonly otherwise: string;
  readonly variable: string;
}

/** In the order of the sections. */
export const SETTINGS: readonly Setting[] = SECTIONS.flatMap((section) =>
  Object.entries(section === "get" ? GET_OPTIONS : OPTIONS).flatMap(([key, option]): Setting[] => {
    const otherwise = option.setting?.[section];
    if (otherwise === undefined) return [];
    const scope = section === "person" ? [] : [section];
    const variable = ["charla", ...scope, key].join("_").replaceAll("-", "_").toUpperCase();
    return [{ section, key, option, otherwise, variable }];
  }),
);

export interface Found {
  readonly setting: Setting;
  /** As on the command line; `true` or `false` of a flag. */
  readonly values: readonly string[];
  readonly source: "file" | "variable";
  /** The file and line, or the variable; finding the line takes time. */
  readonly where: () => string;
}

/** The command line, and what is set for its command and not typed. */
export async function withSettings(commandLine: CommandLine, place: Place): Promise<CommandLine> {
  const { command, typed } = commandLine;
  const page: PageName =
    command === "chat" && typed.has("server")
      ? "server"
      : // It says under which name I would join.
        command === "id"
        ? "chat"
        : command;
  const flags = new Set(typed);
  const values = new Map(commandLine.values);
  const lists = new Map(commandLine.lists);
  for (const { setting, values: written } of await findSettings(place, typed.has("no-config"))) {
    const { section, key, option } = setting;
    const isFor = section === "person" ? option.does[page] !== undefined : section === page;
    const isTyped = typed.has(key) || typed.has(option.yieldsTo ?? key);
    const last = written.at(-1);
    if (!isFor || isTyped || last === undefined) continue;
    if (option.takes === "flag") {
      if (last === "true") flags.add(key);
      continue;
    }
    flags.add(key);
    values.set(key, last);
    lists.set(key, written);
  }
  return { ...commandLine, flags, values, lists };
}

/**
 * What is set, each once: a variable wins over the file.
 *
 * @throws {CharlaError} CONFIG_INVALID, FILE_NOT_READABLE
 */
export async function findSettings(place: Place, ignoresFile: boolean): Promise<readonly Found[]> {
  const { env } = place;
  const file = ignoresFile ? null : readConfigFile(place);
  const found = new Map<Setting, Found>();
  const all = [...(file === null ? [] : settingsOfFile(file, env)), ...settingsOfVariables(env)];
  for (const each of all) {
    // oxlint-disable-next-line no-await-in-loop -- the first mistake is the one that is reported
    await checkSetting(each);
    found.set(each.setting, each);
  }
  return SETTINGS.flatMap((setting) => found.get(setting) ?? []);
}

const TRUE = new Set(["1", "true", "yes", "on"]);
const FALSE = new Set(["0", "false", "no", "off"]);

function settingsOfVariables(env: Environment): Found[] {
  return SETTINGS.flatMap((setting): Found[] => {
    const { variable, option } = setting;
    const written = env[variable] ?? "";
    if (written === "") return [];
    const base = { setting, source: "variable", where: () => variable } as const;
    if (option.takes !== "flag") {
      return [{ ...base, values: option.repeats === true ? written.split(",") : [written] }];
    }
    const isTrue = TRUE.has(written.toLowerCase());
    if (isTrue || FALSE.has(written.toLowerCase())) {
      return [{ ...base, values: [String(isTrue)] }];
    }
    throw new CharlaError(
      "CONFIG_INVALID",
      `${variable}: it is 1 or 0, not ${JSON.stringify(written)}`,
      "unset it, or set it to one of them",
    );
  });
}

function settingsOfFile(file: ConfigFile, env: Environment): Found[] {
  return Object.entries(file.content).flatMap(([name, value]) => {
    const section = SECTIONS.find((each) => each === name && each !== "person");
    if (section === undefined) return [settingOfFile(file, env, "person", name, value)];
    if (!isTable(value)) {
      throw invalid(
        file,
        [name],
        `${name} is a section, not a setting`,
        `write [${name}] on a line of its own, and its settings below it`,
      );
    }
    return Object.entries(value).map(([key, each]) => settingOfFile(file, env, section, key, each));
  });
}

function settingOfFile(
  file: ConfigFile,
  env: Environment,
  section: Section,
  key: string,
  value: unknown,
): Found {
  const keys = section === "person" ? [key] : [section, key];
  const setting = SETTINGS.find((each) => each.section === section && each.key === key);
  if (setting === undefined) throw unknownKey(file, section, key, value);
  const { option } = setting;
  const written = option.repeats === true && Array.isArray(value) ? value : [value];
  const values = written.map((each: unknown) => textOf(option, each));
  if (values.length === 0 || values.includes(null)) {
    throw invalid(
      file,
      keys,
      `${key} takes ${expectedType(option)}`,
      `for example: ${exampleOf(setting)}`,
    );
  }
  return {
    setting,
    values: values.flatMap((text) =>
      text === null
        ? []
        : [option.value?.kind === "file" ? pathInFile(text, file.path, env) : text],
    ),
    source: "file",
    where: () => `${file.path}, line ${file.lineOf(...keys)}`,
  };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of TOML as it is written on the command line; null for one of another type. */
function textOf(option: Option, value: unknown): string | null {
  if (option.takes === "flag") return typeof value === "boolean" ? String(value) : null;
  switch (option.value?.kind) {
    case "port":
    case "number":
      return typeof value === "number" ? String(value) : null;
    case "size":
      return ["number", "string"].includes(typeof value) && value !== "" ? String(value) : null;
    default:
      return typeof value === "string" && value !== "" ? value : null;
  }
}

function expectedType(option: Option): string {
  if (option.takes === "flag") return "true or false";
  switch (option.value?.kind) {
    case "port":
    case "number":
      return "a number, without quotes";
    case "size":
      return "a number of bytes, or one with a unit in quotes";
    default:
      return option.repeats === true ? "a text in quotes, or a list of them" : "a text in quotes";
  }
}

function exampleOf({ key, option: { example = "true" } }: Setting): string {
  return `${key} = ${example}`;
}

function unknownKey(file: ConfigFile, section: Section, key: string, value: unknown): CharlaError {
  if (section === "person" && isTable(value)) {
    const sections = SECTIONS.filter((each) => each !== "person");
    const meant = closest(key, sections);
    const hint =
      meant === null
        ? `the sections are ${sections.map((each) => `[${each}]`).join(", ")}`
        : `did you mean [${meant}]?`;
    return invalid(file, [key], `there is no section [${key}]`, hint);
  }
  const keys = section === "person" ? [key] : [section, key];
  const place = section === "person" ? "" : ` in [${section}]`;
  const what = `there is no setting ${JSON.stringify(key)}${place}`;
  return invalid(file, keys, what, hintFor(section, key));
}

function hintFor(section: Section, key: string): string {
  const places = SETTINGS.filter((each) => each.key === key).map((each) => each.section);
  if (places.includes("person")) return `${key} goes before all sections`;
  if (places.length > 0) return `it goes in ${places.map((each) => `[${each}]`).join(" or ")}`;
  if (Object.hasOwn(section === "get" ? GET_OPTIONS : OPTIONS, key)) {
    return `--${key} is only for the command line`;
  }
  const own = SETTINGS.filter((each) => each.section === section).map((each) => each.key);
  const meant =
    closest(key, own) ??
    closest(
      key,
      SETTINGS.map((each) => each.key),
    );
  return meant === null ? "charla config lists the settings" : `did you mean ${meant}?`;
}

function invalid(
  file: ConfigFile,
  keys: readonly string[],
  what: string,
  hint: string,
): CharlaError {
  return new CharlaError(
    "CONFIG_INVALID",
    `${file.path}, line ${file.lineOf(...keys)}: ${what}`,
    hint,
  );
}
